"""Orders of rewards as they stand. Who may see which is an argument of every question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.groups import groups_of
from loyalty.programme_tables import reward_order_events, reward_order_lines, reward_orders, rewards
from loyalty.rewards.model import OrderEvent, OrderLine, RewardOrder
from loyalty.rewards.refusals import no_such_order
from loyalty.tables import holds

ORDERS_MAX = 500
"""Newest orders that a list gives."""


def orders_of_member(engine: Engine, programme: Programme, member: int) -> list[RewardOrder]:
    """A member's orders and those of whoever is merged with it, newest first."""
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        return _orders(
            connection, reward_orders.c.member_party_id.in_(group), reward_orders.c.programme_id == programme.programme_id
        )


def orders_of_distributor(
    engine: Engine, programme: Programme, distributor: int, statuses: Sequence[str] = ()
) -> list[RewardOrder]:
    """Orders that a distributor fulfils, newest first; of some statuses or of all."""
    with reading(engine) as connection:
        conditions = [reward_orders.c.distributor_party_id == distributor, reward_orders.c.programme_id == programme.programme_id]
        if statuses:
            conditions.append(reward_orders.c.status.in_(statuses))
        return _orders(connection, *conditions)


def order_in(connection: Connection, order_id: str) -> RewardOrder:
    """One order inside a transaction of the caller. Raises InputRefusedError LOY-509."""
    found = _orders(connection, reward_orders.c.reward_order_id == order_id)
    if not found:
        raise no_such_order(order_id)
    return found[0]


def _orders(connection: Connection, *conditions: ColumnElement[bool]) -> list[RewardOrder]:
    rows = connection.execute(
        select(reward_orders, holds.c.status.label("hold_status"), holds.c.expires_at.label("held_until"))
        .join(holds, holds.c.hold_id == reward_orders.c.hold_id).where(*conditions)
        .order_by(reward_orders.c.ordered_at.desc(), reward_orders.c.order_no.desc()).limit(ORDERS_MAX)
    ).all()  # fmt: skip
    ids = [row.reward_order_id for row in rows]
    lines: dict[str, list[OrderLine]] = defaultdict(list)
    events: dict[str, list[OrderEvent]] = defaultdict(list)
    for line in connection.execute(
        select(reward_order_lines, rewards.c.title_de, rewards.c.title_en)
        .join(rewards, rewards.c.reward_id == reward_order_lines.c.reward_id)
        .where(reward_order_lines.c.reward_order_id.in_(ids)).order_by(rewards.c.title_en, rewards.c.reward_id)
    ):  # fmt: skip
        lines[line.reward_order_id].append(
            OrderLine(
                line.reward_id,
                line.title_de,
                line.title_en,
                int(line.quantity),
                int(line.quantity_cancelled),
                int(line.points_each),
            )
        )
    for event in connection.execute(
        select(reward_order_events).where(reward_order_events.c.reward_order_id.in_(ids)).order_by(reward_order_events.c.event_no)
    ):
        events[event.reward_order_id].append(OrderEvent(event.status, event.recorded_at, event.actor, event.note))
    return [_order(row, tuple(lines[row.reward_order_id]), tuple(events[row.reward_order_id])) for row in rows]


def _order(row: Row[tuple[object, ...]], lines: tuple[OrderLine, ...], events: tuple[OrderEvent, ...]) -> RewardOrder:
    points = sum(line.quantity_kept * line.points_each for line in lines)
    held_until = row.held_until if row.hold_status == "open" and points else None
    return RewardOrder(row.reward_order_id, row.order_no, int(row.member_party_id), int(row.distributor_party_id), row.status, points,
                       row.ordered_at, held_until, lines, events)  # fmt: skip
