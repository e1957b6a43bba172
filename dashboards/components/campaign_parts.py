"""What campaign pages have in common: terms in words, what a trial found, what was brought."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.components.context import Context
from dashboards.components.kit import Metric, metrics, remark, table
from dashboards.texts import day, number, percent
from dashboards.texts.numbers import money_exact
from loyalty import Programme
from loyalty.campaigns.model import Campaign, rules_of
from loyalty.campaigns.uplift import Uplift, Windows
from loyalty.domain.terms import describe, describe_rules


def show_terms(context: Context, programme: Programme, campaign: Campaign) -> None:
    """The terms that are signed, with who pays."""
    st.subheader(context.text("campaign.terms_version", n=str(campaign.version)), anchor=False)
    st.markdown(plain(describe_rules(rules_of(campaign, programme), context.language, with_funding=True)))


def show_programme_terms(context: Context, programme: Programme) -> None:
    """The terms of a programme as members read them, folded away."""
    with st.expander(context.text("programme.terms")):
        lines = describe(programme, context.language).split("\n")
        st.markdown(plain("\n".join(line if line.startswith("- ") else f"\n{line}\n" for line in lines)))


def plain(words: str) -> str:
    """Words of people in Markdown: nothing in them is markup, lines that begin with a dash stay a list."""
    for mark in "\\`*_[]<>$:#|~":
        words = words.replace(mark, f"\\{mark}")
    return words


def show_simulation(context: Context, campaign: Campaign, reader: str, names: Mapping[int, str]) -> None:
    """What the trial found, as that reader may know it."""
    st.subheader(context.text("campaign.simulation"), anchor=False)
    found: dict[str, Any] = json.loads(campaign.simulation) if campaign.simulation else {}
    part, basis = found.get(reader), found.get("basis")
    if not part or not basis:
        remark(context.text("campaign.not_simulated"))
        return
    if not part["occurrences"]:
        st.info(context.text("campaign.no_data"))
        return
    for number_of, one in enumerate(part["occurrences"]):
        _occurrence(context, campaign, one, basis, f"{reader}-{number_of}", reader)
    remark(context.text("campaign.method", level=str(basis["level_percent"]), n=number(basis["resamples"], context.language),
                        percent=str(basis["expected_redemption_percent"])))  # fmt: skip


def _occurrence(context: Context, campaign: Campaign, one: dict[str, Any], basis: dict[str, Any], key: str, reader: str) -> None:
    days = context.text("campaign.days_of", first=_day(context, one["first_on"]), last=_day(context, one["last_on"]))
    covered = ""
    if one["days_covered"] < one["days"]:
        covered = " · " + context.text("campaign.covered", n=str(one["days_covered"]), all=str(one["days"]))
    st.markdown(f"**{days}**{covered}")
    reason = one["points"].get("hidden") if isinstance(one["points"], dict) else None
    if reason:
        st.info(context.text(f"campaign.hidden.{reason}"))
    else:
        metrics(context, _headline(context, one, basis, reader))
        spans = [
            _span(context, name, cost["expected_cents_range"], basis)
            for name, cost in one["funders"].items()
            if _is_shown(reader, name)
        ]
        remark(" · ".join(spans))
        for words in _cap_words(context, one):
            st.markdown(words)
    _tiers(context, one, key)


def _is_shown(reader: str, funder: str) -> bool:
    return reader == "manufacturer" or funder == "distributor"


def _headline(context: Context, one: dict[str, Any], basis: dict[str, Any], reader: str) -> list[Metric]:
    items: list[Metric] = [
        ("campaign.points", number(one["points"], context.language), None), ("campaign.earners", number(one["earners"], context.language), None),
    ]  # fmt: skip
    for name, cost in one["funders"].items():
        if _is_shown(reader, name):
            key = "campaign.cost_mine" if reader != "manufacturer" else f"campaign.cost.{name}"
            items.append((key, money_exact(cost["expected_cents"], basis["currency"], context.language), None))
    return items


def _span(context: Context, funder: str, bounds: list[int], basis: dict[str, Any]) -> str:
    low, high = (money_exact(bound, basis["currency"], context.language) for bound in bounds)
    return context.text(
        "campaign.range", who=context.text(f"role.{funder}"), level=str(basis["level_percent"]), low=low, high=high
    )


def _cap_words(context: Context, one: dict[str, Any]) -> list[str]:
    words = []
    for cap in one["caps"]:
        if cap["cap"] == "member":
            words.append(context.text("campaign.cap_members", n=str(cap["members"])))
            continue
        name = context.text(f"campaign.cap.{cap['cap']}")
        words.append(
            context.text(
                "campaign.cap_hit",
                cap=name,
                period=cap["period"],
                n=str(cap["day_of_campaign"]),
                day=_day(context, cap["projected_on"]),
            )
        )
    return words or [context.text("campaign.cap_none")]


def _tiers(context: Context, one: dict[str, Any], key: str) -> None:
    if not one["tiers"]:
        return
    hidden = {cell["hidden"] for row in one["tiers"] for cell in row.values() if isinstance(cell, dict)}
    rows = [
        {
            "tier": row["tier"] or context.text("campaign.tier_none"), "members": row["members"], "winning": _cell(row["winning"]),
            "unchanged": _cell(row["unchanged"]), "losing": _cell(row["losing"]), "points_campaign": _cell(row["points"]),
            "points_programme": _cell(row["points_programme"]),
        }
        for row in one["tiers"]
    ]  # fmt: skip
    st.markdown(f"**{context.text('campaign.tiers')}**", help=context.text("campaign.tiers_help"))
    table(context, pd.DataFrame(rows), key=f"tiers-{key}")
    for reason in sorted(hidden):
        remark(context.text(f"campaign.hidden.{reason}"))


def _cell(value: object) -> object:
    return None if isinstance(value, dict) else value


def show_uplift(context: Context, found: Uplift, windows: Windows | None) -> None:
    """The effect with its interval, or in words why there is no verdict."""
    low, high = (_units(bound, context) for bound in (found.low, found.high))
    counts = {"treated": number(found.participants, context.language), "control": number(found.held_out, context.language)}
    if not found.is_verdict:
        words = {"low": low, "high": high} if found.verdict == "unclear" else counts if found.verdict == "too_few" else {}
        st.info(context.text(f"campaign.uplift.{found.verdict}", **words))
        return
    effect = _units(abs(found.effect or 0.0), context)
    st.markdown(f"### {context.text(f'campaign.uplift.{found.verdict}', n=effect)}")
    relative = percent(found.relative, context.language) if found.relative is not None else "–"
    remark(context.text("campaign.uplift.detail", relative=relative, level=str(found.level_percent), low=low, high=high, **counts,
                        days=str(windows.days if windows else 0)))  # fmt: skip


def _units(value: float | None, context: Context) -> str:
    return number(None if value is None else round(value, 2), context.language)


def _day(context: Context, iso: str) -> str:
    return day(date.fromisoformat(iso), context.language)
