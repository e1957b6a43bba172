"""What becomes of an order: the distributor ships and delivers it, either side cancels it, or the hold's time runs out.

ship       ordered -> shipped, the points are spent
deliver    shipped -> delivered
undo       delivered -> shipped -> ordered: a slip of the hand; spent points stay spent for the order
cancel     pieces of lines: points go back into the lots they came from with their own expiry, pieces into the stock

Every act names the state it is about and is refused when the order has gone on; acting twice does nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from core.clock import Clock
from core.store import reading, writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.programme_tables import reward_order_lines, reward_orders
from loyalty.redeeming import give_back_in, resolve_in
from loyalty.rewards.catalogue import give_stock_back
from loyalty.rewards.model import CANCELLED, DELIVERED, ORDERED, SHIPPED, RewardOrder
from loyalty.rewards.ordering import note_in
from loyalty.rewards.reading import order_in
from loyalty.rewards.refusals import bad_basket, no_such_order, wrong_state
from loyalty.tables import holds


@dataclass(frozen=True, slots=True)
class Side:
    """Who acts on an order: a person for its distributor, or for its member. Exactly one of the two is given."""

    user_id: str
    distributor: int | None = None
    member: int | None = None


def ship(engine: Engine, programme: Programme, side: Side, order_id: str, clock: Clock, note: str = "") -> RewardOrder:
    """It is on its way; the points are spent. Raises InputRefusedError LOY-509, ConflictError LOY-510 (cancelled, or timed out)."""
    with writing(engine) as connection:
        order = _locked(connection, programme, side, order_id, clock, as_distributor=True)
        if order.status in (SHIPPED, DELIVERED):
            return order
        if order.status != ORDERED:
            raise wrong_state(order.order_no, order.status, "one that is ordered")
        status, expires_at = _hold(connection, order_id)[1:]
        if status == "timed_out" or (status == "open" and expires_at <= clock.now()):
            raise wrong_state(
                order.order_no, "over: the time for which points were held has passed", "one whose points are still held"
            )
        if status == "open":
            resolve_in(connection, programme, _hold(connection, order_id)[0], "captured", clock)
        return _step(connection, order_id, SHIPPED, clock, side.user_id, note)


def deliver(engine: Engine, programme: Programme, side: Side, order_id: str, clock: Clock, note: str = "") -> RewardOrder:
    """It has arrived. Raises InputRefusedError LOY-509, ConflictError LOY-510."""
    with writing(engine) as connection:
        order = _locked(connection, programme, side, order_id, clock, as_distributor=True)
        if order.status == DELIVERED:
            return order
        if order.status != SHIPPED:
            raise wrong_state(order.order_no, order.status, "one that is shipped")
        return _step(connection, order_id, DELIVERED, clock, side.user_id, note)


def undo_last_step(engine: Engine, programme: Programme, side: Side, order_id: str, seen: str, clock: Clock) -> RewardOrder:
    """Take back the last step of a distributor: delivered -> shipped, or shipped -> ordered. `seen` is the status the person looked at.

    Raises InputRefusedError LOY-509, ConflictError LOY-510 when the order is in another state, or there is nothing to take back.
    """
    before = {DELIVERED: SHIPPED, SHIPPED: ORDERED}.get(seen)
    with writing(engine) as connection:
        order = _locked(connection, programme, side, order_id, clock, as_distributor=True)
        if before is None or order.status != seen:
            raise wrong_state(
                order.order_no, order.status, f"one that is {seen}" if before else "one that is shipped or delivered"
            )
        return _step(connection, order_id, before, clock, side.user_id, "undone")


def cancel_lines(
    engine: Engine, programme: Programme, side: Side, order_id: str, keep: Mapping[str, int], clock: Clock, note: str = ""
) -> RewardOrder:
    """Keep so many pieces of these rewards and cancel the rest; a reward that is not named stays as it is. Nothing kept: cancelled.

    The member may cancel until the order is shipped, the distributor at any time. The same again does nothing more.
    Raises InputRefusedError LOY-509, LOY-502 (more kept than ordered), ConflictError LOY-510 (shipped already).
    """
    with writing(engine) as connection:
        order = _locked(connection, programme, side, order_id, clock, as_distributor=False)
        pieces = {}
        for line in order.lines:
            kept = keep.get(line.reward_id, line.quantity_kept)
            if not 0 <= kept <= line.quantity_kept:
                raise bad_basket(f"{kept} pieces of {line.title_en} kept", f"0 to {line.quantity_kept}")
            if kept < line.quantity_kept:
                pieces[line.reward_id] = line.quantity_kept - kept
        if not pieces:
            return order
        if side.distributor is None and order.status != ORDERED:
            raise wrong_state(order.order_no, order.status, "one that is not shipped yet; ask your distributor")
        _cancel(connection, programme, order, pieces, clock)
        is_whole = all(pieces.get(line.reward_id, 0) == line.quantity_kept for line in order.lines)
        count = sum(pieces.values())
        words = " ".join([f"{count} cancelled", note]).strip()
        return _step(connection, order_id, CANCELLED if is_whole else order.status, clock, side.user_id, words)


def time_out_orders(engine: Engine, programme: Programme, clock: Clock) -> int:
    """Cancel every order whose hold is over: points go back and so does the stock; returns how many. Twice does nothing more."""
    with reading(engine) as connection:
        due = connection.execute(
            select(reward_orders.c.reward_order_id, reward_orders.c.member_party_id)
            .join(holds, holds.c.hold_id == reward_orders.c.hold_id)
            .where(reward_orders.c.programme_id == programme.programme_id, reward_orders.c.status == ORDERED,
                   holds.c.status.in_(("open", "timed_out")), holds.c.expires_at <= clock.now())
            .order_by(reward_orders.c.member_party_id)
        ).all()  # fmt: skip
    timed_out = 0
    for row in due:
        with writing(engine) as connection:
            order = _locked(connection, programme, Side("", member=int(row[1])), str(row[0]), clock, as_distributor=False)
            hold_id, status, _ = _hold(connection, order.reward_order_id)
            if order.status != ORDERED or status not in ("open", "timed_out"):
                continue
            resolve_in(connection, programme, hold_id, "timed_out", clock)
            _cancel_pieces(connection, order.reward_order_id, {line.reward_id: line.quantity_kept for line in order.lines})
            _step(connection, order.reward_order_id, CANCELLED, clock, None, "timed out")
            timed_out += 1
    return timed_out


def _locked(
    connection: Connection, programme: Programme, side: Side, order_id: str, clock: Clock, *, as_distributor: bool
) -> RewardOrder:  # fmt: skip
    """The order, if the asker may act on it; the member's row is locked, so nobody else acts on its orders until this ends."""
    row = connection.execute(
        select(reward_orders.c.member_party_id, reward_orders.c.distributor_party_id)
        .where(reward_orders.c.reward_order_id == order_id, reward_orders.c.programme_id == programme.programme_id)
    ).one_or_none()  # fmt: skip
    is_distributor = row is not None and side.distributor is not None and side.distributor == int(row.distributor_party_id)
    is_member = row is not None and side.member is not None and side.member == int(row.member_party_id)
    if row is None or not (is_distributor or (is_member and not as_distributor)):
        raise no_such_order(order_id)
    Books(connection, programme, programme.currency, clock.now()).lock_members({int(row.member_party_id)})
    return order_in(connection, order_id)


