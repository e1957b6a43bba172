"""A detection that looks at those of whom something is new opens and clears the same cases as one that looks at everybody."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, select

from core.clock import FixedClock, random_id
from core.settings import Settings
from core.store import migrate, open_store
from loyalty import Redemption, redeem
from loyalty.programme_tables import review_cases
from loyalty.review import detector, review_before_posting
from loyalty.workspace import prepare_memory
from tests.support.points import PROGRAMME, give_points
from tests.support.small_marts import BEANS, CUP, DISTRIBUTOR, MACHINE, OTHER_DISTRIBUTOR, OTHER_RETAILER, RETAILER, SmallMarts

pytestmark = pytest.mark.integration
FIRST, LAST = date(2025, 1, 2), date(2026, 6, 20)
QUARTER_END = date(2026, 3, 31)


class Side:
    """One store and one memory of what was seen, over marts that both sides share."""

    def __init__(self, home: Path, clock: FixedClock, marts: SmallMarts) -> None:
        self.store: Engine = open_store(Settings(home=home).resolved_store_url())
        migrate(self.store)
        self.clock, self.marts = clock, marts
        prepare_memory(marts.connection)
        self.gate = review_before_posting(random_id)

    def detect(self, *, everybody: bool) -> None:
        """The step before posting."""
        if everybody:
            self.marts.connection.execute("drop table if exists raw.reviewed")
        self.gate(self.marts.connection, self.store, PROGRAMME, self.clock)
        self.marts.connection.execute(
            "delete from raw.awarded_documents"
        )  # as the awarding step remembers whom orders were about
        self.marts.connection.execute(
            "insert into raw.awarded_documents select distinct leg, order_id, retailer_id, ordered_on from mart.fct_order_lines"
        )

    def cases(self) -> set[tuple[str, str, str]]:
        """(key, state, reason) of every case."""
        with self.store.connect() as connection:
            rows = connection.execute(select(review_cases.c.case_key, review_cases.c.status, review_cases.c.reason_code)).all()
        return {(str(key), str(status), str(reason)) for key, status, reason in rows}


def history(marts: SmallMarts) -> None:
    """A year and a half of ordinary fortnights of two retailers, and the newest day of all."""
    for retailer, first in ((RETAILER, 1), (OTHER_RETAILER, 500)):
        for number in range(36):
            day = FIRST + timedelta(days=14 * number)
            for line, (product, quantity) in enumerate(((BEANS, 20), (CUP, 8), (MACHINE, 1)), 1):
                marts.line(
                    first + number, line, product=product, quantity=quantity + number % 3, retailer_id=retailer, ordered_on=day
                )
    marts.line(999, retailer_id=RETAILER, ordered_on=LAST)


def step(random: Random, marts: SmallMarts, run_no: int) -> None:
    """What one run may bring: an order, a correction, a copy, something that came back and is bought again, a filled shelf, a sale."""
    retailer = random.choice((RETAILER, OTHER_RETAILER))
    number, day = 1000 + 20 * run_no, LAST - timedelta(days=random.randrange(0, 120))
    goods = ((BEANS, random.randrange(1, 30)), (CUP, random.randrange(1, 9)), (MACHINE, 1))
    said = {"retailer_id": retailer, "distributor_id": random.choice((DISTRIBUTOR, OTHER_DISTRIBUTOR)), "run_no": run_no}
    what = random.choice(("order", "copy", "circle", "loading", "moved", "sold", "lowered"))
    if what == "loading":
        marts.line(number, quantity=random.choice((150, 300)), ordered_on=QUARTER_END - timedelta(days=2), **said)
    elif what == "moved":  # a known order was another retailer's
        known = random.choice((1, 500)) + random.randrange(30, 36)
        marts.line(known, 1, quantity=20, ordered_on=FIRST + timedelta(days=14 * (known % 500 - 1)), **said)
    elif what == "sold":
        marts.report(number, quantity=30, sold_on=QUARTER_END + timedelta(days=9), retailer_id=retailer, run_no=run_no)
    elif what == "lowered":  # what was ordered before was less than it seemed
        for known in range(500, 530) if retailer == OTHER_RETAILER else range(1, 31):
            marts.line(known, 1, quantity=1, ordered_on=FIRST + timedelta(days=14 * (known % 500)), **said)
    else:
        for line, (product, quantity) in enumerate(goods, 1):
            marts.line(number, line, product=product, quantity=quantity, ordered_on=day, **said)
    if what == "copy":
        for line, (product, quantity) in enumerate(goods, 1):
            marts.line(number + 1, line, product=product, quantity=quantity, ordered_on=day + timedelta(days=1), **said)
    if what == "circle":
        for turn in (1, 2, 3):
            for line, (product, quantity) in enumerate(goods, 1):
                at = day + timedelta(days=5 * turn)
                marts.line(
                    number + turn, line, product=product, quantity=quantity, ordered_on=at, returned_quantity=quantity, **said
                )
            marts.insert(
                "fct_return_lines", return_line_id=number + turn, leg="sell_through", order_document_no=f"A{number + turn}",
                order_line_no="1", distributor_id=said["distributor_id"], retailer_id=retailer, returned_on=at + timedelta(days=2),
            )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_the_same_cases_as_for_everybody(seed: int, tmp_path: Path, clock: FixedClock) -> None:
    random, narrow_marts, whole_marts = Random(seed), SmallMarts(), SmallMarts()
    sides = (Side(tmp_path / "narrow", clock, narrow_marts), Side(tmp_path / "whole", clock, whole_marts))
    for side in sides:
        history(side.marts)
        side.detect(everybody=False)
    for run_no in range(2, 14):
        state = random.getstate()
        for side in sides:
            random.setstate(state)
            step(random, side.marts, run_no)
            side.detect(everybody=side is sides[1])
        assert sides[0].cases() == sides[1].cases(), f"after run {run_no}"
    assert sides[1].cases(), "a history without a case shows nothing"


def test_only_those_with_news_are_looked_at(tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = detector._rows

    def recorded(connection: object, sql: str, parameters: dict[str, object]) -> list[tuple[object, ...]]:
        asked.append(parameters.get("members", "everybody"))
        return real(connection, sql, parameters)

    monkeypatch.setattr(detector, "_rows", recorded)
    marts = SmallMarts()
    side = Side(tmp_path / "home", clock, marts)
    history(marts)
    side.detect(everybody=False)
    assert asked == ["everybody"] * 3
    asked.clear()
    side.detect(everybody=False)
    assert asked == [], "nothing is new"
    marts.line(2000, retailer_id=OTHER_RETAILER, ordered_on=LAST, run_no=2)
    side.detect(everybody=False)
    assert asked == [[OTHER_RETAILER]] * 2, "an order in the middle of the newest quarter fills nobody's shelf"
    asked.clear()
    marts.line(2001, retailer_id=OTHER_RETAILER, ordered_on=LAST + timedelta(days=1), run_no=3)
    side.detect(everybody=False)
    assert asked == ["everybody"] * 3, "a new day is a new look at everybody"


def test_who_spent_points_is_looked_at(tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    marts = SmallMarts()
    side = Side(tmp_path / "home", clock, marts)
    history(marts)
    side.detect(everybody=False)
    give_points(side.store, RETAILER, 100, clock)
    side.detect(everybody=False)
    asked: list[object] = []
    real = detector._rows
    monkeypatch.setattr(detector, "_rows", lambda c, sql, p: asked.append(p.get("members")) or real(c, sql, p))
    redeem(side.store, PROGRAMME, Redemption("k", RETAILER, 10, "x"), clock)
    side.detect(everybody=False)
    assert asked == [[RETAILER]]


def loading_cases(side: Side) -> set[str]:
    """Keys of cases at a quarter's end, after a detection of those with news."""
    side.detect(everybody=False)
    return {key for key, _, reason in side.cases() if reason == "quarter_end_loading"}


