"""A section of the page about refused rows: have what was refused read again, undo it, see what came of it."""

from __future__ import annotations

import streamlit as st

from core.warehouse.reader import Reader
from dashboards.components.acting import act, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import plain, remark
from dashboards.runtime import current
from dashboards.texts import CATALOGUE, day, number
from ingestion.replay_requests import ReplayRequest
from portal import User, scope_of
from portal.replays import ask_for_replay, open_work, requests_of, take_request_back


def reading_again(context: Context, error_code: str | None) -> None:
    """What would be read again, the button, requests that wait with their undo, and what the last one brought."""
    reader = _reader(context.user)
    requests = requests_of(current().store, reader)
    work = open_work(reader, error_code)
    waiting = [one for one in requests if one.status == "waiting"]
    done = next((one for one in requests if one.status == "done"), None)
    if not work.source_ids and not waiting and done is None:
        return
    st.subheader(context.text("d.replay.title"), anchor=False, help=context.text("d.replay.help"))
    show_outcome()
    if work.source_ids:
        words = "d.replay.what_all" if error_code is None else "d.replay.what_cause"
        st.markdown(context.text(words, files=number(work.files, context.language), rows=number(work.rows, context.language)))
    if work.source_ids and not any(one.scope.error_code in (None, error_code) for one in waiting):
        st.button(
            context.text("d.replay.ask"), key="replay-ask", on_click=lambda: act(context, lambda user: _ask(user, error_code))
        )
    for one in waiting:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(context.text("d.replay.waiting", source=plain(one.source_id), what=_what(context, one)))
            st.button(
                context.text("d.replay.take_back"),
                key=f"replay-undo-{one.request_no}",
                on_click=_undo,
                args=(context, one.request_no),
            )
    if done is not None:
        remark(_brought(context, done))


def _what(context: Context, request: ReplayRequest) -> str:
    code = request.scope.error_code
    if code is None:
        return context.text("d.replay.everything")
    return context.text(f"error_code.{code}") if f"error_code.{code}" in CATALOGUE else plain(code)


def _brought(context: Context, request: ReplayRequest) -> str:
    key = "d.replay.done" if request.files_changed else "d.replay.done_unchanged"
    values = {"files": request.files_read, "accepted": request.rows_accepted, "refused": request.rows_refused}
    return context.text(
        key, when=day(request.recorded_at.date(), context.language), source=plain(request.source_id),
        **{name: number(value, context.language) for name, value in values.items()},
    )  # fmt: skip


def _ask(user: User, error_code: str | None) -> str:
    ask_for_replay(current().store, _reader(user), user, error_code, current().clock)
    return "d.replay.asked"


def _undo(context: Context, request_no: int) -> None:
    def take_back(user: User) -> str:
        take_request_back(current().store, _reader(user), user, request_no, current().clock)
        return "d.replay.taken_back"

    act(context, take_back)


def _reader(user: User) -> Reader:
    return current().serving.reader(scope_of(user))
