"""When a source is due, and how long a failure waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.schedule import BACK_OFF_SECONDS_MAX, back_off, is_schedule, may_try, next_due

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["watch", "every 5 seconds", "every 0.5 seconds", "*/15 6-20 * * 1-5"])
def test_what_says_when(text: str) -> None:
    assert is_schedule(text)


@pytest.mark.parametrize("text", ["", "sometimes", "every minute", "61 * * * *", "every -1 seconds"])
def test_what_does_not(text: str) -> None:
    assert not is_schedule(text)


def test_a_source_that_never_ran_is_due_at_once() -> None:
    assert next_due("0 6 * * *", "Europe/Berlin", None, NOW) == NOW


def test_every_so_many_seconds() -> None:
    assert next_due("every 300 seconds", "UTC", NOW - timedelta(seconds=100), NOW) == NOW + timedelta(seconds=200)


def test_a_cron_hour_is_the_sources_own_in_summer_and_winter() -> None:
    summer = next_due("0 6 * * *", "Europe/Berlin", datetime(2026, 6, 30, 5, tzinfo=UTC), NOW)
    winter = next_due("0 6 * * *", "Europe/Berlin", datetime(2026, 12, 1, 6, tzinfo=UTC), datetime(2026, 12, 1, 7, tzinfo=UTC))
    assert (summer, winter) == (datetime(2026, 7, 1, 4, tzinfo=UTC), datetime(2026, 12, 2, 5, tzinfo=UTC))


def test_a_clock_that_went_back_holds_nothing_up() -> None:
    ahead = NOW + timedelta(days=400)
    assert next_due("every 60 seconds", "UTC", ahead, NOW) <= NOW + timedelta(seconds=60)
    assert may_try(ahead, NOW)
    assert not may_try(NOW + timedelta(seconds=10), NOW)
    assert may_try(NOW, NOW)
    assert may_try(None, NOW)


def test_back_off_doubles_is_bounded_and_spread() -> None:
    waits = [back_off(n, 0.0).total_seconds() for n in range(1, 12)]
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == BACK_OFF_SECONDS_MAX
    assert back_off(3, 0.5) == timedelta(seconds=10)
    assert back_off(10_000, 0.99).total_seconds() < BACK_OFF_SECONDS_MAX * 1.5
