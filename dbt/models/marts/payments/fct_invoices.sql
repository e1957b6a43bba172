{{ config(materialized='table') }}

select
    settled.invoice_id,
    settled.source_id,
    settled.invoice_no,
    settled.leg,
    settled.distributor_id,
    settled.retailer_id,
    settled.currency,
    settled.invoiced_on,
    settled.due_on,
    settled.owed_cents,
    settled.credited_cents,
    settled.paid_cents,
    settled.open_cents,
    settled.paid_on,
    settled.payment_status
from {{ ref('int_invoices__settled') }} as settled
order by settled.distributor_id, settled.invoiced_on
