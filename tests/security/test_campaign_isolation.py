"""Nobody reads of a campaign or settlement that is not theirs: not on a page, not in an export, not by its address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from core.clock import FixedClock, random_id, random_token
from core.scope import Role, Scope
from core.store import migrate, open_store
from dashboards import runtime
from dashboards.components import campaign_acting as acting
from dashboards.components import context
from dashboards.export import csv_bytes
from dashboards.queries import QUERIES
from dashboards.queries.settlements import STORE_EXPORTS
from dashboards.views import VIEWS
from loyalty import EvaluatedDocument, Programme, Redemption, load_programme, post_awards, redeem
from loyalty.campaigns.lifecycle import create, edit, keep_simulation, launch, sign
from loyalty.campaigns.model import Draft, rules_of
from loyalty.campaigns.records import get_campaign
from loyalty.campaigns.settling import settle
from portal import SessionLimits, User
from tests.conftest import NOW
from tests.security.access_matrix import STORE_EXPORT_ROLES
from tests.security.conftest import PEOPLE
from tests.support.campaigns import actor
from tests.support.lookalikes import Lookalikes
from tests.support.web import Web

pytestmark = pytest.mark.security
RULES = """
[[rules]]
rule_id = "r"
version = 1
title_de = "Regel {name}"
title_en = "Rule {name}"
points_per_unit = "3"
valid_from = 2026-07-01
valid_to = 2026-08-31
[rules.funders]
manufacturer = 60
distributor = 40
"""
SECRETS = ("offered-zq", "running-zq", "draft-zq", "41369", "70042")
"""Titles, a simulated cost, burned points: all of the first channel."""


def test_the_matrix_names_every_export_of_the_store() -> None:
    assert {name: set(export.roles) for name, export in STORE_EXPORTS.items()} == STORE_EXPORT_ROLES
    assert not STORE_EXPORTS.keys() & QUERIES.keys()


@pytest.fixture(scope="module")
def staged(both: Lookalikes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store of its own: QG1 has a draft, one offered to D1 and one that ran with it and was settled."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('campaigns') / 'store.sqlite'}")
    migrate(engine)
    programme = load_programme(str(both.settings.root / "programmes" / "quell.toml"))
    clock = FixedClock(datetime(2026, 6, 30, 12, tzinfo=UTC))
    maker, seller = actor(Role.MANUFACTURER, both.party_id("QG1")), actor(Role.DISTRIBUTOR, both.party_id("D1"))
    for name in ("draft-zq", "offered-zq", "running-zq"):
        draft = Draft(name, name, RULES.format(name=name), both.party_id("D1"), 0)
        create(engine, programme, maker, name, draft, clock)
        if name == "draft-zq":
            continue
        figures = {"points": 41_369, "earners": 1, "funders": {}, "caps": [], "tiers": [], "first_on": "2025-07-01", "last_on": "2025-08-31",
                   "days": 62, "days_covered": 62}  # fmt: skip
        basis = {"level_percent": 90, "resamples": 1_000, "expected_redemption_percent": 100, "currency": "EUR"}
        keep_simulation(engine, maker, name, 1, json.dumps({"basis": basis, "co_funder": {"occurrences": [figures]}}), clock)
        sign(engine, maker, name, 1, clock)
    sign(engine, seller, "running-zq", 1, clock)
    launch(engine, programme, maker, "running-zq", 1, (), 1, clock)
    _burn(engine, programme, both, clock)
    clock.moment = datetime(2026, 8, 1, 12, tzinfo=UTC)
    settle(engine, programme, maker, "running-zq", date(2026, 7, 31), clock, random_id)
    yield engine
    engine.dispose()


def _burn(engine: Engine, programme: Programme, both: Lookalikes, clock: FixedClock) -> None:
    maker = actor(Role.MANUFACTURER, both.party_id("QG1"))
    (rule,) = rules_of(get_campaign(engine, maker.scope, "running-zq"), programme)
    clock.moment = datetime(2026, 7, 5, 12, tzinfo=UTC)
    member = both.party_id("R1")
    post_awards(engine, programme, [EvaluatedDocument("a", "s", "a", rule, date(2026, 7, 2), ((member, 70_042),), "{}",
                                                      available_on=date(2026, 7, 2), distributor=both.party_id("D1"))], clock)  # fmt: skip
    redeem(engine, programme, Redemption("k", member, 70_042, "mug"), clock)


@pytest.mark.parametrize(("role", "ref"), [(role, ref) for role, refs in PEOPLE.items() for ref in refs])
def test_an_export_holds_ones_own_settlements_only(staged: Engine, both: Lookalikes, role: Role, ref: str) -> None:
    for name, export in STORE_EXPORTS.items():
        scope = both.scope(role, ref)
        text = csv_bytes(export.frame(staged, scope, {"settlement": None}, "en", {}), "en").decode()
        if ref in ("QG1", "D1"):
            assert "70042" in text, name
        else:
            assert not [secret for secret in SECRETS if secret in text], name
    foreign = STORE_EXPORTS["settlement_lines"].frame(
        staged, both.scope(role, ref), {"settlement": "running-zq-20260731"}, "en", {}
    )
    assert foreign.empty == (ref not in ("QG1", "D1"))
    nobody = STORE_EXPORTS["settlement_lines"].frame(staged, Scope(role, frozenset()), {"settlement": None}, "en", {})
    assert nobody.empty


def test_exports_of_the_store_answer_their_roles_over_http(web: Web) -> None:
    for role, refs in PEOPLE.items():
        token = web.log_in(f"{refs[0].lower()}@quell.example")
        for name, export in STORE_EXPORTS.items():
            assert web.request("GET", f"/export/{name}.csv", token=token).status == (200 if role in export.roles else 404)
    assert web.request("GET", "/export/settlements.csv").status == 303


def show(path: str, user: object, language: str, version: int) -> None:
    """The script of one page; its source is all that travels."""
    from dashboards.components.context import Context
    from dashboards.views import VIEWS

    next(view for view in VIEWS if view.path == path and view.role == user.role).render(Context(user, language, version))  # type: ignore


def words_of(page: AppTest) -> str:
    """Everything that a person could read on it."""
    parts = [
        str(element.value)
        for kind in ("markdown", "subheader", "title", "info", "error", "warning", "success")
        for element in getattr(page, kind)
    ]
    parts += [frame.value.to_string() for frame in page.dataframe] + [str(s.options) for s in page.selectbox]
    return "\n".join([*parts, *(f"{metric.label} {metric.value}" for metric in page.metric)])


@pytest.fixture
def open_page(staged: Engine, both: Lookalikes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens a page as somebody."""
    clock = FixedClock(datetime(2026, 8, 2, 12, tzinfo=UTC))
    limits = SessionLimits.of(both.settings)
    runtime.install(runtime.Runtime(both.settings, staged, both.serving, clock, random_token, limits))

    def opened(role: Role, ref: str, path: str, language: str = "en") -> AppTest:
        user = User("u1", "a@b.example", "Nora", role, both.party_id(ref), "active", language)
        for module in (acting, context):
            monkeypatch.setattr(module, "viewer", lambda: user)
        arguments = {"path": path, "user": user, "language": language, "version": both.serving.data_version()}
        return AppTest.from_function(show, kwargs=arguments, default_timeout=60).run()

    yield opened
    runtime._installed.clear()