@pytest.fixture
def side(tmp_path: Path, clock: FixedClock) -> Side:
    """A year and a half, seen once; the newest day lies in the last days of its quarter."""
    side = Side(tmp_path / "home", clock, SmallMarts())
    history(side.marts)
    side.marts.line(998, retailer_id=RETAILER, ordered_on=date(2026, 6, 28))
    return side


def test_a_full_shelf_in_the_newest_quarter_is_seen_at_once(side: Side) -> None:
    assert loading_cases(side) == set()
    side.marts.line(2000, quantity=300, retailer_id=OTHER_RETAILER, ordered_on=date(2026, 6, 27), run_no=2)
    assert "alpenglut|quarter_end_loading|s|A2000|2000" in loading_cases(side)


def test_who_lost_its_orders_to_another_has_another_habit(side: Side) -> None:
    side.marts.report(1, quantity=1, retailer_id=OTHER_RETAILER, sold_on=date(2026, 6, 1))
    side.marts.line(2000, quantity=40, retailer_id=OTHER_RETAILER, ordered_on=QUARTER_END - timedelta(days=2))
    assert loading_cases(side) == set(), "with the order before, seventy: less than six weeks of fourteen"
    for number in range(500, 532, 2):
        for line, product in enumerate((BEANS, CUP, MACHINE), 1):
            day = FIRST + timedelta(days=14 * (number - 500))
            side.marts.line(number, line, product=product, quantity=1, retailer_id=RETAILER, ordered_on=day, run_no=2)
    assert "alpenglut|quarter_end_loading|s|A2000|2000" in loading_cases(side)


def test_the_first_sale_that_a_member_reports_says_that_it_reports(side: Side) -> None:
    side.marts.line(2000, quantity=300, retailer_id=OTHER_RETAILER, ordered_on=QUARTER_END - timedelta(days=2))
    assert loading_cases(side) == set(), "nobody knows whether it was sold on"
    side.marts.report(1, quantity=1, retailer_id=OTHER_RETAILER, sold_on=date(2026, 6, 1), run_no=2)
    assert "alpenglut|quarter_end_loading|s|A2000|2000" in loading_cases(side)
