"""SQL of the pages. Relations are named bare: the Reader puts what the viewer may see in their place."""

from __future__ import annotations

import pandas as pd

from core.scope import Scope
from dashboards.queries.distributor import DISTRIBUTOR_QUERIES
from dashboards.queries.feeds import FEED_QUERIES
from dashboards.queries.invoices import INVOICE_QUERIES
from dashboards.queries.manufacturer import MANUFACTURER_QUERIES
from dashboards.queries.model import Filters, Query
from dashboards.queries.retailer import RETAILER_QUERIES
from dashboards.runtime import current
from portal import User, scope_of

QUERIES: dict[str, Query] = {
    query.name: query
    for query in (*MANUFACTURER_QUERIES, *DISTRIBUTOR_QUERIES, *INVOICE_QUERIES, *RETAILER_QUERIES, *FEED_QUERIES)
}
"""Every query of every page by name."""


def fetch(query: Query, user: User, filters: Filters) -> pd.DataFrame:
    """Run a query as that person on the current generation. Filters that the query does not name are left out."""
    return read(query, scope_of(user), filters)


def read(query: Query, scope: Scope, filters: Filters) -> pd.DataFrame:
    """Run a query for a scope. Missing filters are null."""
    parameters = {name: filters.get(name) for name in query.parameters}
    return current().serving.reader(scope).frame(query.sql, parameters)


__all__ = ["QUERIES", "Filters", "Query", "fetch", "read"]
