"""Points that wait for a delivery or a payment nobody reports become available after the days that the programme says, in any order of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import FixedClock
from loyalty import Programme, statement, verify
from loyalty.domain.parsing import parse_programme
from loyalty.domain.programme import Expiry, ProgrammeError
from loyalty.domain.terms import describe
from tests.integration.test_awards import PROGRAMME, RULE, Instance
from tests.support.small_marts import DISTRIBUTOR, RETAILER

pytestmark = pytest.mark.integration
WAITS = replace(RULE, points_per_amount=Decimal(0), points_per_unit=Decimal(1), is_tier_multiplied=False, pending_until="delivered",
                or_after_days=30, expiry=Expiry(months=12))  # fmt: skip
BOOK: Programme = replace(PROGRAMME, rules=(WAITS,), tiers=())
ORDERED_ON = date(2026, 3, 10)


def at(clock: FixedClock, month: int, day: int) -> None:
    """Noon of that day."""
    clock.moment = datetime(2026, month, day, 12, 30, tzinfo=UTC)


def state(instance: Instance, clock: FixedClock) -> tuple[int, int, date | None]:
    """(usable, pending, next expiry) after a run."""
    instance.run(programme=BOOK)
    (balance,) = statement(instance.store(), BOOK, RETAILER, clock).balances
    return (
        balance.points_usable,
        balance.points_pending,
        None if balance.next_expiry_at is None else balance.next_expiry_at.date(),
    )


def deliver(instance: Instance, on: date) -> None:
    """Everything arrives."""
    instance.marts.line(1, quantity=6, delivered_quantity=6)
    instance.marts.insert("fct_delivery_lines", delivered_on=on, order_document_no="A1", leg="sell_through", distributor_id=DISTRIBUTOR,
                          retailer_id=RETAILER)  # fmt: skip


def test_without_a_report_points_wait_for_thirty_days_and_no_longer(tmp_path: Path, clock: FixedClock) -> None:
    """10 March + 30 days is 9 April. A run on the day before, on the day, and a delivery that is reported afterwards."""
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, quantity=6)
    at(clock, 4, 8)
    assert state(instance, clock) == (0, 6, None)
    at(clock, 4, 9)
    assert state(instance, clock) == (6, 0, date(2027, 4, 9))
    assert state(instance, clock) == (6, 0, date(2027, 4, 9))
    deliver(instance, date(2026, 5, 2))
    at(clock, 5, 3)
    assert state(instance, clock) == (6, 0, date(2027, 4, 9))
    assert verify(instance.store()).findings == ()


def test_a_delivery_before_that_day_counts(tmp_path: Path, clock: FixedClock) -> None:
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, quantity=6)
    at(clock, 3, 12)
    assert state(instance, clock) == (0, 6, None)
    deliver(instance, date(2026, 3, 15))
    at(clock, 3, 16)
    assert state(instance, clock) == (6, 0, date(2027, 3, 15))


@pytest.mark.parametrize("runs", [[(6, 1)], [(3, 11), (6, 1)], [(3, 11), (4, 20), (6, 1)]])
def test_whenever_runs_were_the_end_is_the_same(tmp_path: Path, clock: FixedClock, runs: list[tuple[int, int]]) -> None:
    """The goods came late, on 1 May: the points are those of 9 April."""
    instance = Instance(tmp_path / "home", clock)
    instance.marts.line(1, quantity=6)
    for number, (month, day) in enumerate(runs, 1):
        at(clock, month, day)
        if number == len(runs):
            deliver(instance, date(2026, 5, 1))
        found = state(instance, clock)
    assert found == (6, 0, date(2027, 4, 9))


TOML = """
programme_id = "p"
version = 1
title_de = "t"
title_en = "t"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
[[rules]]
rule_id = "r"
version = 1
title_de = "Regel"
title_en = "Rule"
points_per_unit = "1"
valid_from = 2026-01-01
expires_after_months = 12
pending_until = "{pending}"
or_after_days = {days}
"""


def test_the_terms_say_it_in_both_languages() -> None:
    programme = parse_programme(TOML.format(pending="delivered", days=30))
    assert programme.rules[0].or_after_days == 30
    assert "einlösbar, wenn alles geliefert ist, spätestens 30 Tage nach der Bestellung" in describe(programme, "de")
    assert "usable when all is delivered, at the latest 30 days after the order" in describe(programme, "en")
    paid = parse_programme(TOML.format(pending="invoice_paid", days=90))
    assert "usable when the invoice is paid, at the latest 90 days after the order" in describe(paid, "en")


@pytest.mark.parametrize(("pending", "days", "said"), [
    ("booked", "30", "goes with pending_until"), ("return_window", "30", "goes with pending_until"), ("delivered", "0", "or_after_days"),
    ("delivered", "-3", "or_after_days"), ("delivered", '"soon"', "or_after_days"), ("delivered", "9999", "1 to 730"),
])  # fmt: skip
def test_a_file_that_cannot_mean_it_is_refused_with_its_line(pending: str, days: str, said: str) -> None:
    text = TOML.format(pending=pending, days=days) + ("return_window_days = 5\n" if pending == "return_window" else "")
    with pytest.raises(ProgrammeError) as refused:
        parse_programme(text)
    (finding,) = [one for one in refused.value.findings if "or_after_days" in one]
    assert finding.startswith("line 18, rules[1].or_after_days")
    assert said in finding