def _hold(connection: Connection, order_id: str) -> tuple[str, str, datetime]:
    row = connection.execute(
        select(holds.c.hold_id, holds.c.status, holds.c.expires_at)
        .join(reward_orders, reward_orders.c.hold_id == holds.c.hold_id).where(reward_orders.c.reward_order_id == order_id)
    ).one()  # fmt: skip
    return row.hold_id, row.status, row.expires_at


def _cancel(connection: Connection, programme: Programme, order: RewardOrder, pieces: dict[str, int], clock: Clock) -> None:
    """Points into their lots, pieces into the stock. What is left of a hold of a wholly cancelled order is released."""
    row = connection.execute(
        select(holds).join(reward_orders, reward_orders.c.hold_id == holds.c.hold_id)
        .where(reward_orders.c.reward_order_id == order.reward_order_id)
    ).one()  # fmt: skip
    points = sum(pieces.get(line.reward_id, 0) * line.points_each for line in order.lines)
    if row.status == "open" and points == order.points:
        resolve_in(connection, programme, row.hold_id, "released", clock)
    elif row.status in ("open", "captured"):
        left = sum(line.quantity_cancelled for line in order.lines)
        give_back_in(connection, programme, int(row.journal_id), order.member, points, f"{order.reward_order_id}|{left}", clock)
    _cancel_pieces(connection, order.reward_order_id, pieces)


def _cancel_pieces(connection: Connection, order_id: str, pieces: dict[str, int]) -> None:
    for reward_id, count in pieces.items():
        connection.execute(
            reward_order_lines.update()
            .where(reward_order_lines.c.reward_order_id == order_id, reward_order_lines.c.reward_id == reward_id)
            .values(quantity_cancelled=reward_order_lines.c.quantity_cancelled + count)
        )
    give_stock_back(connection, pieces)


def _step(connection: Connection, order_id: str, status: str, clock: Clock, actor: str | None, note: str) -> RewardOrder:
    connection.execute(reward_orders.update().where(reward_orders.c.reward_order_id == order_id).values(status=status))
    note_in(connection, order_id, status, clock, actor, note)
    return order_in(connection, order_id)
