"""Ordering a basket: points and stock are set aside in one transaction, once for each key.

Locks are taken in one order: the member's row, the orders of its key, then rewards by id. So two who want the last piece, two clicks of one
button and two windows of one person come one after the other, and who comes second sees what the first one did.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select

from core.clock import Clock, Ids
from core.store import writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.posting import request_hash
from loyalty.programme_tables import reward_order_events, reward_order_lines, reward_orders, rewards
from loyalty.redeeming import Redemption, hold_in
from loyalty.rewards.basket import basket_in, empty_in
from loyalty.rewards.catalogue import pieces_had, take_stock
from loyalty.rewards.model import ORDERED, QUANTITY_MAX, OrderRequest, RewardOrder, Shopper, StepUp
from loyalty.rewards.reading import order_in
from loyalty.rewards.refusals import (
    bad_basket,
    basket_changed,
    key_taken,
    no_such_reward,
    not_yours,
    out_of_stock,
    over_limit,
    step_up_needed,
    tier_too_low,
)
from loyalty.standing import level, tiers_of

LINES_MAX = 50


def place_order(
    engine: Engine, programme: Programme, shopper: Shopper, request: OrderRequest, clock: Clock, ids: Ids, *, proof: StepUp | None = None
) -> RewardOrder:  # fmt: skip
    """Order a basket. The same key and basket give the same order and no second effect, whatever happened meanwhile.

    Raises ConflictError LOY-503 (the key stands for another basket), LOY-504 (changed in another window), LOY-505 (stock), LOY-506 (limit),
    LOY-507 (tier), LOY-202 (points); InputRefusedError LOY-501, LOY-502; AccessDeniedError LOY-508 (password again), LOY-511 (not a
    distributor of the member, or not the one whose programme it is). Nothing is set aside then.
    """
    _check(programme, request, shopper)
    with writing(engine) as connection:
        Books(connection, programme, programme.currency, clock.now()).lock_members({shopper.member})
        order_key = f"{programme.programme_id}|{shopper.member}|{request.key}"
        fingerprint = request_hash(request.distributor, sorted(request.lines))
        known = connection.execute(
            select(reward_orders.c.reward_order_id, reward_orders.c.request_hash).where(reward_orders.c.order_key == order_key)
        ).one_or_none()
        if known is not None:
            if known.request_hash != fingerprint:
                raise key_taken(request.key)
            return order_in(connection, str(known.reward_order_id))
        waiting = basket_in(connection, programme.programme_id, shopper.user_id, lock=True)
        if waiting is not None and waiting.key == request.key and waiting.lines != tuple(sorted(request.lines)):
            raise basket_changed()
        prices = _prices(connection, programme, shopper, request)
        points = sum(prices[reward_id] * pieces for reward_id, pieces in request.lines)
        if points > programme.step_up_points and (proof is None or not proof.stands_for(shopper.user_id, clock.now())):
            raise step_up_needed(points, programme.step_up_points)
        order_id = ids()
        held = hold_in(
            connection,
            programme,
            Redemption(f"order|{request.key}", shopper.member, points, f"reward order {order_id}"),
            clock,
            ids,
        )
        _take_all_stock(connection, request)
        connection.execute(reward_orders.insert().values(
            reward_order_id=order_id, order_key=order_key, request_hash=fingerprint, order_no=f"RW-{held.journal_id:06d}",
            programme_id=programme.programme_id,
            member_party_id=shopper.member, distributor_party_id=request.distributor, hold_id=held.hold_id, points=points, status=ORDERED,
            ordered_at=clock.now(), ordered_by=shopper.user_id,
        ))  # fmt: skip
        connection.execute(reward_order_lines.insert(), [
            {"reward_order_id": order_id, "reward_id": reward_id, "quantity": pieces, "quantity_cancelled": 0,
             "points_each": prices[reward_id]} for reward_id, pieces in request.lines
        ])  # fmt: skip
        note_in(connection, order_id, ORDERED, clock, shopper.user_id, "")
        empty_in(connection, programme.programme_id, shopper.user_id, request.key)
        return order_in(connection, order_id)


def note_in(connection: Connection, order_id: str, status: str, clock: Clock, actor: str | None, note: str) -> None:
    """One step in an order's history."""
    connection.execute(reward_order_events.insert().values(
        reward_order_id=order_id, status=status, recorded_at=clock.now(), actor=actor, note=note[:300]
    ))  # fmt: skip


def _check(programme: Programme, request: OrderRequest, shopper: Shopper) -> None:
    if not request.lines or len(request.lines) > LINES_MAX:
        raise bad_basket(f"{len(request.lines)} different rewards", f"1 to {LINES_MAX}")
    if len({reward_id for reward_id, _ in request.lines}) != len(request.lines):
        raise bad_basket("the same reward twice", "each reward once, with its number of pieces")
    wrong = next((pieces for _, pieces in request.lines if not 0 < pieces <= QUANTITY_MAX), None)
    if wrong is not None:
        raise bad_basket(f"{wrong} pieces", f"1 to {QUANTITY_MAX}")
    if request.distributor not in shopper.distributors or not programme.looks_at(request.distributor):
        raise not_yours()


def _prices(connection: Connection, programme: Programme, shopper: Shopper, request: OrderRequest) -> dict[str, int]:
    """Reward id -> points each, of rewards that this member may have delivered by this distributor."""
    wanted = dict(request.lines)
    rows = connection.execute(
        select(rewards).where(
            rewards.c.reward_id.in_(wanted), rewards.c.programme_id == programme.programme_id, rewards.c.status == "offered",
            rewards.c.owner_party_id.is_(None) | (rewards.c.owner_party_id == request.distributor),
        )
    ).all()  # fmt: skip
    missing = wanted.keys() - {row.reward_id for row in rows}
    if missing:
        raise no_such_reward(min(missing))
    tier = tiers_of(connection, programme, [shopper.member]).get(shopper.member)
    had = pieces_had(connection, programme, shopper.member)
    for row in rows:
        if level(programme, tier) < level(programme, row.from_tier):
            raise tier_too_low(row.title_en, row.from_tier)
        before = had.get(row.reward_id, 0)
        if row.limit_per_member is not None and before + wanted[row.reward_id] > row.limit_per_member:
            raise over_limit(row.title_en, int(row.limit_per_member), before)
    return {str(row.reward_id): int(row.points) for row in rows}


def _take_all_stock(connection: Connection, request: OrderRequest) -> None:
    for reward_id, pieces in sorted(request.lines):
        if not take_stock(connection, reward_id, pieces):
            title = connection.execute(select(rewards.c.title_en).where(rewards.c.reward_id == reward_id)).scalar_one()
            raise out_of_stock(title, pieces)
