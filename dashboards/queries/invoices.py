"""What a distributor asks about invoices it wrote to its retailers and the money that came."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_D = frozenset({Role.DISTRIBUTOR})

OPEN_SUMS = Query("d_open_sums", _D, """
with newest as (select max(invoiced_on) as as_of from fct_invoices where leg = 'sell_through')
    select i.currency, max(newest.as_of) as as_of, cast(sum(i.open_cents) as bigint) as open_cents,
        cast(coalesce(sum(i.open_cents) filter (i.due_on < newest.as_of), 0) as bigint) as overdue_cents,
        cast(count(*) filter (i.open_cents > 0 and i.due_on < newest.as_of) as integer) as invoices_overdue,
        cast(coalesce((select sum(p.unallocated_cents) from fct_payments as p
            where p.leg = 'sell_through' and p.payment_kind = 'payment' and p.currency = i.currency), 0) as bigint) as unallocated_cents,
        cast(count(*) filter (i.payment_status in ('paid', 'part_paid')) + (select count(*) from fct_payments) as integer) as settlements
    from fct_invoices as i, newest where i.leg = 'sell_through' group by i.currency order by open_cents desc""", is_exported=False)  # fmt: skip

INVOICES = Query("d_invoices", _D, """
    select i.invoice_no, i.invoiced_on, i.due_on, coalesce(p.name, '–') as retailer, i.owed_cents, i.credited_cents, i.paid_cents,
        i.open_cents, i.currency, i.payment_status, i.paid_on
    from fct_invoices as i left join bridge_visible_parties as p on i.retailer_id = p.party_id
    where i.leg = 'sell_through' and ($payment_status is null or i.payment_status = $payment_status)
    order by i.open_cents > 0 desc, coalesce(i.due_on, i.invoiced_on), i.invoice_no limit 1000""", ("payment_status",))  # fmt: skip

UNALLOCATED = Query("d_unallocated_payments", _D, """
    select f.booked_on, coalesce(p.name, '–') as retailer, f.amount_cents, f.unallocated_cents, f.currency, f.reference
    from fct_payments as f left join bridge_visible_parties as p on f.retailer_id = p.party_id
    where f.leg = 'sell_through' and f.payment_kind = 'payment' and f.unallocated_cents <> 0
    order by f.booked_on desc, f.payment_no limit 1000""")  # fmt: skip

INVOICE_QUERIES = (OPEN_SUMS, INVOICES, UNALLOCATED)
