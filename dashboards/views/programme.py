"""A points programme as its owner sees it: is it alive, and what does it owe?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards.components.campaign_parts import show_programme_terms
from dashboards.components.context import Context
from dashboards.components.kit import chart, empty, export, heading, metrics, remark, table
from dashboards.figures.charts import month_bars, month_line
from dashboards.queries import programme as queries
from dashboards.queries.model import Query
from dashboards.queries.programmes import own_programmes
from dashboards.texts import money, number, percent


def health(context: Context) -> None:
    """Who takes part, and what becomes of the points?"""
    heading(context, "m.health")
    filters = _programme(context)
    if filters is None:
        return
    monthly = context.frame(queries.HEALTH_MONTHLY, filters)
    cohorts = context.row(queries.COHORTS_HEADLINE, filters)
    active = int(monthly["members_active"].iloc[-1]) if not monthly.empty else 0
    issued = int(monthly.tail(12)["points_issued"].sum())
    metrics(context, [
        ("m.health.active", number(active, context.language), "m.health.active_help"),
        ("m.health.issued", number(issued, context.language), "m.health.issued_help"),
        ("m.health.redemption", percent(_share(cohorts.get("redemption_rate")), context.language), "m.health.redemption_help"),
    ])  # fmt: skip
    if monthly.empty:
        empty(context)
        return
    line = month_line(monthly, "members_active", context.text("column.members_active"), context.language)
    chart(
        context,
        "m.health.monthly",
        line,
        monthly[["month_on", "members_active", "members_redeeming"]],
        "health-members",
        "m.health.active_help",
    )
    for title, columns in (("m.health.points", ("points_issued",)), ("m.health.gone", ("points_redeemed", "points_expired"))):
        series = {name: context.text(f"column.{name}") for name in columns}
        bars = month_bars(monthly, series, context.language)
        chart(context, title, bars, monthly[["month_on", *columns]], title.replace(".", "-"), "m.health.points_help")
    export(context, queries.HEALTH_MONTHLY, filters)
    _list(context, "m.health.cohorts", queries.COHORTS, filters, "m.health.cohorts_help")
    _list(context, "m.health.tiers", queries.TIERS, filters, "m.health.tiers_help")
    for one in own_programmes(context.user):
        if one.programme_id == filters["programme"]:
            show_programme_terms(context, one)


def liability(context: Context) -> None:
    """What is outstanding, what will it cost, and whom?"""
    heading(context, "m.liability")
    filters = _programme(context)
    if filters is None:
        return
    now = context.row(queries.LIABILITY_HEADLINE, filters)
    cohorts = context.row(queries.COHORTS_HEADLINE, filters)
    currency = str(now.get("money_currency"))
    breakage = _share(cohorts.get("breakage_rate"))
    outstanding, owed = int(str(now.get("points_closing") or 0)), int(str(now.get("liability_cents") or 0))
    metrics(context, [
        ("m.liability.outstanding", number(outstanding, context.language), "m.liability.outstanding_help"),
        ("m.liability.value", money(owed, currency, context.language), "m.liability.value_help"),
        ("m.liability.breakage", context.text("programme.later") if breakage is None else percent(breakage, context.language),
         "m.liability.breakage_help"),
    ])  # fmt: skip
    monthly = context.frame(queries.LIABILITY, filters).sort_values("month_on")
    value = month_bars(monthly, {"liability_cents": context.text("column.liability_cents")}, context.language, scale=100)
    chart(
        context,
        "m.liability.monthly",
        value,
        monthly[["month_on", "liability_cents", "money_currency"]],
        "liability-months",
        "m.liability.value_help",
    )
    _list(context, "m.liability.roll", queries.LIABILITY, filters, "m.liability.roll_help")
    _list(context, "m.liability.funders", queries.FUNDERS, filters, "m.liability.funders_help")
    _list(context, "m.liability.revenue", queries.REVENUE, filters, "m.liability.revenue_help")


def _programme(context: Context) -> dict[str, str | None] | None:
    """The programme that is looked at; chosen where there are several. None: there is none, which is said."""
    names = [str(name) for name in context.frame(queries.PROGRAMMES)["programme_id"]]
    if not names:
        empty(context, "programme.empty")
        return None
    if len(names) == 1:
        return {"programme": names[0]}
    return {"programme": st.selectbox(context.text("filter.programme"), names, key="programme", bind="query-params", width=260)}


def _list(context: Context, title_key: str, query: Query, filters: dict[str, str | None], help_key: str | None = None) -> None:
    frame: pd.DataFrame = context.frame(query, filters)
    st.subheader(context.text(title_key), anchor=False)
    if help_key:
        remark(context.text(help_key))
    if frame.empty:
        empty(context)
        return
    table(context, frame, key=f"{query.name}-list", height=min(420, 38 + 35 * len(frame)))
    export(context, query, filters)


def _share(value: object) -> float | None:
    return None if value is None else float(str(value))
