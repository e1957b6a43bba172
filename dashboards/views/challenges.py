"""The retailer's challenges: goals with their progress, badges, and a league that shows nobody else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import streamlit as st

from core.warehouse.published import published_marts
from dashboards.components.acting import act, partners_of, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import empty, heading, metrics, plain, remark, table
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Programme
from loyalty.domain.programme import Challenge
from loyalty.gamification import (
    League,
    Progress,
    badges_of,
    challenge_sql,
    has_opted_out,
    league_of,
    opt_in,
    opt_out,
    progress_of,
)
from portal import User, scope_of


def challenges(context: Context) -> None:
    """How far am I, and where do I stand?"""
    heading(context, "r.challenges")
    show_outcome()
    programme = programme_of(context)
    if programme is None:
        empty(context, "r.challenges.empty")
        return
    if has_opted_out(current().store, programme, context.user.party_id):
        st.info(context.text("r.challenges.out"))
        st.button(
            context.text("r.challenges.opt_in"),
            key="opt-in",
            type="primary",
            on_click=_take_part,
            args=(context, programme, True),
        )
        _badges(context, programme)
        return
    st.subheader(context.text("r.challenges.goals"), anchor=False)
    if not programme.challenges:
        empty(context, "r.challenges.none")
    for challenge in programme.challenges:
        _bar(context, _progress(context, programme, challenge))
    _badges(context, programme)
    _leagues(context, programme)
    with st.expander(context.text("r.challenges.leave")):
        remark(context.text("r.challenges.leave_help"))
        st.button(context.text("r.challenges.opt_out"), key="opt-out", on_click=_take_part, args=(context, programme, False))


def _progress(context: Context, programme: Programme, challenge: Challenge) -> Progress:
    """Out of the viewer's own order lines, through its own scope."""
    sql, parameters = challenge_sql(programme, challenge)
    rows = current().serving.reader(scope_of(context.user)).rows(sql, parameters)
    days = [(context.user.party_id, on, Decimal(str(amount))) for _, on, amount in rows if isinstance(on, date)]
    return progress_of(challenge, days).get(context.user.party_id, Progress(challenge, Decimal(0), None))


def _bar(context: Context, progress: Progress) -> None:
    challenge = progress.challenge
    title = challenge.title_de if context.language == "de" else challenge.title_en
    today = current().clock.now().date()
    with st.container(border=True):
        until = context.text(
            "r.challenges.until" if today <= challenge.valid_to else "r.challenges.over",
            day=day(challenge.valid_to, context.language),
        )
        bonus = (
            f" · {context.text('r.challenges.bonus', points=number(challenge.bonus_points, context.language))}"
            if challenge.bonus_points
            else ""
        )
        st.markdown(f"**{plain(title)}**  \n{until}{bonus}")
        value = number(float(progress.value), context.language)
        words = context.text(
            f"r.challenges.measure.{challenge.measure}", value=value, goal=number(challenge.goal, context.language)
        )
        if progress.reached_on is not None:
            words += f" · ✓ {context.text('r.challenges.reached', day=day(progress.reached_on, context.language))}"
        st.progress(progress.share, text=words)


def _badges(context: Context, programme: Programme) -> None:
    st.subheader(context.text("r.challenges.badges"), anchor=False)
    badges = badges_of(current().store, programme, context.user.party_id)
    if not badges:
        empty(context, "r.challenges.badges_empty")
        return
    titles = {one.challenge_id: one.title_de if context.language == "de" else one.title_en for one in programme.challenges}
    frame = pd.DataFrame({
        "badge": [badge.badge for badge in badges],
        "challenge": [titles.get(badge.challenge_id, badge.challenge_id) for badge in badges],
        "reached_on": [badge.reached_on for badge in badges],
    })  # fmt: skip
    table(context, frame, key="badges")


def _leagues(context: Context, programme: Programme) -> None:
    st.subheader(context.text("r.challenges.league"), anchor=False, help=context.text("r.challenges.league_help"))
    for distributor in [one for one in partners_of(context.user) if programme.looks_at(one.party_id)]:
        with published_marts(current().settings) as marts:
            league = league_of(marts, current().store, programme, context.user.party_id, distributor.party_id)
        st.markdown(context.text("r.challenges.at", name=plain(distributor.name)))
        if league.obstacle is not None:
            st.info(context.text(f"r.challenges.no_league.{league.obstacle}"))
        else:
            _league(context, league)


def _league(context: Context, league: League) -> None:
    language = context.language
    metrics(context, [
        ("r.challenges.rank", context.text("r.challenges.of", rank=number(league.rank, language), peers=number(league.peers + 1, language)), None),
        ("r.challenges.growth", f"{league.growth_percent:+d} %", "r.challenges.growth_help"),
        ("r.challenges.to_next", "–" if league.points_to_next is None else number(league.points_to_next, language), "r.challenges.to_next_help"),
    ])  # fmt: skip
    words = [
        context.text("r.challenges.band", band=context.text(f"r.challenges.band.{league.band}"), region=plain(league.region))
    ]
    if league.lead_points is not None:
        words.append(context.text("r.challenges.lead", points=number(league.lead_points, language)))
    words.append(context.text("common.as_of", day=day(league.as_of, language)))
    remark(" · ".join(words))


def _take_part(context: Context, programme: Programme, takes_part: bool) -> None:
    def change(user: User) -> str:
        if takes_part:
            opt_in(current().store, programme, user.party_id)
            return "r.challenges.is_in"
        opt_out(current().store, programme, user.party_id, current().clock)
        return "r.challenges.is_out"

    act(context, change)
