"""The retailer's campaigns: what runs for it, until when, what it gets, what it has so far, and what limits leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from dashboards.components.acting import partners_of
from dashboards.components.campaign_parts import plain
from dashboards.components.context import Context
from dashboards.components.kit import empty, heading, metrics, remark, table
from dashboards.queries.programmes import visible_programmes
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty.campaigns.lifecycle import today_in
from loyalty.campaigns.model import Notice
from loyalty.campaigns.progress import CampaignProgress, CapUse, progress_of_campaigns
from loyalty.campaigns.records import list_notices
from portal import scope_of


def campaigns(context: Context) -> None:
    """What earns me extra points now, and until when?"""
    heading(context, "r.campaigns")
    context.still_here()
    programmes = visible_programmes(context.user)
    if not programmes:
        empty(context, "r.campaigns.empty")
        return
    today = today_in(programmes[0], current().clock)
    names = {partner.party_id: partner.name for partner in partners_of(context.user)}
    notices = list_notices(current().store, scope_of(context.user), programmes, today, names.keys())
    if not notices:
        empty(context, "r.campaigns.empty")
        return
    found = progress_of_campaigns(current().store, notices, programmes, context.user.party_id, names.keys(), today)
    now = [one for one in notices if one.starts_on <= today <= one.ends_on]
    st.subheader(context.text("r.campaigns.running"), anchor=False)
    if not now:
        empty(context, "r.campaigns.none_now")
    for one in now:
        _card(context, one, found[one.campaign_id], names, today)
    coming = [one for one in notices if one.starts_on > today]
    if coming:
        st.subheader(context.text("r.campaigns.coming"), anchor=False)
    for one in coming:
        _card(context, one, None, names, today)
    _past(context, [one for one in notices if one.ends_on < today], found)


def _card(context: Context, one: Notice, progress: CampaignProgress | None, names: dict[int, str], today: date) -> None:
    language = context.language
    with st.container(border=True):
        words = context.text("r.campaigns.days", first=day(one.starts_on, language), last=day(one.ends_on, language))
        if progress is not None:
            left = (one.ends_on - today).days
            more = "r.campaigns.days_left" if left else "r.campaigns.last_day"
            words += " · " + context.text(more, n=number(left, language))
        st.markdown(f"**{plain(_title(context, one))}**  \n{words}")
        if progress is not None:
            metrics(context, [("r.campaigns.earned", number(progress.points_earned, language), "r.campaigns.earned_help")])
        st.markdown(f"**{context.text('r.campaigns.what')}**")
        st.markdown(plain(one.terms_de if language == "de" else one.terms_en))
        if progress is not None and progress.caps:
            _limits(context, one, progress.caps, names)


def _limits(context: Context, one: Notice, caps: Sequence[CapUse], names: dict[int, str]) -> None:
    """One's own limits first. A rule is named where its title says more than the campaign's."""
    st.markdown(f"**{context.text('r.campaigns.limits')}**")
    for cap in sorted(caps, key=lambda cap: cap.left_points is None):
        name = context.text(f"r.campaigns.cap.{cap.kind}", name=names.get(cap.distributor, "–"))
        if cap.rule is not None and cap.rule != (one.title_de, one.title_en):
            name = context.text("r.campaigns.for_rule", name=name, rule=cap.rule[0 if context.language == "de" else 1])
        limit = number(cap.limit_points, context.language)
        level = context.text(f"r.campaigns.level.{cap.level}")
        if cap.left_points is not None and cap.limit_points:
            words = context.text("r.campaigns.own_limit", name=name, left=number(cap.left_points, context.language), limit=limit)
            st.progress(1 - cap.left_points / cap.limit_points, text=plain(words))
            continue
        key = "r.campaigns.budget_limit" if cap.limit_points is None else "r.campaigns.shared_limit"
        st.markdown(plain(context.text(key, name=name, limit=limit, level=level)))
    if any(cap.left_points is None for cap in caps):
        remark(context.text("r.campaigns.shared_help"))


def _past(context: Context, past: Sequence[Notice], found: dict[str, CampaignProgress]) -> None:
    if not past:
        return
    st.subheader(context.text("r.campaigns.past"), anchor=False)
    frame = pd.DataFrame({
        "campaign": [_title(context, one) for one in past],
        "starts_on": [one.starts_on for one in past],
        "ends_on": [one.ends_on for one in past],
        "points_from_campaign": [found[one.campaign_id].points_earned for one in past],
    })  # fmt: skip
    table(context, frame, key="campaigns-past")


def _title(context: Context, one: Notice) -> str:
    return one.title_de if context.language == "de" else one.title_en
