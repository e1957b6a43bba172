"""Closing a period of the books: entries that come later, whatever day they are about, are booked in the open one."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select, text

from core.clock import Clock
from core.errors import ConflictError
from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.tables import closed_periods
from loyalty.writing import POSTING_LOCK


def close_period(engine: Engine, programme: Programme, until: date, clock: Clock, *, actor: str | None = None) -> None:
    """Close the books up to and including a day. Raises ConflictError LOY-207 for a day that is not over or closed already."""
    today = clock.now().astimezone(ZoneInfo(programme.time_zone)).date()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTING_LOCK})
        last = connection.execute(
            select(func.max(closed_periods.c.closed_until)).where(closed_periods.c.programme_id == programme.programme_id)
        ).scalar_one()
        if until >= today or (last is not None and until <= last):
            raise ConflictError(
                "LOY-207", where=f"programme {programme.programme_id}", found=f"{until}",
                expected=f"a day before {today}" + (f" and after {last}" if last else ""), next_step="Close periods in order, when they are over.",
            )  # fmt: skip
        connection.execute(closed_periods.insert().values(
            programme_id=programme.programme_id, closed_until=until, closed_at=clock.now(), actor=actor
        ))  # fmt: skip


def closed_until(engine: Engine, programme_id: str) -> date | None:
    """The last day of the closed books; None when nothing is closed."""
    with reading(engine) as connection:
        last: date | None = connection.execute(
            select(func.max(closed_periods.c.closed_until)).where(closed_periods.c.programme_id == programme_id)
        ).scalar_one()
        return last
