"""A basket's preview under caps says what posting would grant then, and how far each cap is used; on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from core.clock import FixedClock
from loyalty import Basket, BasketLine, Preview, Programme, Rule, RunningCampaign, evaluate, post_awards, preview
from loyalty.caps import CapRoom
from loyalty.domain.programme import POINTS, STATUS, Bound, Caps
from loyalty.posting import posted_points
from loyalty.tables import caps
from tests.support.small_marts import BEANS, DAY, DISTRIBUTOR, OTHER_RETAILER, RETAILER, SmallMarts

pytestmark = pytest.mark.integration
OWN = Rule("own", 1, "t", "t", date(2026, 1, 1), None, Decimal(1), caps=Caps(per_member=50))
PUSH = Rule("c1.push", 1, "t", "t", date(2026, 1, 1), date(2026, 12, 31), Decimal(10), campaign_id="c1", campaign_caps=Caps(total=250),
            funders=(("manufacturer", 70), ("distributor", 30)), caps=Caps(per_funder=(("distributor", 90),)))  # fmt: skip


@pytest.fixture
def marts() -> Iterator[SmallMarts]:
    """Empty marts with three products and three parties."""
    made = SmallMarts()
    yield made
    made.close()


def programme(*rules: Rule) -> Programme:
    """A programme of these rules."""
    return Programme("p", 1, "t", "t", "points", "Europe/Berlin", "sell_through", rules)


def order(store: Engine, marts: SmallMarts, clock: FixedClock, one: Programme, campaigns: Sequence[RunningCampaign], number: int, quantity: int,
          member: int = RETAILER) -> None:  # fmt: skip
    """An order comes in and everything is posted."""
    marts.line(number, quantity=quantity, cents=quantity * 100, retailer_id=member)
    for batch in evaluate(marts.connection, one, None, campaigns=campaigns):
        post_awards(store, one, batch, clock)


def look(store: Engine, marts: SmallMarts, clock: FixedClock, one: Programme, campaigns: Sequence[RunningCampaign], *quantities: int,
         member: int = RETAILER) -> Preview:  # fmt: skip
    """The preview of a basket with a line of beans per quantity."""
    lines = [BasketLine(BEANS, Decimal(quantity), quantity * 100) for quantity in quantities]
    return preview(marts.connection, store, one, Basket(member, DISTRIBUTOR, "EUR", lines, on=DAY), clock, campaigns)


def granted(store: Engine, one: Programme, number: int, member: int = RETAILER) -> dict[str, int]:
    """Rule (and currency) -> what the ledger holds for an order."""
    with store.connect() as connection:
        found = posted_points(connection, one.programme_id)
    return {f"{cause.split('|')[1]}{'' if currency == POINTS else '*'}": points for (cause, who, currency), (points, _) in found.items()
            if cause.endswith(f"|{number}") and who == member}  # fmt: skip


@pytest.mark.parametrize("is_partial", [True, False])
def test_a_preview_is_what_posting_grants(store: Engine, marts: SmallMarts, clock: FixedClock, is_partial: bool) -> None:
    """Own cap 50 a member; campaign 250 in all and 90 charged to the distributor at 30 %: 300 points. The campaign's 250 bind first."""
    push = replace(PUSH, campaign_caps=replace(PUSH.campaign_caps, is_partial=is_partial))
    one, campaigns = programme(OWN), [RunningCampaign("c1", (push,))]
    order(store, marts, clock, one, campaigns, 1, 12, OTHER_RETAILER)
    before = look(store, marts, clock, one, campaigns, 10, 6)
    own, push_seen = before.rules
    assert (own.asked_points, own.points, own.cut_by) == (16, 16, None)
    assert own.caps == (CapRoom("member", False, 50, 50),)
    assert set(push_seen.caps) == {CapRoom("total", True, 250, 130), CapRoom("funder", False, 300, 180)}
    assert (push_seen.asked_points, push_seen.points) == (160, 130 if is_partial else 0)
    assert push_seen.cut_by == CapRoom("total", True, 250, 130)
    assert push_seen.reason == (None if is_partial else "cap")
    order(store, marts, clock, one, campaigns, 2, 16)
    assert granted(store, one, 2) == {"own": own.points, "c1/c1.push": push_seen.points}
    assert before.points == own.points + push_seen.points


