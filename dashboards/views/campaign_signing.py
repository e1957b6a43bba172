"""The distributor's campaigns to sign, running ones, and settlements."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards.components.campaign_acting import act, say_notice
from dashboards.components.campaign_parts import plain, show_simulation, show_terms
from dashboards.components.context import Context
from dashboards.components.kit import empty, export_link, heading, metrics, remark, table
from dashboards.queries.names import party_names
from dashboards.queries.programmes import visible_programmes
from dashboards.queries.settlements import lines_frame, settlements_frame, shown
from dashboards.runtime import current
from dashboards.texts import day, number
from dashboards.texts.numbers import money_exact
from dashboards.views.campaigns import sign_version
from loyalty import Programme
from loyalty.campaigns.lifecycle import today_in
from loyalty.campaigns.model import Campaign, Notice, owns
from loyalty.campaigns.records import campaign_rule_titles, list_campaigns, list_notices
from loyalty.campaigns.settling import Settlement, list_settlements
from portal import scope_of


def campaigns(context: Context) -> None:
    """What am I asked to sign, and what runs for my retailers?"""
    heading(context, "d.campaigns")
    say_notice(context)
    programmes = visible_programmes(context.user)
    by_id = {one.programme_id: one for one in programmes}
    scope = scope_of(context.user)
    mine = [one for one in list_campaigns(current().store, scope) if one.programme_id in by_id and not owns(scope, one)]
    waiting = [one for one in mine if one.status == "simulated" and not one.is_signed_by_all]
    st.subheader(context.text("d.campaigns.to_sign"), anchor=False)
    if not waiting:
        empty(context, "d.campaigns.nothing_to_sign")
    for one in waiting:
        _to_sign(context, by_id[one.programme_id], one)
    others = [one for one in mine if one not in waiting]
    if others:
        st.subheader(context.text("d.campaigns.mine"), anchor=False)
        table(context, pd.DataFrame([_row(context, one) for one in others]), key="campaigns-mine")
        for one in others:
            with st.expander(_title(context, one)):
                show_terms(context, by_id[one.programme_id], one)
                show_simulation(context, one, "co_funder", {})
    today = today_in(programmes[0], current().clock) if programmes else None
    notices = list_notices(current().store, scope, programmes, today) if today else []
    st.subheader(context.text("d.campaigns.running"), anchor=False)
    if not notices:
        empty(context, "d.campaigns.none")
        return
    table(context, pd.DataFrame([_notice_row(context, one) for one in notices]), key="campaigns-running")
    for notice in notices:
        with st.expander(
            f"{notice.title_de if context.language == 'de' else notice.title_en} · {context.text('campaign.terms')}"
        ):
            st.markdown(plain(notice.terms_de if context.language == "de" else notice.terms_en))


def _to_sign(context: Context, programme: Programme, campaign: Campaign) -> None:
    with st.container(border=True):
        st.markdown(f"### {plain(_title(context, campaign))}")
        remark(
            context.text(
                "campaign.days_of", first=day(campaign.starts_on, context.language), last=day(campaign.ends_on, context.language)
            )
        )
        show_terms(context, programme, campaign)
        show_simulation(context, campaign, "co_funder", {})
        key = f"{campaign.campaign_id}-{campaign.version}"
        has_read = st.checkbox(context.text("campaign.read", n=str(campaign.version)), key=f"read-{key}")
        if st.button(context.text("campaign.sign"), key=f"sign-{key}", type="primary", disabled=not has_read):
            act(context, lambda actor: sign_version(context, campaign, actor))


def _title(context: Context, one: Campaign) -> str:
    return one.draft.title_de if context.language == "de" else one.draft.title_en


def _row(context: Context, one: Campaign) -> dict[str, object]:
    return {
        "campaign": _title(context, one),
        "status": one.status,
        "version": one.version,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
    }


def _notice_row(context: Context, one: Notice) -> dict[str, object]:
    title = one.title_de if context.language == "de" else one.title_en
    return {"campaign": title, "status": one.status, "starts_on": one.starts_on, "ends_on": one.ends_on}


def settlements(context: Context) -> None:
    """Which burned points are charged to me?"""
    heading(context, "d.settlements")
    found = list_settlements(current().store, scope_of(context.user))
    if not found:
        empty(context, "d.settlements.empty")
        return
    st.subheader(context.text("d.settlements.list"), anchor=False)
    table(context, settlements_frame(found, context.language), key="settlement-list")
    export_link(context, "settlements", {})
    numbers = [one.settlement_no for one in found]
    chosen = st.selectbox(context.text("column.settlement"), numbers, key="settlement", bind="query-params", width=420)
    _document(context, next((one for one in found if one.settlement_no == chosen), found[0]))


def _document(context: Context, one: Settlement) -> None:
    st.subheader(context.text("settlement.lines", no=one.settlement_no), anchor=False)
    metrics(context, [
        ("settlement.mine", money_exact(one.burned_cents - one.manufacturer_cents, one.money_currency, context.language), None),
        ("settlement.burned", money_exact(one.burned_cents, one.money_currency, context.language), None),
        ("settlement.points", number(one.points_burned, context.language), None),
    ])  # fmt: skip
    frame = lines_frame(one, campaign_rule_titles(current().store), party_names(context.user), context.language, whole=False)
    table(context, shown(frame), key=f"lines-{one.settlement_id}")
    export_link(context, "settlement_lines", {"settlement": one.settlement_no})
