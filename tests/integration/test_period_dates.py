"""What a running period gives is dated today and waits for its end; within a run caps follow the days of the documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import FixedClock
from loyalty import Entry, Programme, statement, verify
from loyalty.domain.programme import STATUS, Caps
from loyalty.tables import journal
from tests.integration.test_awards import PROGRAMME, RULE, Instance
from tests.support.small_marts import RETAILER

pytestmark = pytest.mark.integration
BONUS = replace(RULE, rule_id="quarter", points_per_amount=Decimal(0), bonus_points=100, bonus_from_amount=Decimal(300), grain="quarter",
                is_tier_multiplied=False)  # fmt: skip
STANDING = replace(RULE, rule_id="standing", grain="month", gives=(STATUS,), is_tier_multiplied=False)
BOOK: Programme = replace(PROGRAMME, rules=(BONUS, STANDING), tiers=())


def test_no_statement_shows_a_day_to_come_and_the_bonus_becomes_usable_at_the_periods_end(
    tmp_path: Path, clock: FixedClock
) -> None:
    """It is 20 May: 400 of 300 are reached. Usable from 30 June on, also when a return takes it back and an order brings it again."""
    clock.moment = datetime(2026, 5, 20, 12, tzinfo=UTC)
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, cents=40_000, ordered_on=date(2026, 5, 3))
    instance.run(programme=BOOK)
    store = instance.store()
    seen = statement(store, BOOK, RETAILER, clock)
    assert [(one.kind, one.points_pending, one.effective_at.date()) for one in seen.entries] == [
        ("award", 100, date(2026, 5, 20))
    ]
    assert (seen.balances[0].points_pending, seen.balances[0].points_usable) == (100, 0)
    clock.moment = datetime(2026, 5, 25, 12, tzinfo=UTC)
    instance.marts.line(1, cents=40_000, ordered_on=date(2026, 5, 3), quantity=4, returned_quantity=3, run_no=2)
    instance.run(programme=BOOK)
    instance.marts.line(2, cents=50_000, ordered_on=date(2026, 5, 24), run_no=3)
    instance.run(programme=BOOK)
    seen = statement(store, BOOK, RETAILER, clock)
    assert [one.kind for one in seen.entries] == ["award", "reversal", "award"]
    assert all(one.effective_at <= clock.now() for one in seen.entries)
    clock.moment = datetime(2026, 6, 30, 12, 1, tzinfo=UTC)
    instance.run(programme=BOOK)
    assert statement(store, BOOK, RETAILER, clock).balances[0].points_usable == 100
    with store.connect() as connection:
        status = connection.execute(journal.select().where(journal.c.currency == BOOK.status_currency)).all()
    assert {row.effective_at.date() for row in status} == {date(2026, 5, 31)}, "tiers read the month's last day"
    assert verify(store).findings == ()


def test_a_period_that_is_over_keeps_its_last_day(tmp_path: Path, clock: FixedClock) -> None:
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, cents=40_000, ordered_on=date(2026, 2, 3))
    instance.run(programme=BOOK)
    (entry,) = statement(instance.store(), BOOK, RETAILER, clock).entries
    assert entry.effective_at.date() == date(2026, 3, 31)


def test_within_a_run_a_cap_is_met_in_the_order_of_the_days(tmp_path: Path, clock: FixedClock) -> None:
    """The order with the higher number was placed first."""
    capped = replace(RULE, is_tier_multiplied=False, caps=Caps(total=60))
    book = replace(PROGRAMME, rules=(capped,), tiers=())
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, cents=10_000, ordered_on=date(2026, 5, 9))
    instance.marts.line(2, cents=10_000, ordered_on=date(2026, 5, 1))
    instance.run(programme=book)
    given = {cause: held for (cause, _, _), (held, _) in instance.decided().items()}
    assert given == {"p|value|s|A2|2": 50, "p|value|s|A1|1": 10}


def test_running_periods_are_remembered_with_what_they_hold_also_without_a_bonus(tmp_path: Path, clock: FixedClock) -> None:
    """200 of 300 are nothing in the ledger and stand in the progress; a return lowers it, the period's end removes it."""
    clock.moment = datetime(2026, 5, 20, 12, tzinfo=UTC)
    instance, book = Instance(tmp_path / "home", clock), replace(BOOK, rules=(BONUS,))

    def held(*, full: bool = False) -> list[tuple[object, ...]]:
        instance.run(programme=book, full=full)
        return list(instance.marts.connection.execute(
            "select rule_key, member_party_id, ends_on, amount_subcents, points from raw.awarded_periods").fetchall())  # fmt: skip

    instance.marts.line(1, cents=20_000, quantity=2, ordered_on=date(2026, 5, 3))
    expected = [("quarter", RETAILER, date(2026, 6, 30), 2_000_000, 0)]
    assert held() == expected
    assert instance.decided() == {}
    assert held() == expected, "a run without news forgets nothing"
    assert held(full=True) == expected
    instance.marts.line(1, cents=20_000, quantity=2, returned_quantity=1, ordered_on=date(2026, 5, 3), run_no=4)
    assert held() == [("quarter", RETAILER, date(2026, 6, 30), 1_000_000, 0)]
    instance.marts.line(2, cents=40_000, ordered_on=date(2026, 5, 4), run_no=5)
    assert held() == [("quarter", RETAILER, date(2026, 6, 30), 5_000_000, 100)]
    clock.moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert held() == []


def test_an_entry_that_an_earlier_version_dated_ahead_is_shown_on_the_day_it_was_booked() -> None:
    booked, ahead, before = (
        datetime(2026, 5, 20, 8, tzinfo=UTC),
        datetime(2026, 6, 30, 10, tzinfo=UTC),
        datetime(2026, 5, 3, 10, tzinfo=UTC),
    )
    entry = Entry(1, "award", "p", "points", "quarter", None, None, None, ahead, booked, 0, 100, "{}")
    assert entry.dated_at == booked
    assert replace(entry, effective_at=before).dated_at == before
