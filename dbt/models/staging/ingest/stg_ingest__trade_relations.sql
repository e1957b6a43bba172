with

landed as (
    select * from {{ feed('trade_relations') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.seller_scheme,
    landed.seller_ref,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.valid_from,
    landed.valid_to
from landed