def test_rules_of_a_campaign_share_its_cap_within_a_basket(store: Engine, marts: SmallMarts, clock: FixedClock) -> None:
    """What the first rule takes is gone for the second one, as in posting; status points count apart."""
    first = replace(PUSH, rule_id="c1.a", caps=Caps(), funders=(("manufacturer", 100),), gives=(POINTS, STATUS))
    second = replace(first, rule_id="c1.b", gives=(POINTS,))
    one, campaigns = programme(), [RunningCampaign("c1", (first, second))]
    seen = look(store, marts, clock, one, campaigns, 20)
    assert [(rule.points, rule.status_points, rule.caps[0].left_points) for rule in seen.rules] == [(200, 200, 250), (50, 0, 50)]
    order(store, marts, clock, one, campaigns, 1, 20)
    assert granted(store, one, 1) == {"c1/c1.a": 200, "c1/c1.a*": 200, "c1/c1.b": 50}
    spent = look(store, marts, clock, one, campaigns, 20)
    assert [(rule.points, rule.status_points, rule.reason) for rule in spent.rules] == [(0, 50, None), (0, 0, "cap")]


def test_a_rule_over_a_month_asks_its_cap_for_the_rest_only(store: Engine, marts: SmallMarts, clock: FixedClock) -> None:
    monthly = replace(OWN, grain="month", caps=Caps(per_member_period=50))
    one = programme(monthly)
    order(store, marts, clock, one, [], 1, 40)
    seen = look(store, marts, clock, one, [], 30).rules[0]
    assert (seen.asked_points, seen.points, seen.caps) == (30, 10, (CapRoom("member_period", False, 50, 10),))


def test_looking_changes_nothing_and_who_is_held_out_gets_nothing(store: Engine, marts: SmallMarts, clock: FixedClock) -> None:
    out = replace(PUSH, bound=Bound(held_out=(RETAILER,)))
    campaigns = [RunningCampaign("c1", (out,))]
    one = programme(OWN)
    assert [(rule.points, rule.reason) for rule in look(store, marts, clock, one, campaigns, 5).rules] == [
        (5, None),
        (0, "not_taking_part"),
    ]
    assert look(store, marts, clock, one, campaigns, 5) == look(store, marts, clock, one, campaigns, 5)
    with store.connect() as connection:
        assert connection.execute(select(caps)).all() == []
    assert look(store, marts, clock, one, [RunningCampaign("c1", (PUSH,))], 5, member=OTHER_RETAILER).points == 55


def test_a_running_period_counts_what_it_holds_before_it_is_worth_anything(
    store: Engine, marts: SmallMarts, clock: FixedClock
) -> None:
    """420 of 500 units stand in no ledger, since they are worth nothing yet; 80 more bring the bonus."""
    bonus = replace(
        OWN,
        rule_id="b",
        grain="quarter",
        points_per_unit=Decimal(0),
        bonus_points=100,
        bonus_from_quantity=Decimal(500),
        caps=Caps(),
    )
    one = programme(bonus)
    marts.insert("rpt_period_progress", programme_id="p", rule_key="b", rule_id="b", cause=f"p|b|quarter|2026-Q1|m{RETAILER}", member_id=RETAILER,
                 currency=POINTS, ends_on=date(2026, 3, 31), quantity_milli=420_000, amount_subcents=0, points_so_far=0)  # fmt: skip
    assert [(rule.points, rule.missing_quantity) for rule in look(store, marts, clock, one, [], 50).rules] == [(0, Decimal(30))]
    assert [(rule.points, rule.missing_quantity) for rule in look(store, marts, clock, one, [], 80).rules] == [(100, None)]
    assert look(store, marts, clock, one, [], 80, member=OTHER_RETAILER).points == 0
