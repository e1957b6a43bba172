"""What the manufacturer's marketing asks. Distributors' net amounts do not exist here: value is at our own list price."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_M = frozenset({Role.MANUFACTURER})

_ACTIVITY = """
with activity as (
    select a.*, p.name, coalesce(p.region, '–') as region, coalesce(p.tier, '–') as tier
    from rpt_reseller_activity as a inner join dim_party as p on a.retailer_id = p.party_id
    where a.leg = $leg and a.retailer_id > 0 and ($region is null or coalesce(p.region, '–') = $region)
        and ($tier is null or coalesce(p.tier, '–') = $tier)
), newest as (
    select max(last_ordered_on) as as_of from rpt_reseller_activity where leg = $leg
)
"""
_FILTERS = ("leg", "region", "tier")

LEGS = Query("m_legs", _M, """
    select leg, max(last_ordered_on) as as_of, sum(lines) as lines from rpt_reseller_activity
    where retailer_id > 0 group by leg order by leg desc""", is_exported=False)  # fmt: skip

REGIONS = Query("m_regions_tiers", _M, """
    select distinct coalesce(p.region, '–') as region, coalesce(p.tier, '–') as tier
    from dim_party as p
    where p.party_id in (select retailer_id from rpt_reseller_activity where leg = $leg and retailer_id > 0)
    order by region, tier""", ("leg",), is_exported=False)  # fmt: skip

ACTIVITY_MONTHLY = Query("m_activity_monthly", _M, _ACTIVITY + """
    select month_on, cast(count(distinct case when orders > 0 then retailer_id end) as integer) as active_resellers,
        cast(sum(orders) as bigint) as orders, cast(sum(quantity) as double) as quantity,
        cast(sum(list_value_cents) as bigint) as list_value_cents
    from activity, newest where month_on > as_of - interval 36 month
    group by month_on order by month_on""", _FILTERS)  # fmt: skip

ACTIVITY_HEADLINE = Query("m_activity_headline", _M, _ACTIVITY + """
, per_reseller as (
    select retailer_id, max(last_ordered_on) as last_on, min(first_ordered_on) as first_on,
        max(case when last_ordered_on <= as_of - 90 then last_ordered_on end) as earlier_on
    from activity, newest where orders > 0 group by retailer_id
), gaps as (
    select per_reseller.*, as_of,
        (select count(*) from activity as a where a.retailer_id = per_reseller.retailer_id and a.orders > 0
            and a.last_ordered_on > as_of - 180 and a.first_ordered_on <= as_of - 90) as was_active_before
    from per_reseller, newest
)
    select max(as_of) as as_of,
        cast(count(*) filter (last_on > as_of - 90) as integer) as active_resellers,
        cast(count(*) filter (first_on > as_of - 90) as integer) as new_resellers,
        cast(count(*) filter (last_on > as_of - 90 and first_on <= as_of - 90 and was_active_before = 0) as integer)
            as reactivated_resellers,
        cast(count(*) filter (last_on <= as_of - 90 and last_on > as_of - 180) as integer) as lapsed_resellers,
        cast(count(*) as integer) as known_resellers
    from gaps""", _FILTERS, is_exported=False)  # fmt: skip

_RESELLERS = """
with newest as (select max(last_ordered_on) as as_of from rpt_reseller_activity where leg = $leg),
per_reseller as (
    select retailer_id, max(last_ordered_on) as last_ordered_on,
        coalesce(max(last_ordered_on) filter (orders > 0) > max(as_of) - 90, false) as is_active,
        coalesce(sum(orders) filter (month_on > as_of - interval 12 month), 0) as orders_12m,
        coalesce(sum(quantity) filter (month_on > as_of - interval 12 month), 0) as quantity_12m,
        coalesce(sum(list_value_cents) filter (month_on > as_of - interval 12 month), 0) as list_value_12m_cents,
        coalesce(sum(quantity) filter (month_on <= as_of - interval 12 month and month_on > as_of - interval 24 month), 0) as quantity_before
    from rpt_reseller_activity, newest where leg = $leg and retailer_id > 0 group by retailer_id
), resellers as (
    select per_reseller.*, p.name, coalesce(p.region, '–') as region, coalesce(p.tier, '–') as tier
    from per_reseller inner join dim_party as p on per_reseller.retailer_id = p.party_id
    where ($region is null or coalesce(p.region, '–') = $region) and ($tier is null or coalesce(p.tier, '–') = $tier)
)
"""
"""One row per reseller first, who it is afterwards: joining names to every month cost twice as much."""

ACTIVITY_BY_REGION = Query("m_activity_by_region", _M, _RESELLERS + """
    select region, tier, cast(count(*) as integer) as resellers, cast(count(*) filter (is_active) as integer) as active_resellers,
        cast(sum(orders_12m) as bigint) as orders_12m, cast(sum(quantity_12m) as double) as quantity_12m,
        cast(sum(list_value_12m_cents) as bigint) as list_value_12m_cents
    from resellers group by region, tier order by list_value_12m_cents desc, region, tier""", _FILTERS)  # fmt: skip

RESELLERS = Query("m_resellers", _M, _RESELLERS + """
    select name, region, tier, last_ordered_on, cast(orders_12m as bigint) as orders_12m, cast(quantity_12m as double) as quantity_12m,
        cast(quantity_before as double) as quantity_before,
        case when quantity_before > 0
            then round(100 * (cast(quantity_12m as double) / cast(quantity_before as double) - 1), 1) end as change_percent
    from resellers order by quantity_12m - quantity_before, name limit 1000""", _FILTERS)  # fmt: skip

DELIVERY_MONTHLY = Query("m_delivery_monthly", _M, """
with newest as (select max(last_ordered_on) as as_of from rpt_reseller_activity where leg = $leg)
    select month_on, cast(sum(lines_delivered) as bigint) as delivered, cast(sum(lines_in_transit) as bigint) as in_transit,
        cast(sum(lines_open) as bigint) as open, cast(sum(lines_cancelled) as bigint) as cancelled,
        cast(sum(lines_with_promise) as bigint) as lines_with_promise, cast(sum(lines_late) as bigint) as late,
        cast(sum(lines_on_time_in_full) as bigint) as on_time_in_full, cast(sum(lines) as bigint) as lines
    from rpt_reseller_activity, newest where leg = $leg and month_on > as_of - interval 24 month
    group by month_on order by month_on""", ("leg",))  # fmt: skip

DELIVERY_BY_DISTRIBUTOR = Query("m_delivery_by_distributor", _M, """
with newest as (select max(last_ordered_on) as as_of from rpt_reseller_activity where leg = $leg)
    select coalesce(p.name, '–') as distributor, cast(sum(a.lines) as bigint) as lines,
        cast(sum(a.lines_with_promise) as bigint) as lines_with_promise, cast(sum(a.lines_late) as bigint) as late,
        cast(sum(a.lines_open + a.lines_in_transit) as bigint) as not_delivered,
        case when sum(a.lines_with_promise) > 0
            then round(100.0 * sum(a.lines_on_time_in_full) / sum(a.lines_with_promise), 1) end as on_time_in_full_percent
    from rpt_reseller_activity as a left join dim_party as p on a.distributor_id = p.party_id, newest
    where a.leg = $leg and a.month_on > as_of - interval 12 month
    group by coalesce(p.name, '–') order by on_time_in_full_percent nulls last, distributor""", ("leg",))  # fmt: skip

SUPPORT_MONTHLY = Query("m_support_monthly", _M, """
    select month_on, product_category, cast(sum(requests) as bigint) as requests
    from rpt_support_load where month_on > (select max(month_on) from rpt_support_load) - interval 24 month
    group by month_on, product_category order by month_on, product_category""")  # fmt: skip

SUPPORT_BY_PRODUCT = Query("m_support_by_product", _M, """
    select product_category, cast(sum(requests) as bigint) as requests, cast(sum(requests_open) as bigint) as requests_open,
        cast(sum(requests_reopened) as bigint) as requests_reopened,
        case when sum(requests_resolved) > 0 then round(sum(resolution_hours_total) / sum(requests_resolved), 1) end
            as mean_resolution_hours
    from rpt_support_load where month_on > (select max(month_on) from rpt_support_load) - interval 12 month
    group by product_category order by requests desc, product_category""")  # fmt: skip

SUPPORT_TOPICS = Query("m_support_topics", _M, """
    select product_category, coalesce(category, '–') as category, cast(sum(requests) as bigint) as requests,
        cast(sum(requests_open) as bigint) as requests_open
    from rpt_support_load where month_on > (select max(month_on) from rpt_support_load) - interval 12 month
    group by product_category, coalesce(category, '–') order by requests desc, product_category, category limit 200""")  # fmt: skip

MANUFACTURER_QUERIES = (
    LEGS, REGIONS, ACTIVITY_MONTHLY, ACTIVITY_HEADLINE, ACTIVITY_BY_REGION, RESELLERS, DELIVERY_MONTHLY,
    DELIVERY_BY_DISTRIBUTOR, SUPPORT_MONTHLY, SUPPORT_BY_PRODUCT, SUPPORT_TOPICS,
)  # fmt: skip
