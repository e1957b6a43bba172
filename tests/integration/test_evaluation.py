"""The one evaluation, on marts made by hand: what counts, how much it is worth, when it can be spent, and why something earned nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loyalty import EvaluatedDocument, Programme, Rule, RunningCampaign, evaluate
from loyalty.domain.programme import STATUS, Selection, Tier
from loyalty.evaluation import Unearned
from loyalty.workspace import HeldTier, RewardEvent
from tests.support.small_marts import BEANS, CUP, DAY, DISTRIBUTOR, MACHINE, OTHER_RETAILER, RETAILER, SmallMarts

pytestmark = pytest.mark.integration
PER_UNIT = Rule("r", 1, "t", "t", date(2026, 1, 1), None, Decimal(1))
PER_EURO = replace(PER_UNIT, points_per_unit=Decimal(0), points_per_amount=Decimal(1), money_currency="EUR")
BONUS = replace(PER_UNIT, bonus_points=100, bonus_from_quantity=Decimal(500))


@pytest.fixture
def marts() -> Iterator[SmallMarts]:
    """Empty marts with three products and three parties."""
    made = SmallMarts()
    yield made
    made.close()


def programme(*rules: Rule, **settings: Any) -> Programme:
    """A programme of these rules."""
    return Programme("p", 1, "t", "t", "points", "Europe/Berlin", "sell_through", rules, **settings)


def documents(marts: SmallMarts, *rules: Rule, since_run: int | None = None, **settings: Any) -> list[EvaluatedDocument]:
    """What the rules give."""
    chosen = programme(*rules, tiers=settings.pop("of_tiers", ()))
    return [document for batch in evaluate(marts.connection, chosen, since_run, **settings) for document in batch]


def worth(marts: SmallMarts, *rules: Rule, **settings: Any) -> dict[str, int]:
    """Document -> points of everybody."""
    return {one.document_no: sum(points for _, points in one.worth) for one in documents(marts, *rules, **settings)}


def test_ten_lines_of_0_40_points_make_4(marts: SmallMarts) -> None:
    for line in range(10):
        marts.line(1, line)
    assert worth(marts, replace(PER_UNIT, points_per_unit=Decimal("0.4"))) == {"A1": 4}


def test_a_part_return_leaves_award_of_what_is_kept(marts: SmallMarts) -> None:
    """1 point per unit and 100 from 500 units: bought 600, returned 150: 700 - 450 = 250 less."""
    marts.line(1, quantity=600)
    assert worth(marts, BONUS) == {"A1": 700}
    marts.line(1, quantity=600, returned_quantity=150)
    assert worth(marts, BONUS) == {"A1": 450}


@pytest.mark.parametrize(("selection", "points"), [
    (Selection(categories=("Beans",)), 3), (Selection(brands=("Alp",)), 8), (Selection(products=("C",)), 7),
    (Selection(categories=("Beans",), brands=("Tal",)), None), (Selection(segments=("shop",)), 15), (Selection(segments=("office",)), None),
    (Selection(segments=("shop",), products=("M", "C")), 12),
])  # fmt: skip
def test_a_rule_selects_by_product_group_brand_and_channel(marts: SmallMarts, selection: Selection, points: int | None) -> None:
    marts.line(1, 1, quantity=3)
    marts.line(1, 2, quantity=5, product=MACHINE)
    marts.line(1, 3, quantity=7, product=CUP)
    assert worth(marts, replace(PER_UNIT, selection=selection)).get("A1") == points


def test_money_counts_after_discount_or_at_list_price(marts: SmallMarts) -> None:
    marts.line(1, cents=10_000, list_value_cents=12_500)
    marts.line(2, cents=10_000, currency="USD")
    assert worth(marts, PER_EURO) == {"A1": 100}
    assert worth(marts, replace(PER_EURO, is_before_discount=True)) == {"A1": 125}


def test_the_tier_of_the_day_multiplies_rates_but_not_the_bonus(marts: SmallMarts) -> None:
    marts.line(1, quantity=600)
    marts.line(2, quantity=10, ordered_on=date(2026, 2, 1))
    rule = replace(BONUS, is_tier_multiplied=True)
    tiers = (Tier("Bronze", 0), Tier("Gold", 100, 1_500))
    gold = [HeldTier(RETAILER, "Gold", date(2026, 3, 1))]
    assert worth(marts, rule, of_tiers=tiers, tiers=gold) == {"A1": 1000, "A2": 10}
    assert worth(marts, replace(rule, selection=Selection(tiers=("Gold",))), of_tiers=tiers, tiers=gold) == {"A1": 1000}


def test_status_points_are_not_multiplied(marts: SmallMarts) -> None:
    marts.line(1, quantity=10)
    rule = replace(PER_UNIT, is_tier_multiplied=True, gives=("points", STATUS))
    given = documents(marts, rule, of_tiers=(Tier("Gold", 0, 2_000),))
    assert [(one.gives, one.worth) for one in given] == [(STATUS, ((RETAILER, 10),)), ("points", ((RETAILER, 20),))]


def test_a_period_is_looked_at_as_a_whole(marts: SmallMarts) -> None:
    """Thirty orders of 20 units in a quarter reach 500 together; the day of the event is the quarter's last."""
    for order in range(30):
        marts.line(order + 1, quantity=20, ordered_on=date(2026, 1 + order % 3, 5))
    marts.line(99, quantity=20, ordered_on=date(2026, 4, 1))
    found = {one.document_no: one for one in documents(marts, replace(BONUS, grain="quarter"))}
    assert {name: one.worth for name, one in found.items()} == {"2026-Q1": ((RETAILER, 700),), "2026-Q2": ((RETAILER, 20),)}
    assert found["2026-Q1"].event_on == found["2026-Q1"].available_on == date(2026, 3, 31)


