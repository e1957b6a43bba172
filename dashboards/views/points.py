"""The retailer's points: what can be spent, what expires when, what the next tier needs, and a reason behind every line."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pandas as pd
import streamlit as st

from dashboards.components.acting import programme_of
from dashboards.components.campaign_parts import show_programme_terms
from dashboards.components.context import Context
from dashboards.components.kit import Metric, chart, choose, empty, export, heading, metrics, plain, remark, table
from dashboards.components.period_progress import show_period_progress
from dashboards.figures.charts import month_bars
from dashboards.queries.store import STATEMENT, STATEMENT_KINDS, STATEMENT_ROWS
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Balance, Programme, Statement, statement
from loyalty.standing import TierAnswer, tier_answer


def points(context: Context) -> None:
    """What do I have, what expires when, and what is missing to the next tier? Read from the ledger at once."""
    heading(context, "r.points")
    programme = programme_of(context)
    booked = None if programme is None else statement(current().store, programme, context.user.party_id, current().clock, limit=1)
    if programme is None or booked is None or not booked.balances:
        empty(context, "r.points.empty")
        if programme is not None:
            show_programme_terms(context, programme)
        return
    _answers(context, programme, booked)
    show_period_progress(context, programme)
    _expiries(context, booked)
    st.subheader(context.text("r.points.statement"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choose(context, "kind", STATEMENT_KINDS, {name: context.text(f"status.{name}") for name in STATEMENT_KINDS})
        document = st.text_input(context.text("filter.document"), key="document", bind="query-params", width=220)
    _entries(context, booked, {"programme": programme.programme_id, "kind": kind, "document": document or None})
    show_programme_terms(context, programme)


def _entries(context: Context, booked: Statement, filters: dict[str, str | None]) -> None:
    frame = STATEMENT.frame(context.user, filters)
    if frame.empty:
        empty(context, "r.points.no_entries")
        return
    table(context, frame, key="points-statement", height=min(560, 38 + 35 * len(frame)))
    export(context, STATEMENT, filters)
    if booked.entries_total > STATEMENT_ROWS:
        remark(
            context.text(
                "r.points.newest",
                rows=number(STATEMENT_ROWS, context.language),
                total=number(booked.entries_total, context.language),
            )
        )


def _answers(context: Context, programme: Programme, booked: Statement) -> None:
    (balance,) = booked.balances
    language = context.language
    next_step = booked.expiries[0] if booked.expiries else None
    items: list[Metric] = [
        ("r.points.available", number(balance.points_usable, language), None),
        ("r.points.next_expiry", "–" if next_step is None else f"{number(next_step.points, language)} · {day(next_step.expires_at, language)}", "r.points.next_expiry_help"),
    ]  # fmt: skip
    tier = tier_answer(current().store, programme, context.user.party_id, current().clock)
    standing = tier.outlook if tier else None
    if standing is not None and standing.next_tier is not None:
        items.append(
            ("r.points.next_tier", f"{number(standing.points_to_next, language)} → {standing.next_tier}", "r.points.tier_help")
        )
    elif standing is not None:
        items.append(("r.points.top_tier", standing.tier, "r.points.tier_help"))
    metrics(context, items)
    words = [*_others(context, balance), *([] if tier is None else _tier_words(context, tier))]
    if words:
        remark(" · ".join(words))


def _others(context: Context, balance: Balance) -> list[str]:
    """Points that are neither usable nor gone."""
    return [
        context.text(f"r.points.{name}_words", points=number(value, context.language))
        for name, value in (
            ("expiring", balance.points_expiring_30d), ("pending", balance.points_pending), ("held", balance.points_held),
            ("debt", balance.points_debt),
        ) if value
    ]  # fmt: skip


def _tier_words(context: Context, tier: TierAnswer) -> list[str]:
    """The tier, until when it holds, by when the next one has to be reached, and what keeping it still needs."""
    language, standing = context.language, tier.outlook
    if standing.valid_until is None:
        words = [context.text("r.points.tier_words_open", tier=plain(standing.tier))]
    else:
        words = [context.text("r.points.tier_words", tier=plain(standing.tier), day=day(standing.valid_until, language))]
    if standing.next_tier is not None and tier.suffices_until is not None:
        key = "r.points.tier_by" if standing.window_ends_on else "r.points.tier_rolling"
        words.append(context.text(key, tier=plain(standing.next_tier), day=day(tier.suffices_until, language)))
    if standing.points_to_keep:
        words.append(context.text("r.points.keep_words", points=number(standing.points_to_keep, language)))
    return words


def _expiries(context: Context, booked: Statement) -> None:
    if not booked.expiries:
        return
    months: dict[date, int] = defaultdict(int)
    for step in booked.expiries:
        months[step.expires_at.date().replace(day=1)] += step.points
    frame = pd.DataFrame({"month_on": list(months), "points": list(months.values())})
    figure = month_bars(frame, {"points": context.text("column.points")}, context.language)
    chart(context, "r.points.expiries", figure, frame, "points-expiries", "r.points.expiries_help")
