"""Jobs that time brings: pending points that become available, points that expire, holds that time out. Each may run any number of
times; none is needed for correctness, because spending looks at the clock itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from core.clock import Clock
from core.store import writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.lapsing import expire_over, with_balance
from loyalty.posting import confirm_lots
from loyalty.redeeming import time_out_holds
from loyalty.tables import lots


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
    """Make available what waited for a day that has come, points and status points; returns how many lots. What waits for an event is
    confirmed when it is posted."""
    with writing(engine) as connection:
        return sum(_confirm_due(connection, programme, one, clock) for one in (programme.currency, programme.status_currency))


def _confirm_due(connection: Connection, programme: Programme, currency: str, clock: Clock) -> int:
    books = Books(connection, programme, currency, clock.now())
    due = with_balance(books, "pending", lots.c.available_at <= clock.now())
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
        candidates = with_balance(books, "available", may_be)
        books.lock_members({owner for owner, _ in candidates})
        expired = expire_over(books, candidates)
        books.write()
        return expired
