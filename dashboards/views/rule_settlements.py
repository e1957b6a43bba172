"""The settlements of whoever runs a programme: charging what was burned of the programme's standing rules, and every settlement that was made."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from core.clock import random_id
from core.scope import Role
from dashboards.components.acting import choose_programme
from dashboards.components.campaign_acting import act, say_notice
from dashboards.components.context import Context
from dashboards.components.kit import empty, export_link, heading, metrics, remark, table
from dashboards.queries.names import party_names
from dashboards.queries.programmes import own_programmes
from dashboards.queries.settlements import lines_frame, settlements_frame, shown
from dashboards.runtime import current
from dashboards.texts import number
from loyalty import Programme
from loyalty.campaigns.lifecycle import today_in
from loyalty.campaigns.model import Actor
from loyalty.campaigns.records import campaign_rule_titles
from loyalty.campaigns.settled import Settlement, list_settlements
from loyalty.campaigns.settling_rules import open_rule_points, settle_rules
from portal import scope_of


def settlements(context: Context) -> None:
    """What did burned points cost, and who bears it?"""
    heading(context, "m.settlements" if context.user.role is Role.MANUFACTURER else "d.settling")
    context.still_here()
    say_notice(context)
    own = own_programmes(context.user)
    programme = choose_programme(context, own)
    made = list_settlements(current().store, scope_of(context.user))
    found = [one for one in made if context.user.role is Role.MANUFACTURER or one.programme_id in {p.programme_id for p in own}]
    if programme is not None:
        _standing(context, programme, found)
    st.subheader(context.text("m.settlements.made"), anchor=False)
    if not found:
        empty(context, "m.settlements.empty")
        return
    table(context, settlements_frame(found, context.language), key="settlements-made")
    export_link(context, "settlements", {})
    titles, names = campaign_rule_titles(current().store), party_names(context.user)
    for one in found:
        with st.expander(context.text("settlement.lines", no=one.settlement_no)):
            table(context, shown(lines_frame(one, titles, names, context.language, whole=True)), key=f"lines-{one.settlement_id}")
            export_link(context, "settlement_lines", {"settlement": one.settlement_no})


def _standing(context: Context, programme: Programme, found: list[Settlement]) -> None:
    """What waits to be charged, and the form that charges it."""
    st.subheader(context.text("m.settlements.standing"), anchor=False)
    remark(context.text("m.settlements.lead"))
    metrics(context, [("settlement.open", number(open_rule_points(current().store, programme), context.language), None)])
    last_over = today_in(programme, current().clock) - timedelta(days=1)
    earlier = [one.until for one in found if not one.campaign_id and one.programme_id == programme.programme_id]
    first = max(earlier) + timedelta(days=1) if earlier else None
    if first is not None and first > last_over:
        remark(context.text("m.settlements.up_to_date"))
        return
    with st.form("settle-rules", width=420):
        until = st.date_input(context.text("settlement.until"), last_over, min_value=first, max_value=last_over,
                              format="DD.MM.YYYY" if context.language == "de" else "DD/MM/YYYY")  # fmt: skip
        if st.form_submit_button(context.text("settlement.make")):
            act(context, lambda actor: _settle(context, programme, actor, until))


def _settle(context: Context, programme: Programme, actor: Actor, until: object) -> str:
    if isinstance(until, date):
        again = next((one for one in own_programmes(context.user) if one.programme_id == programme.programme_id), None)
        owner = None if again is None else again.owner_id
        settle_rules(current().store, programme, owner, actor, until, current().clock, random_id)
    return context.text("campaign.settled")