@pytest.mark.parametrize("language", ["de", "en"])
def test_pages_show_ones_own_campaigns_and_nobody_elses(open_page: Any, language: str) -> None:
    own = open_page(Role.MANUFACTURER, "QG1", "campaigns", language)
    assert not own.exception
    assert all(title in words_of(own) for title in ("offered-zq", "running-zq", "draft-zq"))
    payer = open_page(Role.DISTRIBUTOR, "D1", "campaigns-to-sign", language)
    assert not payer.exception
    words = words_of(payer)
    assert "offered-zq" in words
    assert "running-zq" in words
    assert "41" in words, "the cost that was simulated for it"
    assert "draft-zq" not in words
    for role, ref, path in ((Role.MANUFACTURER, "QG2", "campaigns"), (Role.DISTRIBUTOR, "D2", "campaigns-to-sign"),
                            (Role.DISTRIBUTOR, "D2", "settlements")):  # fmt: skip
        foreign = open_page(role, ref, path, language)
        assert not foreign.exception
        assert not [secret for secret in SECRETS if secret in words_of(foreign)], (ref, path)
    assert "70" in words_of(open_page(Role.DISTRIBUTOR, "D1", "settlements", language))


@pytest.mark.parametrize("language", ["de", "en"])
def test_only_the_programmes_manufacturer_settles_standing_rules(open_page: Any, language: str) -> None:
    """Each has one programme that names it, and a form for that one; neither reads of the other's settlements, or of a distributor's programme."""
    own, other = (open_page(Role.MANUFACTURER, ref, "settlements-made", language) for ref in ("QG1", "QG2"))
    assert not own.exception
    assert not other.exception
    assert "running-zq" in words_of(own)
    for page in (own, other):
        assert [button.label for button in page.button] == [{"de": "Abrechnen", "en": "Settle"}[language]]
        assert not list(page.selectbox), "nothing to choose between"
    assert not [secret for secret in SECRETS if secret in words_of(other)]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_retailer_reads_of_running_campaigns_of_its_own_distributor_without_their_money(open_page: Any, language: str) -> None:
    """R1 buys from D1, which pays a part of the campaign; R2 from D2. Nobody reads who pays, what was simulated or drafted."""
    assert [view.path for view in VIEWS if view.role is Role.RETAILER and "campaign" in view.path] == ["running-campaigns"]
    own = open_page(Role.RETAILER, "R1", "running-campaigns", language)
    foreign = open_page(Role.RETAILER, "R2", "running-campaigns", language)
    assert not own.exception
    assert not foreign.exception
    words = words_of(own)
    assert "running-zq" in words
    assert ("70.042" if language == "de" else "70,042") in words, "what it earned itself"
    assert not [secret for secret in ("offered-zq", "draft-zq", "41369", "41", "60 %", "40 %", "D1") if secret in words]
    assert "running-zq" not in words_of(foreign)
    assert [element.value for element in foreign.info]


