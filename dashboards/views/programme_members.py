"""Members of one's own programme: each with its tier, points and activity; for a manufacturer without what distributors charge."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.scope import Role
from dashboards.components.context import Context
from dashboards.components.kit import chart, choose, empty, export, heading, metrics, plain, remark, table
from dashboards.figures.charts import month_bars
from dashboards.queries import programme_members as queries
from dashboards.texts import day, number


def members(context: Context) -> None:
    """How is each member doing, and who needs attention?"""
    heading(context, "m.members")
    programme = _programme(context)
    if programme is None:
        empty(context, "m.members.empty")
        return
    cuts = context.frame(queries.MEMBER_CUTS, {"programme": programme})
    with st.container(horizontal=True):
        tier = choose(context, "tier", sorted(set(cuts["tier"].dropna())))
        region = choose(context, "region", sorted(set(cuts["region"])))
    filters = {"programme": programme, "tier": tier, "region": region}
    listed = context.frame(queries.MEMBERS_LISTED, filters)
    if listed.empty:
        empty(context, "m.members.none")
        return
    refs = {f"{ref} · {name}": str(ref) for ref, name in zip(listed["member_ref"], listed["member"], strict=True)}
    chosen = st.selectbox(
        context.text("m.members.choose"), sorted(refs), key="member", bind="query-params", index=None, placeholder="–", width=420
    )
    if chosen is not None and str(chosen) in refs:
        _member(context, programme, refs[str(chosen)])
    st.subheader(context.text("m.members.list"), anchor=False, help=context.text("m.members.list_help"))
    table(context, listed, key="programme-members", height=min(560, 38 + 35 * len(listed)))
    export(context, queries.MEMBERS_LISTED, filters)
    remark(context.text("m.members.without" if context.user.role is Role.MANUFACTURER else "d.own_members.value"))


def _programme(context: Context) -> str | None:
    known = list(context.frame(queries.MEMBER_PROGRAMMES)["programme_id"])
    if len(known) <= 1:
        return str(known[0]) if known else None
    return str(st.selectbox(context.text("filter.programme"), known, key="programme", bind="query-params", width=260))


def _member(context: Context, programme: str, ref: str) -> None:
    language = context.language
    row = context.row(queries.MEMBER_HEADLINE, {"programme": programme, "member": ref})
    with st.container(border=True):
        st.markdown(f"### {plain(str(row['member']))}")
        last = row.get("last_ordered_on")
        help_key = "m.members.points_help" if context.user.role is Role.MANUFACTURER else "d.own_members.points_help"
        metrics(context, [
            ("m.members.tier", str(row.get("tier") or "–"), None),
            ("m.members.last_order", "–" if last is None else day(pd.Timestamp(str(last)).date(), language), None),
            ("m.members.orders", number(_int(row["orders_12m"]), language), None),
        ])  # fmt: skip
        metrics(context, [
            (f"m.members.{name}", number(_int(row[f"points_{name}"]), language), help_key)
            for name in ("issued", "redeemed", "expired")
        ])  # fmt: skip
        if row["has_hidden_points"]:
            remark(context.text("m.members.hidden"))
        _activity(context, ref)
        requests = context.frame(queries.MEMBER_REQUESTS, {"member": ref})
        st.subheader(context.text("m.members.requests"), anchor=False)
        if requests.empty:
            empty(context, "m.members.no_requests")
        else:
            table(context, requests, key="member-requests")
            export(context, queries.MEMBER_REQUESTS, {"member": ref})


def _activity(context: Context, ref: str) -> None:
    monthly = context.frame(queries.MEMBER_MONTHLY, {"member": ref})
    if monthly.empty:
        empty(context, "m.members.no_orders")
        return
    bars = month_bars(
        monthly.groupby("month_on", as_index=False)[["list_value_cents"]].sum(),
        {"list_value_cents": context.text("m.activity.value")}, context.language, scale=100,
    )  # fmt: skip
    chart(context, "m.activity.value", bars, monthly, "member-months", "m.activity.value_help")
    export(context, queries.MEMBER_MONTHLY, {"member": ref})


def _int(value: object) -> int:
    return int(str(value))
