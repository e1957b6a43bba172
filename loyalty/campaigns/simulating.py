"""A campaign tried on past orders through the evaluation that awards: what it would have cost whom, who gains, when a cap is hit.

A campaign of 1 January to 31 March 2027 is tried on the same days of the latest year that the data cover whole, so that the season fits; looking back
24 months, on those of the year before too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy

from loyalty.campaigns.disclosing import carries_net_amounts, coarse, hidden, reason_to_hide, tier_reasons
from loyalty.campaigns.facts import Coverage, candidates, coverage
from loyalty.campaigns.hold_out import Candidate, draw_hold_out
from loyalty.campaigns.model import Campaign, rules_of
from loyalty.campaigns.running import evaluate_alone
from loyalty.campaigns.trial import LEVEL_PERCENT, METHOD, RESAMPLES, Grant, Range, Trial, resampled, try_out
from loyalty.domain.funding import cents, funder_shares
from loyalty.domain.points import add_months
from loyalty.domain.programme import FUNDERS, POINTS, Programme, Rule
from loyalty.evaluated import EvaluatedDocument, RunningCampaign
from loyalty.evaluation import Warehouse, evaluate
from loyalty.workspace import HeldTier

Progress = Callable[[str, float], None]
"""(step, share done between 0 and 1). Steps: members, campaign, programme, intervals."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The campaign's days so many years earlier, and what was found on them."""

    years: int
    first_on: date
    last_on: date
    members: tuple[Candidate, ...]
    held_out: frozenset[int]
    trial: Trial
    missed: Mapping[int, int]
    before: Mapping[int, int]


def simulate(
    connection: Warehouse, programme: Programme, campaign: Campaign, *, months: int, rng: numpy.random.Generator, progress: Progress,
    tiers: Sequence[HeldTier], held_out: frozenset[int] | None = None,
) -> str:  # fmt: skip
    """Try a campaign on the last `months` (12 or 24) of orders; JSON with a part per reader. `tiers`: who held which then (`held_tiers`), for
    rules that multiply by tier. `held_out`: who is held out already; None: a draw of the same kind."""
    rules = rules_of(campaign, programme)
    covered = coverage(connection, rules[0].leg)
    years = occurrences(campaign.starts_on, campaign.ends_on, covered, months)
    found = []
    for number, back in enumerate(years):

        def report(step: str, share: float, done: int = number) -> None:
            progress(step, (done + share) / len(years))

        found.append(_try(connection, programme, campaign, rules, back, rng, report, held_out, tiers))
    basis: Json = {
        "months": months, "first_on": _iso(covered.first_on), "last_on": _iso(covered.last_on), "programme": programme.programme_id,
        "programme_version": programme.version, "hold_out_percent": campaign.draft.hold_out_percent, "method": METHOD,
        "level_percent": LEVEL_PERCENT, "resamples": RESAMPLES, "point_value_subcents": programme.point_value_subcents,
        "currency": programme.money_currency, "expected_redemption_percent": programme.expected_redemption_percent,
    }  # fmt: skip
    whole = [_figures(one, programme, campaign, rules, covered, rng) for one in found]
    progress("intervals", 1.0)
    result: Json = {"basis": basis}
    if programme.is_distributors:  # what its own sales tell, a distributor knows
        result["distributor"] = {"occurrences": whole}
    else:
        result["manufacturer"] = {
            "occurrences": [_for_manufacturer(figures, one, rules) for figures, one in zip(whole, found, strict=True)]
        }
    if campaign.draft.co_funder is not None:
        result["co_funder"] = {"occurrences": whole}
    return json.dumps(result)


def occurrences(starts_on: date, ends_on: date, covered: Coverage, months: int) -> list[int]:
    """How many years back the campaign's days are tried, nearest first. None without any data."""
    if covered.last_on is None or covered.first_on is None:
        return []
    back = 0
    while add_months(ends_on, -12 * back) > covered.last_on:
        back += 1
    wanted = [back, back + 1] if months > 12 else [back]
    return [years for years in wanted if add_months(ends_on, -12 * years) >= covered.first_on] or wanted[:1]


def shifted(rules: Sequence[Rule], years: int) -> tuple[Rule, ...]:
    """The rules so many years earlier."""
    return tuple(
        replace(rule, valid_from=add_months(rule.valid_from, -12 * years),
                valid_to=None if rule.valid_to is None else add_months(rule.valid_to, -12 * years))
        for rule in rules
    )  # fmt: skip


