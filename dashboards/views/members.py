"""The distributor's members, and the events it records for them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from core.clock import random_id
from dashboards.components.acting import Partner, act, partner_ids, partners_of, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import empty, export, heading, metrics, remark, table
from dashboards.queries.store import MEMBERS
from dashboards.runtime import current
from dashboards.texts import day, number
from loyalty import Programme
from loyalty.gamification import NewEvent, ProgrammeEvent, events_of_distributor, record_event, undo_event
from loyalty.gamification.events import recordable_events
from portal import User


def members(context: Context) -> None:
    """Who of my retailers has how many points?"""
    heading(context, "d.members")
    programme = programme_of(context)
    filters = {"programme": None if programme is None else programme.programme_id}
    frame = MEMBERS.frame(context.user, filters)
    if frame.empty:
        empty(context, "d.members.empty")
        return
    metrics(context, [
        ("d.members.members", number(int((frame["points_earned"] > 0).sum()), context.language), None),
        ("d.members.earned", number(int(frame["points_earned_12m"].sum()), context.language), "d.members.earned_help"),
        ("d.members.ordered", number(int(frame["points_ordered"].sum()), context.language), "d.members.ordered_help"),
    ])  # fmt: skip
    table(context, frame, key="members-list", height=min(560, 38 + 35 * len(frame)))
    export(context, MEMBERS, filters)


def events(context: Context) -> None:
    """Which trainings and months of good data do I reward?"""
    heading(context, "d.events")
    show_outcome()
    programme, retailers = programme_of(context), partners_of(context.user)
    names = recordable_events(programme) if programme else ()
    if programme is None or not names or not retailers:
        empty(context, "d.events.empty")
        return
    with st.form("new-event", border=True):
        retailer = st.selectbox(
            context.text("column.retailer"),
            retailers,
            key="event-member",
            format_func=lambda one: one.name,
            index=None,
            placeholder="–",
        )
        event = st.selectbox(
            context.text("d.events.event"), names, key="event-name", format_func=lambda one: _event(context, one)
        )
        st.text_input(context.text("d.events.what"), key="event-title", max_chars=200)
        st.date_input(
            context.text("d.events.day"),
            key="event-day",
            value="today",
            format="DD.MM.YYYY" if context.language == "de" else "DD/MM/YYYY",
        )
        st.form_submit_button(context.text("d.events.record"), type="primary", on_click=_record, args=(context, programme))
    del retailer, event
    recorded = events_of_distributor(current().store, programme, context.user.party_id)
    st.subheader(context.text("d.events.recorded"), anchor=False)
    if not recorded:
        empty(context, "d.events.none")
        return
    known = {one.party_id: one.name for one in retailers}
    frame = pd.DataFrame({
        "occurred_on": [one.occurred_on for one in recorded],
        "retailer": [known.get(one.member, "–") for one in recorded],
        "event": [_event(context, one.event) for one in recorded],
        "event_title": [one.title for one in recorded],
        "event_state": [context.text(f"d.events.{'undone' if one.is_undone else 'counts'}") for one in recorded],
    })  # fmt: skip
    table(context, frame, key="events-list")
    _undoing(context, programme, [one for one in recorded if not one.is_undone], known)


def _undoing(context: Context, programme: Programme, standing: list[ProgrammeEvent], names: dict[int, str]) -> None:
    """Take one back: chosen first, then confirmed by the button; entering it again lets it stand again."""
    if not standing:
        return
    labels = {
        one.event_id: f"{day(one.occurred_on, context.language)} · {names.get(one.member, '–')} · {_event(context, one.event)} · {one.title}"
        for one in standing
    }
    with st.expander(context.text("d.events.undo_heading")):
        remark(context.text("d.events.undo_help"))
        chosen = st.selectbox(
            context.text("d.events.which"), list(labels), key="event-to-undo", format_func=lambda one: labels.get(one, one), index=None,
            placeholder="–",
        )  # fmt: skip
        st.button(
            context.text("d.events.undo"),
            key="undo-event",
            disabled=chosen is None,
            on_click=_undo,
            args=(context, programme, chosen),
        )


def _undo(context: Context, programme: Programme, event_id: str) -> None:
    def change(user: User) -> str:
        undo_event(current().store, programme, user.party_id, event_id, current().clock, actor=user.user_id)
        return "d.events.was_undone"

    act(context, change)


def _event(context: Context, name: str) -> str:
    return context.text(f"event.{name}") if name in ("training", "data_quality") else name


def _record(context: Context, programme: Programme) -> None:
    chosen, name = st.session_state.get("event-member"), str(st.session_state.get("event-name", ""))
    title, on = str(st.session_state.get("event-title", "")), st.session_state.get("event-day")

    def change(user: User) -> str:
        member = chosen.party_id if isinstance(chosen, Partner) else 0
        new = NewEvent(member, name, title, on if isinstance(on, date) else current().clock.now().date())
        record_event(
            current().store, programme, user.party_id, partner_ids(user), new, current().clock, random_id, actor=user.user_id
        )
        return "d.events.was_recorded"

    act(context, change)