def test_only_the_first_order_counts_whatever_comes_first(marts: SmallMarts) -> None:
    rule = replace(PER_UNIT, is_first_only=True)
    marts.line(1, ordered_on=date(2026, 3, 9))
    marts.line(2, ordered_on=date(2026, 3, 1), line_status="cancelled")
    marts.line(3, ordered_on=date(2026, 3, 20))
    assert worth(marts, rule) == {"A1": 1}
    marts.line(4, ordered_on=date(2026, 3, 5))
    assert worth(marts, rule) == {"A4": 1}


def test_a_basket_has_to_be_whole(marts: SmallMarts) -> None:
    rule = replace(PER_UNIT, points_per_unit=Decimal(0), bonus_points=50, basket=("Beans", "Cups"))
    marts.line(1, 1)
    assert worth(marts, rule) == {}
    marts.line(1, 2, product=CUP)
    assert worth(marts, rule) == {"A1": 50}


def test_legs_have_members_of_their_own(marts: SmallMarts) -> None:
    marts.line(1, quantity=5)
    marts.line(2, quantity=7, leg="sell_in", retailer_id=0)
    marts.report(3, quantity=9)
    found = {leg: documents(marts, replace(PER_UNIT, leg=leg))[0].worth for leg in ("sell_in", "sell_through", "sell_out")}
    assert found == {"sell_in": ((DISTRIBUTOR, 7),), "sell_through": ((RETAILER, 5),), "sell_out": ((RETAILER, 9),)}


def test_events_are_rewarded_once_each(marts: SmallMarts) -> None:
    rule = replace(PER_UNIT, points_per_unit=Decimal(0), bonus_points=300, leg="event", selection=Selection(events=("training",)))
    events = [
        RewardEvent("k1", RETAILER, DISTRIBUTOR, "training", "Barista", DAY),
        RewardEvent("k2", RETAILER, 0, "badge", "B", DAY),
    ]
    (one,) = documents(marts, rule, events=events)
    assert (one.worth, one.distributor, one.document_no) == (((RETAILER, 300),), DISTRIBUTOR, "Barista")


@pytest.mark.parametrize("pending", ["delivered", "invoice_paid", "return_window", "booked"])
def test_points_wait_for_their_condition(marts: SmallMarts, pending: str) -> None:
    rule = replace(PER_UNIT, pending_until=pending, return_window_days=30 if pending == "return_window" else 0)
    marts.line(1, quantity=4)
    early = documents(marts, rule)[0].available_on
    parties = {
        "distributor_id": DISTRIBUTOR,
        "retailer_id": RETAILER,
        "leg": "sell_through",
        "order_document_no": "A1",
        "order_line_no": "1",
    }
    marts.line(1, quantity=4, delivered_quantity=4)
    marts.insert("fct_delivery_lines", quantity=4, delivered_on=date(2026, 3, 15), **parties)
    marts.insert("fct_invoice_lines", quantity=4, paid_on=date(2026, 3, 20), **parties)
    late = documents(marts, rule)[0].available_on
    assert (early, late) == {
        "delivered": (None, date(2026, 3, 15)), "invoice_paid": (None, date(2026, 3, 20)),
        "return_window": (date(2026, 4, 9),) * 2, "booked": (DAY,) * 2,
    }[pending]  # fmt: skip


def test_a_bonus_on_sell_in_waits_until_as_much_was_sold_on(marts: SmallMarts) -> None:
    """First in, first out: 10 and 5 bought, 12 sold on: the first order is sold, the second is not."""
    rule = replace(PER_UNIT, leg="sell_in", pending_until="sell_through")
    marts.line(1, quantity=10, leg="sell_in", retailer_id=0, ordered_on=date(2026, 1, 5))
    marts.line(2, quantity=5, leg="sell_in", retailer_id=0, ordered_on=date(2026, 1, 6))
    for number, day in ((1, 7), (2, 8), (3, 9)):
        marts.report(number, quantity=4, leg="sell_through", distributor_id=DISTRIBUTOR, sold_on=date(2026, 2, day))
    assert {one.document_no: one.available_on for one in documents(marts, rule)} == {"A1": date(2026, 2, 9), "A2": None}


