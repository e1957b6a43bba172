"""What people and time did since the last run: orders of rewards that ran out, goals that were reached."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from core.clock import Clock, random_id
from loyalty import Programme
from loyalty.gamification import settle_challenges
from loyalty.rewards import time_out_orders


def before_posting(connection: Any, store: Engine, programme: Programme, clock: Clock) -> None:
    """Badges and events of goals that the facts reach now, and orders of rewards whose hold is over. Twice does nothing more."""
    settle_challenges(connection, store, programme, clock, random_id)
    time_out_orders(store, programme, clock)
