"""Ordering rewards: points and stock set aside together, once, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import Clock, FixedClock, random_id
from core.errors import AccessDeniedError, ConflictError, DreiklangError, InputRefusedError
from core.store import open_store
from loyalty import verify
from loyalty.expiring import keep_house
from loyalty.programme_tables import tier_spans
from loyalty.rewards import (
    NewReward,
    OrderRequest,
    Reward,
    RewardOrder,
    Shopper,
    Side,
    StepUp,
    add_reward,
    basket_of,
    cancel_lines,
    deliver,
    list_rewards,
    offer_again,
    offers_for,
    orders_of_distributor,
    orders_of_member,
    place_order,
    put_in_basket,
    restock,
    ship,
    time_out_orders,
    undo_last_step,
    withdraw,
)
from tests.support.points import PROGRAMME, give_points, held, usable

pytestmark = pytest.mark.integration
MEMBER, OTHER, DISTRIBUTOR, ELSEWHERE = 7, 8, 70, 71
SHOPPER = Shopper("rike", MEMBER, frozenset({DISTRIBUTOR}))
FULFILS = Side("nils", distributor=DISTRIBUTOR)
BUYS = Side("rike", member=MEMBER)


def offer(store: Engine, clock: Clock, points: int = 100, stock: int | None = 5, **more: object) -> Reward:
    """A reward that is offered."""
    return add_reward(store, PROGRAMME, NewReward("Becher", "Mug", points, stock, **more), clock, random_id)  # type: ignore[arg-type]


def order(
    store: Engine, clock: Clock, reward: Reward, pieces: int = 1, key: str = "k", shopper: Shopper = SHOPPER, **more: object
) -> RewardOrder:
    """An order of one reward."""
    request = OrderRequest(key, DISTRIBUTOR, ((reward.reward_id, pieces),))
    return place_order(store, PROGRAMME, shopper, request, clock, random_id, **more)  # type: ignore[arg-type]


def stock(store: Engine, reward: Reward) -> int | None:
    """What is left of it."""
    return next(one.stock for one in list_rewards(store, PROGRAMME, reward.owner) if one.reward_id == reward.reward_id)


def refused(code: str, act: Callable[[], object]) -> DreiklangError:
    """The act is refused with that code."""
    with pytest.raises(DreiklangError) as error:
        act()
    assert error.value.code == code
    return error.value


def test_an_order_holds_points_and_stock_and_shipping_spends_them(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 500, clock)
    reward = offer(store, clock)
    placed = order(store, clock, reward, 2)
    assert (placed.status, placed.points, usable(store, MEMBER, clock), held(store, MEMBER, clock), stock(store, reward)) == (
        "ordered",
        200,
        300,
        200,
        3,
    )
    assert ship(store, PROGRAMME, FULFILS, placed.reward_order_id, clock).status == "shipped"
    assert (usable(store, MEMBER, clock), held(store, MEMBER, clock)) == (300, 0)
    assert deliver(store, PROGRAMME, FULFILS, placed.reward_order_id, clock).status == "delivered"
    assert [event.status for event in orders_of_member(store, PROGRAMME, MEMBER)[0].events] == ["ordered", "shipped", "delivered"]
    assert verify(store).findings == ()


def test_the_same_key_and_basket_give_the_same_order_even_after_a_restart(
    store: Engine, store_url: str, clock: FixedClock
) -> None:
    give_points(store, MEMBER, 500, clock)
    reward = offer(store, clock)
    first = order(store, clock, reward, 2)
    again = open_store(store_url)
    assert order(again, clock, reward, 2) == first
    again.dispose()
    ship(store, PROGRAMME, FULFILS, first.reward_order_id, clock)
    assert order(store, clock, reward, 2).reward_order_id == first.reward_order_id
    refused("LOY-503", lambda: order(store, clock, reward, 1))
    assert (usable(store, MEMBER, clock), stock(store, reward), len(orders_of_member(store, PROGRAMME, MEMBER))) == (300, 3, 1)


def test_two_windows_show_one_basket_and_order_it_once(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 1_000, clock)
    reward, second = offer(store, clock), offer(store, clock)
    put_in_basket(store, PROGRAMME.programme_id, "rike", {reward.reward_id: 1}, clock, random_id)
    seen = basket_of(store, PROGRAMME.programme_id, "rike")
    assert seen is not None
    put_in_basket(store, PROGRAMME.programme_id, "rike", {second.reward_id: 3}, clock, random_id)
    request = OrderRequest(seen.key, DISTRIBUTOR, seen.lines)
    refused("LOY-504", lambda: place_order(store, PROGRAMME, SHOPPER, request, clock, random_id))
    now = basket_of(store, PROGRAMME.programme_id, "rike")
    assert now is not None
    assert (now.key, sorted(count for _, count in now.lines)) == (seen.key, [1, 3])
    request = OrderRequest(now.key, DISTRIBUTOR, now.lines)
    first = place_order(store, PROGRAMME, SHOPPER, request, clock, random_id)
    assert basket_of(store, PROGRAMME.programme_id, "rike") is None
    assert place_order(store, PROGRAMME, SHOPPER, request, clock, random_id).reward_order_id == first.reward_order_id
    assert put_in_basket(store, PROGRAMME.programme_id, "rike", {reward.reward_id: 1}, clock, random_id).key != seen.key  # type: ignore[union-attr]
    assert put_in_basket(store, PROGRAMME.programme_id, "rike", {reward.reward_id: 0}, clock, random_id) is None
    assert usable(store, MEMBER, clock) == 600


def test_what_cannot_be_ordered_holds_nothing(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 500, clock)
    plenty, scarce, limited = offer(store, clock), offer(store, clock, stock=1), offer(store, clock, limit_per_member=1)
    golden, foreign = offer(store, clock, from_tier="Gold"), offer(store, clock, owner=ELSEWHERE)
    refused("LOY-202", lambda: order(store, clock, plenty, 6, "a"))
    refused("LOY-505", lambda: order(store, clock, scarce, 2, "b"))
    refused("LOY-506", lambda: order(store, clock, limited, 2, "c"))
    refused("LOY-507", lambda: order(store, clock, golden, 1, "d"))
    refused("LOY-501", lambda: order(store, clock, foreign, 1, "e"))
    refused("LOY-502", lambda: order(store, clock, plenty, 0, "f"))
    refused("LOY-511", lambda: order(store, clock, plenty, 1, "g", replace(SHOPPER, distributors=frozenset({ELSEWHERE}))))
    withdraw(store, plenty.reward_id, None, clock)
    refused("LOY-501", lambda: order(store, clock, plenty, 1, "h"))
    assert (usable(store, MEMBER, clock), held(store, MEMBER, clock), stock(store, scarce)) == (500, 0, 1)
    assert orders_of_member(store, PROGRAMME, MEMBER) == []
    offer_again(store, plenty.reward_id, None, clock)
    assert order(store, clock, plenty, 1, "h").status == "ordered"


def test_a_limit_counts_what_was_ordered_before_and_not_what_was_cancelled(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 500, clock)
    limited = offer(store, clock, limit_per_member=1)
    first = order(store, clock, limited, 1, "a")
    refused("LOY-506", lambda: order(store, clock, limited, 1, "b"))
    cancel_lines(store, PROGRAMME, BUYS, first.reward_order_id, {limited.reward_id: 0}, clock)
    assert order(store, clock, limited, 1, "b").status == "ordered"


def test_offers_say_what_stands_in_the_way(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 250, clock)
    offer(store, clock, 100, 1), offer(store, clock, 200, 0), offer(store, clock, 300), offer(store, clock, 50, from_tier="Gold")
    offer(store, clock, 10, owner=ELSEWHERE)
    seen = {
        one.reward.points: (one.quantity_max, one.points_missing, one.obstacle)
        for one in offers_for(store, PROGRAMME, MEMBER, DISTRIBUTOR, clock)
    }
    assert seen == {50: (0, 0, "tier"), 100: (1, 0, None), 200: (0, 0, "out_of_stock"), 300: (0, 50, "points")}
    with store.begin() as connection:
        connection.execute(tier_spans.insert().values(
            programme_id=PROGRAMME.programme_id, member_party_id=MEMBER, decision_no=1, ordinal=1, tier="Gold", from_on=clock.now().date(),
            reason="reached", qualifying_points=5_000, points_missing=0, recorded_at=clock.now(),
        ))  # fmt: skip
    assert {one.reward.points: one.obstacle for one in offers_for(store, PROGRAMME, MEMBER, DISTRIBUTOR, clock)}[50] is None


def test_a_large_order_needs_the_password_again(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 20_000, clock)
    reward = offer(store, clock, 5_001)
    refused("LOY-508", lambda: order(store, clock, reward))
    refused("LOY-508", lambda: order(store, clock, reward, proof=StepUp("nils", clock.now())))
    refused("LOY-508", lambda: order(store, clock, reward, proof=StepUp("rike", clock.now() - timedelta(minutes=6))))
    assert held(store, MEMBER, clock) == 0
    assert order(store, clock, reward, proof=StepUp("rike", clock.now())).points == 5_001
    assert order(store, clock, offer(store, clock, 5_000), key="small").points == 5_000


@pytest.mark.parametrize("shipped", [False, True])
def test_cancelling_by_line_gives_points_and_stock_back_and_never_twice(store: Engine, clock: FixedClock, shipped: bool) -> None:
    give_points(store, MEMBER, 500, clock)
    mug, bag = offer(store, clock, 100), offer(store, clock, 50)
    request = OrderRequest("k", DISTRIBUTOR, ((mug.reward_id, 2), (bag.reward_id, 1)))
    placed = place_order(store, PROGRAMME, SHOPPER, request, clock, random_id).reward_order_id
    if shipped:
        ship(store, PROGRAMME, FULFILS, placed, clock)
        refused("LOY-510", lambda: cancel_lines(store, PROGRAMME, BUYS, placed, {mug.reward_id: 1}, clock))
    side = FULFILS if shipped else BUYS
    for _ in range(2):
        part = cancel_lines(store, PROGRAMME, side, placed, {mug.reward_id: 1}, clock)
        assert (part.points, usable(store, MEMBER, clock), stock(store, mug)) == (150, 350, 4)
    refused("LOY-502", lambda: cancel_lines(store, PROGRAMME, side, placed, {mug.reward_id: 2}, clock))
    for _ in range(2):
        whole = cancel_lines(store, PROGRAMME, side, placed, {mug.reward_id: 0, bag.reward_id: 0}, clock)
        assert (whole.status, whole.points, usable(store, MEMBER, clock), held(store, MEMBER, clock)) == ("cancelled", 0, 500, 0)
    assert (stock(store, mug), stock(store, bag)) == (5, 5)
    refused("LOY-510", lambda: ship(store, PROGRAMME, FULFILS, placed, clock))
    assert verify(store).findings == ()


def test_what_is_left_of_a_part_cancelled_order_is_spent_when_it_ships(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 300, clock)
    reward = offer(store, clock)
    placed = order(store, clock, reward, 3).reward_order_id
    cancel_lines(store, PROGRAMME, FULFILS, placed, {reward.reward_id: 1}, clock)
    ship(store, PROGRAMME, FULFILS, placed, clock)
    assert (usable(store, MEMBER, clock), held(store, MEMBER, clock)) == (200, 0)
    cancel_lines(store, PROGRAMME, FULFILS, placed, {reward.reward_id: 0}, clock)
    assert (usable(store, MEMBER, clock), stock(store, reward)) == (300, 5)
    assert verify(store).findings == ()


def test_points_of_a_cancelled_order_keep_their_own_expiry(store: Engine, clock: FixedClock) -> None:
    """Lots live 24 months; an order that is cancelled after that gives back points that expire at once."""
    give_points(store, MEMBER, 100, clock)
    placed = order(store, clock, offer(store, clock)).reward_order_id
    ship(store, PROGRAMME, FULFILS, placed, clock)
    later = FixedClock(clock.now() + timedelta(days=800))
    cancel_lines(
        store,
        PROGRAMME,
        FULFILS,
        placed,
        dict.fromkeys([orders_of_member(store, PROGRAMME, MEMBER)[0].lines[0].reward_id], 0),
        later,
    )
    assert usable(store, MEMBER, later) == 0
    assert verify(store).findings == ()


@pytest.mark.parametrize("ledger_first", [False, True])
def test_an_order_that_nobody_ships_times_out_with_points_and_stock(store: Engine, clock: FixedClock, ledger_first: bool) -> None:
    """Whether the ledger's own job or the one of the orders comes first."""
    give_points(store, MEMBER, 100, clock)
    reward = offer(store, clock)
    placed = order(store, clock, reward).reward_order_id
    assert time_out_orders(store, PROGRAMME, clock) == 0
    late = FixedClock(clock.now() + timedelta(days=15))
    refused("LOY-510", lambda: ship(store, PROGRAMME, FULFILS, placed, late))
    if ledger_first:
        keep_house(store, PROGRAMME, late)
    assert time_out_orders(store, PROGRAMME, late) == 1
    assert time_out_orders(store, PROGRAMME, late) == 0
    assert (usable(store, MEMBER, late), held(store, MEMBER, late), stock(store, reward)) == (100, 0, 5)
    assert orders_of_member(store, PROGRAMME, MEMBER)[0].status == "cancelled"
    refused("LOY-510", lambda: ship(store, PROGRAMME, FULFILS, placed, late))
    assert verify(store).findings == ()


