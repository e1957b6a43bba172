"""Headings, figures, charts with their tables, filters, exports and empty states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboards.access.routes import export_url
from dashboards.components.context import Context
from dashboards.queries import Filters, Query
from dashboards.queries.store import StoreQuery
from dashboards.texts import CATALOGUE, day
from dashboards.texts.findings import expected_in_words, place_in_words

Metric = tuple[str, str, str | None]
"""(label key, value as text, help key)."""

STATUS_COLUMNS = (
    "payment_status",
    "delivery_status",
    "order_status",
    "status",
    "priority",
    "activity",
    "movement",
    "kind",
    "resolution",
    "reference_kind",
)


def heading(context: Context, view: str, as_of: object = None) -> None:
    """Title, the question that the view answers, and how far the data goes."""
    st.title(context.text(f"{view}.title"), anchor=False)
    question = context.text(f"{view}.question")
    when = context.text("common.as_of", day=day(pd.Timestamp(str(as_of)).date(), context.language)) if as_of is not None else ""
    st.markdown(f"{question}  \n:gray[{when}]" if when else question)


def remark(words: str) -> None:
    """A small sentence beside the figures, with the contrast that a caption lacks."""
    st.markdown(f":small[{words.replace('[', '(').replace(']', ')')}]")


def plain(words: str) -> str:
    """Words of people and partners inside markdown: nothing of them is markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|$:~<>" else sign for sign in words)


def metrics(context: Context, items: Sequence[Metric]) -> None:
    """Headline figures side by side, one below the other on narrow screens."""
    for column, (label, value, help_key) in zip(st.columns(max(len(items), 3), gap="small"), items, strict=False):
        column.metric(context.text(label), value, help=context.text(help_key) if help_key else None, border=True)


def chart(
    context: Context, title_key: str, figure: go.Figure, frame: pd.DataFrame, key: str, help_key: str | None = None
) -> None:
    """A chart with its title, a description for those who do not see it, and its figures as a table."""
    title = context.text(title_key)
    st.subheader(title, anchor=False, help=context.text(help_key) if help_key else None)
    st.plotly_chart(figure, key=key, alt=title, config={"displayModeBar": False, "locale": context.language})
    with st.expander(context.text("common.table")):
        table(context, frame, key=f"{key}-table")


def table(context: Context, frame: pd.DataFrame, *, key: str, height: int | None = None) -> None:
    """A frame with headings, money and dates as the viewer reads them."""
    shown, config = present(context, frame)
    st.dataframe(shown, hide_index=True, column_config=config, key=key, height=height or "auto", width="stretch", placeholder="")


def present(context: Context, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, ColumnConfig | None]]:
    """The frame with minor units as decimals and statuses in words, and the settings of its columns."""
    shown = frame.copy()
    config: dict[str, ColumnConfig | None] = {}
    for name in frame.columns:
        label = context.text(f"column.{name}") if f"column.{name}" in CATALOGUE else str(name)
        if str(name).endswith("_cents"):
            shown[name] = frame[name].astype("Float64") / 100
            config[name] = st.column_config.NumberColumn(label, format="localized", step=0.01)
        elif name in STATUS_COLUMNS:
            shown[name] = [_word(context, "status", value) for value in frame[name]]
            config[name] = st.column_config.TextColumn(label)
        elif name in ("feed", "error_code"):
            shown[name] = [_word(context, str(name), value) for value in frame[name]]
            config[name] = st.column_config.TextColumn(label)
        elif name == "expected":
            shown[name] = [expected_in_words(context.language, str(value or "")) for value in frame[name]]
            config[name] = st.column_config.TextColumn(label)
        elif name in ("place", "column_name"):
            shown[name] = [place_in_words(context.language, str(value or "")) for value in frame[name]]
            config[name] = st.column_config.TextColumn(label)
        elif str(name).endswith("_on"):
            pattern = "MM.YYYY" if name == "month_on" else "DD.MM.YYYY" if context.language == "de" else "DD MMM YYYY"
            config[name] = st.column_config.DateColumn(label, format=pattern)
        elif str(name).endswith("_at"):
            pattern = "DD.MM.YYYY HH:mm" if context.language == "de" else "DD MMM YYYY HH:mm"
            config[name] = st.column_config.DatetimeColumn(label, format=pattern)
        elif pd.api.types.is_bool_dtype(frame[name]):
            shown[name] = [context.text("status.late") if value and name == "is_late" else "" for value in frame[name]]
            config[name] = st.column_config.TextColumn(label)
        elif pd.api.types.is_numeric_dtype(frame[name]):
            config[name] = st.column_config.NumberColumn(label, format="localized")
        else:
            config[name] = st.column_config.TextColumn(label)
    return shown, config


def listing(context: Context, title_key: str, query: Query, filters: Filters | None = None) -> pd.DataFrame:
    """A titled table with its export; an empty one says so."""
    frame = context.frame(query, filters)
    st.subheader(context.text(title_key), anchor=False)
    if frame.empty:
        empty(context)
        return frame
    table(context, frame, key=f"{query.name}-list", height=min(420, 38 + 35 * len(frame)))
    export(context, query, filters)
    if len(frame) >= 1000:
        remark(context.text("common.limit"))
    return frame


def export(context: Context, query: Query | StoreQuery, filters: Filters | None = None) -> None:
    """Links to the same rows as CSV and as a workbook."""
    export_link(context, query.name, filters or {})


def export_link(context: Context, name: str, filters: Filters) -> None:
    """Links to an export by its name, in both formats."""
    links = [
        f'<a href="{escape(export_url(name, dict(filters), ending), quote=True)}" download style="color:inherit;font-size:.9rem">'
        f"↓ {escape(context.text(label))}</a>"
        for ending, label in ((".csv", "common.export"), (".xlsx", "common.export_workbook"))
    ]
    st.html("&emsp;".join(links))


def choose(context: Context, name: str, options: Sequence[str], labels: Mapping[str, str] | None = None) -> str | None:
    """A filter that stands in the address, so that what I see is what I can send. None: all."""
    everything = context.text("common.all")
    chosen = st.selectbox(
        context.text(f"filter.{name}"), [everything, *options], key=name, bind="query-params",
        format_func=lambda option: (labels or {}).get(option, option), width=260,
    )  # fmt: skip
    return None if chosen is None or chosen == everything else str(chosen)


def empty(context: Context, key: str = "common.empty") -> None:
    """There is nothing to show, in words."""
    st.info(context.text(key))


def _word(context: Context, kind: str, value: object) -> str:
    """What a value of the data is called on pages, such as `status.open` or `feed.stock`; one without a word as it is."""
    key = f"{kind}.{value}"
    return context.text(key) if key in CATALOGUE else "" if value is None or pd.isna(value) else str(value)
