"""The pages as people meet them: every view, wide and narrow, light and dark, in both languages, with figures that equal SQL."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.clock import SystemClock
from core.scope import Role
from core.store import open_store, reading
from dashboards.texts import Language, money, number, text
from dashboards.views import VIEWS, View
from portal import close_session
from tests.browser.conftest import Visit, Visitor
from tests.support.demo import DemoInstance
from tests.support.web import COOKIE

pytestmark = pytest.mark.browser

ROLES = (Role.MANUFACTURER, Role.DISTRIBUTOR, Role.RETAILER)
STREAMLITS_OWN = {"list": {"enabled": False}, "listitem": {"enabled": False}}
"""The sidebar's navigation nests a heading in its list; that markup is not ours to mend."""


CUT_FIGURES = """[...document.querySelectorAll('[data-testid=stMetricValue] *')]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.innerText)"""


def person(role: Role, language: str = "en") -> str:
    """The address of that tier's person."""
    return f"{role}-{language}@alpenglut.example"


def views_of(role: Role) -> list[View]:
    """What that tier can open."""
    return [view for view in VIEWS if view.role == role]


def assert_accessible(page: Page, view: View) -> None:
    """No violation of WCAG 2 A and AA."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"], "rules": STREAMLITS_OWN}).response["violations"]
    assert [(view.path, v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []


def opened(visit: Visit, language: Language, role: Role) -> Iterator[View]:
    """The tier's views, each opened by its link: it says what it is, shows something, and in the end nothing went wrong on any."""
    for view in views_of(role):
        visit.follow(view.path, text(language, f"{view.texts}.title"))
        assert visit.page.locator("[data-testid=stException], [data-testid=stDialog], [role=dialog]").count() == 0
        assert visit.page.locator("[data-testid=stDataFrame], [data-testid=stMetric], [data-testid=stAlert]").count() > 0
        yield view
    assert visit.outside() == []
    assert visit.complaints == []


@pytest.mark.parametrize("role", ROLES)
def test_every_view_is_accessible_in_light_and_dark_and_asks_nobody_outside(visitor: Visitor, role: Role) -> None:
    visit = visitor(person(role, "en"), locale="en-GB", color_scheme="light")
    for view in opened(visit, "en", role):
        assert_accessible(visit.page, view)
        with visit.in_the_dark():
            assert_accessible(visit.page, view)


@pytest.mark.parametrize("role", ROLES)
def test_on_a_phone_no_view_needs_sideways_scrolling(visitor: Visitor, role: Role) -> None:
    visit = visitor(person(role, "de"), locale="de-DE")
    for _ in opened(visit, "de", role):
        with visit.as_on_a_phone():
            for place in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
                visit.becomes(f"{place}.scrollWidth - {place}.clientWidth", 0)
            visit.becomes(CUT_FIGURES, [])


@pytest.mark.parametrize("role", ROLES)
def test_an_address_opens_its_view_on_a_phone_too(visitor: Visitor, role: Role) -> None:
    visit = visitor(person(role, "de"), width=390, locale="de-DE")
    for view in views_of(role)[1::5]:
        visit.go(view.path)
        expect(visit.page.locator("h1")).to_have_text(text("de", f"{view.texts}.title"))
        visit.becomes("document.documentElement.scrollWidth - document.documentElement.clientWidth", 0)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_log_in_page_is_accessible_and_says_when_it_refuses(visitor: Visitor, color_scheme: str) -> None:
    visit = visitor(None, width=390, locale="de-DE", color_scheme=color_scheme)
    visit.log_in("nobody@alpenglut.example", "wrong horse battery staple")
    assert visit.page.locator("[role=alert]").inner_text() == text("de", "login.refused")
    assert visit.page.input_value("#email") == "nobody@alpenglut.example"
    assert visit.page.input_value("#password") == ""
    assert Axe().run(visit.page).violations_count == 0
    assert visit.outside() == []