def test_only_the_orders_own_distributor_fulfils_and_foreign_answers_like_missing(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 100, clock)
    placed = order(store, clock, offer(store, clock)).reward_order_id
    elsewhere, other = Side("x", distributor=ELSEWHERE), Side("y", member=OTHER)
    for act in (ship, deliver):
        for side in (elsewhere, other, BUYS):
            foreign = refused("LOY-509", lambda act=act, side=side: act(store, PROGRAMME, side, placed, clock))  # type: ignore[misc]
            missing = refused("LOY-509", lambda act=act, side=side: act(store, PROGRAMME, side, "no-such", clock))  # type: ignore[misc]
            assert str(foreign).replace(placed, "no-such") == str(missing)
    for side in (elsewhere, other):
        refused("LOY-509", lambda side=side: cancel_lines(store, PROGRAMME, side, placed, {}, clock))  # type: ignore[misc]
    assert orders_of_distributor(store, PROGRAMME, ELSEWHERE) == []
    assert [one.reward_order_id for one in orders_of_distributor(store, PROGRAMME, DISTRIBUTOR, ["ordered"])] == [placed]


def test_a_slip_of_the_hand_can_be_undone(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 100, clock)
    placed = order(store, clock, offer(store, clock)).reward_order_id
    refused("LOY-510", lambda: undo_last_step(store, PROGRAMME, FULFILS, placed, "ordered", clock))
    ship(store, PROGRAMME, FULFILS, placed, clock)
    assert undo_last_step(store, PROGRAMME, FULFILS, placed, "shipped", clock).status == "ordered"
    refused("LOY-510", lambda: undo_last_step(store, PROGRAMME, FULFILS, placed, "shipped", clock))
    late = FixedClock(clock.now() + timedelta(days=30))
    assert time_out_orders(store, PROGRAMME, late) == 0, "its points are spent, so nothing runs out"
    assert ship(store, PROGRAMME, FULFILS, placed, late).status == "shipped"
    assert usable(store, MEMBER, clock) == 0
    assert verify(store).findings == ()


