"""The manufacturer's views: activity of resellers, orders and delivery, support by product."""

from __future__ import annotations

import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import chart, choose, empty, heading, listing, metrics, remark
from dashboards.figures.charts import month_bars, month_line, ranked_bars
from dashboards.queries import manufacturer as queries
from dashboards.texts import number, percent


def activity(context: Context) -> None:
    """Which resellers are active, where do they grow, where do they leave?"""
    leg = _leg(context)
    if leg is None:
        heading(context, "m.activity")
        empty(context)
        return
    options = context.frame(queries.REGIONS, {"leg": leg})
    headline_slot = st.container()
    with st.container(horizontal=True):
        region = choose(context, "region", sorted(set(options["region"])))
        tier = choose(context, "tier", sorted(set(options["tier"])))
    filters = {"leg": leg, "region": region, "tier": tier}
    row = context.row(queries.ACTIVITY_HEADLINE, filters)
    monthly = context.frame(queries.ACTIVITY_MONTHLY, filters)
    with headline_slot:
        heading(context, "m.activity", row.get("as_of"))
        remark(context.text(f"leg.{leg}"))
        metrics(context, [
            (f"m.activity.{name}", number(_int(row.get(f"{column}_resellers")), context.language), f"m.activity.{name}_help")
            for name, column in (("active", "active"), ("new", "new"), ("reactivated", "reactivated"), ("lapsed", "lapsed"))
        ])  # fmt: skip
    if monthly.empty:
        empty(context)
        return
    label = context.text("m.activity.active")
    chart(
        context,
        "m.activity.monthly",
        month_line(monthly, "active_resellers", label, context.language),
        monthly,
        "activity-months",
    )
    value = month_bars(monthly, {"list_value_cents": context.text("m.activity.value")}, context.language, scale=100)
    chart(context, "m.activity.value", value, monthly, "activity-value", "m.activity.value_help")
    listing(context, "m.activity.by_region", queries.ACTIVITY_BY_REGION, filters)
    listing(context, "m.activity.movers", queries.RESELLERS, filters)


def delivery(context: Context) -> None:
    """Does what is ordered arrive, and on time?"""
    leg = _leg(context)
    monthly = context.frame(queries.DELIVERY_MONTHLY, {"leg": leg})
    heading(context, "m.delivery", _as_of(context, leg))
    if monthly.empty or leg is None:
        empty(context)
        return
    remark(context.text(f"leg.{leg}"))
    year = monthly.tail(12)
    promised, lines = int(year["lines_with_promise"].sum()), int(year["lines"].sum())
    otif = year["on_time_in_full"].sum() / promised if promised else None
    metrics(context, [
        ("m.delivery.otif", percent(otif, context.language), "m.delivery.otif_help"),
        ("m.delivery.coverage", percent(promised / lines if lines else None, context.language), None),
        ("m.delivery.late", number(int(year["late"].sum()), context.language), None),
        ("m.delivery.open", number(int((year["open"] + year["in_transit"]).sum()), context.language), None),
    ])  # fmt: skip
    if not promised:
        empty(context)
        return
    monthly["share"] = monthly["on_time_in_full"] / monthly["lines_with_promise"].where(monthly["lines_with_promise"] > 0)
    figure = month_line(
        monthly.dropna(subset=["share"]), "share", context.text("m.delivery.otif"), context.language, is_share=True
    )
    chart(context, "m.delivery.otif_monthly", figure, monthly.drop(columns="share"), "delivery-otif", "m.delivery.otif_help")
    statuses = {name: context.text(f"status.{name}") for name in ("delivered", "in_transit", "open", "cancelled")}
    chart(
        context,
        "m.delivery.status",
        month_bars(monthly, statuses, context.language),
        monthly.drop(columns="share"),
        "delivery-status",
    )
    listing(context, "m.delivery.by_distributor", queries.DELIVERY_BY_DISTRIBUTOR, {"leg": leg})


def support(context: Context) -> None:
    """What do resellers need help with?"""
    products = context.frame(queries.SUPPORT_BY_PRODUCT)
    monthly = context.frame(queries.SUPPORT_MONTHLY)
    heading(context, "m.support", monthly["month_on"].max() if not monthly.empty else None)
    if products.empty:
        empty(context)
        return
    hours = products["mean_resolution_hours"].astype(float)
    mean = (hours * products["requests"]).sum() / products["requests"].sum()
    metrics(context, [
        ("m.support.requests", number(int(products["requests"].sum()), context.language), None),
        ("m.support.open", number(int(products["requests_open"].sum()), context.language), None),
        ("m.support.reopened", number(int(products["requests_reopened"].sum()), context.language), None),
        ("m.support.resolution", f"{number(round(float(mean), 1), context.language)} h", None),
    ])  # fmt: skip
    wide = (
        monthly.pivot_table(index="month_on", columns="product_category", values="requests", aggfunc="sum")
        .fillna(0)
        .reset_index()
    )
    series = {str(name): str(name) for name in wide.columns if name != "month_on"}
    chart(context, "m.support.monthly", month_bars(wide, series, context.language), monthly, "support-months")
    ranking = ranked_bars(products.head(12), "product_category", "requests", context.language)
    chart(context, "m.support.requests", ranking, products, "support-products")
    listing(context, "m.support.topics", queries.SUPPORT_TOPICS)


def _leg(context: Context) -> str | None:
    """The leg to show: what distributors sell on where it is reported, else what resellers buy from us."""
    legs = context.frame(queries.LEGS)
    return None if legs.empty else str(legs["leg"].iloc[0])


def _as_of(context: Context, leg: str | None) -> object:
    legs = context.frame(queries.LEGS)
    return None if leg is None or legs.empty else legs.loc[legs["leg"] == leg, "as_of"].iloc[0]


def _int(value: object) -> int | None:
    return None if value is None else int(str(value))
