"""Pages about what became of files: refused rows as a place of work, and data quality."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import DreiklangError
from dashboards.components.context import Context
from dashboards.components.kit import Metric, choose, empty, heading, listing, metrics
from dashboards.queries import feeds as queries
from dashboards.runtime import current
from dashboards.texts import number, percent
from dashboards.views.replays import reading_again
from portal import scope_of
from portal.refused_rows import RowInHand, dismiss_row, pending_actions, repair_row, row_in_hand, take_row_back
from portal.replays import open_work

PARTS = ("timeliness", "completeness", "match", "reconciliation", "uniqueness")


def refused(context: Context) -> None:
    """Which rows of my files did not get in, and what helps?"""
    causes = context.frame(queries.CAUSES)
    heading(context, "d.refused")
    reader = current().serving.reader(scope_of(context.user))
    pending = pending_actions(current().store, reader)
    if causes.empty:
        if not open_work(reader).source_ids:
            st.success(context.text("d.refused.none"))
        reading_again(context, None)
        _documents(context)
        listing(context, "d.refused.files", queries.FILES)
        return
    else:
        metrics(context, [
            ("d.refused.open", number(int(causes["rows_refused"].sum()), context.language), None),
            ("d.refused.pending", number(len(pending), context.language), None),
        ])  # fmt: skip
        listing(context, "d.refused.causes", queries.CAUSES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        code = choose(context, "error_code", sorted(set(causes["error_code"])))
        with_resolved = st.toggle(context.text("filter.with_resolved"), key="with_resolved", bind="query-params")
    rows = listing(
        context, "d.refused.list", queries.REFUSED, {"error_code": code, "with_resolved": "yes" if with_resolved else None}
    )
    open_rows = rows[rows["resolution"].isna()] if not rows.empty else rows
    if not open_rows.empty:
        _work_on_a_row(context, open_rows)
    reading_again(context, code)
    _documents(context)
    listing(context, "d.refused.files", queries.FILES)


def _documents(context: Context) -> None:
    """What was found in EDI and XML, for those who send it: refused messages and warnings, with the place in the message."""
    if not context.frame(queries.FINDINGS).empty:
        listing(context, "d.refused.findings", queries.FINDINGS)


def _work_on_a_row(context: Context, rows: pd.DataFrame) -> None:
    """Repair, give up, undo: one row at a time, in place."""
    st.subheader(context.text("d.refused.repair"), anchor=False)
    names = {f"{row.batch_no}-{row.row_no}": (int(row.batch_no), int(row.row_no)) for row in rows.itertuples()}
    labels = {
        f"{row.batch_no}-{row.row_no}": f"{row.file_name} · {row.row_no if pd.isna(row.line_no) else int(row.line_no)}"
        for row in rows.itertuples()
    }
    chosen = st.selectbox(
        context.text("d.refused.choose"), list(names), key="refused_row", bind="query-params", width=420,
        format_func=lambda key: labels.get(key, key),
    )  # fmt: skip
    if chosen not in names:
        return
    reader = current().serving.reader(scope_of(context.user))
    hand = row_in_hand(reader, *names[chosen])
    action = pending_actions(current().store, reader).get(names[chosen])
    if action is not None:
        st.info(context.text(f"d.refused.pending_{action.kind}"))
        if st.button(context.text("d.refused.take_back"), key=f"take_back-{chosen}"):
            _act(
                context,
                names[chosen],
                "taken_back",
                lambda b, r: take_row_back(current().store, reader, context.user, b, r, current().clock),
            )
        return
    st.code(hand.raw_text, language=None, wrap_lines=True)
    if hand.values:
        _repair_form(context, chosen, names[chosen], hand)
    else:
        st.info(context.text("d.refused.no_columns"))
    with st.form(f"dismiss-{chosen}", border=False):
        reason = st.text_input(context.text("d.refused.reason"), max_chars=300, key=f"reason-{chosen}")
        if st.form_submit_button(context.text("d.refused.dismiss"), key=f"dismiss-button-{chosen}"):
            _act(context, names[chosen], "dismissed",
                 lambda b, r: dismiss_row(current().store, reader, context.user, b, r, reason, current().clock))  # fmt: skip


def _repair_form(context: Context, chosen: str, key: tuple[int, int], hand: RowInHand) -> None:
    with st.form(f"repair-{chosen}"):
        columns = st.columns(3)
        values = {
            name: columns[place % 3].text_input(name, value, key=f"value-{chosen}-{name}")
            for place, (name, value) in enumerate(hand.values.items())
        }
        if st.form_submit_button(context.text("d.refused.save"), type="primary", key=f"repair-button-{chosen}"):
            reader = current().serving.reader(scope_of(context.user))
            _act(
                context,
                key,
                "saved",
                lambda b, r: repair_row(current().store, reader, context.user, b, r, values, current().clock),
            )


def _act(context: Context, key: tuple[int, int], done: str, act: object) -> None:
    """Do it for the person whose session still holds, say so, and show the page anew."""
    context.still_here()
    try:
        act(*key)  # type: ignore[operator]
    except DreiklangError as error:
        st.error(f"{error.detail.found}. {error.detail.next_step}")
        return
    st.toast(context.text(f"d.refused.{done}"))
    st.rerun()


def quality(context: Context) -> None:
    """How reliable is my data, and which rows cost points?"""
    frame = context.frame(queries.QUALITY)
    heading(context, "d.quality", frame["last_recorded_at"].max() if not frame.empty else None)
    if frame.empty:
        empty(context)
        return
    for _, row in frame.iterrows():
        st.subheader(str(row["title"]), anchor=False)
        items: list[Metric] = [
            ("d.quality.score", number(round(float(row["score"]), 1), context.language), "d.quality.score_help")
        ]
        items += [
            (f"d.quality.{part}", percent(_share(row[f"{part}_share"]), context.language), f"d.quality.{part}_help")
            for part in PARTS
        ]
        metrics(context, items[:3])
        metrics(context, items[3:])
    sections = (
        ("d.quality.late", queries.LATE_FILES), ("d.refused.causes", queries.CAUSES), ("d.quality.unmatched", queries.UNMATCHED),
        ("d.quality.variances", queries.VARIANCES), ("d.quality.duplicates", queries.DUPLICATES),
    )  # fmt: skip
    for title, query in sections:
        if not context.frame(query).empty:
            listing(context, title, query)


def partner_quality(context: Context) -> None:
    """Whose figures can I rely on?"""
    frame = context.frame(queries.PARTNER_QUALITY)
    heading(context, "m.quality", frame["last_recorded_at"].max() if not frame.empty else None)
    if frame.empty:
        empty(context)
        return
    scores = frame["score"].dropna().astype(float)
    metrics(context, [
        ("m.quality.mean", number(round(float(scores.mean()), 1), context.language) if len(scores) else "–", "d.quality.score_help"),
        ("m.quality.sources", number(len(frame), context.language), None),
        ("m.quality.below", number(int((scores < 90).sum()), context.language), None),
    ])  # fmt: skip
    listing(context, "m.quality.list", queries.PARTNER_QUALITY)


def _share(value: object) -> float | None:
    return None if pd.isna(value) else float(str(value))
