"""What the demo shows of rewards: a small catalogue, orders in different states, an answered case, trainings. Made through the services."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from core.clock import Clock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Serving
from loyalty import Programme
from loyalty.gamification import NewEvent, record_event
from loyalty.gamification.events import recordable_events
from loyalty.review import answer_case, cases_of_decider
from loyalty.rewards import (
    NewReward,
    OrderRequest,
    Reward,
    Shopper,
    Side,
    add_reward,
    cancel_lines,
    deliver,
    list_rewards,
    orders_of_member,
    place_order,
    ship,
)
from loyalty.statement import usable_points

CATALOGUE = (
    NewReward("Espressotassen, 6 Stück", "Espresso cups, set of 6", 300, stock=40),
    NewReward("Barista-Schürze", "Barista apron", 450, stock=25, limit_per_member=4),
    NewReward("Thekenaufsteller", "Counter display", 150),
    NewReward("Handmühle", "Hand grinder", 1_200, stock=3),
    NewReward("Barista-Schulung, ein Tag", "Barista training, one day", 2_500, limit_per_member=1),
    NewReward("Siebträger S1", "Espresso machine S1", 24_000, stock=2, limit_per_member=1),
)
OWN = NewReward("Nordwind-Liefergutschein 25 €", "Nordwind delivery voucher €25", 500, stock=60)
OWN_PROGRAMME = (
    NewReward("Warengutschein 20 €", "Voucher for goods, €20", 400),
    NewReward("Freilieferung, ein Monat", "Free delivery for a month", 900, limit_per_member=2),
)
"""What the distributor's own programme offers."""
RETAILERS_WITH_ORDERS = 3
ANSWER = "Die Ware war für zwei Filialen; die erste Lieferung kam beschädigt an und ging deshalb zurück."


def seed_rewards(
    settings: Settings, store: Engine, programme: Programme, distributor_ref: str, retailer_ref: str, clock: Clock
) -> None:
    """Once for an instance: what exists already is left as people have changed it."""
    if list_rewards(store, programme, None):
        return
    serving = Serving(settings.warehouse_dir)
    try:
        reader = serving.reader(Scope.of(Role.OPERATOR))
        ids = {str(row[0]): int(str(row[1])) for row in reader.rows("select party_ref, party_id from dim_party")}
        distributor, retailer = ids[distributor_ref], ids[retailer_ref]
        own = [
            int(str(row[0]))
            for row in reader.rows(
                "select party_id from bridge_visible_parties where viewer_id = $d and kind = 'retailer' order by party_ref",
                {"d": distributor},
            )
        ]
    finally:
        serving.close()
    rewards = [add_reward(store, programme, new, clock, random_id) for new in CATALOGUE]
    add_reward(
        store, programme, NewReward(OWN.title_de, OWN.title_en, OWN.points, OWN.stock, owner=distributor), clock, random_id
    )
    _orders(store, programme, rewards, distributor, retailer, own, clock)
    _events(store, programme, distributor, own, clock)
    for case in cases_of_decider(store, programme, distributor):
        if case.reason_code == "circular_return" and case.status == "open":
            answer_case(store, case.member, case.case_id, ANSWER, clock, actor="demo")


def seed_own_rewards(store: Engine, programme: Programme, distributor: int, retailer: int, clock: Clock) -> None:
    """Two rewards of a distributor's own programme, one of them delivered to the demo's retailer. Once for an instance."""
    if list_rewards(store, programme, distributor):
        return
    rewards = [add_reward(store, programme, replace(new, owner=distributor), clock, random_id) for new in OWN_PROGRAMME]
    _order(store, programme, distributor, retailer, "demo-own", ((rewards[0], 1),), clock)
    side = Side("demo", distributor=distributor)
    for order in orders_of_member(store, programme, retailer):
        for act in (ship, deliver):
            act(store, programme, side, order.reward_order_id, clock)


def _orders(
    store: Engine, programme: Programme, rewards: list[Reward], distributor: int, retailer: int, own: list[int], clock: Clock
) -> None:
    """Of the demo's retailer: delivered, shipped, part cancelled, ordered. Of some others: ordered."""
    side = Side("demo", distributor=distributor)
    cups, apron, display = rewards[0], rewards[1], rewards[2]
    for key, lines in (
        ("demo-1", ((cups, 1),)), ("demo-2", ((apron, 1), (display, 2))), ("demo-3", ((display, 3),)), ("demo-4", ((cups, 1), (display, 1))),
    ):  # fmt: skip
        _order(store, programme, distributor, retailer, key, lines, clock)
    by_rewards = {
        tuple(sorted(line.reward_id for line in one.lines)): one.reward_order_id
        for one in orders_of_member(store, programme, retailer)
    }
    for reward_ids, acts in (
        ((cups.reward_id,), (ship, deliver)), (tuple(sorted((apron.reward_id, display.reward_id))), (ship,)),
    ):  # fmt: skip
        if reward_ids in by_rewards:
            for act in acts:
                act(store, programme, side, by_rewards[reward_ids], clock)
    if (display.reward_id,) in by_rewards:
        cancel_lines(store, programme, side, by_rewards[(display.reward_id,)], {display.reward_id: 1}, clock)
    others = [member for member in own if member != retailer and usable_points(store, programme, member, clock) >= cups.points]
    for number, member in enumerate(others[:RETAILERS_WITH_ORDERS]):
        _order(store, programme, distributor, member, f"demo-{number}", ((cups, 1),), clock)


def _order(
    store: Engine,
    programme: Programme,
    distributor: int,
    member: int,
    key: str,
    lines: tuple[tuple[Reward, int], ...],
    clock: Clock,
) -> None:
    if usable_points(store, programme, member, clock) < sum(reward.points * pieces for reward, pieces in lines):
        return
    request = OrderRequest(key, distributor, tuple((reward.reward_id, pieces) for reward, pieces in lines))
    place_order(store, programme, Shopper("demo", member, frozenset({distributor})), request, clock, random_id)


def _events(store: Engine, programme: Programme, distributor: int, own: list[int], clock: Clock) -> None:
    if "training" not in recordable_events(programme):
        return
    today = clock.now().date()
    for number, member in enumerate(own[:4]):
        new = NewEvent(member, "training", "Barista-Grundkurs", today - timedelta(days=30 + 7 * number))
        record_event(store, programme, distributor, frozenset(own), new, clock, random_id, actor="demo")
