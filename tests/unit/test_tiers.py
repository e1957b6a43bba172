"""Tiers by hand: reached at once, kept through a maintain period, reviewed after a notice."""

from __future__ import annotations

from datetime import date

import pytest

from loyalty.domain.programme import Tier, TierSettings
from loyalty.domain.tiers import outlook, tier_history

TIERS = (Tier("Bronze", 0), Tier("Silver", 100), Tier("Gold", 300))
YEAR = TierSettings(window="calendar_year", maintain_months=12, notice_days=30)
ROLLING = TierSettings(window="rolling", window_months=12, maintain_months=6, notice_days=30, grace_days=10)


def held(daily: list[tuple[date, int]], settings: TierSettings, today: date) -> list[tuple[str, date, str]]:
    """Tier, first day and reason of each span."""
    return [(span.tier, span.from_on, span.reason) for span in tier_history(daily, TIERS, settings, today)]


def test_a_tier_holds_from_the_very_day_and_may_skip_one() -> None:
    daily = [(date(2025, 2, 1), 99), (date(2025, 2, 2), 1), (date(2025, 3, 1), 500)]
    assert held(daily, YEAR, date(2025, 6, 1)) == [
        ("Bronze", date(2025, 2, 1), "enrolled"), ("Silver", date(2025, 2, 2), "reached"), ("Gold", date(2025, 3, 1), "reached"),
    ]  # fmt: skip


@pytest.mark.parametrize(("one_step", "expected"), [(True, "Silver"), (False, "Bronze")])
def test_a_review_lowers_one_step_or_to_what_is_earned(one_step: bool, expected: str) -> None:
    """Gold of March 2025 holds to the end of 2026; 2026 brings 50 points: the review on New Year's Eve lowers it."""
    settings = TierSettings(window="calendar_year", maintain_months=12, lowers_one_step=one_step)
    daily = [(date(2025, 3, 1), 400), (date(2026, 5, 1), 50)]
    spans = tier_history(daily, TIERS, settings, date(2027, 1, 5))
    assert spans[1].valid_until == date(2026, 12, 31)
    assert (spans[-1].tier, spans[-1].from_on, spans[-1].reason) == (expected, date(2027, 1, 1), "lowered")
    assert (spans[-1].notice_on, spans[-1].points_missing) == (date(2026, 12, 1), 250)


def test_what_the_window_still_carries_is_kept() -> None:
    daily = [(date(2025, 1, 10), 120), (date(2025, 6, 1), 90), (date(2025, 7, 1), 20)]
    spans = tier_history(daily, TIERS, ROLLING, date(2025, 8, 1))
    assert [(span.tier, span.reason) for span in spans] == [("Bronze", "enrolled"), ("Silver", "reached"), ("Silver", "kept")]
    assert spans[-1].valid_until == date(2026, 1, 10)


def test_grace_is_waited_for_before_anything_is_lowered() -> None:
    """Silver of 10 January 2025 ends on 10 July 2026 at the latest review that fails; the days of grace still count."""
    daily = [(date(2025, 1, 10), 120)]
    assert held(daily, ROLLING, date(2025, 7, 20))[-1][0] == "Silver"
    assert [row[0] for row in held(daily, ROLLING, date(2026, 1, 20))][-1] == "Silver"
    assert held(daily, ROLLING, date(2026, 1, 21))[-1] == ("Bronze", date(2026, 1, 21), "lowered")
    saved = [*daily, (date(2026, 1, 18), 100)]
    assert held(saved, ROLLING, date(2026, 1, 21))[-1][2] == "kept"


def test_points_taken_back_do_not_lower_a_tier_before_its_review() -> None:
    daily = [(date(2025, 2, 1), 120), (date(2025, 3, 1), -120)]
    assert held(daily, YEAR, date(2026, 12, 31))[-1][0] == "Silver"
    assert held(daily, YEAR, date(2027, 1, 1))[-1] == ("Bronze", date(2027, 1, 1), "lowered")


def test_the_outlook_says_what_is_missing() -> None:
    daily = [(date(2025, 2, 1), 120)]
    spans = tier_history(daily, TIERS, YEAR, date(2025, 6, 1))
    view = outlook(spans, daily, TIERS, YEAR, date(2025, 6, 1))
    assert view is not None
    assert (view.tier, view.next_tier, view.points_to_next, view.points_to_keep) == ("Silver", "Gold", 180, 100)
    assert (view.valid_until, view.window_ends_on) == (date(2026, 12, 31), date(2025, 12, 31))
    assert outlook((), [], (), YEAR, date(2025, 6, 1)) is None
