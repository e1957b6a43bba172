"""The campaign studio of whoever runs a programme: drafts, trials on past orders, signatures, launch, uplift, settlement."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import date, timedelta

import numpy
import pandas as pd
import streamlit as st

from core.clock import random_id
from core.warehouse.published import published_marts
from dashboards.components.campaign_acting import act, say_notice
from dashboards.components.campaign_form import draft_editor
from dashboards.components.campaign_parts import show_simulation, show_terms, show_uplift
from dashboards.components.context import Context
from dashboards.components.kit import empty, export_link, heading, remark, table
from dashboards.queries.names import party_names
from dashboards.queries.programmes import own_programmes
from dashboards.queries.settlements import lines_frame, settlements_frame, shown
from dashboards.runtime import current
from dashboards.texts import day
from loyalty import Programme
from loyalty.campaigns.facts import candidates, uplift_of
from loyalty.campaigns.lifecycle import keep_simulation, launch, sign, stop, today_in, withdraw
from loyalty.campaigns.model import EARNING_STATES, EDITABLE_STATES, Actor, Campaign, owns, rules_of
from loyalty.campaigns.records import campaign_rule_titles, list_campaigns, members_of
from loyalty.campaigns.settling import list_settlements, open_points, settle
from loyalty.campaigns.simulating import simulate
from loyalty.tiering import held_tiers
from portal import scope_of

NEW, NEXT = "new", "campaign-next"
MONTHS = (12, 24)


def studio(context: Context) -> None:
    """What does a campaign cost, whom does it help, and what did it bring?"""
    heading(context, "m.campaigns")
    has_acted = say_notice(context)
    scope = scope_of(context.user)
    programmes = {one.programme_id: one for one in own_programmes(context.user)}
    found = [one for one in list_campaigns(current().store, scope) if one.programme_id in programmes and owns(scope, one)]
    names = party_names(context.user)
    if found:
        st.subheader(context.text("m.campaigns.list"), anchor=False)
        table(context, _overview(context, found, names), key="campaign-list")
    else:
        empty(context, "m.campaigns.empty")
    if not programmes:
        return
    chosen = _choose(context, found)
    if chosen is None:
        draft_editor(context, list(programmes.values()), None, NEXT)
        return
    _say_if_changed(context, chosen, has_acted)
    _detail(context, programmes[chosen.programme_id], chosen, names)


def _overview(context: Context, found: Sequence[Campaign], names: dict[int, str]) -> pd.DataFrame:
    return pd.DataFrame([
        {
            "campaign": _title(context, one), "status": one.status, "version": one.version, "starts_on": one.starts_on, "ends_on": one.ends_on,
            "co_funder": names.get(one.draft.co_funder or 0, "–"), "hold_out_percent": one.draft.hold_out_percent,
            "signed_by": ", ".join(names.get(s.party_id, "–") for s in one.signatures) or "–",
        }
        for one in found
    ])  # fmt: skip


def _say_if_changed(context: Context, campaign: Campaign, has_acted: bool) -> None:
    """Whoever looked at an earlier version is told: what was typed or clicked for that one did nothing."""
    seen = st.session_state.get(f"seen-{campaign.campaign_id}")
    if seen is not None and seen != campaign.version and not has_acted:
        st.warning(context.text("campaign.error.LOY-401"))
    st.session_state[f"seen-{campaign.campaign_id}"] = campaign.version


def _title(context: Context, one: Campaign) -> str:
    return one.draft.title_de if context.language == "de" else one.draft.title_en


def _choose(context: Context, found: Sequence[Campaign]) -> Campaign | None:
    by_id = {one.campaign_id: one for one in found}
    if NEXT in st.session_state:
        st.session_state["campaign"] = st.session_state.pop(NEXT)
    labels = {NEW: context.text("campaign.new")} | {
        one.campaign_id: f"{_title(context, one)} · {day(one.starts_on, context.language)}" for one in found
    }
    chosen = st.selectbox(
        context.text("campaign.choose"), [*by_id, NEW], key="campaign", bind="query-params", format_func=lambda one: labels.get(one, one), width=420
    )  # fmt: skip
    return by_id.get(str(chosen))


def _detail(context: Context, programme: Programme, campaign: Campaign, names: dict[int, str]) -> None:
    show_terms(context, programme, campaign)
    _acts(context, programme, campaign, names)
    show_simulation(context, campaign, campaign.owner_role, names)
    if campaign.status in EARNING_STATES:
        _uplift(context, programme, campaign)
        _settlements(context, programme, campaign, names)
    if campaign.status in EDITABLE_STATES:
        with st.expander(context.text("campaign.edit")):
            remark(context.text("campaign.edit_note"))
            draft_editor(context, [programme], campaign, NEXT)


def _acts(context: Context, programme: Programme, campaign: Campaign, names: dict[int, str]) -> None:
    """What can be done in this state, each with what it means."""
    key = f"{campaign.campaign_id}-{campaign.version}"
    if campaign.status in ("draft", "simulated") and not campaign.signatures:
        _simulate(context, programme, campaign, key)
    if campaign.status == "simulated":
        _sign(context, campaign, names, key)
    if campaign.status == "signed":
        remark(context.text("campaign.launch_note", day=day(campaign.starts_on, context.language)))
        if st.button(context.text("campaign.launch"), key=f"launch-{key}", type="primary"):
            act(context, lambda actor: _launch(context, programme, campaign, actor))
    if campaign.status == "running" and campaign.stopped_on is None:
        sure = st.checkbox(context.text("campaign.stop_sure"), key=f"stop-sure-{key}")
        if st.button(context.text("campaign.stop"), key=f"stop-{key}", disabled=not sure):
            act(context, lambda actor: _stop(context, programme, campaign, actor))
    if campaign.status in EDITABLE_STATES and st.button(context.text("campaign.withdraw"), key=f"withdraw-{key}"):
        act(context, lambda actor: _withdraw(context, campaign, actor))


def _simulate(context: Context, programme: Programme, campaign: Campaign, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        months = st.selectbox(context.text("campaign.months"), MONTHS, key=f"months-{key}", width=180,
                              format_func=lambda n: context.text("campaign.months_n", n=str(n)))  # fmt: skip
        is_asked = st.button(context.text("campaign.simulate"), key=f"simulate-{key}", type="primary")
    if not is_asked:
        return
    bar = st.progress(0.0, context.text("campaign.step.members"))

    def report(step: str, share: float) -> None:
        bar.progress(min(share, 1.0), context.text(f"campaign.step.{step}"))

    def work(actor: Actor) -> str:
        seed = zlib.crc32(f"{campaign.campaign_id}@{campaign.version}".encode())
        with published_marts(current().settings) as connection:
            found = simulate(
                connection, programme, campaign, months=int(months), rng=numpy.random.default_rng(seed),
                progress=report, tiers=held_tiers(current().store, programme),
            )  # fmt: skip
        keep_simulation(current().store, actor, campaign.campaign_id, campaign.version, found, current().clock)
        return context.text("campaign.simulated")

    act(context, work)
    bar.empty()


def _sign(context: Context, campaign: Campaign, names: dict[int, str], key: str) -> None:
    if campaign.is_signed_by_owner:
        remark(context.text("campaign.waiting", who=names.get(campaign.draft.co_funder or 0, "–")))
        return
    has_read = st.checkbox(context.text("campaign.read", n=str(campaign.version)), key=f"read-{key}")
    label = "campaign.sign" if campaign.draft.co_funder is None else "campaign.sign_offer"
    if st.button(context.text(label), key=f"sign-{key}", type="primary", disabled=not has_read):
        act(context, lambda actor: sign_version(context, campaign, actor))


def sign_version(context: Context, campaign: Campaign, actor: Actor) -> str:
    """Sign the version that was shown."""
    sign(current().store, actor, campaign.campaign_id, campaign.version, current().clock)
    return context.text("campaign.signed")


def _launch(context: Context, programme: Programme, campaign: Campaign, actor: Actor) -> str:
    seed = int(hashlib.sha256(current().tokens().encode()).hexdigest()[:8], 16)
    with published_marts(current().settings) as connection:
        who = candidates(connection, rules_of(campaign, programme), today_in(programme, current().clock))
    launch(current().store, programme, actor, campaign.campaign_id, campaign.version, who, seed, current().clock)
    return context.text("campaign.launched")


def _stop(context: Context, programme: Programme, campaign: Campaign, actor: Actor) -> str:
    stop(current().store, programme, actor, campaign.campaign_id, campaign.version, current().clock)
    return context.text("campaign.stopped")


def _withdraw(context: Context, campaign: Campaign, actor: Actor) -> str:
    withdraw(current().store, actor, campaign.campaign_id, campaign.version, current().clock)
    return context.text("campaign.withdrawn")


def _uplift(context: Context, programme: Programme, campaign: Campaign) -> None:
    st.subheader(context.text("campaign.uplift"), anchor=False, help=context.text("campaign.uplift.level"))
    members = members_of(current().store, campaign.campaign_id)
    with published_marts(current().settings) as connection:
        found, windows = uplift_of(connection, rules_of(campaign, programme), campaign.starts_on, campaign.ends_on, members)
    show_uplift(context, found, windows)


def _settlements(context: Context, programme: Programme, campaign: Campaign, names: dict[int, str]) -> None:
    store, scope = current().store, scope_of(context.user)
    st.subheader(context.text("settlement.heading"), anchor=False)
    remark(context.text("settlement.lead"))
    waiting = open_points(store, [campaign.campaign_id]).get(campaign.campaign_id, 0)
    st.metric(
        context.text("settlement.open"),
        f"{waiting:,}".replace(",", "." if context.language == "de" else ","),
        border=True,
        width=260,
    )
    found = [one for one in list_settlements(store, scope) if one.campaign_id == campaign.campaign_id]
    last_over = today_in(programme, current().clock) - timedelta(days=1)
    first = max([one.until + timedelta(days=1) for one in found], default=min(campaign.starts_on, last_over))
    if first <= last_over:
        with st.form(f"settle-{campaign.campaign_id}", width=420):
            until = st.date_input(context.text("settlement.until"), last_over, min_value=first, max_value=last_over,
                                  format="DD.MM.YYYY" if context.language == "de" else "DD/MM/YYYY")  # fmt: skip
            if st.form_submit_button(context.text("settlement.make")):
                act(context, lambda actor: _settle(context, programme, campaign, actor, until))
    if not found:
        remark(context.text("settlement.none"))
        return
    table(context, settlements_frame(found, context.language), key=f"settlements-{campaign.campaign_id}")
    titles = campaign_rule_titles(store)
    for one in found:
        with st.expander(context.text("settlement.lines", no=one.settlement_no)):
            table(context, shown(lines_frame(one, titles, names, context.language, whole=True)), key=f"lines-{one.settlement_id}")
            export_link(context, "settlement_lines", {"settlement": one.settlement_no})


def _settle(context: Context, programme: Programme, campaign: Campaign, actor: Actor, until: object) -> str:
    if isinstance(until, date):
        settle(current().store, programme, actor, campaign.campaign_id, until, current().clock, random_id)
    return context.text("campaign.settled")
