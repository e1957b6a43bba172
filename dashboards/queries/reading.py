"""Running a query for a scope or a person."""

from __future__ import annotations

import pandas as pd

from core.scope import Scope
from dashboards.queries.model import Filters, Query
from dashboards.runtime import current
from portal import User, scope_of


def fetch(query: Query, user: User, filters: Filters) -> pd.DataFrame:
    """Run a query as that person on the current generation. Filters that the query does not name are left out."""
    return read(query, scope_of(user), filters)


def read(query: Query, scope: Scope, filters: Filters) -> pd.DataFrame:
    """Run a query for a scope. Missing filters are null."""
    parameters = {name: filters.get(name) for name in query.parameters}
    return current().serving.reader(scope).frame(query.sql, parameters)
