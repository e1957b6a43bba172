{{ config(materialized='table') }}

select
    allocations.invoice_id,
    allocations.settlement_id,
    allocations.settled_by,
    settled.distributor_id,
    settled.retailer_id,
    allocations.allocated_cents,
    settled.currency,
    allocations.booked_on
from {{ ref('int_payments__allocated') }} as allocations
inner join {{ ref('int_invoices__settled') }} as settled on allocations.invoice_id = settled.invoice_id
order by settled.distributor_id, allocations.booked_on
