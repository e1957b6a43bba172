"""What pages read from the store, and acts on it: own rows only, and foreign channels change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.clock import FixedClock, random_id
from core.errors import DreiklangError
from core.scope import Role
from core.store import open_store
from core.warehouse.published import published_marts
from dashboards import runtime
from dashboards.components.acting import partner_ids, partners_of
from dashboards.export import csv_bytes
from dashboards.queries.store import MEMBERS, STATEMENT, STORE_QUERIES, StoreQuery
from loyalty import active_programmes
from loyalty.domain.programme import Challenge
from loyalty.gamification import challenge_sql, league_of
from loyalty.gamification.challenges import settle_challenges
from loyalty.rewards import (
    NewReward,
    OrderRequest,
    Shopper,
    Side,
    add_reward,
    cancel_lines,
    orders_of_distributor,
    place_order,
    ship,
)
from portal import User, scope_of
from tests.conftest import NOW
from tests.security.test_isolation import INJECTIONS, PEOPLE, SIDES, with_runtime
from tests.support.lookalikes import Lookalikes, secrets_from

pytestmark = pytest.mark.security
CLOCK = FixedClock(NOW)


@pytest.fixture
def pages(both: Lookalikes) -> Iterator[Lookalikes]:
    """The pages' services on the instance with both channels."""
    with_runtime(both)
    yield both
    runtime._installed.clear()


def person(instance: Lookalikes, role: Role, ref: str) -> User:
    """A person of that party."""
    return User(f"user-{ref}", f"{ref.lower()}@quell.example", "Nora", role, instance.party_id(ref), "active", "en")


def answers(instance: Lookalikes, role: Role, ref: str) -> list[tuple[str, bytes]]:
    """Every table of the store that the role has, under many filters."""
    user, found = person(instance, role, ref), []
    for query in STORE_QUERIES.values():
        if role in query.roles:
            for filters in ({}, *({name: word} for name in query.parameters for word in INJECTIONS)):
                found.append((query.name, csv_bytes(query.frame(user, filters), "en")))
    return found


@pytest.mark.parametrize(("role", "ref"), PEOPLE)
def test_no_canary_of_others_in_any_table_of_the_store(pages: Lookalikes, role: Role, ref: str) -> None:
    seen = b"".join(content for _, content in answers(pages, role, ref)).decode()
    assert not [word for word in secrets_from(ref) if word in seen]
    if role is Role.RETAILER:
        assert "A-1" in seen or "A-2" in seen


@pytest.mark.parametrize(("role", "ref"), [(Role.DISTRIBUTOR, "D1"), (Role.RETAILER, "R1")])
def test_foreign_rows_change_no_byte(both: Lookalikes, first_alone: Lookalikes, role: Role, ref: str) -> None:
    """The members of a distributor whose retailer also buys from another are the same with and without the other."""
    found = []
    for instance in (both, first_alone):
        with_runtime(instance)
        found.append(answers(instance, role, ref))
        runtime._installed.clear()
    assert len(found[0]) > 10
    assert found[0] == found[1]


def test_a_members_table_with_balances_would_leak(both: Lookalikes, first_alone: Lookalikes) -> None:
    """The check above sees a balance over all distributors: RX earns with both."""
    from loyalty.statement import usable_points

    totals = []
    for instance in (both, first_alone):
        store = open_store(instance.settings.resolved_store_url())
        programme = next(one for one in active_programmes(instance.settings.root) if one.programme_id == "quell")
        totals.append(usable_points(store, programme, instance.party_id("RX"), CLOCK))
        store.dispose()
    assert totals[0] != totals[1]


def test_partners_are_whom_one_trades_with(pages: Lookalikes) -> None:
    names = {ref: partner_ids(person(pages, Role.RETAILER, ref)) for ref in ("R1", "R2", "RX")}
    assert names["R1"] == {pages.party_id("D1")}
    assert names["RX"] == {pages.party_id("D1"), pages.party_id("D2")}
    assert partner_ids(person(pages, Role.DISTRIBUTOR, "D1")) == {pages.party_id("R1"), pages.party_id("RX")}
    assert partners_of(person(pages, Role.MANUFACTURER, "QG1")) == []


def test_every_table_of_the_store_has_a_role_and_no_role_has_anothers(pages: Lookalikes) -> None:
    expected: dict[str, StoreQuery] = {"r_statement": STATEMENT, "d_members": MEMBERS}
    assert expected == STORE_QUERIES
    assert {name: query.roles for name, query in STORE_QUERIES.items()} == {
        "r_statement": frozenset({Role.RETAILER}), "d_members": frozenset({Role.DISTRIBUTOR}),
    }  # fmt: skip


def test_progress_is_counted_from_own_order_lines_only(pages: Lookalikes) -> None:
    """Through a retailer's scope the query for everybody sees one member; through the operator's all."""
    goal = Challenge("c", "c", "c", "documents", 1, NOW.date().replace(month=1, day=1), NOW.date(), "c")
    sql, parameters = challenge_sql(active_programmes(pages.settings.root)[0], goal)
    for ref in SIDES[Role.RETAILER]:
        rows = pages.reader(Role.RETAILER, ref).rows(sql, parameters)
        assert {row[0] for row in rows} == {pages.party_id(ref)}
        assert sum(Decimal(str(row[2])) for row in rows) > 0
    everybody = pages.serving.reader(scope_of(person(pages, Role.MANUFACTURER, "QG1"))).rows(sql, parameters)
    assert len({row[0] for row in everybody}) > 1


def test_a_league_of_a_foreign_channel_does_not_exist(pages: Lookalikes) -> None:
    store = runtime.current().store
    programme = active_programmes(pages.settings.root)[0]
    with published_marts(pages.settings) as marts:
        assert league_of(marts, store, programme, pages.party_id("R1"), pages.party_id("D2")).obstacle == "no_orders"
        assert league_of(marts, store, programme, pages.party_id("R1"), pages.party_id("D1")).obstacle in ("too_few", "no_base")
        assert settle_challenges(marts, store, programme, CLOCK, random_id) == 0


def test_an_order_reaches_its_own_distributor_and_nobody_else(pages: Lookalikes) -> None:
    store = runtime.current().store
    programme = next(one for one in active_programmes(pages.settings.root) if one.programme_id == "quell")
    first, second = pages.party_id("D1"), pages.party_id("D2")
    reward = add_reward(store, programme, NewReward("Glas", "Glass", 1), CLOCK, random_id)
    user = person(pages, Role.RETAILER, "RX")
    shopper = Shopper(user.user_id, user.party_id, partner_ids(user))
    order = place_order(store, programme, shopper, OrderRequest("k", first, ((reward.reward_id, 1),)), CLOCK, random_id)
    assert [one.order_no for one in orders_of_distributor(store, programme, first)] == [order.order_no]
    assert orders_of_distributor(store, programme, second) == []
    with pytest.raises(DreiklangError, match="LOY-509"):
        ship(store, programme, Side("x", distributor=second), order.reward_order_id, CLOCK)
    outsider = person(pages, Role.RETAILER, "R1")
    foreign = Shopper(outsider.user_id, outsider.party_id, partner_ids(outsider))
    with pytest.raises(DreiklangError, match="LOY-511"):
        place_order(store, programme, foreign, OrderRequest("k", second, ((reward.reward_id, 1),)), CLOCK, random_id)
    cancel_lines(store, programme, Side("x", distributor=first), order.reward_order_id, {reward.reward_id: 0}, CLOCK)
