"""The distributor's orders of rewards: what to ship, what to hand over, what was undone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboards.components.acting import act, partners_of, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import empty, heading, metrics, plain, remark, table
from dashboards.runtime import current
from dashboards.texts import number
from dashboards.views.rewards import describe_order, order_frame
from loyalty import Programme
from loyalty.rewards import RewardOrder, Side, cancel_lines, deliver, orders_of_distributor, ship, undo_last_step
from portal import User

SHOWN_MAX = 30
"""Orders that stand open on the page at once; the table below has all."""


def fulfilment(context: Context) -> None:
    """Which rewards do my retailers wait for?"""
    heading(context, "d.fulfilment")
    show_outcome()
    programme = programme_of(context)
    orders = [] if programme is None else orders_of_distributor(current().store, programme, context.user.party_id)
    if programme is None or not orders:
        empty(context, "d.fulfilment.empty")
        return
    names = {partner.party_id: partner.name for partner in partners_of(context.user)}
    to_ship, under_way = ([one for one in orders if one.status == status] for status in ("ordered", "shipped"))
    metrics(context, [
        ("d.fulfilment.to_ship", number(len(to_ship), context.language), None),
        ("d.fulfilment.under_way", number(len(under_way), context.language), None),
    ])  # fmt: skip
    for title, chosen in (("d.fulfilment.to_ship", to_ship), ("d.fulfilment.under_way", under_way)):
        if chosen:
            st.subheader(context.text(title), anchor=False)
        for order in chosen[::-1][:SHOWN_MAX]:
            with st.container(border=True):
                st.markdown(plain(names.get(order.member, "–")))
                describe_order(context, order)
                _buttons(context, programme, order)
    st.subheader(context.text("d.fulfilment.all"), anchor=False)
    table(context, order_frame(context, orders, names, "retailer"), key="fulfilment-orders")
    delivered = [one for one in orders if one.status == "delivered"]
    if delivered:
        with st.expander(context.text("d.fulfilment.undo_delivered")):
            order_no = st.selectbox(
                context.text("filter.order"), [one.order_no for one in delivered], key="undo_order", width=260
            )
            order = next((one for one in delivered if one.order_no == order_no), delivered[0])
            _button(context, programme, order, "undo", _undo)


def _buttons(context: Context, programme: Programme, order: RewardOrder) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if order.status == "ordered":
            _button(context, programme, order, "ship", _ship, is_first=True)
        else:
            _button(context, programme, order, "deliver", _deliver, is_first=True)
            _button(context, programme, order, "undo", _undo)
        with st.popover(context.text("d.fulfilment.cancel")):
            remark(context.text("d.fulfilment.cancel_help"))
            for line in order.lines:
                if line.quantity_kept:
                    st.number_input(
                        context.text("d.fulfilment.keep", title=plain(line.title(context.language))), min_value=0, max_value=line.quantity_kept, value=0,
                        key=f"keep-{order.reward_order_id}-{line.reward_id}",
                    )  # fmt: skip
            _button(context, programme, order, "cancel", _cancel)


def _button(
    context: Context, programme: Programme, order: RewardOrder, name: str,
    change: Callable[[Context, Programme, RewardOrder], None], *, is_first: bool = False,
) -> None:  # fmt: skip
    st.button(
        context.text(f"d.fulfilment.{name}"), key=f"{name}-{order.reward_order_id}", type="primary" if is_first else "secondary",
        on_click=change, args=(context, programme, order),
    )  # fmt: skip


def _ship(context: Context, programme: Programme, order: RewardOrder) -> None:
    def change(user: User) -> str:
        ship(current().store, programme, Side(user.user_id, distributor=user.party_id), order.reward_order_id, current().clock)
        return "d.fulfilment.shipped"

    act(context, change)


def _deliver(context: Context, programme: Programme, order: RewardOrder) -> None:
    def change(user: User) -> str:
        deliver(current().store, programme, Side(user.user_id, distributor=user.party_id), order.reward_order_id, current().clock)
        return "d.fulfilment.delivered"

    act(context, change)


def _undo(context: Context, programme: Programme, order: RewardOrder) -> None:
    def change(user: User) -> str:
        side = Side(user.user_id, distributor=user.party_id)
        undo_last_step(current().store, programme, side, order.reward_order_id, order.status, current().clock)
        return "d.fulfilment.undone"

    act(context, change)


def _cancel(context: Context, programme: Programme, order: RewardOrder) -> None:
    keep = {
        line.reward_id: int(st.session_state.get(f"keep-{order.reward_order_id}-{line.reward_id}", line.quantity_kept))
        for line in order.lines
    }

    def change(user: User) -> str:
        side = Side(user.user_id, distributor=user.party_id)
        cancel_lines(current().store, programme, side, order.reward_order_id, keep, current().clock)
        return "d.fulfilment.cancelled"

    act(context, change)
