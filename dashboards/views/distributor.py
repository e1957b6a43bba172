"""The distributor's views: its channel, orders, stock, support."""

from __future__ import annotations

import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import chart, choose, empty, heading, listing, metrics
from dashboards.figures.charts import month_bars, month_line, ranked_bars
from dashboards.queries import distributor as queries
from dashboards.texts import money, number, percent

DELIVERY_STATUSES = ("open", "in_transit", "partly_delivered", "delivered", "cancelled")


def overview(context: Context) -> None:
    """How does my sell-through develop, and with whom?"""
    row = context.row(queries.HEADLINE)
    heading(context, "d.overview", row.get("as_of"))
    monthly = context.frame(queries.MONTHLY)
    if monthly.empty:
        empty(context)
        return
    net, currency = row.get("net_12m_cents"), str(row.get("currency"))
    metrics(context, [
        ("d.overview.net", money(int(str(net)) if net is not None else None, currency, context.language), "d.overview.net_help"),
        ("d.overview.active", number(int(str(row["active_retailers"])), context.language), "m.activity.active_help"),
        ("d.overview.orders", number(int(str(row["orders_30d"])), context.language), None),
        ("d.overview.late", number(int(str(row["late_open_orders"])), context.language), None),
    ])  # fmt: skip
    figure = month_bars(
        monthly, {"net_amount_cents": context.text("d.overview.monthly")}, context.language, scale=100, y_suffix=f" {currency}"
    )
    chart(context, "d.overview.monthly", figure, monthly, "channel-months", "d.overview.net_help")
    listing(context, "d.overview.retailers", queries.RETAILERS)


def orders(context: Context) -> None:
    """What is ordered, what is on its way, what is late?"""
    heading(context, "d.orders", context.row(queries.HEADLINE).get("as_of"))
    monthly = context.frame(queries.LATE_MONTHLY)
    if monthly.empty:
        empty(context)
        return
    year = monthly.tail(12)
    promised, lines = int(year["lines_with_promise"].sum()), int(year["lines"].sum())
    metrics(context, [
        ("m.delivery.otif", percent(year["on_time_in_full"].sum() / promised if promised else None, context.language), "m.delivery.otif_help"),
        ("m.delivery.coverage", percent(promised / lines if lines else None, context.language), None),
    ])  # fmt: skip
    if promised:
        share = monthly[monthly["lines_with_promise"] > 0].copy()
        share["share"] = share["on_time_in_full"] / share["lines_with_promise"]
        figure = month_line(share, "share", context.text("m.delivery.otif"), context.language, is_share=True)
        chart(context, "m.delivery.otif_monthly", figure, monthly, "orders-otif", "m.delivery.otif_help")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = {name: context.text(f"status.{name}") for name in DELIVERY_STATUSES}
        status = choose(context, "delivery_status", DELIVERY_STATUSES, labels)
        only_late = st.toggle(context.text("filter.only_late"), key="only_late", bind="query-params")
    listing(context, "d.orders.list", queries.ORDERS, {"delivery_status": status, "only_late": "yes" if only_late else None})
    if not context.frame(queries.RECEIPTS).empty:
        listing(context, "d.orders.received", queries.RECEIPTS)


def stock(context: Context) -> None:
    """What runs out soon, what lies too long?"""
    frame = context.frame(queries.STOCK)
    heading(context, "d.stock", frame["counted_on"].max() if not frame.empty else None)
    if frame.empty:
        empty(context)
        return
    metrics(context, [
        ("d.stock.products", number(len(frame), context.language), None),
        ("d.stock.short", number(int((frame["weeks_of_supply"] < 2).sum()), context.language), "d.stock.short_help"),
        ("d.stock.still", number(int((frame["movement"] == "no_movement").sum()), context.language), None),
    ])  # fmt: skip
    shortest = frame.dropna(subset=["weeks_of_supply"]).head(15)
    if not shortest.empty:
        chart(
            context,
            "d.stock.cover",
            ranked_bars(shortest, "product", "weeks_of_supply", context.language),
            shortest,
            "stock-cover",
        )
    listing(context, "d.stock.list", queries.STOCK)


def support(context: Context) -> None:
    """What do my retailers ask?"""
    monthly = context.frame(queries.SUPPORT_MONTHLY)
    heading(context, "d.support", monthly["month_on"].max() if not monthly.empty else None)
    if monthly.empty:
        empty(context)
        return
    figure = month_bars(monthly, {"requests": context.text("column.requests")}, context.language)
    chart(context, "d.support.monthly", figure, monthly, "support-months")
    only_open = st.toggle(context.text("filter.only_open"), key="only_open", bind="query-params")
    listing(context, "d.support.list", queries.SUPPORT, {"only_open": "yes" if only_open else None})
