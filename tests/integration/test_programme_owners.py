"""A manufacturer's programme and a distributor's own, side by side in one instance: each earns from its own documents, in books of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, select
from structlog.testing import capture_logs

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, ConfigurationError, InputRefusedError
from core.scope import Role, Scope
from loyalty import Basket, BasketLine, Programme, Redemption, active_programmes, preview, re_evaluate, redeem, verify
from loyalty.campaigns.lifecycle import create, keep_simulation, launch, sign
from loyalty.campaigns.model import Draft, rules_of
from loyalty.campaigns.records import list_campaigns, list_notices
from loyalty.campaigns.settled import list_settlements
from loyalty.campaigns.settling_rules import settle_rules
from loyalty.domain.programme import STATUS, Caps, Challenge, Rule, Tier
from loyalty.gamification import NewEvent, record_event, settle_challenges
from loyalty.review.detector import detect
from loyalty.review.settings import DetectorSettings
from loyalty.rewards import NewReward, OrderRequest, Shopper, add_reward, offers_for, place_order
from loyalty.statement import statement, usable_points
from loyalty.tables import journal
from pipeline import awards
from pipeline.awards import award_points_of_run, prepare_ledger_copy
from tests.support.campaigns import actor
from tests.support.small_marts import BEANS, DISTRIBUTOR, MACHINE, OTHER_DISTRIBUTOR, OTHER_RETAILER, RETAILER, SmallMarts

pytestmark = pytest.mark.integration
RULE = Rule("units", 1, "t", "t", date(2026, 1, 1), None, points_per_unit=Decimal(2), is_tier_multiplied=True)
MAKERS = Programme(
    "maker", 1, "t", "t", "points", "Europe/Berlin", "sell_through",
    (RULE, replace(RULE, rule_id="standing", gives=(STATUS,), grain="month", is_tier_multiplied=False)),
    tiers=(Tier("Bronze", 0), Tier("Gold", 30, 2_000)),
)  # fmt: skip
PAID = (("distributor", 100),)
OWN = Programme(
    "own", 1, "t", "t", "points", "Europe/Berlin", "sell_through",
    (replace(RULE, points_per_unit=Decimal(7), funders=PAID),
     replace(RULE, rule_id="first", points_per_unit=Decimal(0), bonus_points=100, is_first_only=True, is_tier_multiplied=False, funders=PAID,
             caps=Caps(total=150)),
     replace(RULE, rule_id="quarter", points_per_unit=Decimal(0), bonus_points=50, bonus_from_quantity=Decimal(5), grain="quarter",
             is_tier_multiplied=False, funders=PAID),
     replace(RULE, rule_id="standing", gives=(STATUS,), grain="month", is_tier_multiplied=False, funders=PAID)),
    tiers=(Tier("Bronze", 0), Tier("Gold", 1_000, 3_000)), distributor_ref="D-11",
)  # fmt: skip
"""The same names of rules, points and tiers as the manufacturer's, and other worth."""


class Instance:
    """A warehouse by hand, a store, and runs over both programmes."""

    def __init__(self, store: Engine, home: Path, clock: FixedClock) -> None:
        from core.settings import Settings

        self.settings = Settings(home=home, store_url=store.url.render_as_string(hide_password=False))
        self.store, self.clock, self.marts, self.run_no = store, clock, SmallMarts(), 0

    def know(self, ref: str = "D-11") -> None:
        """The master brings the distributor."""
        self.marts.connection.execute("delete from mart.dim_party where party_id = $id", {"id": DISTRIBUTOR})
        self.marts.insert("dim_party", party_id=DISTRIBUTOR, party_ref=ref, kind="distributor", is_unknown=False)

    def run(self, *programmes: Programme) -> None:
        """One awarding step."""
        self.run_no += 1
        connection = self.marts.connection
        prepare_ledger_copy(connection)
        connection.execute("create or replace table raw.transform_state as select $no::integer as run_no", {"no": self.run_no})
        award_points_of_run(
            connection,
            self.settings,
            programmes or (MAKERS, OWN),
            self.clock,
            awards.AwardHooks(under_review=lambda *_: ()),
            full=False,
        )

    def points(self, programme: Programme) -> dict[int, int]:
        """Member -> points that it can spend or that wait."""
        found = {}
        for member in (RETAILER, OTHER_RETAILER):
            for balance in statement(self.store, programme, member, self.clock).balances:
                found[member] = balance.points_usable + balance.points_pending
        return found


