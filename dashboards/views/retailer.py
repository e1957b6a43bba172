"""The retailer's views: points, orders, requests."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import Metric, chart, choose, empty, heading, listing, metrics, table
from dashboards.figures.charts import month_bars, point_steps
from dashboards.queries import retailer as queries
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Programme, Statement, active_programmes, statement
from loyalty.campaigns.records import campaign_rule_titles

STATEMENT_ROWS = 1_000


def points(context: Context) -> None:
    """What do I have, and what expires when? Read from the ledger at once."""
    heading(context, "r.points")
    programmes = active_programmes(current().settings.root)
    shown = [_programme_points(context, programme, is_named=len(programmes) > 1) for programme in programmes]
    if not any(shown):
        empty(context, "r.points.empty")


def _programme_points(context: Context, programme: Programme, *, is_named: bool) -> bool:
    """One programme's balances and statement; nothing, and False, when the member has no entry in it."""
    booked = statement(current().store, programme, context.user.party_id, current().clock, limit=STATEMENT_ROWS)
    if not booked.entries:
        return False
    if is_named:
        st.subheader(programme.title_de if context.language == "de" else programme.title_en, anchor=False)
    for balance in booked.balances:
        items: list[Metric] = [
            ("r.points.available", number(balance.points_usable, context.language), None),
            ("r.points.expiring", number(balance.points_expiring_30d, context.language), None),
            ("r.points.next_expiry", day(balance.next_expiry_at, context.language), None),
        ]
        if balance.points_debt:
            items.append(("r.points.debt", number(balance.points_debt, context.language), "r.points.debt_help"))
        metrics(context, items)
    frame = _entries(booked, _rule_titles(context, programme))
    oldest_first = frame.iloc[::-1]
    figure = point_steps(list(oldest_first["effective_on"]), list(oldest_first["points_after"]), context.language)
    key = f"points-{programme.programme_id}"
    chart(context, "r.points.history", figure, frame[["effective_on", "points_after"]], f"{key}-history")
    st.subheader(context.text("r.points.statement"), anchor=False)
    table(context, frame, key=f"{key}-statement", height=420)
    return True


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


def _entries(booked: Statement, titles: dict[str | None, str]) -> pd.DataFrame:
    """The statement as a frame, newest first; dates of the event."""
    booked_after, after = sum(balance.points_booked for balance in booked.balances), []
    for entry in booked.entries:
        after.append(booked_after)
        booked_after -= entry.points
    return pd.DataFrame({
        "effective_on": [entry.effective_at.date() for entry in booked.entries],
        "kind": [entry.kind for entry in booked.entries],
        "document_no": [entry.document_no or "" for entry in booked.entries],
        "rule": [titles.get(entry.rule_id, entry.rule_id or "") for entry in booked.entries],
        "points": [entry.points for entry in booked.entries],
        "points_pending": [entry.points_pending for entry in booked.entries],
        "points_after": after,
    })  # fmt: skip


def _rule_titles(context: Context, programme: Programme) -> dict[str | None, str]:
    """Rule -> its title, of the programme and of campaigns; an entry looks up its own."""
    side = 0 if context.language == "de" else 1
    found: dict[str | None, str] = {rule.rule_id: (rule.title_de, rule.title_en)[side] for rule in programme.rules}
    return found | {rule_id: titles[side] for rule_id, titles in campaign_rule_titles(current().store).items()}
