"""What a view gets: who looks, in which language, and a cached way to ask."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.scope import Role, Scope
from dashboards.access.identity import viewer
from dashboards.queries import QUERIES, Filters, Query, read
from dashboards.runtime import current
from dashboards.texts import Language, text
from portal import User, scope_of

CACHE_ENTRIES = 2_000
CACHE_SECONDS = 600


@st.cache_data(max_entries=CACHE_ENTRIES, ttl=CACHE_SECONDS, show_spinner=False)
def _cached(
    name: str, role: str, party_ids: tuple[int, ...], data_version: int, filters: tuple[tuple[str, str | None], ...]
) -> pd.DataFrame:
    """Shared by everybody, so everything that decides the answer is an argument: who asks, what, of which generation."""
    del data_version
    return read(QUERIES[name], Scope(Role(role), frozenset(party_ids)), dict(filters))


@dataclass(frozen=True, slots=True)
class Context:
    """One page load of one person."""

    user: User
    language: Language
    data_version: int

    def text(self, key: str, **values: str) -> str:
        """A text in the viewer's language."""
        return text(self.language, key, **values)

    def frame(self, query: Query, filters: Filters | None = None) -> pd.DataFrame:
        """The answer to a query as the viewer may see it. The session is checked again first: a fragment skips the page."""
        self.still_here()
        scope = scope_of(self.user)
        given = tuple(sorted({name: (filters or {}).get(name) for name in query.parameters}.items()))
        return _cached(query.name, str(scope.role), tuple(sorted(scope.party_ids)), self.data_version, given)

    def still_here(self) -> None:
        """Stop when the session is over or has become somebody else's: before every question, and before every act."""
        user = viewer()
        if user is None or user.user_id != self.user.user_id:
            st.error(self.text("session.over"))
            st.stop()

    def row(self, query: Query, filters: Filters | None = None) -> dict[str, object]:
        """The one row of a headline query; missing figures are None."""
        frame = self.frame(query, filters)
        if frame.empty:
            return {}
        first = frame.iloc[0]
        return {str(name): None if pd.isna(first[name]) else first[name] for name in frame.columns}


def data_version() -> int:
    """The published generation. Raises RetriableError WH-201 when there is none."""
    return current().serving.data_version()
