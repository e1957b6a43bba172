"""Cases under review: the partner's answer, and the decision of whoever is responsible."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.scope import Role
from dashboards.components.acting import act, partners_of, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import empty, heading, plain, remark, table
from dashboards.runtime import current
from dashboards.texts import day
from loyalty import Programme
from loyalty.review import ReviewCase, answer_case, case_history, cases_of_decider, cases_of_member, decide_case, describe_case
from portal import User

WAITING = ("open", "answered")
SHOWN_MAX = 30


def my_cases(context: Context) -> None:
    """Which of my orders are looked at, and what can I say to it?"""
    heading(context, "r.cases")
    show_outcome()
    programme = programme_of(context)
    cases = [] if programme is None else cases_of_member(current().store, programme, context.user.party_id)
    if not cases:
        empty(context, "r.cases.empty")
        return
    remark(context.text("r.cases.lead"))
    for case in _waiting(cases):
        with st.container(border=True):
            _describe(context, case)
            st.text_area(
                context.text("r.cases.answer"), value=case.answer, key=f"answer-{case.case_id}", max_chars=1_000, height=100
            )
            st.button(
                context.text("r.cases.send"), key=f"send-{case.case_id}", type="primary", on_click=_answer, args=(context, case)
            )
    _all(context, cases, {})


def review(context: Context) -> None:
    """Which orders look unusual, and what do I decide?"""
    heading(context, "d.review")
    show_outcome()
    programme = programme_of(context)
    cases = [] if programme is None else cases_of_decider(current().store, programme, _decider(context.user))
    if programme is None or not cases:
        empty(context, "d.review.empty")
        return
    names = {partner.party_id: partner.name for partner in partners_of(context.user)}
    remark(context.text("d.review.lead"))
    for case in _waiting(cases)[:SHOWN_MAX]:
        with st.container(border=True):
            st.markdown(plain(names.get(case.member, "–")))
            _describe(context, case)
            if case.answer:
                st.markdown(f"{context.text('d.review.answer')}:")
                st.text(case.answer)
            st.text_input(context.text("d.review.note"), key=f"note-{case.case_id}", max_chars=300)
            with st.container(horizontal=True):
                for outcome, kind in (("cleared", "primary"), ("confirmed", "secondary")):
                    st.button(
                        context.text(f"d.review.{outcome}"), key=f"{outcome}-{case.case_id}", type=kind,  # type: ignore[arg-type]
                        on_click=_decide, args=(context, programme, case, outcome),
                    )  # fmt: skip
    _all(context, cases, names)


def _decider(user: User) -> int:
    return 0 if user.role is Role.MANUFACTURER else user.party_id


def _waiting(cases: list[ReviewCase]) -> list[ReviewCase]:
    return [case for case in cases if case.status in WAITING]


def _describe(context: Context, case: ReviewCase) -> None:
    st.markdown(
        f"**{context.text(f'reason.{case.reason_code}')}** · {plain(case.document_no)} · {context.text(f'status.case_{case.status}')}"
    )
    st.text(describe_case(case.reason_code, case.variant, case.figures, context.language))
    steps = [
        f"{day(event.recorded_at, context.language)} {context.text(f'status.case_{event.status}')}"
        for event in case_history(current().store, case.case_id)
    ]
    remark(" → ".join(steps))


def _all(context: Context, cases: list[ReviewCase], names: dict[int, str]) -> None:
    st.subheader(context.text("d.review.all"), anchor=False)
    frame = pd.DataFrame({
        "document_no": [case.document_no for case in cases],
        **({"retailer": [names.get(case.member, "–") for case in cases]} if names else {}),
        "reason": [context.text(f"reason.{case.reason_code}") for case in cases],
        "status": [f"case_{case.status}" for case in cases],
        "changed_on": [case.changed_at.date() for case in cases],
        "detail": [describe_case(case.reason_code, case.variant, case.figures, context.language) for case in cases],
    })  # fmt: skip
    table(context, frame, key="cases-all")


def _answer(context: Context, case: ReviewCase) -> None:
    words = str(st.session_state.get(f"answer-{case.case_id}", ""))

    def change(user: User) -> str:
        answer_case(current().store, user.party_id, case.case_id, words, current().clock, actor=user.user_id)
        return "r.cases.sent"

    act(context, change)


def _decide(context: Context, programme: Programme, case: ReviewCase, outcome: str) -> None:
    note = str(st.session_state.get(f"note-{case.case_id}", ""))

    def change(user: User) -> str:
        decide_case(
            current().store, programme, _decider(user), case.case_id, outcome, current().clock, actor=user.user_id, note=note
        )
        return f"d.review.was_{outcome}"

    act(context, change)
