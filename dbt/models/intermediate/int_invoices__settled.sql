{{ config(materialized='table') }}

-- one row per invoice with what was credited and paid, and the day on which nothing was open any more: as its seller reports it, else by payments
with

allocated as (
    select
        allocations.invoice_id,
        cast(sum(case when allocations.settled_by = 'credit_note' then allocations.allocated_cents else 0 end) as bigint) as credited_cents,
        cast(sum(case when allocations.settled_by = 'payment' then allocations.allocated_cents else 0 end) as bigint) as paid_cents,
        max(allocations.booked_on) as last_settled_on
    from {{ ref('int_payments__allocated') }} as allocations
    group by allocations.invoice_id
),

sums as (
    select
        documents.*,
        coalesce(allocated.credited_cents, 0) as credited_cents,
        case
            when documents.owed_cents <= 0 then 0
            when documents.reported_paid_on is not null then documents.owed_cents - coalesce(allocated.credited_cents, 0)
            else coalesce(allocated.paid_cents, 0)
        end as paid_cents,
        allocated.last_settled_on
    from {{ ref('int_invoices__documents') }} as documents
    left join allocated on documents.invoice_id = allocated.invoice_id
)

select
    sums.invoice_id,
    sums.source_id,
    sums.invoice_no,
    sums.leg,
    sums.distributor_id,
    sums.retailer_id,
    sums.currency,
    sums.invoiced_on,
    sums.due_on,
    sums.owed_cents,
    cast(sums.credited_cents as bigint) as credited_cents,
    cast(sums.paid_cents as bigint) as paid_cents,
    cast(case when sums.owed_cents <= 0 then 0 else sums.owed_cents - sums.credited_cents - sums.paid_cents end as bigint) as open_cents,
    case
        when sums.reported_paid_on is not null then sums.reported_paid_on
        when sums.owed_cents < 0 then null
        when sums.owed_cents = 0 then sums.invoiced_on
        when sums.owed_cents = sums.credited_cents + sums.paid_cents then sums.last_settled_on
    end as paid_on,
    case
        when sums.owed_cents < 0 then 'credit'
        when sums.owed_cents = sums.credited_cents + sums.paid_cents then 'paid'
        when sums.credited_cents + sums.paid_cents > 0 then 'part_paid'
        else 'open'
    end as payment_status
from sums
