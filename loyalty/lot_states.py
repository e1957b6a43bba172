"""Lots as they stand: what is pending, available, held and expired in each, and when it expires."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, case, func, select

from loyalty.tables import journal, lot_terms, lots, transfers

IDS_PER_QUERY = 5_000
"""Bound parameters per query stay below SQLite's limit of 32,766."""

FIELDS = {"pending": "pending", "available": "available", "held": "held", "breakage": "expired"}
"""Account -> the field of a lot's state."""


@dataclass(slots=True)
class LotState:
    """One lot inside a transaction; balances change as transfers are collected."""

    lot_id: int
    owner: int
    earned_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    idle_months: int | None
    pending: int = 0
    available: int = 0
    held: int = 0
    expired: int = 0

    def balance(self, account: str) -> int:
        """Points of the lot in `pending`, `available`, `held` or `breakage`."""
        return int(getattr(self, FIELDS[account]))

    def add(self, account: str, points: int) -> None:
        """Change a balance."""
        setattr(self, FIELDS[account], self.balance(account) + points)


@lru_cache(maxsize=16)
def fold(account: str) -> Any:
    """SQL: what came into an account less what left it."""
    return func.coalesce(
        func.sum(
            case(
                (transfers.c.credit_account == account, transfers.c.points),
                (transfers.c.debit_account == account, -transfers.c.points),
                else_=0,
            )
        ),
        0,
    )


def load_lots(connection: Connection, lot_ids: Sequence[int]) -> dict[int, LotState]:
    """The states of these lots as the database has them."""
    found: dict[int, LotState] = {}
    for start in range(0, len(lot_ids), IDS_PER_QUERY):
        wanted = list(lot_ids[start : start + IDS_PER_QUERY])
        rows = connection.execute(
            select(
                lots.c.lot_id, lots.c.member_party_id, lots.c.earned_at, func.coalesce(lot_terms.c.available_at, lots.c.available_at),
                func.coalesce(lot_terms.c.expires_at, lots.c.expires_at), lots.c.idle_months,
            ).outerjoin(lot_terms, lot_terms.c.lot_id == lots.c.lot_id).where(lots.c.lot_id.in_(wanted))
        )  # fmt: skip
        found |= {int(row[0]): LotState(int(row[0]), int(row[1]), row[2], row[3], row[4], row[5]) for row in rows}
        balances = connection.execute(
            select(transfers.c.lot_id, *(fold(account) for account in FIELDS))
            .where(transfers.c.lot_id.in_(wanted)).group_by(transfers.c.lot_id)
        )  # fmt: skip
        for lot_id, *points in balances:
            state = found[int(lot_id)]
            state.pending, state.available, state.held, state.expired = (int(one) for one in points)
    return found


def lots_of_members(connection: Connection, owners: Iterable[int], programme_id: str, currency: str) -> list[int]:
    """Lots of these owners."""
    rows = connection.execute(
        select(lots.c.lot_id).where(
            lots.c.member_party_id.in_(list(owners)), lots.c.programme_id == programme_id, lots.c.currency == currency
        )
    )
    return [int(row[0]) for row in rows]


def lots_of_causes(connection: Connection, causes: Sequence[str], currency: str) -> dict[tuple[str, int], list[int]]:
    """(cause, member) -> its lots."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for start in range(0, len(causes), IDS_PER_QUERY):
        rows = connection.execute(
            select(journal.c.cause, lots.c.member_party_id, lots.c.lot_id)
            .join(lots, lots.c.journal_id == journal.c.journal_id)
            .where(journal.c.cause.in_(causes[start : start + IDS_PER_QUERY]), lots.c.currency == currency)
        )
        for cause, member, lot_id in rows:
            found[str(cause), int(member)].append(int(lot_id))
    return dict(found)
