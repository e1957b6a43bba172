"""What a document is worth, which lots a debit draws, and when a lot expires. Source: docs/glossary.md, points ledger."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from loyalty.domain.programme import Rule


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


def award_points(rule: Rule, quantity_kept: Decimal, net_amount_kept_subcents: int) -> int:
    """Points of one document under one rule, rounded towards zero once. A return document gives negative points.

    `quantity_kept` in units, `net_amount_kept_subcents` in hundredths of a minor unit, both after returns.
    """
    raw = rule.points_per_unit * quantity_kept + rule.points_per_amount * Decimal(net_amount_kept_subcents) / 10_000
    points = int(raw.to_integral_value(rounding=ROUND_DOWN))
    if rule.bonus_from_quantity is not None and quantity_kept >= rule.bonus_from_quantity:
        points += rule.bonus_points
    return points


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


def expiry_of(earned_on: date, months: int | None, time_zone: str) -> datetime | None:
    """The moment from which a lot is no longer available: the end of its last day in the programme's zone."""
    if months is None:
        return None
    last_day = add_months(earned_on, months)
    return datetime.combine(last_day + timedelta(days=1), time(0), ZoneInfo(time_zone))


def moment_of_day(day: date, time_zone: str) -> datetime:
    """Noon of a day in the programme's zone: stands for a day whose hour nobody knows, and stays that day in UTC."""
    return datetime.combine(day, time(12), ZoneInfo(time_zone))
