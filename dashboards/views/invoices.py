"""The distributor's view of money: what is open, what is overdue, what came and names no invoice."""

from __future__ import annotations

from dashboards.components.context import Context
from dashboards.components.kit import choose, empty, heading, listing, metrics, remark
from dashboards.queries import invoices as queries
from dashboards.texts import money, number

STATUSES = ("open", "part_paid", "paid", "credit")


def invoices(context: Context) -> None:
    """Who owes me what, and since when?"""
    sums = context.frame(queries.OPEN_SUMS)
    heading(context, "d.invoices", sums["as_of"].max() if not sums.empty else None)
    if sums.empty:
        empty(context, "d.invoices.empty")
        return
    if not sums["settlements"].sum():
        # nobody is overdue because nobody told us of payments
        billed = [money(int(row.open_cents), str(row.currency), context.language) for row in sums.itertuples(index=False)]
        metrics(context, [("d.invoices.billed", amount, None) for amount in billed])
        remark(context.text("d.invoices.no_payments"))
        listing(context, "d.invoices.list", queries.INVOICES)
        return
    for row in sums.itertuples(index=False):
        metrics(context, [
            ("d.invoices.open", money(int(row.open_cents), str(row.currency), context.language), "d.invoices.open_help"),
            ("d.invoices.overdue", money(int(row.overdue_cents), str(row.currency), context.language), "d.invoices.overdue_help"),
            ("d.invoices.count_overdue", number(int(row.invoices_overdue), context.language), None),
            ("d.invoices.unallocated", money(int(row.unallocated_cents), str(row.currency), context.language), "d.invoices.unallocated_help"),
        ])  # fmt: skip
    status = choose(context, "payment_status", STATUSES, {name: context.text(f"status.{name}") for name in STATUSES})
    listing(context, "d.invoices.list", queries.INVOICES, {"payment_status": status})
    if any(sums["unallocated_cents"]):
        listing(context, "d.invoices.payments", queries.UNALLOCATED)
