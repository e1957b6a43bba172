"""Settling standing rules, on SQLite and PostgreSQL: every burned point is charged once, to the funders of its lot, and the statements add up."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, InputRefusedError
from core.scope import Role, Scope
from loyalty import EvaluatedDocument, Redemption, post_awards, redeem, verify
from loyalty.campaigns.model import rules_of
from loyalty.campaigns.records import get_campaign
from loyalty.campaigns.settled import Settlement, list_settlements
from loyalty.campaigns.settling_rules import open_rule_points, settle_rules
from loyalty.domain.programme import Rule
from loyalty.redeeming import cancel
from tests.support.campaigns import (
    DISTRIBUTOR,
    MAKER,
    MANUFACTURER,
    OTHER_DISTRIBUTOR,
    OTHER_MANUFACTURER,
    PROGRAMME,
    SELLER,
    actor,
    draft,
    launched,
)

pytestmark = pytest.mark.integration
MACHINES = next(rule for rule in PROGRAMME.rules if rule.rule_id == "machines")
COFFEE = next(rule for rule in PROGRAMME.rules if rule.rule_id == "coffee-value")
CHEAP = replace(PROGRAMME, point_value_subcents=55)
"""A point is worth 0.55 cents, so that almost nothing comes out even."""


def earn(store: Engine, clock: FixedClock, rule: Rule, points: int, distributor: int, name: str, member: int = 101) -> None:
    """An award at a distributor's sales."""
    document = EvaluatedDocument(f"{rule.rule_id}|{name}", "s", name, rule, date(2026, 7, 2), ((member, points),), "{}",
                                 available_on=date(2026, 7, 2), distributor=distributor)  # fmt: skip
    post_awards(store, CHEAP, [document], clock)


def burn(store: Engine, clock: FixedClock, points: int, key: str, member: int = 101) -> int:
    """Redeem."""
    return redeem(store, CHEAP, Redemption(key, member, points, "mug"), clock)


def settled(store: Engine, clock: FixedClock, until: date) -> Settlement:
    """Settle on the day after."""
    clock.moment = datetime(until.year, until.month, until.day, 12, tzinfo=UTC) + timedelta(days=1)
    return settle_rules(store, CHEAP, MANUFACTURER, MAKER, until, clock, random_id)


def test_a_co_funded_rule_charges_its_distributor_and_statements_add_up(store: Engine, clock: FixedClock) -> None:
    """Machines are 70 : 30. 333 points of 0.55 cents are 1.8315; 30 % are 0.54945. Coffee is the manufacturer's alone, and so is a sale without a distributor."""
    clock.moment = datetime(2026, 7, 20, 12, tzinfo=UTC)
    earn(store, clock, MACHINES, 333, DISTRIBUTOR, "a", 101)
    earn(store, clock, MACHINES, 1_001, OTHER_DISTRIBUTOR, "b", 102)
    earn(store, clock, COFFEE, 500, DISTRIBUTOR, "c", 103)
    earn(store, clock, MACHINES, 40, 0, "d", 104)
    for member, points in ((101, 333), (102, 1_001), (103, 500), (104, 40)):
        burn(store, clock, points, f"k{member}", member)
    assert open_rule_points(store, CHEAP) == 1_874
    one = settled(store, clock, date(2026, 7, 31))
    assert (one.points_burned, one.burned_cents) == (1_874, 1_031), "1,874 x 0.55 cents = 10.307"
    assert {who: (s.points_burned, s.burned_cents, s.distributor_cents) for who, s in one.statements.items()} == {
        DISTRIBUTOR: (333, 183, 55), OTHER_DISTRIBUTOR: (1_001, 551, 165), 0: (540, 297, 0)}  # fmt: skip
    assert one.manufacturer_cents == 1_031 - 55 - 165, "the manufacturer takes what rounding leaves"
    assert {line.title for line in one.lines if line.distributor} == {(MACHINES.title_de, MACHINES.title_en)}
    assert open_rule_points(store, CHEAP) == 0
    assert settled(store, clock, date(2026, 7, 31)) == one, "the same day again is the same settlement"