def test_a_return_that_names_no_order_takes_back_from_the_newest_one_before(marts: SmallMarts) -> None:
    """Award less what is taken back is the award of the net; what no order explains is taken back on its own."""
    marts.line(1, quantity=600, ordered_on=date(2026, 2, 1))
    marts.line(2, quantity=600, ordered_on=date(2026, 3, 1))
    marts.line(3, quantity=600, ordered_on=date(2026, 3, 20))
    marts.line(4, quantity=-150, cents=-150_000, line_kind="return", ordered_on=date(2026, 3, 15))
    assert worth(marts, BONUS) == {"A1": 700, "A2": 450, "A3": 700}
    marts.line(5, quantity=-500, cents=-500_000, line_kind="return", ordered_on=date(2026, 3, 16))
    assert worth(marts, BONUS) == {"A1": 700, "A3": 700, "A5": -50}
    marts.insert(
        "fct_return_lines", return_line_id=77, source_id="s", return_no="RET", leg="sell_through", distributor_id=DISTRIBUTOR, retailer_id=RETAILER,
        product_id=BEANS, quantity=200, net_amount_cents=200_000, net_amount_subcents=0, currency="EUR", returned_on=date(2026, 3, 30),
    )  # fmt: skip
    assert worth(marts, BONUS) == {"A1": 700, "A3": 400, "A5": -50}


def test_every_order_without_points_has_its_reason(marts: SmallMarts) -> None:
    rule = replace(PER_EURO, selection=Selection(categories=("Beans",)))
    marts.line(1, line_status="cancelled")
    marts.line(2, line_status="open")
    marts.line(3, product=CUP)
    marts.line(4, currency="USD")
    marts.line(5, returned_quantity=1)
    marts.line(6, cents=50)
    marts.line(7, ordered_on=date(2025, 12, 31))
    marts.line(8, retailer_id=-1)
    marts.line(9)
    unearned = Unearned()
    documents(marts, rule, unearned=unearned)
    found = {one.document_no: one.reason for one in unearned.no_awards(programme(rule))}
    assert found == {
        "A1": "cancelled", "A2": "not_confirmed", "A3": "product", "A4": "currency", "A5": "returned", "A6": "less_than_a_point",
        "A7": "not_valid_on_that_day",
    }  # fmt: skip


def test_only_who_takes_part_earns_under_a_campaign(marts: SmallMarts) -> None:
    marts.line(1)
    marts.line(2, retailer_id=OTHER_RETAILER)
    rule = replace(PER_UNIT, campaign_id="c", valid_to=date(2026, 12, 31))
    for participants, expected in ((frozenset({RETAILER}), {"A1"}), (None, {"A1", "A2"}), (frozenset[int](), set[str]())):
        given = documents(marts, campaigns=[RunningCampaign("c", (rule,), participants)])
        assert {one.document_no for one in given} == expected
        assert all(one.cause.startswith("p|c/r|") for one in given)


def test_what_is_under_review_is_not_looked_at(marts: SmallMarts) -> None:
    marts.line(1)
    marts.line(2)
    assert worth(marts, PER_UNIT, left_out=[2]) == {"A1": 1}


def test_versions_of_a_rule_apply_by_event_date(marts: SmallMarts) -> None:
    old = replace(PER_UNIT, valid_to=date(2026, 3, 9))
    new = replace(PER_UNIT, version=2, valid_from=DAY, points_per_unit=Decimal(3))
    marts.line(1, ordered_on=date(2026, 3, 9))
    marts.line(2)
    found = {one.document_no: (one.rule.version, one.worth[0][1]) for one in documents(marts, old, new)}
    assert found == {"A1": (1, 1), "A2": (2, 3)}


def test_only_what_later_runs_touched_is_evaluated_again_with_what_it_was_before(marts: SmallMarts) -> None:
    """A corrected buyer and a corrected day: the month and the member that lost the order are asked for, too."""
    rules = (PER_UNIT, replace(PER_UNIT, rule_id="month", grain="month"))
    marts.line(1)
    marts.line(2, quantity=5)
    first = programme(*rules)
    from loyalty.workspace import Workspace

    Workspace(marts.connection, first).remember()
    marts.line(1, retailer_id=OTHER_RETAILER, run_no=2)
    marts.line(3, quantity=2, ordered_on=date(2026, 4, 1), run_no=2)
    found = {one.cause: one.worth for one in documents(marts, *rules, since_run=1)}
    assert found == {
        "p|r|s|A1|1": ((OTHER_RETAILER, 1),), "p|r|s|A3|3": ((RETAILER, 2),),
        f"p|month|month|2026-03|m{RETAILER}": ((RETAILER, 5),), f"p|month|month|2026-03|m{OTHER_RETAILER}": ((OTHER_RETAILER, 1),),
        f"p|month|month|2026-04|m{RETAILER}": ((RETAILER, 2),),
    }  # fmt: skip


def test_an_explanation_names_inputs_version_and_steps(marts: SmallMarts) -> None:
    marts.line(1, quantity=3)
    (one,) = documents(marts, PER_UNIT)
    assert json.loads(one.explanation) == {
        "rule": "r", "version": 1, "gives": "points",
        "steps": [{"member": RETAILER, "quantity_milli": 3000, "amount_subcents": 100000, "points": 3}],
    }  # fmt: skip
