"""Jobs that time brings: pending points that become available, points that expire, holds that time out. Each may run any number of
times; none is needed for correctness, because spending looks at the clock itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from core.clock import Clock
from core.store import writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.lot_states import fold
from loyalty.posting import confirm_lots, request_hash
from loyalty.redeeming import time_out_holds
from loyalty.tables import lots, transfers


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What the jobs did."""

    lots_confirmed: int
    points_expired: int
    holds_timed_out: int


def keep_house(engine: Engine, programme: Programme, clock: Clock) -> Housekeeping:
    """Confirm, time out and expire what is due now."""
    return Housekeeping(
        confirm_due(engine, programme, clock), expire(engine, programme, clock), time_out_holds(engine, programme, clock)
    )


def confirm_due(engine: Engine, programme: Programme, clock: Clock) -> int:
    """Make available what waited for a day that has come; returns how many lots. What waits for an event is confirmed when it is posted."""
    with writing(engine) as connection:
        books = Books(connection, programme, programme.currency, clock.now())
        due = _with_balance(books, "pending", lots.c.available_at <= clock.now())
        books.lock_members({owner for owner, _ in due})
        confirmed = 0
        for owner in sorted({owner for owner, _ in due}):
            for lot in books.states([lot_id for who, lot_id in due if who == owner]):
                if lot.pending and lot.available_at is not None:
                    confirm_lots(books, owner, [lot], lot.available_at, lot.expires_at, None, None, None)
                    confirmed += 1
        books.write()
        return confirmed


def expire(engine: Engine, programme: Programme, clock: Clock) -> int:
    """Write off what has expired; returns the points. One entry per member and moment of expiry, dated by that moment."""
    with writing(engine) as connection:
        books = Books(connection, programme, programme.currency, clock.now())
        may_be = (lots.c.expires_at <= clock.now()) | lots.c.idle_months.is_not(None) | lots.c.available_at.is_(None)
        candidates = _with_balance(books, "available", may_be)
        books.lock_members({owner for owner, _ in candidates})
        expired = 0
        for owner in sorted({owner for owner, _ in candidates}):
            over: dict[datetime, list[int]] = {}
            for lot in books.states([lot_id for who, lot_id in candidates if who == owner]):
                expires_at = books.expiry(lot)
                if lot.available and expires_at is not None and expires_at <= clock.now():
                    over.setdefault(expires_at, []).append(lot.lot_id)
            for moment, lot_ids in over.items():
                expired += _expire_lots(books, owner, moment, lot_ids)
        books.write()
        return expired


def _expire_lots(books: Books, member: int, moment: datetime, lot_ids: list[int]) -> int:
    states = books.states(lot_ids)
    points = sum(lot.available for lot in states)
    key = f"expire|{books.programme.programme_id}|{member}|{states[0].lot_id}|{moment.isoformat()}"
    entry = books.enter("expire", member, key, request_hash("expire", member, points), moment, json.dumps({"points": points}))
    for lot in states:
        books.move(entry, member, "available", "breakage", lot.available, lot)
    return points


def _with_balance(books: Books, account: str, condition: object) -> list[tuple[int, int]]:
    """(owner, lot) of this book that fulfil a condition and have a balance."""
    rows = books.connection.execute(
        select(lots.c.member_party_id, lots.c.lot_id)
        .join(transfers, transfers.c.lot_id == lots.c.lot_id)
        .where(lots.c.programme_id == books.programme.programme_id, lots.c.currency == books.currency, condition)  # type: ignore[arg-type]
        .group_by(lots.c.member_party_id, lots.c.lot_id).having(fold(account) > 0)
    )  # fmt: skip
    return [(int(owner), int(lot_id)) for owner, lot_id in rows]
