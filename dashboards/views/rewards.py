"""The retailer's rewards: what the points buy, a basket, and what became of orders."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.clock import random_id
from dashboards.components.acting import Partner, act, partner_ids, partners_of, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import Metric, empty, heading, metrics, plain, remark, table
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Programme
from loyalty.rewards import (
    Basket,
    Offer,
    OrderRequest,
    RewardOrder,
    Shopper,
    Side,
    basket_of,
    cancel_lines,
    offers_for,
    orders_of_member,
    place_order,
    put_in_basket,
)
from loyalty.statement import statement
from portal import User
from portal.step_up import confirm_password


def rewards(context: Context) -> None:
    """What do my points buy, and where are my orders?"""
    heading(context, "r.rewards")
    show_outcome()
    programme = programme_of(context)
    distributors = [one for one in partners_of(context.user) if programme is not None and programme.looks_at(one.party_id)]
    if programme is None or not distributors:
        empty(context, "r.rewards.empty")
        return
    _balance(context, programme)
    distributor = _delivered_by(context, distributors)
    offers = offers_for(current().store, programme, context.user.party_id, distributor.party_id, current().clock)
    _basket(context, programme, distributor, offers)
    _catalogue(context, programme, offers)
    _orders(context, programme, {partner.party_id: partner.name for partner in distributors})


def _balance(context: Context, programme: Programme) -> None:
    booked = statement(current().store, programme, context.user.party_id, current().clock, limit=1)
    usable, held = next(((one.points_usable, one.points_held) for one in booked.balances), (0, 0))
    items: list[Metric] = [("r.points.available", number(usable, context.language), None)]
    if held:
        items.append(("r.rewards.held", number(held, context.language), "r.rewards.held_help"))
    metrics(context, items)


def _delivered_by(context: Context, distributors: list[Partner]) -> Partner:
    if len(distributors) == 1:
        return distributors[0]
    chosen = st.selectbox(
        context.text("r.rewards.delivered_by"), distributors, key="delivered_by", format_func=lambda one: one.name, width=360
    )
    return chosen or distributors[0]


def _basket(context: Context, programme: Programme, distributor: Partner, offers: list[Offer]) -> None:
    """The basket as every window of this person shows it. What is no longer offered drops out of what can be ordered."""
    basket = basket_of(current().store, programme.programme_id, context.user.user_id)
    if basket is None:
        return
    known = {offer.reward.reward_id: offer for offer in offers}
    with st.container(border=True):
        st.subheader(context.text("r.rewards.basket"), anchor=False)
        total = 0
        for reward_id, pieces in basket.lines:
            offer = known.get(reward_id)
            title = offer.reward.title(context.language) if offer else context.text("r.rewards.gone")
            points = pieces * offer.reward.points if offer else 0
            total += points
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f"{number(pieces, context.language)} × {plain(title)} · {_points(context, points)}")
                st.button(
                    context.text("r.rewards.remove"),
                    key=f"remove-{reward_id}",
                    on_click=_set_pieces,
                    args=(context, programme, reward_id, 0),
                )
        st.markdown(
            f"**{context.text('r.rewards.total')}: {_points(context, total)}** · {context.text('r.rewards.delivered_by')} {plain(distributor.name)}"
        )
        _order_button(context, programme, distributor, basket, total)


def _order_button(context: Context, programme: Programme, distributor: Partner, basket: Basket, total: int) -> None:
    """What the click orders is what this window shows: its key and lines travel with the click, so two clicks are one order."""
    if total <= programme.step_up_points:
        st.button(
            context.text("r.rewards.order"),
            key="order-rewards",
            type="primary",
            on_click=_order,
            args=(context, programme, distributor, basket),
        )
        return
    with st.form("step-up", border=False, clear_on_submit=True):
        remark(context.text("r.rewards.step_up", points=number(programme.step_up_points, context.language)))
        st.text_input(
            context.text("login.password"), type="password", key="step-up-password", autocomplete="current-password", width=320
        )
        st.form_submit_button(
            context.text("r.rewards.order"), type="primary", on_click=_order, args=(context, programme, distributor, basket)
        )


def _catalogue(context: Context, programme: Programme, offers: list[Offer]) -> None:
    st.subheader(context.text("r.rewards.catalogue"), anchor=False)
    if not offers:
        empty(context, "r.rewards.catalogue_empty")
        return
    affordable = st.toggle(context.text("filter.affordable"), key="affordable", bind="query-params")
    shown = [offer for offer in offers if not affordable or offer.obstacle is None]
    if not shown:
        empty(context, "r.rewards.none_affordable")
    for row in range(0, len(shown), 3):
        for column, offer in zip(st.columns(3, gap="small"), shown[row : row + 3], strict=False):
            with column.container(border=True, height="stretch"):
                _card(context, programme, offer)


def _card(context: Context, programme: Programme, offer: Offer) -> None:
    reward = offer.reward
    st.markdown(f"**{plain(reward.title(context.language))}**  \n{_points(context, reward.points)}")
    if offer.obstacle is not None:
        values = {"points": number(offer.points_missing, context.language), "tier": str(reward.from_tier)}
        remark(context.text(f"r.rewards.obstacle.{offer.obstacle}", **values))
        return
    if reward.stock is not None and reward.stock <= 5:
        remark(context.text("r.rewards.few_left", pieces=number(reward.stock, context.language)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pieces = st.number_input(
            context.text("r.rewards.pieces"),
            min_value=1,
            max_value=offer.quantity_max,
            value=1,
            key=f"pieces-{reward.reward_id}",
            width=130,
        )
        st.button(
            context.text("r.rewards.add"),
            key=f"add-{reward.reward_id}",
            on_click=_add,
            args=(context, programme, reward.reward_id, f"pieces-{reward.reward_id}"),
        )
    del pieces


def _orders(context: Context, programme: Programme, names: dict[int, str]) -> None:
    st.subheader(context.text("r.rewards.orders"), anchor=False)
    orders = orders_of_member(current().store, programme, context.user.party_id)
    if not orders:
        empty(context, "r.rewards.orders_empty")
        return
    table(context, order_frame(context, orders, names, "distributor"), key="reward-orders")
    order_no = st.selectbox(
        context.text("filter.order"), [one.order_no for one in orders], key="reward_order", bind="query-params", width=260
    )
    order = next((one for one in orders if one.order_no == order_no), orders[0])
    with st.container(border=True):
        describe_order(context, order)
        if order.status == "ordered":
            st.button(
                context.text("r.rewards.cancel"),
                key=f"cancel-{order.reward_order_id}",
                on_click=_cancel,
                args=(context, programme, order),
            )
            remark(context.text("r.rewards.cancel_help"))


def order_frame(context: Context, orders: list[RewardOrder], names: dict[int, str], party: str) -> pd.DataFrame:
    """Orders as a table; `party`: whose name stands in it, distributor or retailer."""
    return pd.DataFrame({
        "order_no": [one.order_no for one in orders],
        "ordered_on": [one.ordered_at.date() for one in orders],
        party: [names.get(one.distributor if party == "distributor" else one.member, "–") for one in orders],
        "contents": [contents_of(context, one) for one in orders],
        "points": [one.points for one in orders],
        "status": [one.status for one in orders],
    })  # fmt: skip


def contents_of(context: Context, order: RewardOrder) -> str:
    """What is in an order, in a line."""
    return ", ".join(f"{line.quantity_kept or line.quantity} × {line.title(context.language)}" for line in order.lines)


def describe_order(context: Context, order: RewardOrder) -> None:
    """An order with its lines and its history in words."""
    st.markdown(f"**{order.order_no}** · {context.text(f'status.{order.status}')} · {_points(context, order.points)}")
    for line in order.lines:
        cancelled = (
            f" ({context.text('r.rewards.cancelled', pieces=number(line.quantity_cancelled, context.language))})"
            if line.quantity_cancelled
            else ""
        )
        st.markdown(f"{number(line.quantity, context.language)} × {plain(line.title(context.language))}{cancelled}")
    if order.held_until is not None:
        remark(context.text("r.rewards.held_until", day=day(order.held_until, context.language)))
    steps = [f"{day(event.recorded_at, context.language)} {_event(context, event.status, event.note)}" for event in order.events]
    remark(" → ".join(steps))


def _event(context: Context, status: str, note: str) -> str:
    if note == "timed out":
        return context.text("event.timed_out")
    if note == "undone":
        return context.text("event.undone", status=context.text(f"status.{status}"))
    if "cancelled" in note and status != "cancelled":
        return context.text("event.part_cancelled", pieces=note.split(" ", 1)[0])
    return context.text(f"status.{status}")


def _set_pieces(context: Context, programme: Programme, reward_id: str, pieces: int) -> None:
    def change(user: User) -> str:
        put_in_basket(current().store, programme.programme_id, user.user_id, {reward_id: pieces}, current().clock, random_id)
        return "r.rewards.basket_changed"

    act(context, change)


def _add(context: Context, programme: Programme, reward_id: str, field: str) -> None:
    _set_pieces(context, programme, reward_id, int(st.session_state.get(field, 1)))


def _order(context: Context, programme: Programme, distributor: Partner, basket: Basket) -> None:
    password = st.session_state.get("step-up-password", "")

    def order(user: User) -> str:
        runtime = current()
        proof = confirm_password(runtime.store, user, password, runtime.clock) if password else None
        shopper = Shopper(user.user_id, user.party_id, partner_ids(user))
        request = OrderRequest(basket.key, distributor.party_id, basket.lines)
        place_order(runtime.store, programme, shopper, request, runtime.clock, random_id, proof=proof)
        return "r.rewards.ordered"

    act(context, order)


def _cancel(context: Context, programme: Programme, order: RewardOrder) -> None:
    def cancel(user: User) -> str:
        side = Side(user.user_id, member=user.party_id)
        cancel_lines(
            current().store, programme, side, order.reward_order_id, {line.reward_id: 0 for line in order.lines}, current().clock
        )
        return "r.rewards.was_cancelled"

    act(context, cancel)


def _points(context: Context, points: int) -> str:
    return context.text("common.points", points=number(points, context.language))
