with

landed as (
    select * from {{ feed('prices') }}
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
    landed.product_scheme,
    landed.product_ref,
    landed.valid_from,
    landed.valid_to,
    landed.min_quantity,
    landed.price_cents,
    landed.price_subcents,
    landed.currency
from landed
