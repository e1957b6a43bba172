"""One reward from the basket to the counter: ordered by a double click, in two windows, shipped by the distributor, seen in the statement."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import expect

from core.scope import Role
from core.store import open_store
from dashboards.texts import text
from loyalty import active_programmes
from loyalty.rewards import RewardOrder, orders_of_member
from tests.browser.conftest import Visit, Visitor
from tests.browser.test_pages import person
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.browser
TITLE = "Counter display"


def orders(demo: DemoInstance) -> list[RewardOrder]:
    """The demo retailer's orders, newest first."""
    store = open_store(demo.settings.resolved_store_url())
    found = orders_of_member(store, active_programmes(demo.settings.root)[0], demo.party_id(demo.manifest.retailer_ref))
    store.dispose()
    return found


def usable(visit: Visit) -> int:
    """The headline of the points page."""
    visit.go()
    return int(visit.metric(text("en", "r.points.available")).replace(",", ""))


def statement_rows(visit: Visit) -> list[dict[str, str]]:
    """The download of the statement."""
    answer = visit.page.request.get(f"{visit.web.address}/export/r_statement.csv")
    assert answer.ok
    return list(csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"))))


def test_a_reward_is_ordered_once_shipped_and_stands_in_the_statement(visitor: Visitor, demo: DemoInstance) -> None:
    retailer, distributor = visitor(person(Role.RETAILER), locale="en-GB"), visitor(person(Role.DISTRIBUTOR), locale="en-GB")
    before, known = usable(retailer), {one.reward_order_id for one in orders(demo)}
    retailer.go("rewards")
    card = (
        retailer.page.locator("[data-testid=stVerticalBlock]")
        .filter(has_text=TITLE)
        .filter(has=retailer.page.get_by_label(text("en", "r.rewards.pieces")))
        .last
    )
    card.get_by_role("button", name=text("en", "r.rewards.add"), exact=True).click()
    expect(retailer.page.get_by_text(text("en", "r.rewards.basket_changed"))).to_be_visible()
    second = retailer.page.context.new_page()
    second.goto(f"{retailer.web.address}/rewards")
    stale = second.get_by_role("button", name=text("en", "r.rewards.order"))
    stale.wait_for()

    retailer.page.get_by_role("button", name=text("en", "r.rewards.order")).dblclick()
    expect(retailer.page.get_by_text(text("en", "r.rewards.ordered"))).to_be_visible()
    retailer.settle()
    stale.click()
    expect(second.get_by_text(text("en", "r.rewards.ordered"))).to_be_visible()
    placed = [one for one in orders(demo) if one.reward_order_id not in known]
    assert [(one.status, one.points) for one in placed] == [("ordered", 150)]
    assert usable(retailer) == before - 150
    retailer.go("rewards")
    assert retailer.page.get_by_role("button", name=text("en", "r.rewards.order")).count() == 0, (
        "the basket is empty in every window"
    )

    distributor.go("fulfilment")
    box = distributor.page.locator("[data-testid=stVerticalBlock]").filter(has_text=placed[0].order_no).filter(
        has=distributor.page.get_by_role("button", name=text("en", "d.fulfilment.ship"))
    ).last  # fmt: skip
    box.get_by_role("button", name=text("en", "d.fulfilment.ship")).click()
    expect(distributor.page.get_by_text(text("en", "d.fulfilment.shipped"))).to_be_visible()
    assert next(one.status for one in orders(demo) if one.reward_order_id == placed[0].reward_order_id) == "shipped"
    newest = [(row["kind"], row["points"]) for row in statement_rows(retailer)[:2]]
    assert newest == [("capture", "0"), ("hold", "-150")]
    assert usable(retailer) == before - 150
    assert retailer.complaints == distributor.complaints == []


def test_a_large_order_asks_for_the_password_again(visitor: Visitor, demo: DemoInstance) -> None:
    visit = visitor(person(Role.RETAILER), locale="en-GB")
    visit.go("rewards")
    card = (
        visit.page.locator("[data-testid=stVerticalBlock]")
        .filter(has_text="Espresso machine S1")
        .filter(has=visit.page.get_by_label(text("en", "r.rewards.pieces")))
        .last
    )
    card.get_by_role("button", name=text("en", "r.rewards.add"), exact=True).click()
    field = visit.page.get_by_label(text("en", "login.password"), exact=True)
    field.wait_for()
    count = len(orders(demo))
    field.fill("wrong horse battery staple")
    visit.page.get_by_role("button", name=text("en", "r.rewards.order")).click()
    expect(visit.page.get_by_text(text("en", "refused.ACC-101"))).to_be_visible()
    assert len(orders(demo)) == count
    visit.page.get_by_role("button", name=text("en", "r.rewards.remove")).click()
    expect(visit.page.get_by_text(text("en", "r.rewards.basket_changed"))).to_be_visible()


def test_the_address_of_somebody_elses_fulfilment_leads_nowhere(visitor: Visitor) -> None:
    visit = visitor(person(Role.RETAILER))
    visit.go("fulfilment")
    assert visit.page.locator("h1").first.inner_text() == text("en", "r.points.title")
