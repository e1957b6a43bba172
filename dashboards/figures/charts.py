"""Charts: frames in, figures out. Colours are Okabe-Ito's, told apart without colour vision."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboards.texts import Language

BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999"
SERIES = (BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY)
HEIGHT = 280
MONTHS = {
    "de": ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
"""Month names of the axes; the chart library's own speak English only."""


def month_bars(
    frame: pd.DataFrame, series: Mapping[str, str], language: Language, *, y_suffix: str = "", scale: float = 1
) -> go.Figure:
    """Bars per `month_on`, stacked when there are several. `series`: column -> name."""
    figure = go.Figure()
    for index, (column, name) in enumerate(series.items()):
        figure.add_bar(
            x=frame["month_on"], y=frame[column].astype(float) / scale, name=name, marker_color=SERIES[index % len(SERIES)],
            hovertemplate=f"%{{y:,.0f}}{y_suffix}<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickformat=",.0f")
    return _month_axis(_calm(figure, language, has_legend=len(series) > 1), frame["month_on"], language)


def month_line(frame: pd.DataFrame, column: str, name: str, language: Language, *, is_share: bool = False) -> go.Figure:
    """One line per month; a share runs from 0 to 100 %."""
    figure = go.Figure(
        go.Scatter(
            x=frame["month_on"], y=frame[column].astype(float), name=name, mode="lines+markers", line={"color": BLUE, "width": 3},
            hovertemplate="%{y:.1%}<extra></extra>" if is_share else "%{y:,.0f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(tickformat=".0%" if is_share else ",.0f", range=[0, 1.02] if is_share else None, rangemode="tozero")
    return _month_axis(_calm(figure, language, has_legend=False), frame["month_on"], language)


def ranked_bars(frame: pd.DataFrame, label: str, column: str, language: Language, *, unit: str = "") -> go.Figure:
    """Horizontal bars, first row on top."""
    figure = go.Figure(
        go.Bar(
            y=frame[label], x=frame[column].astype(float), orientation="h", marker_color=BLUE,
            hovertemplate=f"%{{y}}: %{{x:,.1f}} {unit}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure = _calm(figure, language, has_legend=False)
    return figure.update_layout(height=max(160, 34 * len(frame) + 60))


def _calm(figure: go.Figure, language: Language, *, has_legend: bool) -> go.Figure:
    figure.update_layout(
        height=HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=has_legend, separators=",." if language == "de" else ".,",
        legend={"orientation": "h", "y": -0.2, "x": 0}, hovermode="closest", bargap=0.25, dragmode=False,
    )  # fmt: skip
    figure.update_xaxes(fixedrange=True, automargin=True)
    figure.update_yaxes(fixedrange=True, automargin=True)
    return figure


def _month_axis(figure: go.Figure, months: pd.Series, language: Language) -> go.Figure:
    stamps = pd.to_datetime(months).dt.tz_localize(None).dt.to_period("M").drop_duplicates().sort_values()
    step = max(1, -(-len(stamps) // 8))
    shown = list(stamps)[::step]
    names = MONTHS[language]
    figure.update_xaxes(
        showgrid=False, tickmode="array", tickvals=[period.to_timestamp() for period in shown],
        ticktext=[f"{names[period.month - 1]} {period.year % 100:02d}" for period in shown],
    )  # fmt: skip
    return figure
