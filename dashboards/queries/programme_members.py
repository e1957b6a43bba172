"""What the manufacturer asks about single members. Its programmes only; points of rules on net amounts are not in these relations, and value is
at its own list price: neither tells what a distributor charges."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_M = frozenset({Role.MANUFACTURER})

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

MEMBER_PROGRAMMES = Query("m_member_programmes", _M, """
    select distinct programme_id from rpt_programme_members order by programme_id""", is_exported=False)  # fmt: skip

MEMBERS_LISTED = Query("m_members", _M, _ORDERED + """
    select p.party_ref as member_ref, p.name as member, coalesce(p.region, '–') as region, m.tier, o.last_ordered_on,
        cast(coalesce(o.orders_12m, 0) as bigint) as orders_12m, cast(coalesce(o.list_value_12m_cents, 0) as bigint) as list_value_12m_cents,
        m.points_issued, m.points_redeemed, m.points_expired, m.points_outstanding,
        cast(coalesce(a.requests_open, 0) as bigint) as requests_open
    from rpt_programme_members as m inner join dim_party as p on m.member_id = p.party_id
    left join ordered as o on m.member_id = o.member_id left join asked as a on m.member_id = a.member_id
    where m.programme_id = $programme and m.merged_into_id is null and ($tier is null or m.tier = $tier)
        and ($region is null or coalesce(p.region, '–') = $region)
    order by o.last_ordered_on nulls first, p.name, p.party_ref limit 5000""", ("programme", "tier", "region"))  # fmt: skip
"""Who ordered longest ago first: those are whom marketing asks about."""

MEMBER_CUTS = Query("m_member_cuts", _M, """
    select distinct m.tier, coalesce(p.region, '–') as region from rpt_programme_members as m
    inner join dim_party as p on m.member_id = p.party_id where m.programme_id = $programme order by 1, 2""",
    ("programme",), is_exported=False)  # fmt: skip

MEMBER_HEADLINE = Query("m_member", _M, _ORDERED + """
    select p.name as member, p.city, m.tier, m.tier_valid_until, m.points_issued, m.points_redeemed, m.points_expired, m.points_reversed,
        m.points_outstanding, m.has_hidden_points, m.first_earned_on, o.last_ordered_on, cast(coalesce(o.orders_12m, 0) as bigint) as orders_12m,
        cast(coalesce(a.requests_open, 0) as bigint) as requests_open
    from rpt_programme_members as m inner join dim_party as p on m.member_id = p.party_id
    left join ordered as o on m.member_id = o.member_id left join asked as a on m.member_id = a.member_id
    where m.programme_id = $programme and p.party_ref = $member""", ("programme", "member"), is_exported=False)  # fmt: skip

MEMBER_MONTHLY = Query("m_member_monthly", _M, """
with newest as (select max(month_on) as last_on from rpt_reseller_activity)
    select a.month_on, a.leg, cast(sum(a.orders) as bigint) as orders, cast(sum(a.quantity) as double) as quantity,
        cast(sum(a.list_value_cents) as bigint) as list_value_cents
    from rpt_reseller_activity as a inner join dim_party as p
        on p.party_id = case when a.leg = 'sell_in' and a.retailer_id <= 0 then a.distributor_id else a.retailer_id end, newest
    where p.party_ref = $member and a.month_on > last_on - interval 24 month
    group by a.month_on, a.leg order by a.month_on, a.leg""", ("member",))  # fmt: skip

MEMBER_REQUESTS = Query("m_member_requests", _M, """
    select r.request_no, r.opened_at, coalesce(d.name, '–') as product, r.category, r.priority, r.status
    from fct_support_requests as r left join dim_product as d on r.product_id = d.product_id
    inner join dim_party as p on r.retailer_id = p.party_id
    where p.party_ref = $member and r.is_open order by r.opened_at desc, r.request_no limit 200""", ("member",))  # fmt: skip

PROGRAMME_MEMBER_QUERIES = (MEMBER_PROGRAMMES, MEMBERS_LISTED, MEMBER_CUTS, MEMBER_HEADLINE, MEMBER_MONTHLY, MEMBER_REQUESTS)
