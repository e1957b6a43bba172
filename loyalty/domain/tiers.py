"""Tiers out of status points: reached at once, valid through a maintain period, reviewed after a notice. Pure: days in, spans out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loyalty.domain.points import add_months, end_of_period
from loyalty.domain.programme import Tier, TierSettings


@dataclass(frozen=True, slots=True)
class TierSpan:
    """A member holds `tier` from `from_on` until the next span begins; `valid_until` is the day of the review (None: the lowest).

    `reason`: enrolled, reached, kept, lowered. `qualifying_points` are the status points in the window on that day; `notice_on` is
    the day on which the member was told that `points_missing` are needed to keep the tier.
    """

    tier: str
    from_on: date
    valid_until: date | None
    reason: str
    qualifying_points: int
    notice_on: date | None = None
    points_missing: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a member stands on a day: what the next tier needs, and what the window of the next review still lacks to keep this one."""

    tier: str
    valid_until: date | None
    qualifying_points: int
    next_tier: str | None
    points_to_next: int
    points_to_keep: int
    window_ends_on: date | None


def tier_history(
    daily: Sequence[tuple[date, int]], tiers: Sequence[Tier], settings: TierSettings, today: date
) -> tuple[TierSpan, ...]:
    """Every span of a member from its first status points to today. `daily`: (day, net status points), by day, one row a day.

    A tier is reached on the very day its threshold is; a review keeps it when the window that ends at `valid_until` carries it together
    with what the days of grace brought, else lowers it by a step or to what is earned. The notice so many days before names what that
    window lacks by then.
    """
    days = [(day, points) for day, points in daily if day <= today]
    if not tiers or not days:
        return ()
    spans = [TierSpan(tiers[0].tier, days[0][0], None, "enrolled", 0)]
    level, valid_until = 0, None
    for index, (day, _) in enumerate(days):
        level, valid_until = _reviews(spans, days[:index], tiers, settings, level, valid_until, day)
        qualifying = window_points(days[: index + 1], settings, day)
        earned = level_of(qualifying, tiers)
        if earned > level:
            level, valid_until = earned, valid_to(day, settings)
            spans.append(TierSpan(tiers[level].tier, day, valid_until, "reached", qualifying))
    _reviews(spans, days, tiers, settings, level, valid_until, today)
    return tuple(spans)


def _reviews(
    spans: list[TierSpan], days: Sequence[tuple[date, int]], tiers: Sequence[Tier], settings: TierSettings, level: int,
    valid_until: date | None, today: date,
) -> tuple[int, date | None]:  # fmt: skip
    """Every review that is due before `today`."""
    while level and valid_until is not None and valid_until + timedelta(days=settings.grace_days) < today:
        review_on = valid_until + timedelta(days=settings.grace_days)
        known = [entry for entry in days if entry[0] <= review_on]
        qualifying = window_points(known, settings, valid_until)
        earned = level_of(qualifying + sum(points for day, points in known if day > valid_until), tiers)
        notice_on = valid_until - timedelta(days=settings.notice_days)
        told = window_points([entry for entry in known if entry[0] <= notice_on], settings, valid_until)
        missing = max(0, tiers[level].from_status_points - told)
        if earned >= level:
            reason = "kept"
        else:
            level = level - 1 if settings.lowers_one_step else earned
            reason = "lowered"
        valid_until = add_months(valid_until, settings.maintain_months) if level else None
        spans.append(
            TierSpan(
                tiers[level].tier,
                review_on + timedelta(days=1),
                valid_until,
                reason,
                qualifying,
                notice_on if missing else None,
                missing,
            )
        )
    return level, valid_until


def window_points(days: Sequence[tuple[date, int]], settings: TierSettings, on: date) -> int:
    """Status points in the qualifying window that ends on a day: the last months, or the calendar year so far."""
    start = date(on.year - 1, 12, 31) if settings.window == "calendar_year" else add_months(on, -settings.window_months)
    total = 0
    for day, points in reversed(days):
        if day <= start:
            break
        if day <= on:
            total += points
    return total


def valid_to(reached_on: date, settings: TierSettings) -> date:
    """The last day of a tier reached on a day: the end of its window plus the maintain period."""
    window_end = end_of_period(reached_on, "year") if settings.window == "calendar_year" else reached_on
    return add_months(window_end, settings.maintain_months)


def level_of(points: int, tiers: Sequence[Tier]) -> int:
    """The index of the highest tier whose threshold is reached."""
    return max((index for index, tier in enumerate(tiers) if points >= tier.from_status_points), default=0)


def outlook(
    spans: Sequence[TierSpan], daily: Sequence[tuple[date, int]], tiers: Sequence[Tier], settings: TierSettings, today: date
) -> Outlook | None:
    """Where the member stands today; None without tiers."""
    if not tiers:
        return None
    held = spans[-1] if spans else TierSpan(tiers[0].tier, today, None, "enrolled", 0)
    level = next((index for index, tier in enumerate(tiers) if tier.tier == held.tier), 0)
    points = window_points(list(daily), settings, today)
    to_keep = window_points(list(daily), settings, held.valid_until) if held.valid_until and held.valid_until > today else points
    above = tiers[level + 1] if level + 1 < len(tiers) else None
    return Outlook(
        held.tier, held.valid_until, points, above.tier if above else None, max(0, above.from_status_points - points) if above else 0,
        max(0, tiers[level].from_status_points - to_keep), end_of_period(today, "year") if settings.window == "calendar_year" else None,
    )  # fmt: skip
