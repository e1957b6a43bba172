"""What a retailer asks about its own orders and requests. Points come from the ledger at once (views/retailer.py)."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query, net_cents

_R = frozenset({Role.RETAILER})

HEADLINE = Query("r_headline", _R, """
with newest as (select max(ordered_on) as as_of from fct_orders where leg = 'sell_through')
    select max(as_of) as as_of, max(currency) as currency,
        cast(count(*) filter (delivery_status in ('open', 'in_transit', 'partly_delivered')) as integer) as orders_under_way,
        cast(count(*) filter (is_late and delivery_status in ('open', 'in_transit', 'partly_delivered')) as integer) as orders_late,
        cast(count(*) filter (ordered_on > as_of - 365) as integer) as orders_12m
    from fct_orders, newest where leg = 'sell_through' and order_status <> 'cancelled'""", is_exported=False)  # fmt: skip

ORDERS = Query("r_orders", _R, """
    select o.document_no, o.ordered_on, coalesce(p.name, '–') as distributor, o.lines, o.net_amount_cents, o.currency,
        o.delivery_status, o.promised_on, o.last_delivered_on, o.is_late
    from fct_orders as o left join bridge_visible_parties as p on o.distributor_id = p.party_id
    where o.leg = 'sell_through' and ($delivery_status is null or o.delivery_status = $delivery_status)
    order by o.ordered_on desc, o.document_no desc limit 1000""", ("delivery_status",))  # fmt: skip

ORDER_LINES = Query("r_order_lines", _R, """
    select coalesce(p.name, '–') as distributor, d.name as product, cast(l.quantity as double) as quantity, l.net_amount_cents, l.currency, l.delivery_status,
        cast(l.delivered_quantity as double) as delivered_quantity, l.promised_on, l.first_delivered_on,
        cast(l.returned_quantity as double) as returned_quantity
    from fct_order_lines as l inner join dim_product as d on l.product_id = d.product_id
    left join bridge_visible_parties as p on l.distributor_id = p.party_id
    where l.leg = 'sell_through' and l.document_no = $document_no order by distributor, l.line_no, d.name limit 1000""",
    ("document_no",))  # fmt: skip

RECEIPTS = Query("r_receipts", _R, """
    select coalesce(p.name, '–') as distributor, d.name as product, cast(r.ordered_quantity as double) as ordered_quantity,
        cast(r.shipped_quantity as double) as shipped_quantity, cast(r.accepted_quantity as double) as accepted_quantity,
        cast(r.rejected_quantity as double) as rejected_quantity, r.reason, r.received_on, r.delivery_no
    from fct_receipt_lines as r inner join dim_product as d on r.product_id = d.product_id
    left join bridge_visible_parties as p on r.distributor_id = p.party_id
    where r.leg = 'sell_through' and r.order_document_no = $document_no
    order by r.received_on, r.receipt_no, r.line_no, d.name limit 1000""", ("document_no",))  # fmt: skip

MONTHLY = Query("r_monthly", _R, f"""
with newest as (select max(ordered_on) as as_of from fct_orders where leg = 'sell_through')
    select cast(date_trunc('month', ordered_on) as date) as month_on, cast(count(*) as integer) as orders,
        {net_cents()} as net_amount_cents
    from fct_orders, newest where leg = 'sell_through' and order_status <> 'cancelled' and ordered_on > as_of - interval 24 month
    group by 1 order by 1""")  # fmt: skip

SUPPORT = Query("r_support", _R, """
    select r.request_no, r.opened_at, coalesce(d.name, '–') as product, r.category, r.subject, r.priority, r.status, r.resolved_at
    from fct_support_requests as r left join dim_product as d on r.product_id = d.product_id
    order by r.opened_at desc, r.request_no limit 1000""")  # fmt: skip

SUPPORT_HISTORY = Query("r_support_history", _R, """
    select occurred_at, status from fct_support_events where request_no = $request_no order by occurred_at, status limit 200""",
    ("request_no",))  # fmt: skip

RETAILER_QUERIES = (HEADLINE, ORDERS, ORDER_LINES, RECEIPTS, MONTHLY, SUPPORT, SUPPORT_HISTORY)
