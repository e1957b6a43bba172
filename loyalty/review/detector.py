"""Finds documents that look like gaming: a query each for loading, circles and duplicates, then pure scoring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.evaluation import Warehouse
from loyalty.review.facts import CIRCLES, DUPLICATES, LOADING, NEW_OR_LIKE_NEW, SELL_OUT, SELL_THROUGH, SELLER, WHO
from loyalty.review.focus import EVERYBODY, Focus
from loyalty.review.scoring import (
    CIRCLE,
    DUPLICATE,
    QUARTER_END,
    CircleFacts,
    Document,
    DuplicateFacts,
    LoadingFacts,
    circle_reason,
    duplicate_reason,
    loading_reason,
)
from loyalty.review.settings import CIRCLE_CYCLES_DAYS, DetectorSettings
from loyalty.tables import journal

Figures = dict[str, str | int]
EVERYWHERE: Mapping[str, Focus] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that somebody should look at, why, and the figures that say so."""

    document: Document
    reason_code: str
    variant: str
    figures: Figures


def legs_of(programme: Programme) -> list[tuple[str, str]]:
    """The legs that the programme's rules look at, each with the column of the member."""
    legs = sorted({rule.leg for rule in programme.rules} & {"sell_in", "sell_through"})
    return [(leg, "retailer_id" if leg == "sell_through" else "distributor_id") for leg in legs]


def detect(
    connection: Warehouse,
    store: Engine,
    programme: Programme,
    settings: DetectorSettings,
    focus: Mapping[str, Focus] = EVERYWHERE,
) -> list[Hit]:
    """Every hit over the legs that the programme's rules look at; one document may have several reasons.

    `focus`: leg -> whom to look at; a leg that is not named is looked at whole.
    """
    hits: list[Hit] = []
    for leg, member in legs_of(programme):
        of_leg = focus.get(leg, EVERYBODY)
        if of_leg.loading_members != ():
            hits += _loading(connection, programme, leg, member, settings, of_leg)
        if of_leg.members != ():
            hits += _circles(connection, store, programme, leg, member, settings, of_leg)
        if of_leg.new_members != ():
            hits += _duplicates(connection, programme, leg, member, settings, of_leg)
    return hits


def _loading(
    connection: Warehouse, programme: Programme, leg: str, member: str, settings: DetectorSettings, focus: Focus
) -> list[Hit]:
    who, members = _who(programme, member, focus.loading_members)
    sql = LOADING.format(member=member, outflow=SELL_OUT if leg == "sell_through" else SELL_THROUGH, who=who)
    rows = _rows(connection, sql, members | {
        "leg": leg, "tail_days": settings.loading_tail_days, "weeks_ratio": settings.loading_weeks_ratio,
        "window_days": settings.window_days, "quarters_min": settings.loading_quarters_min, "follow_up_days": settings.loading_follow_up_days,
    })  # fmt: skip
    hits = []
    for row in rows:
        sold = None if row[11] is None else Decimal(str(row[11]))
        tail, week, record, returned = (Decimal(str(row[index])) for index in (7, 8, 9, 10))
        variant = loading_reason(LoadingFacts(int(row[6]), tail, week, record, returned, sold, bool(row[12])), settings)
        if variant is not None:
            figures: Figures = {
                "tail": _units(tail), "week": _units(week), "times": f"{float(tail) / max(float(week), 0.001):.1f}",
                "returned": _units(returned), "sold_on": "" if sold is None else _units(sold),
                "quarter_end": (row[13] - timedelta(days=1)).isoformat(), "days": settings.loading_tail_days,
                "waits_until": (row[13] + timedelta(days=settings.loading_follow_up_days)).isoformat(),
            }  # fmt: skip
            hits.append(Hit(_document(row, leg), QUARTER_END, variant, figures))
    return hits


