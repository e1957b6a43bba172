"""What a distributor asks about its own channel."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query, net_cents

_D = frozenset({Role.DISTRIBUTOR})

_ORDERS = """
with newest as (select max(ordered_on) as as_of from fct_orders where leg = 'sell_through'),
mine as (select * from fct_orders where leg = 'sell_through')
"""
"""Names are joined last, to the rows that are shown: there are far fewer of them than of orders."""

HEADLINE = Query("d_headline", _D, _ORDERS + f"""
    select max(as_of) as as_of, max(currency) as currency,
        cast(count(distinct case when ordered_on > as_of - 90 and order_status <> 'cancelled' then retailer_id end) as integer)
            as active_retailers,
        cast(count(*) filter (ordered_on > as_of - 30) as integer) as orders_30d,
        coalesce({net_cents("ordered_on > as_of - 365 and order_status <> 'cancelled'")}, 0) as net_12m_cents,
        cast(count(*) filter (is_late and delivery_status not in ('delivered', 'cancelled')) as integer) as late_open_orders
    from mine, newest where ordered_on > as_of - 365 or is_late""", is_exported=False)  # fmt: skip

MONTHLY = Query("d_monthly", _D, _ORDERS + f"""
, per_retailer as (
    select cast(date_trunc('month', ordered_on) as date) as month_on, retailer_id, count(*) as orders,
        sum(net_amount_cents) as net_amount_cents, sum(net_amount_subcents) as net_amount_subcents
    from mine, newest where order_status <> 'cancelled' and ordered_on > as_of - interval 36 month group by 1, 2
)
    select month_on, cast(sum(orders) as integer) as orders, cast(count(*) as integer) as active_retailers,
        {net_cents()} as net_amount_cents
    from per_retailer group by month_on order by month_on""")  # fmt: skip

_YEAR, _YEAR_BEFORE = "ordered_on > as_of - 365", "ordered_on <= as_of - 365 and ordered_on > as_of - 730"

RETAILERS = Query("d_retailers", _D, _ORDERS + f"""
, per_retailer as (
    select retailer_id, max(ordered_on) as last_ordered_on, max(as_of) as as_of, cast(count(*) filter ({_YEAR}) as integer) as orders_12m,
        coalesce({net_cents(_YEAR)}, 0) as net_12m_cents, coalesce({net_cents(_YEAR_BEFORE)}, 0) as net_before_cents
    from mine, newest where order_status <> 'cancelled' group by retailer_id
)
    select coalesce(p.name, '–') as retailer, p.region, p.tier, last_ordered_on, orders_12m, net_12m_cents, net_before_cents,
        case when net_before_cents > 0 then round(100.0 * net_12m_cents / net_before_cents - 100, 1) end as change_percent,
        case when last_ordered_on <= as_of - 90 then 'lapsed' else 'active' end as activity
    from per_retailer left join bridge_visible_parties as p on per_retailer.retailer_id = p.party_id
    order by net_12m_cents desc, retailer limit 1000""")  # fmt: skip

# The days that hold the newest thousand are counted first: sorting the whole history to cut it off costs several times as much.
ORDERS = Query("d_orders", _D, _ORDERS + """
, wanted as (
    select * from mine where ($delivery_status is null or delivery_status = $delivery_status) and ($only_late is null or is_late)
), days as (
    select ordered_on, sum(count(*)) over (order by ordered_on desc) as orders_since from wanted group by ordered_on
), from_day as (
    select coalesce(max(ordered_on) filter (orders_since >= 1000), min(ordered_on)) as ordered_on from days
), shown as (
    select wanted.* from wanted, from_day where wanted.ordered_on >= from_day.ordered_on
    order by wanted.ordered_on desc, document_no desc limit 1000
)
    select document_no, ordered_on, coalesce(p.name, '–') as retailer, lines, cast(quantity as double) as quantity, net_amount_cents, currency,
        order_status, delivery_status, promised_on, last_delivered_on, is_late
    from shown left join bridge_visible_parties as p on shown.retailer_id = p.party_id order by ordered_on desc, document_no desc""",
    ("delivery_status", "only_late"))  # fmt: skip

RECEIPTS = Query("d_receipts", _D, """
    select r.order_document_no as document_no, coalesce(p.name, '–') as retailer, d.name as product,
        cast(r.ordered_quantity as double) as ordered_quantity, cast(r.shipped_quantity as double) as shipped_quantity,
        cast(r.accepted_quantity as double) as accepted_quantity, cast(r.rejected_quantity as double) as rejected_quantity, r.reason, r.received_on,
        r.delivery_no
    from fct_receipt_lines as r inner join dim_product as d on r.product_id = d.product_id
    left join bridge_visible_parties as p on r.retailer_id = p.party_id
    where r.leg = 'sell_through' order by r.rejected_quantity > 0 desc, r.received_on desc, r.receipt_no, r.line_no limit 1000""")  # fmt: skip

LATE_MONTHLY = Query("d_late_monthly", _D, """
with newest as (select max(last_ordered_on) as as_of from rpt_reseller_activity where leg = 'sell_through')
    select month_on, cast(sum(lines_with_promise) as bigint) as lines_with_promise,
        cast(sum(lines_on_time_in_full) as bigint) as on_time_in_full, cast(sum(lines) as bigint) as lines
    from rpt_reseller_activity, newest where leg = 'sell_through' and month_on > as_of - interval 24 month
    group by month_on order by month_on""")  # fmt: skip

STOCK = Query("d_stock", _D, """
    select p.name as product, p.category as product_category, s.counted_on, cast(s.on_hand_quantity as double) as on_hand_quantity,
        cast(s.in_transit_quantity as double) as in_transit_quantity,
        cast(s.weekly_outflow_quantity as double) as weekly_outflow_quantity,
        cast(s.weeks_of_supply as double) as weeks_of_supply, s.movement, s.weeks_reported
    from rpt_stock_cover as s inner join dim_product as p on s.product_id = p.product_id
    order by s.weeks_of_supply nulls last, p.name limit 1000""")  # fmt: skip

SUPPORT = Query("d_support", _D, """
    select r.request_no, r.opened_at, coalesce(p.name, '–') as retailer, coalesce(d.name, '–') as product, r.category, r.priority,
        r.subject, r.status, cast(r.resolution_hours as double) as resolution_hours
    from fct_support_requests as r left join bridge_visible_parties as p on r.retailer_id = p.party_id
    left join dim_product as d on r.product_id = d.product_id
    where ($only_open is null or r.is_open) order by r.opened_at desc, r.request_no limit 1000""", ("only_open",))  # fmt: skip

SUPPORT_MONTHLY = Query("d_support_monthly", _D, """
    select month_on, cast(sum(requests) as bigint) as requests, cast(sum(requests_open) as bigint) as requests_open
    from rpt_support_load where month_on > (select max(month_on) from rpt_support_load) - interval 24 month
    group by month_on order by month_on""")  # fmt: skip

DISTRIBUTOR_QUERIES = (HEADLINE, MONTHLY, RETAILERS, ORDERS, RECEIPTS, LATE_MONTHLY, STOCK, SUPPORT, SUPPORT_MONTHLY)
