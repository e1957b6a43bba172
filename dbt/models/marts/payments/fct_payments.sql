{{ config(materialized='table') }}

with

allocated as (
    select
        allocations.settlement_id,
        cast(sum(allocations.allocated_cents) as bigint) as allocated_cents
    from {{ ref('int_payments__allocated') }} as allocations
    where allocations.settled_by = 'payment'
    group by allocations.settlement_id
)

select
    payments.payment_id,
    payments.source_id,
    payments.payment_no,
    payments.leg,
    payments.distributor_id,
    payments.retailer_id,
    payments.payment_kind,
    payments.amount_cents,
    payments.currency,
    payments.booked_on,
    payments.reference,
    payments.bank_reference,
    payments.taken_back_cents,
    coalesce(allocated.allocated_cents, 0) as allocated_cents,
    cast(payments.amount_cents - payments.taken_back_cents - coalesce(allocated.allocated_cents, 0) as bigint) as unallocated_cents
from {{ ref('int_payments__resolved') }} as payments
left join allocated on payments.payment_id = allocated.settlement_id
order by payments.distributor_id, payments.booked_on
