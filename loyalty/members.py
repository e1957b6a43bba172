"""Members side by side, as their distributor reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.merging import merged_into
from loyalty.standing import tiers_of
from loyalty.tables import members


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """One member's cached balances: points that expired since the last run still stand in `points_available`. `merged_into`: its purse."""

    member: int
    tier: str | None
    points_available: int
    points_pending: int
    points_held: int
    points_debt: int
    last_activity_at: datetime | None
    merged_into: int | None


def standings_of(engine: Engine, programme: Programme, wanted: Sequence[int]) -> list[MemberStanding]:
    """These members, in the order given; who has never had points has zeros."""
    with reading(engine) as connection:
        found: dict[int, Any] = {}
        for start in range(0, len(wanted), IDS_PER_QUERY):
            rows = connection.execute(
                select(members).where(
                    members.c.programme_id == programme.programme_id, members.c.currency == programme.currency,
                    members.c.member_party_id.in_(list(wanted[start : start + IDS_PER_QUERY])),
                )
            )  # fmt: skip
            found |= {int(row.member_party_id): row for row in rows}
        tiers, merged = tiers_of(connection, programme, wanted), merged_into(connection)
    standings = []
    for member in wanted:
        row = found.get(member)
        balances = (
            (0, 0, 0, 0)
            if row is None
            else (int(row.points_available), int(row.points_pending), int(row.points_held), int(row.points_debt))
        )
        standings.append(
            MemberStanding(member, tiers.get(member), *balances, row.last_activity_at if row else None, merged.get(member))
        )
    return standings
