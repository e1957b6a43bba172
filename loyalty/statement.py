"""What a member has and why: balances, what expires soon, and every entry with its reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, case, func, select

from core.clock import Clock
from core.store import reading
from loyalty.domain.points import idle_expiry
from loyalty.domain.programme import Programme
from loyalty.groups import groups_of
from loyalty.lot_states import LotState, load_lots
from loyalty.tables import journal, lots, members, transfers

SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's points in one programme and currency, merged members together. Points that expired are in none of the figures.

    `points_usable` can be spent now: available less debt. `points_held` are set aside for orders of rewards. `points_booked` is what the
    entries add up to: available, also what expired and is not written off yet, less debt.
    """

    programme_id: str
    currency: str
    points_usable: int
    points_pending: int
    points_held: int
    points_expiring_30d: int
    next_expiry_at: datetime | None
    points_debt: int
    points_booked: int


@dataclass(frozen=True, slots=True)
class ExpiryStep:
    """So many usable points end at a moment."""

    expires_at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry as the member reads it: `points` is what it did to usable points, signed; `points_pending` to pending ones.

    `explanation` is JSON: the inputs, the rule's version and the steps, or the condition that failed.
    """

    journal_id: int
    kind: str
    programme_id: str
    currency: str
    rule_id: str | None
    campaign_id: str | None
    source_id: str | None
    document_no: str | None
    effective_at: datetime
    recorded_at: datetime
    points: int
    points_pending: int
    explanation: str

    @property
    def dated_at(self) -> datetime:
        """What a statement shows: when it happened, never later than it was booked. Entries of running periods once carried the last day."""
        return min(self.effective_at, self.recorded_at)


@dataclass(frozen=True, slots=True)
class Statement:
    """Balances, what expires when, and the newest entries first."""

    balances: tuple[Balance, ...]
    expiries: tuple[ExpiryStep, ...]
    entries: tuple[Entry, ...]
    entries_total: int


def statement(engine: Engine, programme: Programme, member: int, clock: Clock, *, limit: int = 200) -> Statement:
    """The statement of one member in one programme, read from the ledger at once. An unknown member has an empty one."""
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        entries, total = _entries(connection, group, programme, limit)
        balance, expiries = _balance(connection, group, programme, clock.now())
        return Statement((balance,) if total else (), expiries, entries, total)


def usable_points(engine: Engine, programme: Programme, member: int, clock: Clock) -> int:
    """What the member can spend now."""
    with reading(engine) as connection:
        return _balance(connection, groups_of(connection).get(member, (member,)), programme, clock.now())[0].points_usable


def _balance(
    connection: Connection, group: tuple[int, ...], programme: Programme, now: datetime
) -> tuple[Balance, tuple[ExpiryStep, ...]]:
    book = (lots.c.programme_id == programme.programme_id, lots.c.currency == programme.currency)
    ids = [int(row[0]) for row in connection.execute(select(lots.c.lot_id).where(lots.c.member_party_id.in_(group), *book))]
    rows = connection.execute(
        select(members.c.points_debt, members.c.last_activity_at).where(
            members.c.member_party_id.in_(group),
            members.c.programme_id == programme.programme_id,
            members.c.currency == programme.currency,
        )
    ).all()
    last_activity = max((row[1] for row in rows if row[1] is not None), default=None)
    debt = sum(int(row[0]) for row in rows)

    def expiry(lot: LotState) -> datetime | None:
        if lot.idle_months is None:
            return lot.expires_at
        since = lot.available_at or lot.earned_at
        return idle_expiry(max(last_activity or since, since), lot.idle_months, programme.time_zone)

    states = list(load_lots(connection, ids).values())
    alive = [(expiry(lot), lot.available) for lot in states if lot.available]
    alive = [(moment, points) for moment, points in alive if moment is None or moment > now]
    steps: dict[datetime, int] = defaultdict(int)
    for moment, points in alive:
        if moment is not None:
            steps[moment] += points
    soon = now + timedelta(days=SOON_DAYS)
    available = sum(points for _, points in alive)
    return Balance(
        programme.programme_id, programme.currency, max(0, available - debt), sum(lot.pending for lot in states),
        sum(lot.held for lot in states), sum(points for moment, points in steps.items() if moment <= soon), min(steps, default=None),
        max(0, debt - available), sum(lot.available for lot in states) - debt,
    ), tuple(ExpiryStep(moment, points) for moment, points in sorted(steps.items()))  # fmt: skip


def _entries(connection: Connection, group: tuple[int, ...], programme: Programme, limit: int) -> tuple[tuple[Entry, ...], int]:
    def change(*accounts: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(
            case((transfers.c.credit_account.in_(accounts), transfers.c.points), else_=0)
            - case((transfers.c.debit_account.in_(accounts), transfers.c.points), else_=0)
        ), 0)  # fmt: skip

    mine = (
        journal.c.member_party_id.in_(group),
        journal.c.programme_id == programme.programme_id,
        journal.c.currency == programme.currency,
    )
    total = int(connection.execute(select(func.count()).select_from(journal).where(*mine)).scalar_one())
    newest = (
        select(journal.c.journal_id)
        .where(*mine)
        .order_by(journal.c.effective_at.desc(), journal.c.journal_id.desc())
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(journal, change("available", "debt").label("moved"), change("pending").label("waiting"))
        .join(newest, newest.c.journal_id == journal.c.journal_id)
        .outerjoin(transfers, transfers.c.journal_id == journal.c.journal_id)
        .group_by(journal.c.journal_id).order_by(journal.c.effective_at.desc(), journal.c.journal_id.desc())
    )  # fmt: skip
    return tuple(
        Entry(int(row.journal_id), row.kind, row.programme_id, row.currency, row.rule_id, row.campaign_id, row.source_id, row.document_no,
              row.effective_at, row.recorded_at, int(row.moved), int(row.waiting), row.explanation)
        for row in rows
    ), total  # fmt: skip