def test_log_out_ends_the_session_here_and_in_the_other_tab(visitor: Visitor) -> None:
    visit = visitor(person(Role.DISTRIBUTOR))
    other = visit.page.context.new_page()
    other.goto(f"{visit.web.address}/stock")
    other.wait_for_selector("h1")
    visit.page.get_by_role("button", name=text("en", "session.log_out")).click()
    visit.page.wait_for_url("**/login")
    visit.page.goto(f"{visit.web.address}/stock")
    assert visit.page.url.endswith("/login")
    other.get_by_role("link", name=text("en", "d.orders.title")).click()
    other.get_by_text(text("en", "session.over")).wait_for()
    assert other.locator("[data-testid=stDataFrame], [data-testid=stMetric]").count() == 0


def test_a_revoked_session_shows_nothing_more(visitor: Visitor) -> None:
    visit = visitor(person(Role.RETAILER))
    token = next(cookie["value"] for cookie in visit.page.context.cookies() if cookie["name"] == COOKIE)
    store = open_store(visit.web.settings.resolved_store_url())
    close_session(store, token, SystemClock())
    store.dispose()
    visit.page.get_by_role("link", name=text("en", "r.orders.title")).click()
    visit.page.get_by_text(text("en", "session.over")).wait_for()
    assert visit.page.locator("[data-testid=stDataFrame], [data-testid=stMetric]").count() == 0


def test_the_cookie_is_out_of_reach_of_scripts(visitor: Visitor) -> None:
    visit = visitor(person(Role.RETAILER))
    cookie = next(cookie for cookie in visit.page.context.cookies() if cookie["name"] == COOKIE)
    assert cookie["httpOnly"]
    assert cookie["secure"]
    assert COOKIE not in visit.page.evaluate("document.cookie")


def test_the_address_of_another_tier_leads_nowhere(visitor: Visitor) -> None:
    visit = visitor(person(Role.RETAILER))
    foreign = [view.path for view in VIEWS if view.path and view.role != Role.RETAILER]
    for path in foreign[::6]:  # what the menu does not hold, no address opens: some of them stand for all
        visit.go(path)
        assert visit.page.locator("h1").first.inner_text() == text("en", "r.points.title")
        links = visit.page.locator("[data-testid=stSidebarNavLink]").all_inner_texts()
        assert [link.strip() for link in links] == [
            text("en", f"{view.texts}.title") for view in VIEWS if view.role == Role.RETAILER
        ]


def test_the_language_is_one_click_away_and_stays(visitor: Visitor, demo: DemoInstance) -> None:
    visit = visitor(None)
    visit.web.add_person("zweisprachig@alpenglut.example", Role.RETAILER, demo.party_id(demo.manifest.retailer_ref), "de")
    visit.log_in("zweisprachig@alpenglut.example")
    visit.settle()
    assert visit.page.locator("h1").inner_text() == text("de", "r.points.title")
    visit.page.get_by_role("button", name="English").click()
    visit.page.get_by_role("heading", level=1, name=text("en", "r.points.title")).wait_for()
    visit.go("my-orders")
    assert visit.page.locator("h1").inner_text() == text("en", "r.orders.title")


def test_the_manufacturers_headline_equals_sql(visitor: Visitor, demo: DemoInstance) -> None:
    """Active: at least one order, not cancelled, within the 90 days up to the data's last day; straight from the order lines."""
    visit = visitor(person(Role.MANUFACTURER))
    (active,) = demo.operator().rows(
        """select count(distinct retailer_id) from fct_order_lines
        where leg = 'sell_through' and retailer_id > 0 and line_kind = 'order' and line_status <> 'cancelled' and ordered_on >
            (select max(ordered_on) from fct_order_lines where leg = 'sell_through') - 90"""
    )[0]
    assert visit.metric(text("en", "m.activity.active")) == number(int(str(active)), "en")


