"""A campaign's life, on SQLite and PostgreSQL: who may do what, on which version, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import product

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock
from core.errors import AccessDeniedError, ConflictError, DreiklangError, InputRefusedError
from core.scope import Role, Scope
from loyalty.campaigns.hold_out import Candidate
from loyalty.campaigns.lifecycle import create, edit, end_due, keep_simulation, launch, sign, stop, withdraw
from loyalty.campaigns.model import Actor, Campaign, Draft, rules_of
from loyalty.campaigns.records import get_campaign, held_out, list_campaigns, list_notices, members_of, running_campaigns
from tests.support.campaigns import (
    DISTRIBUTOR,
    LAST_DAY,
    MAKER,
    MANUFACTURER,
    OTHER_DISTRIBUTOR,
    OTHER_MANUFACTURER,
    PROGRAMME,
    RETAILER,
    SELLER,
    Book,
    actor,
    draft,
    launched,
    rules_toml,
)

pytestmark = pytest.mark.integration
FORTY = tuple(Candidate(1000 + n, "Gold" if n % 2 else "Silber", float(n)) for n in range(40))


def refused(act: Callable[[], object]) -> str:
    """The code of a refusal; empty when it went through."""
    try:
        act()
    except DreiklangError as error:
        return error.code
    return ""


def test_the_whole_way_of_a_co_funded_campaign_is_written_down(store: Engine, clock: FixedClock) -> None:
    book = Book()
    maker, seller = actor(Role.MANUFACTURER, MANUFACTURER, book), actor(Role.DISTRIBUTOR, DISTRIBUTOR, book)
    create(store, PROGRAMME, maker, "c1", draft(30, 25), clock)
    assert refused(lambda: sign(store, maker, "c1", 1, clock)) == "LOY-402", "nobody signs what was not simulated"
    keep_simulation(store, maker, "c1", 1, "{}", clock)
    assert sign(store, maker, "c1", 1, clock).status == "simulated"
    assert refused(lambda: launch(store, PROGRAMME, maker, "c1", 1, FORTY, 7, clock)) == "LOY-403"
    assert sign(store, seller, "c1", 1, clock).status == "signed"
    running = launch(store, PROGRAMME, maker, "c1", 1, FORTY, 7, clock)
    assert (running.status, running.hold_out_seed, len(held_out(store, "c1")), len(members_of(store, "c1"))) == (
        "running",
        7,
        10,
        40,
    )
    clock.moment = datetime(2026, 9, 30, 21, 59, tzinfo=UTC)
    assert end_due(store, PROGRAMME, clock) == 0, "it is still the last day in the programme's zone"
    clock.moment = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    assert (end_due(store, PROGRAMME, clock), end_due(store, PROGRAMME, clock)) == (1, 0)
    assert get_campaign(store, maker.scope, "c1").status == "ended"
    assert [act for act, _ in book.acts] == [
        "campaign_created", "campaign_simulated", "campaign_signed", "campaign_signed", "campaign_launched",
    ]  # fmt: skip
    assert [party for _, party in book.acts] == [MANUFACTURER, MANUFACTURER, MANUFACTURER, DISTRIBUTOR, MANUFACTURER]


def test_an_edit_makes_a_version_that_nobody_signed(store: Engine, clock: FixedClock) -> None:
    create(store, PROGRAMME, MAKER, "c1", draft(30), clock)
    keep_simulation(store, MAKER, "c1", 1, "{}", clock)
    sign(store, MAKER, "c1", 1, clock)
    assert sign(store, SELLER, "c1", 1, clock).status == "signed"
    edited = edit(store, PROGRAMME, MAKER, "c1", 1, draft(40), clock)
    assert (edited.version, edited.status, edited.signatures, edited.simulation) == (2, "draft", (), None)
    assert refused(lambda: launch(store, PROGRAMME, MAKER, "c1", 2, (), 7, clock)) == "LOY-402"
    assert refused(lambda: sign(store, SELLER, "c1", 1, clock)) == "LOY-404", "the offer is gone for the co-funder"
    keep_simulation(store, MAKER, "c1", 2, "{}", clock)
    sign(store, MAKER, "c1", 2, clock)
    assert refused(lambda: sign(store, SELLER, "c1", 1, clock)) == "LOY-401", "a signature is for the version that was read"
    with store.connect() as connection:
        assert connection.execute(text("select version from campaign_versions order by version")).scalars().all() == [1, 2]


def test_two_windows_cannot_overwrite_one_another(store: Engine, clock: FixedClock) -> None:
    create(store, PROGRAMME, MAKER, "c1", draft(), clock)
    first, second = draft(title="erstes Fenster"), draft(title="zweites Fenster")
    assert edit(store, PROGRAMME, MAKER, "c1", 1, first, clock).version == 2
    assert refused(lambda: edit(store, PROGRAMME, MAKER, "c1", 1, second, clock)) == "LOY-401"
    assert edit(store, PROGRAMME, MAKER, "c1", 1, first, clock).version == 2, "the same click again changes nothing"
    assert get_campaign(store, MAKER.scope, "c1").draft == first


@pytest.mark.parametrize("act", ["create", "sign", "launch"])
def test_a_double_click_does_nothing_twice(store: Engine, clock: FixedClock, act: str) -> None:
    book = Book()
    maker = actor(Role.MANUFACTURER, MANUFACTURER, book)
    acts: dict[str, Callable[[], object]] = {
        "create": lambda: create(store, PROGRAMME, maker, "c1", draft(), clock),
        "simulate": lambda: keep_simulation(store, maker, "c1", 1, "{}", clock),
        "sign": lambda: sign(store, maker, "c1", 1, clock),
        "launch": lambda: launch(store, PROGRAMME, maker, "c1", 1, FORTY, 7, clock),
    }
    failures: list[BaseException] = []

    def click() -> None:
        try:
            acts[act]()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    for name in acts:
        if name != act:
            acts[name]()
            continue
        clicks = [threading.Thread(target=click) for _ in range(4)]
        for one in clicks:
            one.start()
        for one in clicks:
            one.join()
        break
    assert failures == []
    done = {"create": "campaign_created", "sign": "campaign_signed", "launch": "campaign_launched"}[act]
    assert [name for name, _ in book.acts].count(done) == 1


STRANGERS = [
    actor(Role.MANUFACTURER, OTHER_MANUFACTURER), actor(Role.DISTRIBUTOR, OTHER_DISTRIBUTOR), actor(Role.RETAILER, RETAILER),
    actor(Role.RETAILER, MANUFACTURER), actor(Role.DISTRIBUTOR, MANUFACTURER), actor(Role.MANUFACTURER, DISTRIBUTOR),
]  # fmt: skip


def test_nobody_else_can_do_anything_or_learn_that_there_is_something(store: Engine, clock: FixedClock) -> None:
    create(store, PROGRAMME, MAKER, "c1", draft(30), clock)
    keep_simulation(store, MAKER, "c1", 1, "{}", clock)
    acts: list[Callable[[Actor, str], object]] = [
        lambda who, which: edit(store, PROGRAMME, who, which, 1, draft(40), clock),
        lambda who, which: keep_simulation(store, who, which, 1, "{}", clock),
        lambda who, which: sign(store, who, which, 1, clock),
        lambda who, which: launch(store, PROGRAMME, who, which, 1, (), 1, clock),
        lambda who, which: stop(store, PROGRAMME, who, which, 1, clock),
        lambda who, which: withdraw(store, who, which, 1, clock),
        lambda who, which: get_campaign(store, who.scope, which),
    ]
    for who, act in product([*STRANGERS, SELLER], acts):
        answers = []
        for which in ("c1", "c2"):
            with pytest.raises(AccessDeniedError) as error:
                act(who, which)
            answers.append(str(error.value).replace(which, "?"))
        assert answers[0] == answers[1], "foreign and missing answer alike"
        assert list_campaigns(store, who.scope) == []
    sign(store, MAKER, "c1", 1, clock)
    assert [one.campaign_id for one in list_campaigns(store, SELLER.scope)] == ["c1"], "offered"
    for who, act in product(STRANGERS, acts):
        with pytest.raises(AccessDeniedError):
            act(who, "c1")
    for act in (*acts[:2], *acts[3:6]):
        with pytest.raises(AccessDeniedError):
            act(SELLER, "c1")
    for role in (Role.DISTRIBUTOR, Role.RETAILER):
        with pytest.raises(AccessDeniedError):
            create(store, PROGRAMME, actor(role, MANUFACTURER), "c9", draft(), clock)


def test_notices_say_nothing_of_drafts_money_or_others_campaigns(store: Engine, clock: FixedClock) -> None:
    create(store, PROGRAMME, MAKER, "draft", draft(title="geheim"), clock)
    launched(store, clock, draft(30, 25, title="geteilt"), "shared", FORTY)
    launched(store, clock, draft(0, 25, title="offen"), "open", FORTY)
    out, taking_part = min(held_out(store, "shared")), next(m for m, is_out in members_of(store, "shared").items() if not is_out)

    def seen(role: Role, party: int) -> list[str]:
        return sorted(one.campaign_id for one in list_notices(store, Scope.of(role, party), [PROGRAMME], LAST_DAY))

    assert seen(Role.DISTRIBUTOR, DISTRIBUTOR) == ["open", "shared"]
    assert seen(Role.DISTRIBUTOR, OTHER_DISTRIBUTOR) == ["open"]
    assert seen(Role.RETAILER, taking_part) in (["open", "shared"], ["shared"])
    assert "shared" not in seen(Role.RETAILER, out)
    assert seen(Role.RETAILER, 9_999) == ["open"]
    newcomer, buys_elsewhere, is_out = (
        [one.campaign_id for one in list_notices(store, Scope.of(Role.RETAILER, who), [PROGRAMME], LAST_DAY, [seller])]
        for who, seller in ((9_999, DISTRIBUTOR), (9_999, OTHER_DISTRIBUTOR), (out, DISTRIBUTOR))
    )
    assert ("shared" in newcomer, "shared" in buys_elsewhere, "shared" in is_out) == (True, False, False)
    assert seen(Role.MANUFACTURER, MANUFACTURER) == []
    words = str(list_notices(store, Scope.of(Role.DISTRIBUTOR, DISTRIBUTOR), [PROGRAMME], LAST_DAY))
    assert "30 %" not in words
    assert "paid" not in words


def test_a_campaign_is_refused_with_the_line_or_reason(store: Engine, clock: FixedClock) -> None:
    def make(written: Draft) -> InputRefusedError:
        with pytest.raises(InputRefusedError) as error:
            create(store, PROGRAMME, MAKER, "c1", written, clock)
        return error.value

    error = make(Draft("t", "t", rules_toml().replace("valid_to", "valid_until"), None, 0))
    assert error.code == "LOY-405"
    assert "line 9, rules[1].valid_until" in str(error)
    for written, words in (
        (Draft("t", "t", rules_toml(30), None, 0), "no distributor is named"),
        (Draft("t", "t", rules_toml(), DISTRIBUTOR, 0), "no rule gives it a share"),
        (Draft("", "t", rules_toml(), None, 0), "title is missing"),
        (Draft("t", "t", rules_toml(), None, 60), "hold-out of 60 percent"),
        (
            Draft("t", "t", rules_toml().replace('categories = ["Machines"]', 'tiers = ["Platin"]'), None, 0),
            "no tier of the programme",
        ),
    ):
        error = make(written)
        assert error.code == "LOY-406"
        assert words in str(error)


def test_a_campaign_whose_first_day_is_past_does_not_start(store: Engine, clock: FixedClock) -> None:
    clock.moment = datetime(2026, 7, 1, 22, 0, tzinfo=UTC)
    with pytest.raises(ConflictError, match="LOY-407"):
        launched(store, clock, draft())
    clock.moment = datetime(2026, 7, 1, 21, 59, tzinfo=UTC)
    assert launch(store, PROGRAMME, MAKER, "c1", 1, (), 7, clock).status == "running"


def test_stopping_ends_it_today_and_withdrawing_before_it_ran(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft())
    clock.moment = datetime(2026, 8, 1, 12, tzinfo=UTC)
    stopped = stop(store, PROGRAMME, MAKER, "c1", 1, clock)
    assert (stopped.status, stopped.ends_on) == ("running", date(2026, 8, 1))
    assert [rule.valid_to for rule in rules_of(stopped, PROGRAMME)] == [date(2026, 8, 1)]
    assert refused(lambda: withdraw(store, MAKER, "c1", 1, clock)) == "LOY-402"
    assert refused(lambda: edit(store, PROGRAMME, MAKER, "c1", 1, draft(title="anders"), clock)) == "LOY-402"
    create(store, PROGRAMME, MAKER, "c2", draft(), clock)
    assert withdraw(store, MAKER, "c2", 1, clock).status == "withdrawn"
    assert [one.campaign_id for one in running_campaigns(store, PROGRAMME)] == ["c1"]


def test_rules_are_bound_to_the_owner_and_the_payer(store: Engine, clock: FixedClock) -> None:
    campaign: Campaign = launched(store, clock, draft(30))
    (rule,) = rules_of(campaign, PROGRAMME)
    assert rule.rule_id == "c1.push"
    assert (rule.bound.manufacturers, rule.bound.distributors) == ((MANUFACTURER,), (DISTRIBUTOR,))
    assert rule.campaign_id == "c1"


@pytest.mark.parametrize("table", ["campaign_members", "campaign_signatures", "campaign_versions"])
def test_what_was_drawn_and_signed_cannot_be_changed(store: Engine, clock: FixedClock, table: str) -> None:
    launched(store, clock, draft(30, 25), members=FORTY)
    for sql in (f"update {table} set campaign_id = 'c1'", f"delete from {table}"):
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
            connection.execute(text(sql))
