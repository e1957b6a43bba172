with

landed as (
    select * from {{ feed('orders') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.document_no,
    landed.seller_scheme,
    landed.seller_ref,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.ordered_on,
    landed.promised_on,
    landed.status,
    landed.source_zone
from landed
