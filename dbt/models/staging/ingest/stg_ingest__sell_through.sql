with

landed as (
    select * from {{ feed('sell_through') }}
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
    landed.document_no,
    landed.line_no,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.sold_on,
    landed.product_scheme,
    landed.product_ref,
    landed.quantity,
    landed.net_amount_cents,
    landed.net_amount_subcents,
    landed.currency
from landed
