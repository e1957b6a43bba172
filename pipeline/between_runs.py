"""What people and time did since the last run: orders of rewards that ran out, goals that were reached, cases that were decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, func, select

from core.clock import Clock, random_id
from core.settings import Settings
from core.store import migrate, open_store, reading
from loyalty import Programme
from loyalty.gamification import settle_challenges
from loyalty.programme_tables import programme_events
from loyalty.review import orders_waiting
from loyalty.rewards import time_out_orders
from loyalty.tables import transfers


def before_posting(connection: Any, store: Engine, programme: Programme, clock: Clock) -> None:
    """Badges and events of goals that the facts reach now, and orders of rewards whose hold is over. Twice does nothing more."""
    settle_challenges(connection, store, programme, clock, random_id)
    time_out_orders(store, programme, clock)


def people_acted(connection: Any, settings: Settings, programmes: Sequence[Programme]) -> bool:
    """Whether a run has something to do although no file is new: points that moved, events that were recorded, cases that were decided."""
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        with reading(store) as session:
            newest_transfer = int(session.execute(select(func.coalesce(func.max(transfers.c.transfer_id), 0))).scalar_one())
            newest_event = session.execute(select(func.max(programme_events.c.recorded_at))).scalar_one()
        copied = int(connection.execute("select coalesce(max(transfer_id), 0) from raw.ledger_transfers").fetchall()[0][0])
        last_run = connection.execute("select max(started_at) from raw.runs where status = 'published'").fetchall()[0][0]
        is_new = newest_event is not None and last_run is not None and newest_event.replace(tzinfo=None) > last_run
        return newest_transfer > copied or is_new or any(_is_decided(connection, store, programme) for programme in programmes)
    finally:
        store.dispose()


def _is_decided(connection: Any, store: Engine, programme: Programme) -> bool:
    connection.execute("create table if not exists raw.awards_left_out (programme varchar, order_id ubigint)")
    rows = connection.execute(
        "select order_id from raw.awards_left_out where programme = $id", {"id": programme.programme_id}
    ).fetchall()
    return bool({int(row[0]) for row in rows} - orders_waiting(store, programme))