def test_a_filter_stands_in_the_address_and_changes_the_figures(visitor: Visitor, demo: DemoInstance) -> None:
    visit = visitor(person(Role.MANUFACTURER))
    visit.go("?region=Nord")
    (active,) = demo.operator().rows(
        """select count(distinct l.retailer_id) from fct_order_lines as l inner join dim_party as p on l.retailer_id = p.party_id
        where p.region = 'Nord' and l.leg = 'sell_through' and l.line_kind = 'order' and l.line_status <> 'cancelled' and l.ordered_on >
            (select max(ordered_on) from fct_order_lines where leg = 'sell_through') - 90"""
    )[0]
    assert visit.metric(text("en", "m.activity.active")) == number(int(str(active)), "en")
    links = [link.get_attribute("href") or "" for link in visit.page.locator("a[download]").all()]
    assert links
    assert all("region=Nord" in link for link in links)


def test_the_distributors_net_equals_sql(visitor: Visitor, demo: DemoInstance) -> None:
    """Net after discount of the 365 days up to the data's last day, returns taken off, cancelled lines left out."""
    visit = visitor(person(Role.DISTRIBUTOR, "de"), locale="de-DE")
    net, currency = demo.operator().rows(
        """with own as (select *, max(ordered_on) over () as as_of from fct_order_lines where leg = 'sell_through' and distributor_id = $d)
        select cast(round_even(sum(net_amount_cents + net_amount_subcents / 100.0), 0) as bigint), max(currency) from own
        where ordered_on > as_of - 365 and line_status <> 'cancelled'""",
        {"d": demo.party_id(demo.manifest.distributor_ref)},
    )[0]
    assert visit.metric(text("de", "d.overview.net")) == money(int(str(net)), str(currency), "de")


def test_a_retailers_points_equal_the_ledger(visitor: Visitor, demo: DemoInstance) -> None:
    visit = visitor(person(Role.RETAILER, "de"), locale="de-DE")
    store = open_store(demo.settings.resolved_store_url())
    with reading(store) as connection:
        points = connection.exec_driver_sql(
            """select sum(case when t.credit_account = 'available' then t.points else 0 end)
                - sum(case when t.debit_account = 'available' then t.points else 0 end)
            from transfers as t inner join lots as l on t.lot_id = l.lot_id
            where l.member_party_id = ? and l.currency = 'points' and (l.expires_at is null or l.expires_at > ?)""",
            (demo.party_id(demo.manifest.retailer_ref), SystemClock().now().replace(tzinfo=None).isoformat(sep=" ")),
        ).scalar_one()
    store.dispose()
    assert points > 0
    assert visit.metric(text("de", "r.points.available")) == number(points, "de")


def test_a_download_holds_what_sql_holds(visitor: Visitor, demo: DemoInstance, tmp_path: Path) -> None:
    visit = visitor(person(Role.DISTRIBUTOR))
    with visit.page.expect_download() as waiting:
        visit.page.locator("a[download]").first.click()
    file = tmp_path / "retailers.csv"
    waiting.value.save_as(file)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    expected = demo.operator().rows(
        """with own as (select *, max(ordered_on) over () as as_of from fct_order_lines where leg = 'sell_through' and distributor_id = $d)
        select p.name, max(l.ordered_on), cast(round_even(coalesce(sum(case when ordered_on > as_of - 365
            then net_amount_cents + net_amount_subcents / 100.0 end), 0), 0) as bigint)
        from own as l inner join dim_party as p on l.retailer_id = p.party_id
        where l.line_status <> 'cancelled' group by p.party_id, p.name""",
        {"d": demo.party_id(demo.manifest.distributor_ref)},
    )
    found = [(row["retailer"], row["last_ordered_on"], row["net_12m_cents"]) for row in rows if row["retailer"] != "–"]
    assert len(found) > 20
    assert sorted(found) == sorted((str(name), str(last_on), str(net)) for name, last_on, net in expected)
