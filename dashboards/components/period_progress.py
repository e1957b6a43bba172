"""Bonuses of periods that still run: how far they are, what is due, and when."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import plain, remark
from dashboards.queries.progress import PERIODS
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Programme, Rule
from loyalty.campaigns.lifecycle import today_in
from loyalty.campaigns.running import with_campaigns
from loyalty.domain.points import SUBCENTS_PER_UNIT
from loyalty.domain.programme import MILLI


def show_period_progress(context: Context, programme: Programme) -> None:
    """A bar per rule with a bonus whose month, quarter or year still runs; nothing where there is none."""
    frame = context.frame(PERIODS, {"programme": programme.programme_id, "currency": programme.currency})
    today = today_in(programme, current().clock)
    known = {(rule.campaign_id, rule.rule_id): rule for rule in with_campaigns(current().store, programme).rules}
    rows = []
    for row in frame.to_dict("records"):
        campaign, _, _ = str(row["rule_key"]).rpartition("/")
        rule = known.get((campaign or None, str(row["rule_id"])))
        ends_on = pd.Timestamp(row["ends_on"]).date()
        if rule is not None and rule.bonus_points and ends_on >= today:
            rows.append((rule, ends_on, int(row["quantity_milli"]), int(row["amount_subcents"])))
    if not rows:
        return
    st.subheader(context.text("r.points.periods"), anchor=False)
    for rule, ends_on, quantity, amount in rows:
        _bar(context, rule, ends_on, quantity, amount)
    remark(context.text("r.points.periods_note"))


def _bar(context: Context, rule: Rule, ends_on: date, quantity_milli: int, amount_subcents: int) -> None:
    language = context.language
    goals = []
    if rule.bonus_from_quantity is not None:
        goals.append((quantity_milli / MILLI, float(rule.bonus_from_quantity), context.text("r.points.units")))
    if rule.bonus_from_amount is not None:
        goals.append((amount_subcents / SUBCENTS_PER_UNIT, float(rule.bonus_from_amount), rule.money_currency))
    share = min((min(1.0, max(0.0, has / goal)) for has, goal, _ in goals), default=1.0)
    parts = [
        context.text("r.points.so_far", value=number(round(has, 2), language), goal=number(round(goal, 2), language), unit=unit)
        for has, goal, unit in goals
    ]
    key = "r.points.due" if share >= 1 else "r.points.possible"
    parts.append(context.text(key, points=number(rule.bonus_points, language), day=day(ends_on, language)))
    title = rule.title_de if language == "de" else rule.title_en
    st.progress(share, text=plain(f"{title}: {'; '.join(parts)}"))