def test_points_of_campaigns_and_standing_rules_are_charged_apart_and_once(store: Engine, clock: FixedClock) -> None:
    clock.moment = datetime(2026, 6, 30, 12, tzinfo=UTC)
    launched(store, clock, draft(30))
    clock.moment = datetime(2026, 7, 20, 12, tzinfo=UTC)
    (rule,) = rules_of(get_campaign(store, MAKER.scope, "c1"), PROGRAMME)
    earn(store, clock, rule, 200, DISTRIBUTOR, "a", 101)
    earn(store, clock, MACHINES, 100, DISTRIBUTOR, "b", 102)
    burn(store, clock, 200, "x", 101)
    undone = burn(store, clock, 100, "y", 102)
    assert settled(store, clock, date(2026, 7, 31)).points_burned == 100
    cancel(store, CHEAP, undone, 60, "back", clock)
    later = settled(store, clock, date(2026, 8, 31))
    assert (later.points_burned, later.burned_cents) == (-60, -33)
    assert verify(store).findings == ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_settlements_never_drift_from_the_burned_value(store: Engine, clock: FixedClock, seed: int) -> None:
    chance = random.Random(seed)
    clock.moment = datetime(2026, 7, 3, 12, tzinfo=UTC)
    burned: dict[int, int] = defaultdict(int)
    for member, distributor in ((101, DISTRIBUTOR), (102, OTHER_DISTRIBUTOR)):
        earn(store, clock, MACHINES, 5_000, distributor, f"m{member}", member)
    made = []
    for day in range(4, 16):
        for member, distributor in ((101, DISTRIBUTOR), (102, OTHER_DISTRIBUTOR)):
            points = chance.randint(1, 97)
            clock.moment = datetime(2026, 7, day, 12, tzinfo=UTC)
            burn(store, clock, points, f"{day}-{member}", member)
            burned[distributor] += points
        made.append(settled(store, clock, date(2026, 7, day)))
    assert abs(sum(one.burned_cents for one in made) - sum(burned.values()) * 0.55) <= 0.5
    for distributor, points in burned.items():
        charged = sum(one.statements[distributor].distributor_cents for one in made)
        assert abs(charged - points * 0.55 * 0.3) <= 0.5 + len(made) / 100, (
            "shares round down within a hundredth of a cent per line"
        )
    assert all(
        one.burned_cents == one.manufacturer_cents + sum(s.distributor_cents for s in one.statements.values()) for one in made
    )


def test_each_reads_its_own_and_only_the_programmes_manufacturer_settles(store: Engine, clock: FixedClock) -> None:
    clock.moment = datetime(2026, 7, 20, 12, tzinfo=UTC)
    earn(store, clock, MACHINES, 40, DISTRIBUTOR, "a", 101)
    earn(store, clock, MACHINES, 71_369, OTHER_DISTRIBUTOR, "b", 102)
    earn(store, clock, COFFEE, 52_813, OTHER_DISTRIBUTOR, "c", 103)
    for member, points in ((101, 40), (102, 71_369), (103, 52_813)):
        burn(store, clock, points, f"k{member}", member)
    clock.moment = datetime(2026, 8, 1, 12, tzinfo=UTC)
    for owner, who in ((MANUFACTURER, SELLER), (MANUFACTURER, actor(Role.MANUFACTURER, OTHER_MANUFACTURER)), (None, MAKER),
                       (MANUFACTURER, actor(Role.RETAILER, MANUFACTURER))):  # fmt: skip
        with pytest.raises(AccessDeniedError, match="LOY-404"):
            settle_rules(store, CHEAP, owner, who, date(2026, 7, 31), clock, random_id)
    with pytest.raises(InputRefusedError, match="LOY-408"):
        settle_rules(store, CHEAP, MANUFACTURER, MAKER, date(2026, 8, 1), clock, random_id)
    settle_rules(store, CHEAP, MANUFACTURER, MAKER, date(2026, 7, 31), clock, random_id)
    (own,) = list_settlements(store, SELLER.scope)
    assert (own.points_burned, set(own.statements), {line.distributor for line in own.lines}) == (
        40,
        {DISTRIBUTOR},
        {DISTRIBUTOR},
    )
    assert not [secret for secret in ("71369", "52813") if secret in repr(own)]
    for scope in (Scope.of(Role.DISTRIBUTOR, 13), Scope.of(Role.RETAILER, 101), Scope.of(Role.MANUFACTURER, OTHER_MANUFACTURER),
                  Scope(Role.DISTRIBUTOR, frozenset())):  # fmt: skip
        assert list_settlements(store, scope) == []
    (whole,) = list_settlements(store, MAKER.scope)
    assert whole.statements[0].points_burned == 52_813
    for sql in ("update rule_settlements set burned_cents = 0", "delete from rule_settled_transfers", "delete from rule_settlement_lines",
                "update rule_settlement_statements set points_burned = 0"):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
            connection.execute(text(sql))
