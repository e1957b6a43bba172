"""What the ledger holds for a cause already, per member: what every posting compares its documents with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, case, func, select

from loyalty.lot_states import IDS_PER_QUERY
from loyalty.tables import cap_uses, journal, transfers

T = TypeVar("T")

DECISIONS = ("award", "reversal", "no_award")

SIGNED = case(
    (transfers.c.debit_account == "liability", transfers.c.points),
    (transfers.c.credit_account == "liability", -transfers.c.points),
    else_=0,
)
"""SQL: points that a transfer gave to (or took back from) the member."""


@dataclass(slots=True)
class Posted:
    """Per member: net points, what was decided, first award, moment of the newest award, caps it counts against; and how many entries."""

    net_points: dict[int, int] = field(default_factory=dict)
    decided: dict[int, int] = field(default_factory=dict)
    award_ids: dict[int, int] = field(default_factory=dict)
    awarded_at: dict[int, datetime] = field(default_factory=dict)
    caps: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    entries: int = 0

    def add(self, member: int, journal_id: int, kind: str, decided: int | None, points: int, effective_at: datetime) -> None:
        """One more entry, in the order of their ids."""
        self.net_points[member] = self.net_points.get(member, 0) + points
        self.decided[member] = self.net_points[member] if decided is None else int(decided)
        if kind == "award":
            self.award_ids.setdefault(member, journal_id)
            self.awarded_at[member] = effective_at
        self.entries += 1


def members_of(connection: Connection, causes: Sequence[str], currency: str) -> set[int]:
    """Members that these causes have entries for."""
    found: set[int] = set()
    for chosen in _chunks(causes):
        rows = connection.execute(
            select(journal.c.member_party_id).distinct()
            .where(journal.c.cause.in_(chosen), journal.c.currency == currency, journal.c.rule_id.is_not(None))
        )  # fmt: skip
        found |= {int(row[0]) for row in rows}
    return found


def read_posted(connection: Connection, causes: Sequence[str], currency: str) -> dict[str, Posted]:
    """Cause -> what was posted for it. Read it after the members are locked: else another posting may be under way."""
    found: dict[str, Posted] = defaultdict(Posted)
    for chosen in _chunks(causes):
        entries = connection.execute(
            select(journal.c.cause, journal.c.journal_id, journal.c.member_party_id, journal.c.kind, journal.c.points_decided,
                   journal.c.effective_at)
            .where(journal.c.cause.in_(chosen), journal.c.currency == currency, journal.c.kind.in_(DECISIONS),
                   journal.c.rule_id.is_not(None)).order_by(journal.c.journal_id)
        ).all()  # fmt: skip
        net = _net_points(connection, [int(row[1]) for row in entries])
        for cause, journal_id, member, kind, decided, effective_at in entries:
            found[str(cause)].add(int(member), int(journal_id), str(kind), decided, net.get(int(journal_id), 0), effective_at)
    return dict(found)


def read_caps(connection: Connection, posted: dict[str, Posted], causes: Sequence[str], currency: str) -> None:
    """Fill in what awards of these causes count against caps: a reversal gives back to the very caps that were consumed."""
    for chosen in _chunks(causes):
        rows = connection.execute(
            select(journal.c.cause, journal.c.member_party_id, cap_uses.c.cap_key, func.sum(cap_uses.c.points))
            .join(cap_uses, cap_uses.c.journal_id == journal.c.journal_id)
            .where(journal.c.cause.in_(chosen), journal.c.currency == currency)
            .group_by(journal.c.cause, journal.c.member_party_id, cap_uses.c.cap_key)
        )  # fmt: skip
        for cause, member, key, points in rows:
            if points:
                posted[str(cause)].caps[int(member)][str(key)] = int(points)


def _net_points(connection: Connection, journal_ids: Sequence[int]) -> dict[int, int]:
    net: dict[int, int] = {}
    for chosen in _chunks(journal_ids):
        rows = connection.execute(
            select(transfers.c.journal_id, func.sum(SIGNED))
            .where(transfers.c.journal_id.in_(chosen))
            .group_by(transfers.c.journal_id)
        )
        net |= {int(row[0]): int(row[1]) for row in rows}
    return net


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[start : start + IDS_PER_QUERY] for start in range(0, len(values), IDS_PER_QUERY))
