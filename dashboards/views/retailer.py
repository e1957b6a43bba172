"""The retailer's views: points, orders, requests."""

from __future__ import annotations

import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import chart, choose, empty, heading, listing, metrics, table
from dashboards.figures.charts import month_bars
from dashboards.queries import retailer as queries
from dashboards.texts import number


def orders(context: Context) -> None:
    """What did I order, and where is it?"""
    row = context.row(queries.HEADLINE)
    heading(context, "r.orders", row.get("as_of"))
    monthly = context.frame(queries.MONTHLY)
    if monthly.empty:
        empty(context)
        return
    metrics(context, [
        ("r.orders.under_way", number(int(str(row["orders_under_way"])), context.language), None),
        ("r.orders.late", number(int(str(row["orders_late"])), context.language), None),
        ("r.orders.year", number(int(str(row["orders_12m"])), context.language), None),
    ])  # fmt: skip
    statuses = ("open", "in_transit", "partly_delivered", "delivered", "cancelled")
    status = choose(context, "delivery_status", statuses, {name: context.text(f"status.{name}") for name in statuses})
    listed = listing(context, "r.orders.list", queries.ORDERS, {"delivery_status": status})
    if not listed.empty:
        number_of_order = st.selectbox(
            context.text("filter.order"), list(listed["document_no"]), key="order", bind="query-params", width=260
        )
        if number_of_order:
            st.subheader(context.text("r.orders.lines", name=str(number_of_order)), anchor=False)
            table(context, context.frame(queries.ORDER_LINES, {"document_no": str(number_of_order)}), key="order-lines")
            received = context.frame(queries.RECEIPTS, {"document_no": str(number_of_order)})
            if not received.empty:
                st.subheader(context.text("r.orders.received", name=str(number_of_order)), anchor=False)
                table(context, received, key="order-receipts")
    figure = month_bars(monthly, {"net_amount_cents": context.text("r.orders.monthly")}, context.language, scale=100)
    chart(context, "r.orders.monthly", figure, monthly, "order-months", "d.overview.net_help")


def support(context: Context) -> None:
    """What became of my requests?"""
    frame = context.frame(queries.SUPPORT)
    heading(context, "r.support", frame["opened_at"].max() if not frame.empty else None)
    listed = listing(context, "r.support.list", queries.SUPPORT)
    if listed.empty:
        return
    request_no = st.selectbox(
        context.text("filter.request"), list(listed["request_no"]), key="request", bind="query-params", width=260
    )
    if request_no:
        st.subheader(context.text("r.support.history", name=str(request_no)), anchor=False)
        table(context, context.frame(queries.SUPPORT_HISTORY, {"request_no": str(request_no)}), key="request-history")