def test_signing_on_the_page_is_checked_again_and_a_second_click_changes_nothing(open_page: Any, staged: Engine, both: Lookalikes,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    page = open_page(Role.DISTRIBUTOR, "D1", "campaigns-to-sign")
    assert page.button(key="sign-offered-zq-1").disabled
    page.checkbox(key="read-offered-zq-1").check().run()
    stranger = User("u2", "x@y.example", "Xu", Role.DISTRIBUTOR, both.party_id("D2"), "active", "en")
    monkeypatch.setattr(acting, "viewer", lambda: stranger)
    page.button(key="sign-offered-zq-1").click().run()
    scope = both.scope(Role.DISTRIBUTOR, "D1")
    assert len(get_campaign(staged, scope, "offered-zq").signatures) == 1, "another session's cookie signs nothing"
    page = open_page(Role.DISTRIBUTOR, "D1", "campaigns-to-sign")
    page.checkbox(key="read-offered-zq-1").check().run()
    page.button(key="sign-offered-zq-1").click().run()
    assert get_campaign(staged, scope, "offered-zq").status == "signed"
    assert not page.exception


def test_a_draft_is_made_by_form_once_and_a_second_window_is_told(open_page: Any, staged: Engine, both: Lookalikes) -> None:
    page = open_page(Role.MANUFACTURER, "QG2", "campaigns")
    page.text_input(key="de-new").input("Sommer")
    page.text_input(key="en-new").input("Summer")
    page.button[0].click().run()
    assert not page.exception
    scope = both.scope(Role.MANUFACTURER, "QG2")
    from loyalty.campaigns.records import list_campaigns

    (made,) = list_campaigns(staged, scope)
    assert (made.draft.title_de, made.status, made.version) == ("Sommer", "draft", 1)
    programme = load_programme(str(both.settings.root / "programmes" / "quell.toml"))
    maker = actor(Role.MANUFACTURER, both.party_id("QG2"))
    edit(
        staged, programme, maker, made.campaign_id, 1, Draft("Winter", "Winter", made.draft.rules_toml, None, 0), FixedClock(NOW)
    )
    page.button(key=f"withdraw-{made.campaign_id}-1").click().run()
    assert "changed meanwhile" in words_of(page)
    assert list_campaigns(staged, scope)[0].status == "draft"


def test_texts_of_people_are_not_markup(tmp_path: Path) -> None:
    from dashboards.components.campaign_parts import plain

    assert plain("- **a** [x](javascript:1) <b>`$") == "- \\*\\*a\\*\\* \\[x\\](javascript\\:1) \\<b\\>\\`\\$"
