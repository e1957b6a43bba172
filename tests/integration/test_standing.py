"""What the next tier needs, out of the ledger, on SQLite and PostgreSQL; and what members see of one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from loyalty import EvaluatedDocument, post_awards
from loyalty.domain.programme import STATUS, TierSettings
from loyalty.merging import merge_members
from loyalty.standing import tier_answer
from tests.support.points import PROGRAMME

pytestmark = pytest.mark.integration
MEMBER = 7


def status(store: Engine, clock: FixedClock, points: int, day: date, member: int = MEMBER) -> None:
    """Status points of a document."""
    cause = f"s|{member}|{day}"
    document = EvaluatedDocument(
        cause, "s", cause, PROGRAMME.rules[0], day, ((member, points),), "{}", gives=STATUS, available_on=day
    )
    post_awards(store, PROGRAMME, [document], clock)


def test_the_missing_points_and_the_day_until_they_suffice(store: Engine, clock: FixedClock) -> None:
    """Silver from 1,000, Gold from 5,000; the window rolls over twelve months and it is 30 June 2026."""
    nothing = tier_answer(store, PROGRAMME, MEMBER, clock)
    assert nothing is not None
    assert (nothing.outlook.tier, nothing.outlook.points_to_next, nothing.suffices_until) == ("Basis", 1_000, None)
    status(store, clock, 900, date(2025, 6, 1))
    status(store, clock, 600, date(2025, 8, 10))
    status(store, clock, 500, date(2026, 5, 1))
    silver = tier_answer(store, PROGRAMME, MEMBER, clock)
    assert silver is not None
    assert (silver.outlook.tier, silver.outlook.next_tier, silver.outlook.points_to_next) == ("Silver", "Gold", 3_900)
    assert silver.suffices_until == date(2026, 8, 9)


def test_in_a_calendar_year_they_suffice_to_its_end(store: Engine, clock: FixedClock) -> None:
    yearly = replace(PROGRAMME, tier_settings=TierSettings(window="calendar_year"))
    status(store, clock, 900, date(2025, 12, 1))
    status(store, clock, 400, date(2026, 1, 1))
    answer = tier_answer(store, yearly, MEMBER, clock)
    assert answer is not None
    assert (answer.outlook.points_to_next, answer.suffices_until) == (600, date(2026, 12, 31))


def test_merged_members_reach_tiers_together_and_no_tiers_need_no_answer(store: Engine, clock: FixedClock) -> None:
    status(store, clock, 600, date(2026, 5, 1))
    status(store, clock, 500, date(2026, 5, 2), member=8)
    merge_members(store, 8, MEMBER, "one shop", clock)
    answer = tier_answer(store, PROGRAMME, MEMBER, clock)
    assert answer is not None
    assert answer.outlook.tier == "Silver"
    assert tier_answer(store, replace(PROGRAMME, tiers=()), MEMBER, clock) is None
