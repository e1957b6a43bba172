"""SQL of the pages. Relations are named bare: the Reader puts what the viewer may see in their place."""

from __future__ import annotations

from dashboards.queries.campaigns import CAMPAIGN_QUERIES
from dashboards.queries.distributor import DISTRIBUTOR_QUERIES
from dashboards.queries.feeds import FEED_QUERIES
from dashboards.queries.invoices import INVOICE_QUERIES
from dashboards.queries.loyalty import LOYALTY_QUERIES
from dashboards.queries.manufacturer import MANUFACTURER_QUERIES
from dashboards.queries.model import Filters, Query
from dashboards.queries.programme import PROGRAMME_QUERIES
from dashboards.queries.programme_members import PROGRAMME_MEMBER_QUERIES
from dashboards.queries.progress import PROGRESS_QUERIES
from dashboards.queries.reading import fetch, read
from dashboards.queries.retailer import RETAILER_QUERIES

QUERIES: dict[str, Query] = {
    query.name: query
    for query in (
        *MANUFACTURER_QUERIES,
        *PROGRAMME_QUERIES,
        *PROGRAMME_MEMBER_QUERIES,
        *DISTRIBUTOR_QUERIES,
        *INVOICE_QUERIES,
        *RETAILER_QUERIES,
        *FEED_QUERIES,
        *LOYALTY_QUERIES,
        *PROGRESS_QUERIES,
        *CAMPAIGN_QUERIES,
    )
}
"""Every query of every page by name."""


__all__ = ["QUERIES", "Filters", "Query", "fetch", "read"]
