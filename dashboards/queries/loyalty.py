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

LOYALTY_QUERIES = (MY_DISTRIBUTORS, MY_RETAILERS)
