with

landed as (
    select * from {{ feed('order_confirmations') }}
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
    landed.line_no,
    landed.split_no,
    landed.seller_scheme,
    landed.seller_ref,
    landed.status,
    landed.confirmed_quantity,
    landed.confirmed_on,
    landed.promised_on
from landed
