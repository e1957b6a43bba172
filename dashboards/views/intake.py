"""A distributor brings a file of its own: what it is, how it would be read, one confirmation, and what is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import pandas as pd
import streamlit as st

from core.clock import random_id
from core.errors import DreiklangError
from dashboards.components.context import Context
from dashboards.components.kit import Metric, heading, metrics, plain, remark, table
from dashboards.runtime import current
from dashboards.texts import CATALOGUE, number
from ingestion.contracts import FEEDS
from ingestion.intake import LearnedLayout, Proposal, Question, Trial
from portal import scope_of
from portal.intake import (
    FEEDS_OFFERED,
    ON_LEG,
    UPLOAD_MIB_MAX,
    Answers,
    UploadedFile,
    confirmed,
    has_legs,
    known_layouts,
    looked_at,
    my_layouts,
    schemes_of,
    sent,
    tried,
    waiting,
    withdrawn,
)

TYPES = ["csv", "txt", "tsv", "gz", "xlsx", "jsonl", "ndjson", "parquet"]
ZONES = ["Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "UTC"]
CURRENCIES = ["EUR", "CHF", "GBP", "USD", "PLN", "CZK", "DKK", "SEK", "NOK", "HUF"]
LAST_DAY = datetime(2026, 12, 31, 23, 59)  # noqa: DTZ001 - a date to show how dates are written
NOT_ASKED = frozenset({"document_id", "source_zone", "leg"})


def new_files(context: Context) -> None:
    """How do my files get in?"""
    heading(context, "d.intake")
    remark(context.text("d.intake.intro"))
    given = st.file_uploader(context.text("d.intake.upload"), type=TYPES, max_upload_size=UPLOAD_MIB_MAX, key="intake_file")
    if given is not None:
        context.still_here()
        file = UploadedFile(given.name, given.getvalue())
        try:
            _bring(context, file)
        except DreiklangError as error:
            _say(error)
    _what_is_known(context)


def _bring(context: Context, file: UploadedFile) -> None:
    """A file of a known kind is sent; another one is taught first."""
    if known_layouts(current().store, context.user, file):
        st.success(context.text("d.intake.known"))
        if st.button(context.text("d.intake.send"), type="primary", key="intake_send"):
            context.still_here()
            sent(current().settings, current().store, context.user, file, current().clock, random_id)
            st.toast(context.text("d.intake.sent"))
        return
    guess = looked_at(context.user, file)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        feed = st.selectbox(
            context.text("d.intake.feed"), FEEDS_OFFERED, index=FEEDS_OFFERED.index(guess.feed), width=300, key=f"feed-{_mark(file)}",
            format_func=lambda one: context.text(f"feed.{one}"),
        )  # fmt: skip
        leg = "sell_through"
        if has_legs(feed):
            leg = st.selectbox(context.text("d.intake.leg"), list(ON_LEG), width=260, key="intake_leg",
                               format_func=lambda one: context.text(f"d.intake.leg_{one}"))  # fmt: skip
    first = guess if (feed, leg) == (guess.feed, "sell_through") else looked_at(context.user, file, feed, leg)
    chosen = _columns(context, file, first)
    proposal = looked_at(context.user, file, feed, leg, chosen) if chosen else first
    if proposal.unused:
        remark(context.text("d.intake.unused", names=", ".join(plain(name) for name in proposal.unused)))
    answers = _answers(context, file, proposal, leg)
    _trial(context, file, proposal, answers)


def _columns(context: Context, file: UploadedFile, proposal: Proposal) -> dict[str, str | None]:
    """The mapping to look at and to change; gives what a person chose otherwise."""
    st.subheader(context.text("d.intake.mapping"), anchor=False, help=context.text("d.intake.mapping_help"))
    by_column = {one.column: one for one in proposal.columns}
    own = {
        column.name for column in FEEDS[proposal.feed].columns if f"const.{column.name}" in {q.key for q in proposal.questions}
    }
    names = [
        c.name
        for c in FEEDS[proposal.feed].columns
        if c.name not in NOT_ASKED and (c.name in by_column or c.name in own or not c.required)
    ]
    rows = []
    for name in names:
        one = by_column.get(name)
        rows.append({
            "name": name, "field": _field(context, name), "header": _header(one.mapping) if one else None, "sure": one.score if one else None,
            "why": ", ".join(context.text(f"intake.reason_{reason}") for reason in one.reasons) if one else "",
            "samples": ", ".join(one.samples[:3]) if one else "",
        })  # fmt: skip
    rows.sort(key=lambda row: row["header"] is None)
    frame = pd.DataFrame(rows)
    headers = [column.name for column in proposal.layout.columns]
    composed = [str(header) for header in frame["header"].dropna() if header not in headers]
    edited = st.data_editor(
        frame, hide_index=True, width="stretch", key=f"columns-{_mark(file)}-{proposal.feed}", disabled=["field", "sure", "why", "samples"],
        column_order=["field", "header", "sure", "why", "samples"], height=min(480, 38 + 35 * len(frame)), alt=context.text("d.intake.mapping"), placeholder="",
        column_config={
            "field": st.column_config.TextColumn(context.text("d.intake.field")),
            "header": st.column_config.SelectboxColumn(context.text("d.intake.header"), options=[*headers, *composed]),
            "sure": st.column_config.NumberColumn(context.text("d.intake.sure"), format="%d %%"),
            "why": st.column_config.TextColumn(context.text("d.intake.why")), "samples": st.column_config.TextColumn(context.text("d.intake.samples")),
        },
    )  # fmt: skip
    before, after = frame["header"].where(frame["header"].notna(), None), edited["header"].where(edited["header"].notna(), None)
    return {
        str(name): new for name, old, new in zip(frame["name"], before, after, strict=True) if old != new and new not in composed
    }


def _answers(context: Context, file: UploadedFile, proposal: Proposal, leg: str) -> Answers:
    st.subheader(context.text("d.intake.questions"), anchor=False)
    said: dict[str, str] = {}
    places = st.columns(2)
    schemes = schemes_of(current().serving.reader(scope_of(context.user)), context.user)
    for place, question in enumerate(proposal.questions):
        with places[place % 2]:
            answer = _ask(context, file, proposal, question, schemes)
        if answer:
            said[question.key] = answer
    with places[len(proposal.questions) % 2]:
        zone = st.selectbox(context.text("d.intake.zone"), ZONES, key="intake_zone")
    with places[(len(proposal.questions) + 1) % 2]:
        currency = st.selectbox(context.text("d.intake.currency"), CURRENCIES, key="intake_currency")
    return Answers(said, zone, currency, leg)


def _ask(
    context: Context, file: UploadedFile, proposal: Proposal, question: Question, schemes: Mapping[str, Sequence[str]]
) -> str | None:
    kind, _, rest = question.key.partition(".")
    name, _, value = rest.partition(".")
    samples = next((one.samples for one in proposal.columns if one.column == name), ())
    label = context.text(
        "intake.unit" if question.key == "const.unit" else f"intake.{kind}",
        field=_field(context, name),
        value=plain(value),
        sample=plain(samples[0]) if samples else "",
    )
    choices = list(question.choices)
    if kind == "scheme":
        choices = ["own", *schemes["product" if name == "product" else "party"]]
    key = f"answer-{_mark(file)}-{proposal.feed}-{question.key}"
    if not choices:
        return st.text_input(label, question.default or "", key=key, max_chars=100)
    return st.selectbox(
        label, choices, index=choices.index(question.default) if question.default in choices else None, key=key,
        placeholder=context.text("d.intake.choose"), format_func=lambda choice: _choice(context, file, kind, choice),
    )  # fmt: skip


def _trial(context: Context, file: UploadedFile, proposal: Proposal, answers: Answers) -> None:
    """Read the file as a trial; what was tried, and nothing else, may be confirmed."""
    st.subheader(context.text("d.intake.trial"), anchor=False)
    missing = [question for question in proposal.questions if not answers.said.get(question.key)]
    if missing:
        st.info(context.text("d.intake.open", count=number(len(missing), context.language)))
        return
    reader = current().serving.reader(scope_of(context.user))
    asked = repr((_mark(file), [(one.column, dict(one.mapping)) for one in proposal.columns], answers))
    if st.button(context.text("d.intake.try"), key="intake_try"):
        with st.spinner(context.text("d.intake.trying")):
            trial = tried(reader, context.user, file, proposal, answers, current().clock)
        st.session_state["intake_trial"] = (asked, trial)
    of_what, trial = st.session_state.get("intake_trial", (None, None))
    if of_what != asked or trial is None:
        return
    _outcome(context, trial)
    if trial.status == "loaded" and st.button(context.text("d.intake.confirm"), type="primary", key="intake_confirm"):
        context.still_here()
        confirmed(current().settings, current().store, reader, context.user, file, proposal, answers, current().clock, random_id)
        del st.session_state["intake_trial"]
        st.toast(context.text("d.intake.confirmed"))
        st.rerun()


def _outcome(context: Context, trial: Trial) -> None:
    items: list[Metric] = [
        ("d.intake.read", number(trial.rows_read, context.language), None),
        ("d.intake.accepted", number(trial.rows_accepted, context.language), None),
        ("d.intake.refused", number(trial.rows_quarantined, context.language), None),
    ]
    metrics(context, items)
    if trial.status != "loaded":
        st.error(context.text("d.intake.held", why=plain(trial.message or "")))
    if trial.findings:
        found = pd.DataFrame([
            {"line_no": one.line_no, "column_name": one.column_name, "error_code": one.error_code, "found": one.found, "expected": one.expected}
            for one in trial.findings
        ])  # fmt: skip
        table(context, found, key="intake-findings")
    if trial.rows:
        remark(context.text("d.intake.rows"))
        rows = pd.DataFrame(trial.rows, columns=list(trial.columns)).dropna(axis="columns", how="all")
        shown = rows.drop(
            columns=[name for name in rows.columns if name.startswith("_") or name in ("document_id", "source_zone")]
        )
        table(context, shown.rename(columns={name: name.removesuffix("_ref") for name in shown.columns}), key="intake-rows")


def _what_is_known(context: Context) -> None:
    st.subheader(context.text("d.intake.layouts"), anchor=False)
    names = waiting(current().settings, context.user)
    if names:
        st.info(context.text("d.intake.waiting", names=", ".join(plain(name) for name in names[:20])))
    layouts = my_layouts(current().store, context.user)
    if not layouts:
        st.info(context.text("d.intake.no_layouts"))
        return
    listed = pd.DataFrame(
        [
            {"feed": one.feed.feed, "file_name": one.file_name, "confirmed_at": one.recorded_at.replace(tzinfo=None)}
            for one in layouts
        ]
    )
    table(context, listed, key="intake-layouts")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_no: dict[int, LearnedLayout] = {one.layout_no: one for one in layouts}
        chosen = st.selectbox(context.text("d.intake.which"), list(by_no), width=420, key="intake_layout",
                              format_func=lambda no: f"{context.text(f'feed.{by_no[no].feed.feed}')} · {by_no[no].file_name}")  # fmt: skip
        if st.button(context.text("d.intake.withdraw"), help=context.text("d.intake.withdraw_help"), key="intake_withdraw"):
            context.still_here()
            try:
                withdrawn(current().store, context.user, int(chosen), current().clock)
            except DreiklangError as error:
                _say(error)
                return
            st.toast(context.text("d.intake.withdrawn"))
            st.rerun()


def _field(context: Context, name: str) -> str:
    return context.text(f"field.{name}") if f"field.{name}" in CATALOGUE else name


def _header(mapping: Mapping[str, object]) -> str:
    if mapping.get("column"):
        return str(mapping["column"])
    return " × ".join(map(str, mapping.get("product_of") or ())) or " + ".join(map(str, mapping.get("columns") or ()))  # type: ignore[call-overload]


def _choice(context: Context, file: UploadedFile, kind: str, choice: str) -> str:
    """A choice as a person reads it: a mark, a date and an encoding by what they look like."""
    if kind == "encoding":
        seen = _strange_word(file, choice)
        return f"{choice}: {seen}" if seen else choice
    if kind == "format":
        return LAST_DAY.strftime(choice)
    if kind == "scheme":
        known = {"own": context.text("intake.scheme_own"), "gln": "GLN", "gtin": "GTIN"}
        return known.get(choice) or context.text("intake.scheme_of", source=choice)
    if kind == "decimal":
        decimal, _, thousands = choice.partition(" thousands ")
        mark = context.text("intake.space") if thousands == "space" else thousands
        key = "intake.decimal_choice" if mark else "intake.decimal_only"
        return context.text(key, decimal=decimal, thousands=mark)
    for prefix in ("choice", "status"):
        if kind in ("const", "value") and f"{prefix}.{choice}" in CATALOGUE:
            return context.text(f"{prefix}.{choice}")
    return choice


def _strange_word(file: UploadedFile, encoding: str) -> str:
    """The first word with a letter beyond ASCII, as this encoding reads it: it looks right in one of them."""
    words = file.content[:100_000].decode(encoding, "replace").replace(";", " ").replace(",", " ").split()
    return next((word.strip("\"'")[:30] for word in words if not word.isascii()), "")


def _mark(file: UploadedFile) -> str:
    return sha256(file.content).hexdigest()[:12]


def _say(error: DreiklangError) -> None:
    st.error(f"{plain(error.detail.found)}. {plain(error.detail.next_step)}")