def test_the_histories_refuse_changes_in_the_database_itself(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 100, clock)
    order(store, clock, offer(store, clock))
    for statement in (
        "update reward_order_events set note = 'x'",
        "delete from reward_order_events",
        "delete from reward_changes",
    ):
        with pytest.raises(DBAPIError), store.begin() as connection:
            connection.execute(text(statement))


def test_only_its_owner_changes_a_reward(store: Engine, clock: FixedClock) -> None:
    own = offer(store, clock, owner=DISTRIBUTOR)
    for owner in (None, ELSEWHERE):
        refused("LOY-501", lambda owner=owner: restock(store, own.reward_id, 1, owner, clock))  # type: ignore[misc]
        refused("LOY-501", lambda owner=owner: withdraw(store, own.reward_id, owner, clock))  # type: ignore[misc]
    assert restock(store, own.reward_id, -5, DISTRIBUTOR, clock).stock == 0
    refused("LOY-512", lambda: restock(store, own.reward_id, -1, DISTRIBUTOR, clock))
    with pytest.raises(InputRefusedError):
        add_reward(store, PROGRAMME, NewReward("", "Mug", 0, -1, 0, "Platinum"), clock, random_id)


def together(acts: list[Callable[[], object]]) -> list[object]:
    """Run them at the same moment; gives answers and errors."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers[index] = act()  # type: ignore[call-overload]
        except DreiklangError as error:
            answers[index] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(answers)


def test_the_last_piece_goes_to_exactly_one(store: Engine, clock: FixedClock) -> None:
    reward = offer(store, clock, stock=3)
    shoppers = [Shopper(f"person-{n}", 100 + n, frozenset({DISTRIBUTOR})) for n in range(12)]
    for shopper in shoppers:
        give_points(store, shopper.member, 100, clock)
    answers = together([lambda s=s: order(store, clock, reward, 1, "k", s) for s in shoppers])  # type: ignore[misc]
    won = [answer for answer in answers if isinstance(answer, RewardOrder)]
    assert len(won) == 3
    assert all(isinstance(answer, ConflictError) and answer.code == "LOY-505" for answer in answers if answer not in won)
    assert stock(store, reward) == 0
    assert sum(held(store, shopper.member, clock) for shopper in shoppers) == 300
    assert len({answer.order_no for answer in won}) == 3
    assert verify(store).findings == ()


def test_a_storm_of_clicks_is_one_order(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 1_000, clock)
    reward = offer(store, clock, stock=50)
    answers = together([lambda: order(store, clock, reward)] * 10)
    assert len({answer.reward_order_id for answer in answers if isinstance(answer, RewardOrder)}) == 1
    assert (usable(store, MEMBER, clock), stock(store, reward), len(orders_of_member(store, PROGRAMME, MEMBER))) == (900, 49, 1)


def test_ship_and_cancel_at_once_end_in_one_of_the_two(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 1_000, clock)
    reward = offer(store, clock, stock=50)
    for n in range(5):
        placed = order(store, clock, reward, key=f"k{n}").reward_order_id
        together([
            lambda placed=placed: ship(store, PROGRAMME, FULFILS, placed, clock),  # type: ignore[misc]
            lambda placed=placed: cancel_lines(store, PROGRAMME, BUYS, placed, {reward.reward_id: 0}, clock),  # type: ignore[misc]
        ])  # fmt: skip
    orders = orders_of_member(store, PROGRAMME, MEMBER)
    shipped = sum(one.status == "shipped" for one in orders)
    assert {one.status for one in orders} <= {"shipped", "cancelled"}
    assert (usable(store, MEMBER, clock), held(store, MEMBER, clock), stock(store, reward)) == (
        1_000 - 100 * shipped,
        0,
        50 - shipped,
    )
    assert verify(store).findings == ()


def test_a_denied_step_up_is_an_access_error(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 20_000, clock)
    with pytest.raises(AccessDeniedError):
        order(store, clock, offer(store, clock, 6_000))
