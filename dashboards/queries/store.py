"""Tables that pages read from the store at once, because people have just changed them. Exported like every other table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.scope import Role
from dashboards.components.reasons import reason_of
from dashboards.queries.loyalty import MEMBER_POINTS
from dashboards.queries.model import Filters
from dashboards.queries.programmes import visible_programmes
from dashboards.queries.reading import read
from dashboards.runtime import current
from dashboards.texts import as_language
from loyalty import Programme, statement
from loyalty.campaigns.running import with_campaigns
from loyalty.members import standings_of
from loyalty.merging import group_of
from portal import User, scope_of

STATEMENT_ROWS = 1_000
STATEMENT_KINDS = ("award", "reversal", "no_award", "hold", "release", "redeem", "cancel", "expire", "confirm", "capture")


@dataclass(frozen=True, slots=True)
class StoreQuery:
    """A table of the store for one person. `parameters` are filters; `frame` reads as that person and nobody else."""

    name: str
    roles: frozenset[Role]
    parameters: tuple[str, ...]
    frame: Callable[[User, Filters], pd.DataFrame]


def _statement(user: User, filters: Filters) -> pd.DataFrame:
    """Newest first. `points` is what an entry did to usable points; `points_pending` to those that wait."""
    programme = _programme(user, filters)
    if programme is None:
        return pd.DataFrame()
    language = as_language(user.language) or "en"
    booked = statement(current().store, programme, user.party_id, current().clock, limit=STATEMENT_ROWS)
    group = group_of(current().store, user.party_id)
    known = with_campaigns(current().store, programme)
    kind, document = filters.get("kind"), (filters.get("document") or "").strip().casefold()
    entries = [
        entry for entry in booked.entries
        if (kind is None or entry.kind == kind) and (not document or document in (entry.document_no or "").casefold())
    ]  # fmt: skip
    return pd.DataFrame({
        "effective_on": [entry.dated_at.date() for entry in entries],
        "kind": [entry.kind for entry in entries],
        "document_no": [entry.document_no or "" for entry in entries],
        "points": [entry.points for entry in entries],
        "points_pending": [entry.points_pending for entry in entries],
        "reason": [reason_of(entry, known, language, group) for entry in entries],
    })  # fmt: skip


def _members(user: User, filters: Filters) -> pd.DataFrame:
    """One row per own retailer, most points first: what it earned with this distributor, and how it stands."""
    programme = _programme(user, filters)
    if programme is None:
        return pd.DataFrame()
    frame = read(MEMBER_POINTS, scope_of(user), {"programme": programme.programme_id, "currency": programme.currency})
    members = [int(party_id) for party_id in frame["party_id"]]
    names = dict(zip(members, frame["retailer"], strict=True))
    standings = standings_of(current().store, programme, user.party_id, members)
    merged = [standings[member].merged_into for member in members]
    frame["tier"] = [standings[member].tier or "" for member in members]
    frame["points_ordered"] = [standings[member].points_ordered for member in members]
    frame["merged_into"] = ["" if one is None else names.get(one, "–") for one in merged]
    return frame.drop(columns="party_id")


def _programme(user: User, filters: Filters) -> Programme | None:
    """The one that is asked for, else the first; never one that the person may not know of."""
    programmes = visible_programmes(user)
    return next(
        (one for one in programmes if one.programme_id == filters.get("programme")), programmes[0] if programmes else None
    )


STATEMENT = StoreQuery("r_statement", frozenset({Role.RETAILER}), ("programme", "kind", "document"), _statement)
MEMBERS = StoreQuery("d_members", frozenset({Role.DISTRIBUTOR}), ("programme",), _members)

STORE_QUERIES: dict[str, StoreQuery] = {query.name: query for query in (STATEMENT, MEMBERS)}
"""Every one of them by name."""