def _try(
    connection: Warehouse, programme: Programme, campaign: Campaign, rules: Sequence[Rule], years: int, rng: numpy.random.Generator,
    progress: Progress, held_out: frozenset[int] | None, tiers: Sequence[HeldTier],
) -> Occurrence:  # fmt: skip
    first, last = add_months(campaign.starts_on, -12 * years), add_months(campaign.ends_on, -12 * years)
    progress("members", 0.0)
    members = candidates(connection, rules, first)
    out = draw_hold_out(members, campaign.draft.hold_out_percent, rng) if held_out is None else held_out
    progress("campaign", 0.1)
    alone = RunningCampaign(campaign.campaign_id, shifted(rules, years))
    documents = [document for batch in evaluate_alone(connection, programme, [alone], tiers=tiers) for document in batch]
    progress("programme", 0.5)
    before = _programme_points(connection, programme, first, last, tiers)
    progress("intervals", 0.8)
    missed = _by_member(document for document in documents if document.gives == POINTS)
    return Occurrence(
        years, first, last, tuple(members), out, try_out(programme.programme_id, documents, out),
        {member: points for member, points in missed.items() if member in out}, before,
    )  # fmt: skip


def _programme_points(
    connection: Warehouse, programme: Programme, first: date, last: date, tiers: Sequence[HeldTier]
) -> dict[int, int]:
    """Member -> points that the programme's own rules give on these days, before caps, through the same evaluation."""
    within = tuple(
        replace(rule, valid_from=max(rule.valid_from, first), valid_to=min(rule.valid_to or last, last))
        for rule in programme.rules if POINTS in rule.gives and rule.valid_from <= last and (rule.valid_to or last) >= first
    )  # fmt: skip
    if not within:
        return {}
    return _by_member(
        one
        for batch in evaluate(connection, replace(programme, rules=within), None, tiers=tiers)
        for one in batch
        if one.gives == POINTS
    )


