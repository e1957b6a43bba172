"""The manufacturer's queue of partners that may be one company."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import pandas as pd
import streamlit as st

from core.errors import DreiklangError
from dashboards.components.context import Context
from dashboards.components.kit import export, heading, metrics, table
from dashboards.queries import feeds as queries
from dashboards.runtime import current
from dashboards.texts import number
from ingestion.matching import PartyKey
from ingestion.matching.decisions import Verdict
from portal.matching import decide_match, decided_matches

SHOWN = ["left_name", "left_city", "left_source", "right_name", "right_city", "right_source", "score_percent", "reasons"]


def matches(context: Context) -> None:
    """Which partners of different sources are the same company?"""
    frame = context.frame(queries.MATCHES)
    heading(context, "m.matches")
    decided = decided_matches(current().store, context.user)
    known = {frozenset((one.party, one.into)) for one in decided}
    waiting = [row for row in frame.to_dict("records") if frozenset(_pair(row)) not in known]
    metrics(context, [
        ("m.matches.open", number(len(waiting), context.language), None), ("m.matches.decided", number(len(decided), context.language), None),
    ])  # fmt: skip
    if waiting:
        shown = pd.DataFrame(waiting)[SHOWN]
        shown["reasons"] = [_in_words(context, str(reasons)) for reasons in shown["reasons"]]
        st.subheader(context.text("m.matches.open"), anchor=False)
        table(context, shown, key="m-matches-list", height=min(420, 38 + 35 * len(shown)))
        export(context, queries.MATCHES)
        _decide(context, waiting)
    else:
        st.info(context.text("m.matches.none"))
    if decided:
        st.subheader(context.text("m.matches.decided"), anchor=False)
        listed = pd.DataFrame({"party": [_label(one.party) for one in decided], "verdict": [one.verdict for one in decided],
                               "into": [_label(one.into) for one in decided]})  # fmt: skip
        table(context, listed, key="m-matches-decided")
        names = {f"{_label(one.party)} / {_label(one.into)}": one for one in decided}
        chosen = st.selectbox(context.text("m.matches.choose"), list(names), key="decided_pair", width=420)
        if chosen in names and st.button(context.text("m.matches.undo"), key="undo_match"):
            _act(context, names[chosen].party, names[chosen].into, "undo")


def _decide(context: Context, waiting: list[dict[Hashable, object]]) -> None:
    names = {f"{row['left_name']} ({row['left_ref']}) / {row['right_name']} ({row['right_ref']})": row for row in waiting}
    chosen = st.selectbox(context.text("m.matches.choose"), list(names), key="match_pair", width=520)
    if chosen not in names:
        return
    left, right = _pair(names[chosen])
    with st.container(horizontal=True):
        if st.button(
            context.text("m.matches.merge"), type="primary", key="merge_match", help=context.text("m.matches.merge_help")
        ):
            _act(context, left, right, "merge")
        if st.button(context.text("m.matches.swap"), key="swap_match"):
            _act(context, right, left, "merge")
        if st.button(context.text("m.matches.distinct"), key="distinct_match"):
            _act(context, left, right, "distinct")


def _act(context: Context, party: PartyKey, into: PartyKey, verdict: Verdict) -> None:
    context.still_here()
    try:
        decide_match(current().store, context.user, party, into, verdict, current().clock)
    except DreiklangError as error:
        st.error(f"{error.detail.found}. {error.detail.next_step}")
        return
    st.toast(context.text("m.matches.done"))
    st.rerun()


def _pair(row: Mapping[Hashable, object]) -> tuple[PartyKey, PartyKey]:
    return PartyKey(str(row["left_source_id"]), str(row["left_ref"])), PartyKey(
        str(row["right_source_id"]), str(row["right_ref"])
    )


def _label(party: PartyKey) -> str:
    return f"{party.party_ref} · {party.source_id}"


def _in_words(context: Context, reasons: str) -> str:
    return ", ".join(context.text(f"reason.{reason}") for reason in json.loads(reasons))
