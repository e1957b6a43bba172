"""A distributor's own programme is its secret: no page, export, act or store reader of anybody else knows of it, and the books of all add up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from core.clock import FixedClock, random_id, random_token
from core.errors import AccessDeniedError
from core.scope import Role
from core.store import open_store
from dashboards import runtime
from dashboards.components import acting as points_acting
from dashboards.components import campaign_acting, context
from dashboards.export import csv_bytes
from dashboards.queries.programmes import own_programmes, visible_programmes
from dashboards.queries.settlements import STORE_EXPORTS
from dashboards.queries.store import STORE_QUERIES
from dashboards.views import VIEWS
from loyalty import active_programmes, re_evaluate, verify
from loyalty.campaigns.lifecycle import create, keep_simulation, launch, sign
from loyalty.campaigns.model import Draft
from loyalty.campaigns.settling_rules import settle_rules
from loyalty.rewards import NewReward, add_reward
from loyalty.statement import statement
from portal import SessionLimits, User
from tests.security.test_campaign_isolation import show, words_of
from tests.support.campaigns import actor
from tests.support.lookalikes import OWN_POINTS, Lookalikes, programme_secrets, secrets_from

pytestmark = pytest.mark.security
TODAY = datetime(2026, 8, 2, 12, tzinfo=UTC)
STRANGERS = ((Role.MANUFACTURER, "QG1"), (Role.MANUFACTURER, "QG2"), (Role.DISTRIBUTOR, "D2"), (Role.RETAILER, "R2"))
PEOPLE = ((Role.DISTRIBUTOR, "D1"), (Role.RETAILER, "R1"), (Role.RETAILER, "RX"), *STRANGERS)
ABOUT_POINTS = {
    Role.MANUFACTURER: ("programme", "liability", "programme-members", "campaigns", "settlements-made", "rewards-offered", "purchases-under-review"),
    Role.DISTRIBUTOR: ("own-programme", "own-liability", "own-members", "own-campaigns", "own-settlements", "campaigns-to-sign", "settlements",
                       "members", "fulfilment", "under-review", "events", "catalogue"),
    Role.RETAILER: ("", "rewards", "challenges", "running-campaigns", "my-cases"),
}  # fmt: skip
MORE_SECRETS = {"own-campaign-1-zq", "own-reward-1-zq", "stamm_1-2026"}


@pytest.fixture(scope="module")
def staged(both: Lookalikes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A copy of the store in which D1 has a reward, a running campaign and a settlement in its own programme."""
    path = tmp_path_factory.mktemp("programmes") / "store.sqlite"
    shutil.copyfile(both.settings.root / "store" / "store.sqlite", path)
    engine, clock, party = open_store(f"sqlite:///{path}"), FixedClock(TODAY), both.party_id("D1")
    programme = next(one for one in active_programmes(both.settings.root) if one.programme_id == "stamm_1").owned_by(party)
    owner, last = actor(Role.DISTRIBUTOR, party), TODAY.date() + timedelta(days=30)
    rules = f'[[rules]]\nrule_id = "r"\nversion = 1\ntitle_de = "t"\ntitle_en = "t"\npoints_per_unit = "1"\nvalid_from = {TODAY.date()}\nvalid_to = {last}\n'  # fmt: skip
    create(engine, programme, owner, "c1", Draft("own-campaign-1-zq", "own-campaign-1-zq", rules), clock)
    keep_simulation(engine, owner, "c1", 1, "{}", clock)
    sign(engine, owner, "c1", 1, clock)
    launch(engine, programme, owner, "c1", 1, (), 1, clock)
    add_reward(engine, programme, NewReward("own-reward-1-zq", "own-reward-1-zq", 1, owner=party), clock, random_id)
    settle_rules(engine, programme, party, owner, date(2026, 7, 31), clock, random_id)
    yield engine
    engine.dispose()


