with

landed as (
    select * from {{ feed('receipts') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.receipt_no,
    landed.line_no,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.seller_scheme,
    landed.seller_ref,
    landed.delivery_no,
    landed.order_document_no,
    landed.order_line_no,
    landed.product_scheme,
    landed.product_ref,
    landed.despatched_quantity,
    landed.accepted_quantity,
    landed.rejected_quantity,
    landed.received_on,
    landed.reason
from landed
