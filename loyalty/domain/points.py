"""What a document is worth, which lots a debit draws, and when a lot expires. Source: docs/loyalty.md, the ledger's statements."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from loyalty.domain.programme import MILLI, RATE_SCALE, Expiry, Rule

SUBCENTS_PER_UNIT = 10_000
"""Hundredths of a minor unit in one whole unit of money with two decimals."""


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot with points left. `expires_at` None: never."""

    lot_id: int
    points_left: int
    earned_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Draw:
    """Points taken from one lot."""

    lot_id: int
    points: int


def award_points(
    rule: Rule, quantity_milli: int, amount_subcents: int, multiplier_milli: int = MILLI, baskets_filled: bool = True
) -> int:
    """Points of one document or period under one rule, rounded down once.

    `quantity_milli`: thousandths of units kept after returns; `amount_subcents`: hundredths of a minor unit of the money kept;
    `multiplier_milli`: the tier's factor in thousandths, used when the rule is multiplied by tier. Neither is ever below zero.
    """
    if quantity_milli <= 0:
        return 0
    factor = multiplier_milli if rule.is_tier_multiplied else MILLI
    points = 0
    if rule.points_per_unit:
        points = int(rule.points_per_unit * RATE_SCALE) * quantity_milli * factor // (RATE_SCALE * MILLI * MILLI)
    elif rule.points_per_amount and amount_subcents > 0:
        points = int(rule.points_per_amount * RATE_SCALE) * amount_subcents * factor // (RATE_SCALE * SUBCENTS_PER_UNIT * MILLI)
    if rule.bonus_points and baskets_filled and _reaches(rule, quantity_milli, amount_subcents):
        points += rule.bonus_points
    return points


def _reaches(rule: Rule, quantity_milli: int, amount_subcents: int) -> bool:
    enough = rule.bonus_from_quantity is None or quantity_milli >= rule.bonus_from_quantity * MILLI
    return enough and (rule.bonus_from_amount is None or amount_subcents >= rule.bonus_from_amount * SUBCENTS_PER_UNIT)


def draw_order(lots: Sequence[OpenLot]) -> list[OpenLot]:
    """Earliest expiry first, then earliest earned, then lot id; lots without expiry come last."""
    return sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at or lot.earned_at, lot.earned_at, lot.lot_id))


def draw(lots: Sequence[OpenLot], points: int, now: datetime | None) -> list[Draw]:
    """Take points from lots in draw order; less than asked when they do not suffice. `now` leaves out expired lots."""
    draws, missing = [], points
    for lot in draw_order(lots):
        if missing == 0:
            break
        if now is not None and lot.expires_at is not None and lot.expires_at <= now:
            continue
        taken = min(lot.points_left, missing)
        if taken:
            draws.append(Draw(lot.lot_id, taken))
            missing -= taken
    return draws


def add_months(day: date, months: int) -> date:
    """The same day so many months later, clamped to the end of a shorter month: 31 Jan + 1 = 28 or 29 Feb."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of_period(day: date, period: str) -> date:
    """The last day of the month, quarter or year that a day is in."""
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    last = (day.month - 1) // months * months + months
    return date(day.year, last, calendar.monthrange(day.year, last)[1])


def period_of(day: date, period: str) -> str:
    """The name of the month, quarter or year that a day is in: 2026-05, 2026-Q2, 2026."""
    if period == "month":
        return f"{day.year:04d}-{day.month:02d}"
    return f"{day.year:04d}-Q{(day.month + 2) // 3}" if period == "quarter" else f"{day.year:04d}"


@lru_cache(maxsize=20_000)
def expiry_of(expiry: Expiry, available_on: date, earned_on: date, time_zone: str) -> datetime | None:
    """The moment from which a lot is no longer available: the end of its last day in the programme's zone. None: no fixed end."""
    if expiry.months is None:
        return None
    last_day = add_months(earned_on if expiry.counts_from == "earned" else available_on, expiry.months)
    return end_of_day(end_of_period(last_day, expiry.end_of) if expiry.end_of else last_day, time_zone)


def idle_expiry(last_activity_at: datetime, months: int, time_zone: str) -> datetime:
    """When points end that live for `months` after the member's last activity."""
    return end_of_day(add_months(last_activity_at.astimezone(ZoneInfo(time_zone)).date(), months), time_zone)


def end_of_day(day: date, time_zone: str) -> datetime:
    """The first moment of the next day in a zone."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(time_zone))


@lru_cache(maxsize=20_000)
def moment_of_day(day: date, time_zone: str) -> datetime:
    """Noon of a day in the programme's zone: stands for a day whose hour nobody knows, and stays that day in UTC."""
    return datetime.combine(day, time(12), ZoneInfo(time_zone))
