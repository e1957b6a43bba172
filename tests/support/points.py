"""Points for tests: a member that has some, and what the books say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Engine

from core.clock import Clock
from loyalty import EvaluatedDocument, Programme, load_programme, post_awards, statement
from loyalty.domain.programme import Tier

PROGRAMME = replace(
    load_programme("demo"),
    tiers=(Tier("Basis", 0), Tier("Silver", 1_000), Tier("Gold", 5_000)),
    step_up_points=5_000,
    hold_days=14,
)
"""The shipped programme with three tiers."""


EARNED_ON = date(2026, 6, 1)


def give_points(store: Engine, member: int, points: int, clock: Clock, name: str = "a", programme: Programme = PROGRAMME) -> None:
    """An award of so many points for a document of that name and member."""
    cause = f"{name}|{member}"
    document = EvaluatedDocument(
        cause, "source", cause, programme.rules[0], EARNED_ON, ((member, points),), "{}", available_on=EARNED_ON
    )
    post_awards(store, programme, [document], clock)


def usable(store: Engine, member: int, clock: Clock, programme: Programme = PROGRAMME) -> int:
    """Points that can be spent now."""
    return sum(balance.points_usable for balance in statement(store, programme, member, clock).balances)


def held(store: Engine, member: int, clock: Clock, programme: Programme = PROGRAMME) -> int:
    """Points set aside."""
    return sum(balance.points_held for balance in statement(store, programme, member, clock).balances)
