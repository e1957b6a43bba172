"""Cases, challenges and events in whole awarding steps: held, cleared, confirmed, rewarded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from core.clock import FixedClock, random_id
from loyalty import statement, verify
from loyalty.domain.parsing import parse_programme
from loyalty.domain.programme import Programme, Rule
from loyalty.gamification import NewEvent, badges_of, record_event
from loyalty.review import cases_of_decider, cases_of_member, decide_case, orders_waiting
from loyalty.rewards import NewReward, OrderRequest, Shopper, add_reward, orders_of_member, place_order
from loyalty.tables import journal
from tests.integration.test_awards import Instance
from tests.support.small_marts import BEANS, CUP, DISTRIBUTOR, MACHINE, RETAILER

pytestmark = pytest.mark.integration
RULE = Rule("units", 1, "Stück", "Units", date(2020, 1, 1), points_per_unit=Decimal(1))
PROGRAMME = Programme("p", 1, "t", "t", "points", "Europe/Berlin", "sell_through", (RULE,))
WITH_EVENTS = parse_programme("""
programme_id = "p"
version = 1
title_de = "t"
title_en = "t"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
[[rules]]
rule_id = "units"
version = 1
title_de = "Stück"
title_en = "Units"
points_per_unit = "1"
valid_from = 2020-01-01
expires_after_months = 24
[[rules]]
rule_id = "learning"
version = 1
title_de = "Schulung"
title_en = "Training"
leg = "event"
events = ["training"]
bonus_points = 300
valid_from = 2020-01-01
[[challenges]]
challenge_id = "range"
title_de = "Sortiment"
title_en = "Range"
measure = "categories"
goal = 2
valid_from = 2026-01-01
valid_to = 2026-12-31
badge = "range"
bonus_points = 500
""")


@pytest.fixture
def instance(tmp_path: Path, clock: FixedClock) -> Instance:
    """An empty instance."""
    return Instance(tmp_path / "home", clock)


def points(instance: Instance, programme: Programme = PROGRAMME, member: int = RETAILER) -> tuple[int, int]:
    """(usable, pending) of a member."""
    balances = statement(instance.store(), programme, member, instance.clock).balances
    return (balances[0].points_usable, balances[0].points_pending) if balances else (0, 0)


def same_twice(instance: Instance) -> None:
    """One order of 20 units, and the same three lines again on the next day."""
    for order, day in ((1, date(2026, 6, 10)), (2, date(2026, 6, 11))):
        for line, (product, quantity) in enumerate(((BEANS, 10), (MACHINE, 2), (CUP, 8)), 1):
            instance.marts.line(order, line, product=product, quantity=quantity, ordered_on=day)


@pytest.mark.parametrize("outcome", ["cleared", "confirmed"])
def test_a_duplicate_claim_waits_and_is_posted_or_explained(instance: Instance, outcome: str) -> None:
    same_twice(instance)
    for _ in range(2):
        instance.run(programme=PROGRAMME)
        assert points(instance) == (20, 0)
        assert orders_waiting(instance.store(), PROGRAMME) == {2}
    (case,) = cases_of_member(instance.store(), PROGRAMME, RETAILER)
    decide_case(instance.store(), PROGRAMME, DISTRIBUTOR, case.case_id, outcome, instance.clock, actor="nils")
    for _ in range(2):
        instance.run(programme=PROGRAMME)
        assert points(instance) == ((40, 0) if outcome == "cleared" else (20, 0))
    with instance.store().connect() as connection:
        entries = connection.execute(select(journal.c.kind, journal.c.document_no).where(journal.c.document_no == "A2")).all()
    assert [tuple(row) for row in entries] == [("award" if outcome == "cleared" else "no_award", "A2")]
    assert verify(instance.store()).findings == ()


def test_a_goal_is_rewarded_once_and_a_training_too(instance: Instance) -> None:
    instance.marts.line(1, 1, product=BEANS, quantity=10, ordered_on=date(2026, 5, 1))
    instance.run(programme=WITH_EVENTS)
    assert points(instance, WITH_EVENTS) == (10, 0)
    instance.marts.line(2, 1, product=CUP, quantity=5, ordered_on=date(2026, 5, 20), run_no=instance.run_no + 1)
    new = NewEvent(RETAILER, "training", "Barista", date(2026, 5, 2))
    record_event(instance.store(), WITH_EVENTS, DISTRIBUTOR, frozenset({RETAILER}), new, instance.clock, random_id, actor="nils")
    for _ in range(3):
        instance.run(programme=WITH_EVENTS)
        assert points(instance, WITH_EVENTS) == (10 + 5 + 500 + 300, 0)
    instance.run(programme=WITH_EVENTS, full=True)
    assert points(instance, WITH_EVENTS) == (815, 0)
    assert [badge.reached_on for badge in badges_of(instance.store(), WITH_EVENTS, RETAILER)] == [date(2026, 5, 20)]
    titles = {entry.rule_id for entry in statement(instance.store(), WITH_EVENTS, RETAILER, instance.clock).entries}
    assert titles == {"units", "learning", "challenge-range"}


def test_a_bonus_on_sell_in_waits_for_sell_through_and_loading_is_asked_about(instance: Instance) -> None:
    """Twenty units a fortnight for fifteen months, then two hundred on 29 March of which nothing is sold on."""
    waits = replace(PROGRAMME, rules=(replace(RULE, leg="sell_in", pending_until="sell_through"),))
    day, number = date(2025, 1, 9), 100
    while day < date(2026, 3, 20):
        instance.marts.line(number, product=BEANS, quantity=20, leg="sell_in", retailer_id=0, ordered_on=day)
        instance.marts.report(
            number, product=BEANS, quantity=20, leg="sell_through", distributor_id=DISTRIBUTOR, sold_on=day + timedelta(days=3)
        )
        day, number = day + timedelta(days=14), number + 1
    earned = 20 * (number - 100)
    instance.marts.line(900, product=BEANS, quantity=200, leg="sell_in", retailer_id=0, ordered_on=date(2026, 3, 29))
    instance.marts.line(901, product=BEANS, quantity=1, leg="sell_in", retailer_id=0, ordered_on=date(2026, 6, 20))
    instance.run(programme=waits)
    usable, pending = points(instance, waits, DISTRIBUTOR)
    assert (usable, pending) == (earned, 1)
    (case,) = cases_of_decider(instance.store(), waits, 0)
    assert (case.member, case.document_no, case.reason_code, case.variant) == (
        DISTRIBUTOR,
        "A900",
        "quarter_end_loading",
        "not_sold_on",
    )
    assert cases_of_decider(instance.store(), waits, DISTRIBUTOR) == [], "nobody decides about its own purchases"
    decide_case(instance.store(), waits, 0, case.case_id, "cleared", instance.clock, actor="mara")
    instance.run(programme=waits)
    assert points(instance, waits, DISTRIBUTOR) == (earned, 201), "cleared, and still waiting for the goods to be sold on"
    instance.marts.report(
        990, product=BEANS, quantity=201, leg="sell_through", distributor_id=DISTRIBUTOR, sold_on=date(2026, 6, 25), run_no=9
    )
    instance.run(programme=waits)
    assert points(instance, waits, DISTRIBUTOR) == (earned + 201, 0)


def test_a_run_ends_orders_of_rewards_whose_time_is_over(instance: Instance) -> None:
    instance.marts.line(1, product=BEANS, quantity=100)
    instance.run(programme=PROGRAMME)
    store = instance.store()
    reward = add_reward(store, PROGRAMME, NewReward("a", "a", 60, 1), instance.clock, random_id)
    shopper = Shopper("rike", RETAILER, frozenset({DISTRIBUTOR}))
    place_order(store, PROGRAMME, shopper, OrderRequest("k", DISTRIBUTOR, ((reward.reward_id, 1),)), instance.clock, random_id)
    assert points(instance) == (40, 0)
    instance.clock.moment += timedelta(days=PROGRAMME.hold_days)
    instance.run(programme=PROGRAMME)
    assert points(instance) == (100, 0)
    assert [one.status for one in orders_of_member(store, PROGRAMME, RETAILER)] == ["cancelled"]
