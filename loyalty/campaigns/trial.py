"""A campaign's rules on past documents, in event order, under its caps. Pure: documents in, grants out.

Points are decided by the evaluation that awards and by the caps that post; here they are only counted from zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy

from loyalty.caps import CapCounter, cap_limits
from loyalty.domain.points import period_of
from loyalty.domain.programme import POINTS, Caps, Rule
from loyalty.evaluated import EvaluatedDocument

RESAMPLES = 1_000
LEVEL_PERCENT = 90
METHOD = (
    "percentile bootstrap: members resampled with replacement; caps of single members exact, other caps on the resampled sums"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """Points of one document to one member under one rule. `asked`: before caps, `own`: after the member's own caps alone."""

    rule: Rule
    member: int
    distributor: int
    event_on: date
    asked: int
    own: int
    granted: int


@dataclass(slots=True)
class Trial:
    """What a campaign would have given. `hits`: cap key -> the first day on which it cut an award."""

    grants: list[Grant] = field(default_factory=list)
    hits: dict[str, date] = field(default_factory=dict)


def try_out(programme_id: str, documents: Iterable[EvaluatedDocument], held_out: frozenset[int]) -> Trial:
    """Grant what documents are worth, in the order of their days, to whoever is not held out."""
    trial, counter, own_counter = Trial(), CapCounter(), CapCounter()
    for document in sorted((one for one in documents if one.gives == POINTS), key=lambda one: (one.event_on, one.cause)):
        for member, points in document.worth:
            if member not in held_out:
                _grant(trial, programme_id, document, member, points, counter, own_counter)
    return trial


def _grant(trial: Trial, programme_id: str, document: EvaluatedDocument, member: int, points: int, counter: CapCounter,
           own_counter: CapCounter) -> None:  # fmt: skip
    rule = document.rule
    limits = cap_limits(programme_id, rule, member, document.distributor, document.event_on) if rule.is_capped else {}
    granted, cap_key = counter.grant(limits, points, is_partial=rule.is_cut_at_cap)
    counter.consume(limits, granted, 0)
    own_limits = {key: cap for key, cap in limits.items() if "|member|" in key}
    own, _ = own_counter.grant(own_limits, points, is_partial=rule.is_cut_at_cap)
    own_counter.consume(own_limits, own, 0)
    if cap_key is not None:
        trial.hits.setdefault(cap_key, document.event_on)
    trial.grants.append(Grant(rule, member, document.distributor, document.event_on, points, own, granted))


@dataclass(frozen=True, slots=True)
class Range:
    """A figure's interval by resampling."""

    low: float
    high: float


def resampled(trial: Trial, members: Sequence[int], funders: Sequence[str], rng: numpy.random.Generator) -> dict[str, Range]:
    """`points`, and each funder's points by its share -> the interval that resampling the members gives."""
    earners = {grant.member for grant in trial.grants}
    place = {member: n for n, member in enumerate(sorted({*members, *earners}))}
    cells = sorted({_cell(grant) for grant in trial.grants})
    if not place or not cells:
        return {name: Range(0.0, 0.0) for name in ("points", *funders)}
    rule_of = {grant.rule.rule_id: grant.rule for grant in trial.grants}
    rules = [rule_of[cell[0]] for cell in cells]
    column = {cell: n for n, cell in enumerate(cells)}
    points = numpy.zeros((len(place), len(cells)))
    for grant in trial.grants:
        points[place[grant.member], column[_cell(grant)]] += grant.own
    weights = rng.multinomial(len(place), numpy.full(len(place), 1 / len(place)), size=RESAMPLES)
    sums = weights @ points
    for rule in rule_of.values():
        _apply(sums, rule.caps, cells, rules, [one.rule_id == rule.rule_id for one in rules], 2)
    _apply(sums, rules[0].campaign_caps, cells, rules, [True] * len(cells), 3)
    shares = {name: numpy.array([dict(rule.funders).get(name, 0) / 100 for rule in rules]) for name in funders}
    return {"points": _range(sums.sum(axis=1)), **{name: _range(sums @ share) for name, share in shares.items()}}


Cell = tuple[str, int, str, str]
"""(rule, distributor, period of the rule's caps, period of the campaign's caps); empty where no cap looks at it."""


def _cell(grant: Grant) -> Cell:
    own, together = grant.rule.caps, grant.rule.campaign_caps
    needs_distributor = any(caps.per_distributor is not None or caps.per_funder for caps in (own, together))
    return (
        grant.rule.rule_id, grant.distributor if needs_distributor else 0,
        period_of(grant.event_on, own.period) if own.per_period is not None else "",
        period_of(grant.event_on, together.period) if together.per_period is not None else "",
    )  # fmt: skip


def _apply(
    sums: numpy.ndarray, caps: Caps, cells: Sequence[Cell], rules: Sequence[Rule], chosen: Sequence[bool], period_at: int
) -> None:
    """Cut sums at the limits that look beyond one member, from the narrow to the wide."""
    inside = numpy.array(chosen)
    ones = numpy.ones(len(cells))
    if caps.per_distributor is not None:
        for distributor in {cell[1] for cell in cells}:
            _cut(sums, inside & numpy.array([cell[1] == distributor for cell in cells]), ones, caps.per_distributor)
    if caps.per_period is not None:
        for period in {cell[period_at] for cell in cells}:
            _cut(sums, inside & numpy.array([cell[period_at] == period for cell in cells]), ones, caps.per_period)
    for name, limit in caps.per_funder:
        share = numpy.array([dict(rule.funders).get(name, 0) / 100 for rule in rules])
        is_each = name == "distributor"
        for distributor in {cell[1] for cell in cells} if is_each else {0}:
            whose = numpy.array([not is_each or cell[1] == distributor for cell in cells])
            _cut(sums, inside & whose & (share > 0), share, limit)
    if caps.total is not None:
        _cut(sums, inside, ones, caps.total)


def _cut(sums: numpy.ndarray, inside: numpy.ndarray, weights: numpy.ndarray, limit: int) -> None:
    used = (sums[:, inside] * weights[inside]).sum(axis=1)
    factor = numpy.where(used > limit, limit / numpy.maximum(used, 1), 1.0)
    sums[:, inside] *= factor[:, None]


def _range(values: numpy.ndarray) -> Range:
    tail = (100 - LEVEL_PERCENT) / 2
    low, high = numpy.percentile(values, [tail, 100 - tail])
    return Range(float(low), float(high))
