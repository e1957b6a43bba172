"""What a member has and why: balances, what expires soon, and every entry with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, case, func, select

from core.clock import Clock
from core.store import reading
from loyalty.tables import journal, lots, transfers

SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's points in one programme and currency. Points that expired are not in `points_available`."""

    programme_id: str
    currency: str
    points_available: int
    points_expiring_30d: int
    next_expiry_at: datetime | None
    points_debt: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry as the member reads it: points are signed, `points_after` is the balance after it, by event date."""

    journal_id: int
    kind: str
    programme_id: str
    rule_id: str | None
    source_id: str | None
    document_no: str | None
    effective_at: datetime
    recorded_at: datetime
    points: int
    points_after: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Balances, and the newest entries first."""

    balances: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    entries_total: int


def statement(engine: Engine, member_party_id: int, clock: Clock, *, limit: int = 200) -> Statement:
    """The statement of one member, read from the ledger at once. An unknown member has an empty one."""
    with reading(engine) as connection:
        entries, total = _entries(connection, member_party_id, limit)
        return Statement(_balances(connection, member_party_id, clock.now()), entries, total)


def _balances(connection: Connection, member: int, now: datetime) -> tuple[Balance, ...]:
    signed = case(
        (transfers.c.credit_account == "available", transfers.c.points),
        (transfers.c.debit_account == "available", -transfers.c.points),
        else_=0,
    )
    left = (
        select(lots.c.programme_id, lots.c.currency, lots.c.expires_at, func.sum(signed).label("points_left"))
        .join(transfers, transfers.c.lot_id == lots.c.lot_id)
        .where(lots.c.member_party_id == member)
        .group_by(lots.c.lot_id, lots.c.programme_id, lots.c.currency, lots.c.expires_at)
    )
    books: dict[tuple[str, str], list[tuple[datetime | None, int]]] = {}
    for programme_id, currency, expires_at, points_left in connection.execute(left):
        books.setdefault((programme_id, currency), []).append((expires_at, int(points_left)))
    owed = case(
        (transfers.c.debit_account == "debt", transfers.c.points),
        (transfers.c.credit_account == "debt", -transfers.c.points),
        else_=0,
    )
    debts = {
        (row[0], row[1]): int(row[2])
        for row in connection.execute(
            select(journal.c.programme_id, journal.c.currency, func.sum(owed))
            .join(transfers, transfers.c.journal_id == journal.c.journal_id)
            .where(journal.c.member_party_id == member)
            .group_by(journal.c.programme_id, journal.c.currency)
        )
    }
    return tuple(_balance(book, books.get(book, []), debts.get(book, 0), now) for book in sorted(books.keys() | debts.keys()))


def _balance(book: tuple[str, str], open_lots: list[tuple[datetime | None, int]], debt: int, now: datetime) -> Balance:
    alive = [(expires_at, points) for expires_at, points in open_lots if points and (expires_at is None or expires_at > now)]
    soon = now + timedelta(days=SOON_DAYS)
    return Balance(
        book[0], book[1], sum(points for _, points in alive),
        sum(points for expires_at, points in alive if expires_at is not None and expires_at <= soon),
        min((expires_at for expires_at, _ in alive if expires_at is not None), default=None), debt,
    )  # fmt: skip


def _entries(connection: Connection, member: int, limit: int) -> tuple[tuple[Entry, ...], int]:
    signed = func.coalesce(func.sum(case(
        (transfers.c.debit_account == "liability", transfers.c.points),
        (transfers.c.credit_account.in_(("liability", "redeemed")), -transfers.c.points), else_=0,
    )), 0).label("points")  # fmt: skip
    per_entry = (
        select(journal, signed)
        .join(transfers, transfers.c.journal_id == journal.c.journal_id)
        .where(journal.c.member_party_id == member)
        .group_by(journal.c.journal_id)
        .order_by(journal.c.effective_at, journal.c.journal_id)
    )
    entries: list[Entry] = []
    balances: dict[tuple[str, str], int] = {}
    for row in connection.execute(per_entry):
        book = (row.programme_id, row.currency)
        balances[book] = balances.get(book, 0) + int(row.points)
        entries.append(
            Entry(int(row.journal_id), row.kind, row.programme_id, row.rule_id, row.source_id, row.document_no,
                  row.effective_at, row.recorded_at, int(row.points), balances[book])
        )  # fmt: skip
    return tuple(reversed(entries[-limit:])), len(entries)