@pytest.fixture
def open_page(staged: Engine, both: Lookalikes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens a page as somebody."""
    limits = SessionLimits.of(both.settings)
    runtime.install(runtime.Runtime(both.settings, staged, both.serving, FixedClock(TODAY), random_token, limits))

    def opened(role: Role, ref: str, path: str) -> AppTest:
        user = person(both, role, ref)
        for module in (points_acting, campaign_acting, context):
            monkeypatch.setattr(module, "viewer", lambda: user)
        arguments = {"path": path, "user": user, "language": "en", "version": both.serving.data_version()}
        return AppTest.from_function(show, kwargs=arguments, default_timeout=60).run()

    yield opened
    runtime._installed.clear()


def person(instance: Lookalikes, role: Role, ref: str) -> User:
    """A person of that party."""
    return User(f"user-{ref}", f"{ref.lower()}@quell.example", "Nora", role, instance.party_id(ref), "active", "en")


def test_every_page_about_points_is_looked_at() -> None:
    assert {view.path for view in VIEWS if view.is_owners} <= set(ABOUT_POINTS[Role.DISTRIBUTOR])
    for role, paths in ABOUT_POINTS.items():
        assert set(paths) <= {view.path for view in VIEWS if view.role is role}


@pytest.mark.parametrize(("role", "ref"), [one for one in STRANGERS if one[1] != "QG2"])
def test_no_page_tells_of_a_foreign_distributors_programme(open_page: Any, role: Role, ref: str) -> None:
    forbidden = secrets_from(ref) | MORE_SECRETS
    for path in ABOUT_POINTS[role]:
        page = open_page(role, ref, path)
        assert not page.exception, path
        seen = words_of(page).replace(",", "")
        assert not [word for word in forbidden if word in seen], path


def test_its_owner_and_its_retailers_read_it_on_the_pages_of_any_programme(open_page: Any) -> None:
    order, rest, one = OWN_POINTS["D1"]
    pages = {path: words_of(open_page(Role.DISTRIBUTOR, "D1", path)).replace(",", "") for path in ABOUT_POINTS[Role.DISTRIBUTOR]}
    assert str(2 * (order + rest) + one - 2) in pages["own-liability"], "everything that was issued, less what was spent"
    assert "own-rule-1-zq" in pages["own-programme"]
    assert str(order + rest + one) in pages["own-members"]
    assert "own-campaign-1-zq" in pages["own-campaigns"]
    assert "stamm_1-20260731" in pages["own-settlements"]
    assert "own-programme-1-zq" in pages["members"]
    first = open_page(Role.RETAILER, "R1", "")
    assert first.selectbox(key="programme").options == ["Spring points", "Spring points", "own-programme-1-zq"]
    first.selectbox(key="programme").select("stamm_1").run()
    assert not first.exception
    assert str(order + rest + one - 2) in words_of(first).replace(",", "")
    assert "own-rule-1-zq" in words_of(first), "the reason of an entry, and the terms"
    shared = open_page(Role.RETAILER, "RX", "")
    assert {"own-programme-1-zq", "own-programme-2-zq"} <= set(shared.selectbox(key="programme").options)


def test_who_knows_of_which_programme(open_page: Any, both: Lookalikes) -> None:
    makers = {"quell", "quell_in"}
    expected = {"D1": makers | {"stamm_1"}, "D2": makers | {"stamm_2"}, "R1": makers | {"stamm_1"}, "R2": makers | {"stamm_2"},
                "RX": makers | {"stamm_1", "stamm_2"}, "QG1": {"quell"}, "QG2": {"quell_in"}}  # fmt: skip
    owners = {"D1": {"stamm_1"}, "D2": {"stamm_2"}, "QG1": {"quell"}, "QG2": {"quell_in"}}
    for role, ref in PEOPLE:
        user = person(both, role, ref)
        assert {one.programme_id for one in visible_programmes(user)} == expected[ref], ref
        assert {one.programme_id for one in own_programmes(user)} == owners.get(ref, set()), ref
        assert all(one.looks_at(both.party_id("D1")) for one in visible_programmes(user) if one.programme_id == "stamm_1")


@pytest.mark.parametrize(("role", "ref"), STRANGERS)
def test_no_export_of_the_store_tells_of_it_whatever_is_asked_for(
    open_page: Any, staged: Engine, both: Lookalikes, role: Role, ref: str
) -> None:
    forbidden, seen = secrets_from(ref) | MORE_SECRETS, ""
    for query in STORE_QUERIES.values():
        if role in query.roles:
            seen += csv_bytes(query.frame(person(both, role, ref), {"programme": "stamm_1"}), "en").decode()
    for export in STORE_EXPORTS.values():
        if role in export.roles:
            seen += csv_bytes(
                export.frame(staged, both.scope(role, ref), {"settlement": "stamm_1-20260731"}, "en", {}), "en"
            ).decode()
    assert not [word for word in forbidden if word in seen]


def test_nobody_else_settles_it(staged: Engine, both: Lookalikes) -> None:
    programme = next(one for one in active_programmes(both.settings.root) if one.programme_id == "stamm_1")
    clock = FixedClock(TODAY + timedelta(days=9))
    for role, ref in STRANGERS:
        for whose in ("D1", ref):
            owned = programme.owned_by(both.party_id(whose))
            if whose == ref and role is Role.DISTRIBUTOR:
                continue  # who an owner is, the caller has looked up; the page never takes it from the asker
            with pytest.raises(AccessDeniedError, match="LOY-404"):
                settle_rules(staged, owned, owned.owner_id, actor(role, both.party_id(ref)), date(2026, 8, 1), clock, random_id)


def test_four_programmes_keep_four_books_that_add_up(both: Lookalikes) -> None:
    """A retailer that buys from two distributors earns in the programme of each by that one's documents alone."""
    store, clock = open_store(both.settings.resolved_store_url()), FixedClock(TODAY)
    earned: dict[str, dict[str, int]] = {}
    for programme in active_programmes(both.settings.root):
        balances = {ref: statement(store, programme, both.party_id(ref), clock, limit=1).balances for ref in ("R1", "R2", "RX")}
        earned[programme.programme_id] = {ref: one.points_usable for ref, found in balances.items() for one in found}
        assert re_evaluate(store, programme).findings == ()
    (order, rest, one), (other, other_rest, other_one) = OWN_POINTS["D1"], OWN_POINTS["D2"]
    assert earned["stamm_1"] == {"R1": order + rest + one - 2, "RX": order + rest}
    assert earned["stamm_2"] == {"R2": other + other_rest + other_one - 2, "RX": other + other_rest}
    assert earned["quell"] == {"R1": 89, "R2": 89, "RX": 174}
    assert verify(store).findings == ()
    store.dispose()
    closing = both.reader(Role.OPERATOR).rows(
        "select programme_id, owner_id, points_closing from rpt_programme_liability where programme_id like 'stamm%' order by 1"
    )
    assert [(name, owner, points) for name, owner, points in closing] == [
        (f"stamm_{who[-1]}", both.party_id(who), sum(earned[f"stamm_{who[-1]}"].values())) for who in ("D1", "D2")
    ]
    assert programme_secrets("D1").isdisjoint(programme_secrets("D2"))
