with

landed as (
    select * from {{ feed('order_changes') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.change_no,
    landed.document_no,
    landed.line_no,
    landed.seller_scheme,
    landed.seller_ref,
    landed.buyer_scheme,
    landed.buyer_ref,
    landed.action,
    landed.product_scheme,
    landed.product_ref,
    landed.quantity,
    landed.unit,
    landed.net_amount_cents,
    landed.net_amount_subcents,
    landed.currency,
    landed.promised_on,
    landed.changed_on
from landed
