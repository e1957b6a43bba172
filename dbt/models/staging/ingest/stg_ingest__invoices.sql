with

landed as (
    select * from {{ feed('invoices') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.invoice_no,
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
    landed.net_amount_cents,
    landed.net_amount_subcents,
    landed.currency,
    landed.invoiced_on,
    landed.due_on,
    landed.paid_on,
    landed.payable_amount_cents,
    landed.payable_amount_subcents,
    landed.credited_invoice_no
from landed
