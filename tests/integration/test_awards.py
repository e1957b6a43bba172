"""The awarding step, run after run: corrections, cancellations, late and out-of-order documents end as if all had come at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from core.errors import IntegrityError
from core.settings import Settings
from core.store import open_store, reading
from loyalty import Programme, Rule, re_evaluate, verify
from loyalty.anchoring import ANCHORS, last_anchor
from loyalty.auditing import tip
from loyalty.domain.programme import STATUS, Selection, Tier, TierSettings
from loyalty.posting import posted_points
from loyalty.tiering import held_tiers, tier_spans_of
from pipeline import awards
from pipeline.awards import AwardHooks, award_points_of_run, prepare_ledger_copy
from tests.support.small_marts import BEANS, CUP, DISTRIBUTOR, MACHINE, OTHER_DISTRIBUTOR, OTHER_RETAILER, RETAILER, SmallMarts

pytestmark = pytest.mark.integration
RULE = Rule(
    "value", 1, "t", "t", date(2026, 1, 1), None, points_per_amount=Decimal("0.5"), money_currency="EUR", is_tier_multiplied=True
)
PROGRAMME = Programme(
    "p", 1, "t", "t", "points", "Europe/Berlin", "sell_through",
    (
        RULE,
        replace(RULE, rule_id="beans", points_per_amount=Decimal(0), points_per_unit=Decimal("1.5"), selection=Selection(categories=("Beans",)),
                bonus_points=20, bonus_from_quantity=Decimal(8), pending_until="delivered", is_tier_multiplied=False),
        replace(RULE, rule_id="first", points_per_amount=Decimal(0), bonus_points=33, is_first_only=True, is_tier_multiplied=False),
        replace(RULE, rule_id="quarter", points_per_amount=Decimal(0), bonus_points=50, bonus_from_amount=Decimal(300), grain="quarter",
                is_tier_multiplied=False),
        replace(RULE, rule_id="standing", grain="month", gives=(STATUS,), is_tier_multiplied=False),
    ),
    tiers=(Tier("Bronze", 0), Tier("Silver", 60, 1_200), Tier("Gold", 150, 1_500)), tier_settings=TierSettings(window_months=2, maintain_months=2),
)  # fmt: skip


class Instance:
    """A warehouse by hand, a store, and runs of the awarding step over them."""

    def __init__(self, home: Path, clock: FixedClock, marts: SmallMarts | None = None) -> None:
        self.settings, self.clock, self.marts, self.run_no = Settings(home=home), clock, marts or SmallMarts(), 0

    def run(self, *, full: bool = False, hooks: AwardHooks = awards.USUAL_HOOKS, programme: Programme = PROGRAMME) -> int:
        """One awarding step."""
        self.run_no += 1
        prepare_ledger_copy(self.marts.connection)
        self.marts.connection.execute(
            "create or replace table raw.transform_state as select $no::integer as run_no", {"no": self.run_no}
        )
        return award_points_of_run(self.marts.connection, self.settings, [programme], self.clock, hooks, full=full)[0]

    def store(self) -> Engine:
        """Its store."""
        return open_store(self.settings.resolved_store_url())

    def decided(self) -> dict[tuple[str, int, str], tuple[int, int]]:
        """What the ledger holds and decided, without what is worth nothing."""
        with reading(self.store()) as connection:
            return {place: held for place, held in posted_points(connection, "p").items() if held != (0, 0)}


@pytest.fixture
def instance(tmp_path: Path, clock: FixedClock) -> Instance:
    """An empty instance."""
    return Instance(tmp_path / "home", clock)


def random_line(random: Random, instance: Instance) -> None:
    """A new order, a late one, or another version of a known one: other figures, other buyer, other day, cancelled, returned, delivered."""
    order, line = random.randrange(1, 25), random.randrange(1, 3)
    quantity = random.randrange(1, 12)
    values = {
        "product": random.choice((BEANS, BEANS, MACHINE, CUP)), "quantity": quantity, "cents": quantity * random.randrange(500, 3000),
        "retailer_id": random.choice((RETAILER, RETAILER, OTHER_RETAILER)), "distributor_id": random.choice((DISTRIBUTOR, OTHER_DISTRIBUTOR)),
        "ordered_on": date(2026, 1, 1) + timedelta(days=random.randrange(0, 170)), "line_status": random.choice(("confirmed",) * 5 + ("cancelled", "open")),
        "returned_quantity": random.choice((0, 0, 0, min(2, quantity))), "delivered_quantity": random.choice((0, quantity)),
    }  # fmt: skip
    if order > 21:  # a return that names no order
        values |= {
            "quantity": -quantity,
            "cents": -quantity * 1000,
            "line_kind": "return",
            "line_status": "confirmed",
            "returned_quantity": 0,
        }
    instance.marts.line(order, line, run_no=instance.run_no + 1, **values)


@pytest.mark.parametrize("seed", range(4))
def test_run_after_run_ends_as_if_all_had_come_at_once(instance: Instance, tmp_path: Path, clock: FixedClock, seed: int) -> None:
    random = Random(seed)
    for _ in range(6):
        for _ in range(random.randrange(1, 14)):
            random_line(random, instance)
        instance.run()
    at_once = Instance(tmp_path / "at_once", clock, instance.marts)
    for name in ("awarded", "awarded_documents", "awarded_returns", "ledger_transfers"):
        instance.marts.connection.execute(f"drop table raw.{name}")
    at_once.run(full=True)
    assert instance.decided() == at_once.decided() != {}
    held = [[one for one in held_tiers(which.store(), PROGRAMME) if one.tier != "Bronze"] for which in (instance, at_once)]
    assert held[0] == held[1]
    for one in (instance, at_once):
        assert verify(one.store()).findings == ()
        assert re_evaluate(one.store(), PROGRAMME).findings == ()


def test_a_run_without_news_posts_nothing(instance: Instance) -> None:
    instance.marts.line(1, quantity=4)
    assert instance.run() > 0
    assert instance.run() == 0
    assert instance.run(full=True) == 0


def test_reaching_a_tier_late_multiplies_what_was_posted_since(instance: Instance) -> None:
    """An order of February that arrives in June reaches a tier at the end of February: the order of March counts more now."""
    instance.marts.line(1, cents=10_000, ordered_on=date(2026, 3, 10))
    instance.run()
    assert instance.decided()["p|value|s|A1|1", RETAILER, "points"] == (50, 50)
    instance.marts.line(2, cents=20_000, ordered_on=date(2026, 2, 10), run_no=2)
    instance.run()
    assert instance.decided()["p|value|s|A1|1", RETAILER, "points"] == (60, 60)
    assert [span.tier for span in tier_spans_of(instance.store(), PROGRAMME, RETAILER)][:2] == ["Bronze", "Silver"]


def test_what_waits_for_delivery_is_confirmed_when_it_comes(instance: Instance) -> None:
    programme = replace(PROGRAMME, rules=PROGRAMME.rules[1:2])
    instance.marts.line(1, quantity=4)
    instance.run(programme=programme)
    with instance.store().connect() as connection:
        assert connection.exec_driver_sql("select points_pending, points_available from members").fetchall() == [(6, 0)]
    instance.marts.line(1, quantity=4, delivered_quantity=4)  # the run that brings the delivery need not have touched the order
    instance.marts.insert("fct_delivery_lines", delivered_on=date(2026, 3, 15), order_document_no="A1", leg="sell_through",
                          distributor_id=DISTRIBUTOR, retailer_id=RETAILER)  # fmt: skip
    instance.run(programme=programme)
    with instance.store().connect() as connection:
        assert connection.exec_driver_sql("select points_pending, points_available from members").fetchall() == [(0, 6)]
    assert verify(instance.store()).findings == ()


def test_an_order_under_review_waits_and_is_posted_when_it_is_cleared(instance: Instance) -> None:
    instance.marts.line(1, cents=10_000)
    instance.marts.line(2, cents=10_000)
    waiting: Callable[..., set[int]] = lambda *_: {2}  # noqa: E731
    instance.run(hooks=AwardHooks(under_review=waiting))
    assert {place[0] for place in instance.decided() if "|value|" in place[0]} == {"p|value|s|A1|1"}
    instance.run()
    assert {place[0] for place in instance.decided() if "|value|" in place[0]} == {"p|value|s|A1|1", "p|value|s|A2|2"}


def test_a_rule_that_is_new_is_evaluated_over_the_whole_past(instance: Instance) -> None:
    programme = replace(PROGRAMME, rules=PROGRAMME.rules[:1])
    instance.marts.line(1, cents=10_000)
    instance.run(programme=programme)
    more = replace(programme, rules=(*programme.rules, replace(RULE, rule_id="more", is_tier_multiplied=False)))
    instance.run(programme=more)
    assert instance.decided()["p|more|s|A1|1", RETAILER, "points"] == (50, 50)


def test_a_ledger_that_says_otherwise_stops_the_publish(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.marts.line(1, cents=10_000)
    monkeypatch.setattr(awards, "post_awards", lambda *_, **__: None)
    with pytest.raises(IntegrityError) as differs:
        instance.run()
    assert differs.value.code == "LOY-301"
    assert "is owed 50 points" in str(differs.value)


def test_the_chain_is_sealed_and_anchored_outside_the_database(instance: Instance) -> None:
    instance.marts.line(1, cents=10_000)
    instance.run()
    known = last_anchor(instance.settings.root / ANCHORS)
    assert known == tip(instance.store()) is not None
    assert verify(instance.store(), known).findings == ()
