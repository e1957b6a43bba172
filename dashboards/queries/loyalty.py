"""Who trades with whom, for pages about points: the names that belong to ids of the store, under the asker's own scope."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

MY_DISTRIBUTORS = Query("r_my_distributors", frozenset({Role.RETAILER}), """
    select party_id, name from bridge_visible_parties where kind = 'distributor' order by name, party_id limit 1000""",
    is_exported=False)  # fmt: skip

MY_RETAILERS = Query("d_my_retailers", frozenset({Role.DISTRIBUTOR}), """
    select party_id, name, region, city from bridge_visible_parties where kind = 'retailer' order by name, party_id limit 20000""",
    is_exported=False)  # fmt: skip

MEMBER_POINTS = Query("d_member_points", frozenset({Role.DISTRIBUTOR}), """
with newest as (select max(effective_at) as today from fct_point_transfers),
earned as (
    select retailer_id, effective_at, case when kind = 'award' then points else -points end as points from fct_point_transfers
    where kind in ('award', 'reversal') and retailer_id > 0 and (debit_account = 'liability' or credit_account = 'liability')
        and ($programme is null or programme_id = $programme) and ($currency is null or currency = $currency)
)
    select p.party_id, p.name as retailer, p.region, coalesce(cast(sum(e.points) filter (e.effective_at > today - interval 365 day) as bigint), 0)
            as points_earned_12m,
        coalesce(cast(sum(e.points) as bigint), 0) as points_earned, cast(max(e.effective_at) as date) as last_earned_on
    from bridge_visible_parties as p left join earned as e on e.retailer_id = p.party_id, newest where p.kind = 'retailer'
    group by p.party_id, p.name, p.region order by points_earned_12m desc, p.name, p.party_id limit 1000""",
    ("programme", "currency"), is_exported=False)  # fmt: skip
"""What each own retailer earned with the asker: points of orders at other distributors are not in the asker's rows."""

LOYALTY_QUERIES = (MY_DISTRIBUTORS, MY_RETAILERS, MEMBER_POINTS)
