with

landed as (
    select * from {{ feed('deliveries') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.delivery_no,
    landed.line_no,
    landed.seller_scheme,
    landed.seller_ref,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.order_document_no,
    landed.order_line_no,
    landed.product_scheme,
    landed.product_ref,
    landed.quantity,
    landed.promised_on,
    landed.shipped_on,
    landed.delivered_on
from landed
