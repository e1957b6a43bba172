"""What the campaign pages ask of the published data: product groups and distributors to choose from, names of parties."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

CATEGORIES = Query("campaign_categories", frozenset({Role.MANUFACTURER, Role.DISTRIBUTOR}), """
    select distinct category as product_category from dim_product where category is not null order by category""", is_exported=False)  # fmt: skip

CHANNEL_DISTRIBUTORS = Query("m_campaign_distributors", frozenset({Role.MANUFACTURER}), """
    select p.party_id as distributor_id, p.name as distributor from dim_party as p
    where p.kind = 'distributor' and not p.is_unknown and p.party_id in (select distributor_id from rpt_reseller_activity)
    order by p.name""", is_exported=False)  # fmt: skip

CAMPAIGN_QUERIES = (CATEGORIES, CHANNEL_DISTRIBUTORS)