def _circles(
    connection: Warehouse, store: Engine, programme: Programme, leg: str, member: str, settings: DetectorSettings, focus: Focus
) -> list[Hit]:
    who, members = _who(programme, member, focus.members)
    rows = _rows(connection, CIRCLES.format(member=member, member_name=member, who=who), members | {
        "leg": leg, "window_days": settings.window_days, "returned_share": settings.circle_returned_share,
        "circle_days": settings.circle_days, "overlap_share": settings.circle_overlap_share,
    })  # fmt: skip
    redeemed = _redemptions(store, programme, {int(row[3]) for row in rows})
    thresholds = [
        rule.bonus_from_quantity for rule in programme.rules if rule.bonus_from_quantity is not None and rule.leg == leg
    ]
    hits = []
    for row in rows:
        document, first_on, returned_on = _document(row, leg), row[9], row[10]
        cycles = len({
            other[10] for other in rows
            if other[3] == row[3] and timedelta(0) <= row[10] - other[10] <= timedelta(days=CIRCLE_CYCLES_DAYS)
        })  # fmt: skip
        spent = any(first_on <= day <= returned_on for day in redeemed[document.member])
        bonus = any(row[11] >= threshold and row[12] >= threshold for threshold in thresholds)
        facts = CircleFacts(Decimal(str(row[6])), Decimal(str(row[7])), int(row[8]), cycles, spent, bonus)
        variant = circle_reason(facts, settings)
        if variant is not None:
            figures: Figures = {
                "bought_on": first_on.isoformat(), "returned_on": returned_on.isoformat(), "days": facts.days_between, "cycles": cycles,
                "returned_percent": round(float(facts.returned_share) * 100), "again_percent": round(float(facts.overlap_share) * 100),
            }  # fmt: skip
            hits.append(Hit(document, CIRCLE, variant, figures))
    return hits


def _duplicates(
    connection: Warehouse, programme: Programme, leg: str, member: str, settings: DetectorSettings, focus: Focus
) -> list[Hit]:
    who, parameters = _who(programme, member, focus.new_members)
    days, when = max(settings.duplicate_days_same_source, settings.duplicate_days_other_source), ""
    if focus.since_run is not None:
        when = NEW_OR_LIKE_NEW.format(member=member)
        parameters |= {"since_run": focus.since_run}
    rows = _rows(connection, DUPLICATES.format(member=member, who=who, when=when), parameters | {
        "leg": leg, "window_days": settings.window_days, "lines_min": settings.duplicate_lines_min, "days": days,
    })  # fmt: skip
    hits = []
    for row in rows:
        facts = DuplicateFacts(int(row[6]), int(row[7]), bool(row[8]))
        variant = duplicate_reason(facts, settings)
        if variant is not None:
            figures: Figures = {"first": str(row[9]), "first_on": row[10].isoformat(), "lines": facts.lines}
            hits.append(Hit(_document(row, leg), DUPLICATE, variant, figures))
    return hits


def _redemptions(store: Engine, programme: Programme, wanted: set[int]) -> dict[int, list[date]]:
    """Member -> days on which it spent points."""
    found: dict[int, list[date]] = defaultdict(list)
    with reading(store) as connection:
        rows = connection.execute(
            select(journal.c.member_party_id, journal.c.effective_at).where(
                journal.c.programme_id == programme.programme_id, journal.c.kind.in_(("redeem", "hold")),
                journal.c.member_party_id.in_(sorted(wanted)),
            )
        )  # fmt: skip
        for member, moment in rows:
            found[int(member)].append(moment.astimezone(ZoneInfo(programme.time_zone)).date())
    return found


def _document(row: tuple[Any, ...], leg: str) -> Document:
    ordered_on = row[5] if isinstance(row[5], date) else datetime.combine(row[5], time()).date()
    return Document(int(row[0]), str(row[1]), str(row[2]), int(row[3]), int(row[4]) if leg == "sell_through" else 0, ordered_on)


def _rows(connection: Warehouse, sql: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor().execute(sql, parameters)
    rows: list[tuple[Any, ...]] = []
    while more := cursor.fetchmany(10_000):
        rows += more
    return rows


def _who(programme: Programme, member: str, members: tuple[int, ...] | None) -> tuple[str, dict[str, object]]:
    """The narrowing of a query and its parameters; nothing for everybody."""
    parts: list[str] = []
    parameters: dict[str, object] = {}
    if programme.seller is not None:
        parts.append(SELLER)
        parameters["seller"] = programme.seller
    if members is not None:
        parts.append(WHO.format(member=member))
        parameters["members"] = list(members)
    return " ".join(parts), parameters


def _units(quantity: Decimal) -> str:
    return f"{int(quantity)}" if quantity == quantity.to_integral_value() else f"{float(quantity):.1f}"