@pytest.fixture
def instance(store: Engine, tmp_path: Path, clock: FixedClock) -> Instance:
    """The distributor is known; one retailer buys 3 units from it and 4 from the other one, another retailer 5 from the other one."""
    made = Instance(store, tmp_path / "home", clock)
    made.know()
    made.marts.line(1, quantity=3)
    made.marts.line(2, quantity=4, distributor_id=OTHER_DISTRIBUTOR)
    made.marts.line(3, quantity=5, distributor_id=OTHER_DISTRIBUTOR, retailer_id=OTHER_RETAILER)
    return made


def test_each_programme_earns_from_its_own_documents(instance: Instance) -> None:
    instance.run()
    assert instance.points(MAKERS) == {RETAILER: 14, OTHER_RETAILER: 10}
    assert instance.points(OWN) == {RETAILER: 3 * 7 + 100}, "and who buys elsewhere is no member"
    with instance.store.connect() as connection:
        rows = connection.execute(
            select(journal.c.document_no, journal.c.member_party_id, journal.c.distributor_party_id).where(journal.c.programme_id == "own")
        ).all()  # fmt: skip
    assert {row.member_party_id for row in rows} == {RETAILER}, (
        "no reason why orders at others earned nothing here: nobody asked for them"
    )
    assert "A2" not in {row.document_no for row in rows}
    assert {int(row.distributor_party_id or 0) for row in rows} == {DISTRIBUTOR}
    assert verify(instance.store).findings == ()
    assert all(re_evaluate(instance.store, one).findings == () for one in (MAKERS, OWN))
    copied = instance.marts.connection.execute("select programme_id, owner_kind, owner_id from raw.ledger_programmes order by 1")
    assert copied.fetchall() == [("maker", "manufacturer", None), ("own", "distributor", DISTRIBUTOR)]


def test_corrections_move_points_between_what_is_its_own_and_what_is_not(instance: Instance) -> None:
    """Run after run: more units, another seller, a seller that becomes one's own, a period that reaches its bonus and loses it."""
    instance.run()
    instance.marts.line(1, quantity=6, run_no=2)
    instance.run()
    assert instance.points(OWN)[RETAILER] == 6 * 7 + 100 + 50
    instance.marts.line(1, quantity=6, distributor_id=OTHER_DISTRIBUTOR, run_no=3)
    instance.run()
    assert instance.points(OWN)[RETAILER] == 0
    instance.marts.line(3, quantity=5, retailer_id=OTHER_RETAILER, run_no=4)
    instance.run()
    assert instance.points(OWN) == {RETAILER: 0, OTHER_RETAILER: 5 * 7 + 100 + 50}
    assert instance.points(MAKERS) == {RETAILER: 20, OTHER_RETAILER: 10}
    assert verify(instance.store).findings == ()