def _by_member(documents: Iterable[EvaluatedDocument]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for document in documents:
        for member, points in document.worth:
            found[member] += points
    return dict(found)


def _figures(
    one: Occurrence, programme: Programme, campaign: Campaign, rules: Sequence[Rule], covered: Coverage, rng: numpy.random.Generator
) -> Json:  # fmt: skip
    grants = one.trial.grants
    names = [name for name in FUNDERS if any(dict(rule.funders).get(name) for rule in rules)]
    ranges = resampled(one.trial, [member.member for member in one.members if member.member not in one.held_out], names, rng)
    value, expected = programme.point_value_subcents, programme.expected_redemption_percent
    last_covered = min(one.last_on, covered.last_on or one.last_on)
    return {
        "years": one.years, "first_on": one.first_on.isoformat(), "last_on": one.last_on.isoformat(),
        "days": (one.last_on - one.first_on).days + 1,
        "days_covered": max(0, (last_covered - max(one.first_on, covered.first_on or one.first_on)).days + 1),
        "members": len(one.members), "held_out": len(one.held_out), "earners": len({g.member for g in grants if g.granted}),
        "points": sum(grant.granted for grant in grants), "points_asked": sum(grant.asked for grant in grants),
        "points_range": _pair(ranges["points"]),
        "funders": {name: _cost(name, grants, ranges[name], value, expected) for name in names},
        "caps": _caps(one, campaign, rules), "tiers": _tiers(one),
    }  # fmt: skip


def _cost(name: str, grants: Sequence[Grant], spread: Range, point_value_subcents: int, expected_percent: int) -> Json:
    """What a funder would bear: hundredths of a point, money if every point is burned, and if the expected share is."""
    subcents = 0
    points: dict[tuple[tuple[str, int], ...], int] = defaultdict(int)
    for grant in grants:
        points[grant.rule.funders] += grant.granted
    for funders, count in points.items():
        subcents += funder_shares(count * point_value_subcents, funders).get(name, 0)
    hundredths = sum(count * dict(funders).get(name, 0) for funders, count in points.items())
    low, high = (round(bound * point_value_subcents * expected_percent / 10_000) for bound in (spread.low, spread.high))
    return {"points_hundredths": hundredths, "cents": cents(subcents), "expected_cents": cents(subcents * expected_percent // 100),
            "expected_cents_range": [low, high]}  # fmt: skip


def _tiers(one: Occurrence) -> list[Json]:
    """Per tier: who gains beside the programme, whom it leaves as it is, and who is held out though it would have earned."""
    gained: dict[int, int] = defaultdict(int)
    for grant in one.trial.grants:
        gained[grant.member] += grant.granted
    tier_of = _tier_of(one)
    rows = []
    for tier in sorted(set(tier_of.values())):
        members = [member for member, name in tier_of.items() if name == tier]
        rows.append({
            "tier": tier, "members": len(members), "winning": sum(1 for m in members if gained.get(m, 0) > 0),
            "losing": sum(1 for m in members if one.missed.get(m, 0) > 0),
            "unchanged": sum(1 for m in members if gained.get(m, 0) <= 0 and one.missed.get(m, 0) <= 0),
            "points": sum(gained.get(m, 0) for m in members), "points_programme": sum(one.before.get(m, 0) for m in members),
        })  # fmt: skip
    return rows


def _tier_of(one: Occurrence) -> dict[int, str]:
    known = {member.member: member.tier for member in one.members}
    return known | {grant.member: "" for grant in one.trial.grants if grant.member not in known}


def _caps(one: Occurrence, campaign: Campaign, rules: Sequence[Rule]) -> list[Json]:
    """Caps that cut awards: which, on which day then, and on which day of the campaign itself. Members' own caps are only counted."""
    titles = {rule.rule_id: (rule.title_de, rule.title_en) for rule in rules}
    found: list[Json] = []
    members = 0
    for key, day in sorted(one.trial.hits.items(), key=lambda item: item[1]):
        _, _, rule_id, kind, *rest = key.split("|")
        if kind == "member":
            members += 1
            continue
        title_de, title_en = titles.get(rule_id, ("", ""))
        found.append({
            "cap": rest[0] if kind == "funder" else kind, "period": rest[0] if kind == "period" else "", "title_de": title_de, "title_en": title_en,
            "on": day.isoformat(), "day_of_campaign": (day - one.first_on).days + 1, "projected_on": add_months(day, 12 * one.years).isoformat(),
        })  # fmt: skip
    if members:
        found.append({"cap": "member", "members": members})
    return found


def _for_manufacturer(figures: Json, one: Occurrence, rules: Sequence[Rule]) -> Json:
    """The same figures without what would tell a distributor's net amounts."""
    if not carries_net_amounts(rules):
        return figures
    asked, granted = _contributions(one, rules, "asked"), _contributions(one, rules, "granted")
    whole = reason_to_hide(_together(asked)) or reason_to_hide(_together(granted))
    reasons = tier_reasons(granted, whole)
    shown = dict(figures)
    if whole is not None:
        shown |= {name: hidden(whole) for name in ("points", "points_asked", "points_range", "funders", "caps", "earners")}
    rows: list[Json] = []
    for row in _tiers(one):
        reason = reasons[str(row["tier"])]
        empty = (
            {name: hidden(reason) for name in ("winning", "losing", "unchanged", "points", "points_programme")} if reason else {}
        )
        rows.append(row | empty)
    return coarse(shown | {"tiers": rows}, COARSE)


def _contributions(one: Occurrence, rules: Sequence[Rule], measure: str) -> dict[str, dict[int, int]]:
    """Tier -> whose net amounts its points tell -> points. On sell-out they are the retailers', else the distributors'."""
    is_retailers = all(rule.leg == "sell_out" for rule in rules)
    tier_of = _tier_of(one)
    found: dict[str, dict[int, int]] = {tier: defaultdict(int) for tier in set(tier_of.values())}
    for grant in one.trial.grants:
        found[tier_of[grant.member]][grant.member if is_retailers else grant.distributor] += getattr(grant, measure)
    return found


def _together(by_tier: Mapping[str, Mapping[int, int]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for contributions in by_tier.values():
        for whose, points in contributions.items():
            found[whose] += points
    return found


COARSE = (
    "points",
    "points_asked",
    "points_range",
    "points_programme",
    "points_hundredths",
    "cents",
    "expected_cents",
    "expected_cents_range",
)
"""Figures that are rounded for whoever may not learn net amounts: else two drafts that differ by one buyer would tell that buyer's."""


def _pair(spread: Range) -> list[int]:
    return [round(spread.low), round(spread.high)]


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
