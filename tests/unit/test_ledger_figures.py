"""What points cost whom, what they are worth in the books, and tiers: the ledger's statements 11, 12, 17 and 18, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.funding import allocate, funder_shares, liability_subcents, recognised_cents, settled_cents
from loyalty.domain.programme import Tier, TierSettings
from loyalty.domain.tiers import outlook, tier_history, valid_to, window_points

TIERS = (Tier("basic", 0), Tier("silver", 100), Tier("gold", 300))
YEARLY = TierSettings(window="calendar_year", maintain_months=12)


def test_ifrs_15_allocates_by_relative_stand_alone_prices() -> None:
    """2,000 of goods with 170 points' stand-alone value: 1,843.32 goods, 156.68 points."""
    assert allocate(2_000_00, 170_00) == (1_843_32, 156_68)
    assert allocate(0, 0) == (0, 0)


def test_ifrs_15_a_changed_expectation_catches_up() -> None:
    """Allocation 9,000; redeemed 4,500 of 9,700 expected; then 8,500 of 9,900: 4,175, then 3,552."""
    first = recognised_cents(9_000, 4_500, 9_700)
    assert (first, recognised_cents(9_000, 8_500, 9_900) - first) == (4_175, 3_552)
    assert recognised_cents(9_000, 9_900, 9_900) == 9_000
    assert recognised_cents(9_000, 0, 0) == 0


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_an_allocation_splits_the_price_to_the_cent(price: int, points_value: int) -> None:
    goods, points = allocate(price, points_value)
    assert goods + points == price
    assert min(goods, points) >= 0
    assert abs(points - price * points_value / (price + points_value)) <= max(1, price * 1e-12)


def test_a_burned_point_charges_the_funders_in_their_shares() -> None:
    assert funder_shares(10_001, (("manufacturer", 70), ("distributor", 30))) == {"manufacturer": 7_001, "distributor": 3_000}


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=30),
    st.sampled_from([((("a"), 33), ("b", 33), ("c", 34)), (("a", 70), ("b", 30)), (("a", 100),)]),
)
def test_statements_sum_to_the_burned_value_to_the_cent(burned: list[int], funders: tuple[tuple[str, int], ...]) -> None:
    """However many burns there are, the funders' statements add up, and the named funder takes the remainder."""
    totals = dict.fromkeys((name for name, _ in funders), 0)
    for subcents in burned:
        shares = funder_shares(subcents, funders)
        assert sum(shares.values()) == subcents
        for name, share in shares.items():
            totals[name] += share
    settled = settled_cents(totals, "a")
    assert abs(sum(settled.values()) * 100 - sum(burned)) <= 50
    assert all(abs(settled[name] * 100 - totals[name]) <= 50 for name in totals if name != "a")


def test_a_liability_is_unredeemed_times_expected_redemption_times_unit_cost() -> None:
    """1,000 points outstanding, 80 % expected to be redeemed, 1.25 cents each: 10.00."""
    assert liability_subcents(1_000, 80, 125) == 100_000


def test_a_tier_is_reached_at_once_and_valid_to_the_end_of_window_and_maintain_period() -> None:
    spans = tier_history([(date(2025, 3, 10), 60), (date(2025, 5, 2), 40)], TIERS, YEARLY, date(2025, 5, 2))
    assert [(span.tier, span.from_on, span.valid_until, span.reason) for span in spans] == [
        ("basic", date(2025, 3, 10), None, "enrolled"),
        ("silver", date(2025, 5, 2), date(2026, 12, 31), "reached"),
    ]
    assert valid_to(date(2025, 5, 2), TierSettings(maintain_months=6)) == date(2025, 11, 2)


def test_a_review_lowers_one_step_after_a_notice_with_the_points_missing() -> None:
    """Gold in 2024, 120 points in 2025: told on 1 December what 2025 lacks, silver from 1 January 2026 on, no further."""
    daily = [(date(2024, 6, 1), 300), (date(2025, 6, 1), 120)]
    spans = tier_history(daily, TIERS, TierSettings(window="calendar_year", maintain_months=12), date(2026, 1, 15))
    last = spans[-1]
    assert (last.tier, last.from_on, last.reason) == ("silver", date(2026, 1, 1), "lowered")
    assert (last.notice_on, last.points_missing, last.qualifying_points) == (date(2025, 12, 1), 180, 120)
    lost = tier_history([(date(2024, 6, 1), 300)], TIERS, TierSettings(window="calendar_year"), date(2026, 1, 15))
    assert lost[-1].tier == "silver"
    fallen = tier_history(
        [(date(2024, 6, 1), 300)], TIERS, TierSettings(window="calendar_year", lowers_one_step=False), date(2026, 1, 15)
    )
    assert fallen[-1].tier == "basic"


def test_days_of_grace_let_the_old_window_be_filled() -> None:
    """100 are missing at the end of 2025; 100 on 10 January keep gold with 30 days of grace, not without."""
    daily = [(date(2024, 6, 1), 300), (date(2025, 6, 1), 200), (date(2026, 1, 10), 100)]
    with_grace = tier_history(daily, TIERS, TierSettings(window="calendar_year", grace_days=30), date(2026, 3, 1))
    without = tier_history(daily, TIERS, TierSettings(window="calendar_year"), date(2026, 3, 1))
    assert (with_grace[-1].tier, with_grace[-1].reason) == ("gold", "kept")
    assert (without[-1].tier, without[-1].reason) == ("silver", "lowered")


def test_a_rolling_window_tells_what_falls_out_of_it_until_the_review() -> None:
    """300 points on 1 June 2024 carry gold until 1 June 2025; a month before, the window of the review has none of them."""
    settings = TierSettings(window="rolling", window_months=12, maintain_months=12, notice_days=30)
    spans = tier_history([(date(2024, 6, 1), 300)], TIERS, settings, date(2025, 6, 10))
    assert (spans[-1].tier, spans[-1].notice_on, spans[-1].points_missing) == ("silver", date(2025, 5, 2), 300)
    seen = outlook(spans[:2], [(date(2024, 6, 1), 300)], TIERS, settings, date(2025, 5, 2))
    assert seen is not None
    assert (seen.tier, seen.points_to_keep, seen.next_tier) == ("gold", 300, None)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(-50, 200)), max_size=20), st.booleans())
def test_a_history_has_no_gap_and_lowers_only_at_reviews(raw: list[tuple[int, int]], one_step: bool) -> None:
    totals: dict[date, int] = {}
    for offset, points in raw:
        day = date(2024, 1, 1) + timedelta(days=offset)
        totals[day] = totals.get(day, 0) + points
    settings = TierSettings(window="calendar_year", lowers_one_step=one_step)
    spans = tier_history(sorted(totals.items()), TIERS, settings, date(2026, 12, 31))
    names = [tier.tier for tier in TIERS]
    for before, after in pairwise(spans):
        assert before.from_on <= after.from_on
        step = names.index(after.tier) - names.index(before.tier)
        assert (step < 0) == (after.reason == "lowered")
        if after.reason == "lowered":
            assert before.valid_until is not None
            assert after.from_on == before.valid_until + timedelta(days=1)
            assert step == -1 or not one_step


@pytest.mark.parametrize(("day", "expected"), [(date(2025, 12, 31), 70), (date(2026, 1, 1), 0)])
def test_a_calendar_year_begins_anew(day: date, expected: int) -> None:
    assert window_points([(date(2025, 1, 1), 70)], YEARLY, day) == expected