def test_an_owner_that_becomes_known_later_earns_its_members_their_past(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody earns anything while the master does not know the distributor; then all of the past is evaluated."""
    instance.know(ref="somebody else")
    monkeypatch.setattr(awards, "log", structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=structlog.BoundLogger))
    with capture_logs() as said:
        instance.run()
    assert [(one["event"], one["distributor_ref"]) for one in said] == [("programme_owner_unknown", "D-11")]
    instance.run()
    assert instance.points(OWN) == {}
    instance.know()
    instance.run()
    assert instance.points(OWN) == {RETAILER: 121}


def test_a_cap_and_spending_in_one_programme_leave_the_other_alone(instance: Instance) -> None:
    instance.marts.line(3, quantity=5, retailer_id=OTHER_RETAILER)
    instance.run()
    assert sorted(instance.points(OWN).values()) == [3 * 7 + 100, 5 * 7 + 50 + 50], "100 + 50 of the cap of 150"
    redeem(instance.store, OWN, Redemption("k", RETAILER, 20, "mug"), instance.clock)
    redeem(instance.store, MAKERS, Redemption("k", RETAILER, 5, "mug"), instance.clock)
    assert usable_points(instance.store, OWN, RETAILER, instance.clock) == 101
    assert usable_points(instance.store, MAKERS, RETAILER, instance.clock) == 9
    assert verify(instance.store).findings == ()


def test_a_preview_counts_a_basket_at_the_owner_only(instance: Instance) -> None:
    instance.run()
    lines = [BasketLine(BEANS, Decimal(1), 1000)]

    def asked(distributor: int, programme: Programme, member: int = OTHER_RETAILER) -> int:
        return preview(
            instance.marts.connection, instance.store, programme, Basket(member, distributor, "EUR", lines), instance.clock
        ).points

    assert asked(DISTRIBUTOR, OWN) == 7 + 50, "a first order, of whose cap 50 is left"
    assert asked(OTHER_DISTRIBUTOR, OWN) == 0
    assert asked(OTHER_DISTRIBUTOR, MAKERS) == 2
    owned = replace(OWN, rules=tuple(replace(rule, caps=Caps()) for rule in OWN.rules))
    assert asked(DISTRIBUTOR, owned, RETAILER) == 7, (
        "its first order here was another; one in the manufacturer's programme is none"
    )


def test_goals_count_what_the_owner_sold_and_give_its_points(instance: Instance) -> None:
    goal = Challenge("five", "t", "t", "quantity", 5, date(2026, 1, 1), date(2026, 12, 31), "badge", bonus_points=9)
    event_rule = replace(
        RULE, rule_id="reached", points_per_unit=Decimal(0), bonus_points=9, leg="event", is_tier_multiplied=False, funders=PAID
    )
    both = [replace(one, challenges=(goal,), rules=(*one.rules, event_rule)) for one in (MAKERS, OWN)]
    instance.run(*both)
    assert instance.points(MAKERS) == {RETAILER: 23, OTHER_RETAILER: 19}, "7 and 5 units"
    assert instance.points(OWN) == {RETAILER: 121}, "3 units of the owner"
    instance.marts.line(4, quantity=2, run_no=2)
    instance.run(*both)
    assert instance.points(OWN) == {RETAILER: 5 * 7 + 100 + 50 + 9}
    owner = both[1].owned_by(OTHER_DISTRIBUTOR)
    assert (
        settle_challenges(
            instance.marts.connection, instance.store, replace(owner, programme_id="other"), instance.clock, random_id
        )
        == 1
    )
    assert verify(instance.store).findings == ()


def test_the_detector_of_a_programme_looks_at_its_own_sales(instance: Instance) -> None:
    """The same claim twice at the other distributor is the manufacturer's affair."""
    lines = [(BEANS, 2), (MACHINE, 3), (BEANS, 4)]
    for order in (10, 11):
        for number, (product, quantity) in enumerate(lines, 1):
            instance.marts.line(order, number, product=product, quantity=quantity, distributor_id=OTHER_DISTRIBUTOR)
    connection, found = instance.marts.connection, []
    for programme in (MAKERS, OWN.owned_by(DISTRIBUTOR), OWN.owned_by(OTHER_DISTRIBUTOR), OWN):
        found.append([hit.document.document_no for hit in detect(connection, instance.store, programme, DetectorSettings())])
    assert found == [["A11"], [], ["A11"], []]


def test_only_the_owner_runs_campaigns_and_pays_for_them(instance: Instance) -> None:
    store, clock = instance.store, instance.clock
    programme, owner, other = (
        OWN.owned_by(DISTRIBUTOR),
        actor(Role.DISTRIBUTOR, DISTRIBUTOR),
        actor(Role.DISTRIBUTOR, OTHER_DISTRIBUTOR),
    )
    today = clock.now().date()
    draft = Draft("Herbst", "Autumn", f'[[rules]]\nrule_id = "r"\nversion = 1\ntitle_de = "t"\ntitle_en = "t"\npoints_per_unit = "1"\nvalid_from = {today}\nvalid_to = {today}\n')  # fmt: skip
    for stranger, at in ((other, programme), (actor(Role.MANUFACTURER, DISTRIBUTOR), programme), (owner, OWN), (owner, MAKERS)):
        with pytest.raises(AccessDeniedError, match="LOY-404"):
            create(store, at, stranger, "c1", draft, clock)
    for rules, co_funder in ((draft.rules_toml, OTHER_DISTRIBUTOR), (draft.rules_toml + "funders = { manufacturer = 100 }\n", None),
                             (draft.rules_toml + 'leg = "sell_in"\n', None)):  # fmt: skip
        with pytest.raises(InputRefusedError, match=r"LOY-40[56]"):
            create(store, programme, owner, "c1", replace(draft, rules_toml=rules, co_funder=co_funder), clock)
    made = create(store, programme, owner, "c1", draft, clock)
    (rule,) = rules_of(made, programme)
    assert (rule.funders, rule.bound.distributors, rule.bound.manufacturers) == (PAID, (DISTRIBUTOR,), ())
    keep_simulation(store, owner, "c1", 1, '{"basis": 1, "distributor": 2}', clock)
    sign(store, owner, "c1", 1, clock)
    assert launch(store, programme, owner, "c1", 1, (), 1, clock).status == "running"
    assert [one.simulation for one in list_campaigns(store, owner.scope)] == ['{"basis": 1, "distributor": 2}']
    for role, party in (
        (Role.DISTRIBUTOR, OTHER_DISTRIBUTOR),
        (Role.MANUFACTURER, 1),
        (Role.MANUFACTURER, DISTRIBUTOR),
        (Role.RETAILER, RETAILER),
    ):
        assert list_campaigns(store, Scope.of(role, party)) == []
        assert list_notices(store, Scope.of(role, party), [programme], today) == []
    assert len(list_notices(store, owner.scope, [programme], today)) == 1
    assert len(list_notices(store, Scope.of(Role.RETAILER, RETAILER), [programme], today, [DISTRIBUTOR])) == 1
    instance.marts.line(20, quantity=2, ordered_on=today, run_no=2)
    instance.marts.line(21, quantity=2, ordered_on=today, distributor_id=OTHER_DISTRIBUTOR, run_no=2)
    instance.run()
    with store.connect() as connection:
        earned = connection.execute(
            select(journal.c.document_no).where(journal.c.campaign_id == "c1", journal.c.kind == "award")
        ).all()
    assert [row[0] for row in earned] == ["A20"]


def test_only_the_owner_settles_and_it_bears_every_cent(instance: Instance) -> None:
    """115 points of 0.55 cents in two settlements; nothing is left to the manufacturer, also where a lot names no distributor."""
    instance.run()
    store, clock = instance.store, instance.clock
    programme = replace(OWN.owned_by(DISTRIBUTOR), point_value_subcents=55)
    owner, until = actor(Role.DISTRIBUTOR, DISTRIBUTOR), []
    for points in (15, 100):
        redeem(store, programme, Redemption(f"k{points}", RETAILER, points, "mug"), clock)
        until.append(clock.now().date())
        clock.moment += timedelta(days=2)
        for who, whose in (
            (actor(Role.DISTRIBUTOR, OTHER_DISTRIBUTOR), DISTRIBUTOR),
            (actor(Role.MANUFACTURER, DISTRIBUTOR), DISTRIBUTOR),
            (owner, None),
        ):
            with pytest.raises(AccessDeniedError, match="LOY-404"):
                settle_rules(store, programme, whose, who, until[-1], clock, random_id)
        settle_rules(store, programme, DISTRIBUTOR, owner, until[-1], clock, random_id)
    made = list_settlements(store, owner.scope)
    assert sorted((one.points_burned, one.burned_cents, one.manufacturer_cents) for one in made) == [(15, 8, 0), (100, 55, 0)]
    assert all(one.statements.keys() == {DISTRIBUTOR} for one in made)
    for role, party in (
        (Role.DISTRIBUTOR, OTHER_DISTRIBUTOR),
        (Role.MANUFACTURER, DISTRIBUTOR),
        (Role.MANUFACTURER, 1),
        (Role.RETAILER, RETAILER),
    ):
        assert list_settlements(store, Scope.of(role, party)) == []


def test_rewards_and_events_of_a_programme_are_its_owners(instance: Instance) -> None:
    instance.run()
    store, clock, programme = instance.store, instance.clock, OWN.owned_by(DISTRIBUTOR)
    for keeper in (None, OTHER_DISTRIBUTOR):
        with pytest.raises(InputRefusedError, match="LOY-512"):
            add_reward(store, programme, NewReward("Tasse", "Mug", 10, owner=keeper), clock, random_id)
    mug = add_reward(store, programme, NewReward("Tasse", "Mug", 10, owner=DISTRIBUTOR), clock, random_id)
    assert len(offers_for(store, programme, RETAILER, DISTRIBUTOR, clock)) == 1
    assert offers_for(store, programme, RETAILER, OTHER_DISTRIBUTOR, clock) == []
    shopper = Shopper("u", RETAILER, frozenset({DISTRIBUTOR, OTHER_DISTRIBUTOR}))
    with pytest.raises(AccessDeniedError, match="LOY-511"):
        place_order(store, programme, shopper, OrderRequest("k", OTHER_DISTRIBUTOR, ((mug.reward_id, 1),)), clock, random_id)
    place_order(store, programme, shopper, OrderRequest("k", DISTRIBUTOR, ((mug.reward_id, 1),)), clock, random_id)
    assert usable_points(store, programme, RETAILER, clock) == 111
    with pytest.raises(InputRefusedError, match="LOY-530"):
        record_event(store, programme, OTHER_DISTRIBUTOR, frozenset({RETAILER}), NewEvent(RETAILER, "training", "x", date(2026, 3, 1)), clock,
                     random_id, actor="u")  # fmt: skip


def test_two_files_of_one_programme_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "programmes"
    folder.mkdir()
    shipped = Path("loyalty/programmes/demo.toml").read_text(encoding="utf-8")
    for name in ("a.toml", "b.toml"):
        (folder / name).write_text(shipped, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"LOY-103.*a\.toml and b\.toml"):
        active_programmes(tmp_path)


def test_a_shared_bonus_of_a_quarter_goes_when_its_last_order_is_another_sellers(instance: Instance) -> None:
    """In a manufacturer's programme, where each distributor pays for its own sales, a quarter is one per distributor."""
    shared = replace(RULE, rule_id="shared", points_per_unit=Decimal(0), bonus_points=50, bonus_from_quantity=Decimal(3), grain="quarter",
                     is_tier_multiplied=False, funders=(("manufacturer", 60), ("distributor", 40)))  # fmt: skip
    programme = replace(MAKERS, rules=(shared,), tiers=())
    instance.run(programme)
    assert instance.points(programme) == {RETAILER: 100, OTHER_RETAILER: 50}
    instance.marts.line(1, quantity=3, distributor_id=OTHER_DISTRIBUTOR, run_no=2)
    instance.run(programme)
    assert instance.points(programme) == {RETAILER: 50, OTHER_RETAILER: 50}
