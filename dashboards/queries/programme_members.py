"""What the owner of a programme asks about single members. To a manufacturer points of rules on net amounts are not in these relations, and value is
at its own list price: neither tells what a distributor charges. A distributor reads of its own programme, and of members what they buy from it."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_OWNERS = frozenset({Role.MANUFACTURER, Role.DISTRIBUTOR})

_ORDERED = """
with newest as (select max(last_ordered_on) as as_of from rpt_reseller_activity),
ordered as (
    select case when leg = 'sell_in' and retailer_id <= 0 then distributor_id else retailer_id end as member_id,
        max(last_ordered_on) filter (orders > 0) as last_ordered_on,
        coalesce(sum(orders) filter (month_on > as_of - interval 12 month), 0) as orders_12m,
        coalesce(sum(list_value_cents) filter (month_on > as_of - interval 12 month), 0) as list_value_12m_cents
    from rpt_reseller_activity, newest group by 1
),
asked as (select retailer_id as member_id, count(*) filter (is_open) as requests_open from fct_support_requests group by retailer_id)
"""

MEMBER_PROGRAMMES = Query("programme_member_programmes", _OWNERS, """
    select distinct programme_id from rpt_programme_members order by programme_id""", is_exported=False)  # fmt: skip

MEMBERS_LISTED = Query("programme_members", _OWNERS, _ORDERED + """
    select m.member_ref, m.member, coalesce(m.region, '–') as region, m.tier, o.last_ordered_on,
        cast(coalesce(o.orders_12m, 0) as bigint) as orders_12m, cast(coalesce(o.list_value_12m_cents, 0) as bigint) as list_value_12m_cents,
        m.points_issued, m.points_redeemed, m.points_expired, m.points_outstanding,
        cast(coalesce(a.requests_open, 0) as bigint) as requests_open
    from rpt_programme_members as m
    left join ordered as o on m.member_id = o.member_id left join asked as a on m.member_id = a.member_id
    where m.programme_id = $programme and m.merged_into_id is null and m.member_ref is not null and ($tier is null or m.tier = $tier)
        and ($region is null or coalesce(m.region, '–') = $region)
    order by o.last_ordered_on nulls first, m.member, m.member_ref limit 5000""", ("programme", "tier", "region"))  # fmt: skip
"""Who ordered longest ago first: those are whom marketing asks about."""

MEMBER_CUTS = Query("programme_member_cuts", _OWNERS, """
    select distinct m.tier, coalesce(m.region, '–') as region from rpt_programme_members as m where m.programme_id = $programme order by 1, 2""",
    ("programme",), is_exported=False)  # fmt: skip

MEMBER_HEADLINE = Query("programme_member", _OWNERS, _ORDERED + """
    select m.member, m.city, m.tier, m.tier_valid_until, m.points_issued, m.points_redeemed, m.points_expired, m.points_reversed,
        m.points_outstanding, m.has_hidden_points, m.first_earned_on, o.last_ordered_on, cast(coalesce(o.orders_12m, 0) as bigint) as orders_12m,
        cast(coalesce(a.requests_open, 0) as bigint) as requests_open
    from rpt_programme_members as m
    left join ordered as o on m.member_id = o.member_id left join asked as a on m.member_id = a.member_id
    where m.programme_id = $programme and m.member_ref = $member""", ("programme", "member"), is_exported=False)  # fmt: skip

MEMBER_MONTHLY = Query("programme_member_monthly", _OWNERS, """
with newest as (select max(month_on) as last_on from rpt_reseller_activity)
    select a.month_on, a.leg, cast(sum(a.orders) as bigint) as orders, cast(sum(a.quantity) as double) as quantity,
        cast(sum(a.list_value_cents) as bigint) as list_value_cents
    from rpt_reseller_activity as a inner join (select distinct member_id, member_ref from rpt_programme_members) as m
        on m.member_id = case when a.leg = 'sell_in' and a.retailer_id <= 0 then a.distributor_id else a.retailer_id end, newest
    where m.member_ref = $member and a.month_on > last_on - interval 24 month
    group by a.month_on, a.leg order by a.month_on, a.leg""", ("member",))  # fmt: skip

MEMBER_REQUESTS = Query("programme_member_requests", _OWNERS, """
    select r.request_no, r.opened_at, coalesce(d.name, '–') as product, r.category, r.priority, r.status
    from fct_support_requests as r left join dim_product as d on r.product_id = d.product_id
    inner join (select distinct member_id, member_ref from rpt_programme_members) as m on r.retailer_id = m.member_id
    where m.member_ref = $member and r.is_open order by r.opened_at desc, r.request_no limit 200""", ("member",))  # fmt: skip

PROGRAMME_MEMBER_QUERIES = (MEMBER_PROGRAMMES, MEMBERS_LISTED, MEMBER_CUTS, MEMBER_HEADLINE, MEMBER_MONTHLY, MEMBER_REQUESTS)
