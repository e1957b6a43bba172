"""The tier that a member holds, out of its recorded spans, and what the next one needs, out of its status points as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from core.clock import Clock
from core.store import reading
from loyalty.domain.points import add_months
from loyalty.domain.programme import Programme
from loyalty.domain.tiers import Outlook, outlook, tier_history
from loyalty.groups import groups_of
from loyalty.tiering import added_by_day, newest_spans, status_points_by_day


def tiers_of(connection: Connection, programme: Programme, wanted: Sequence[int]) -> dict[int, str]:
    """Member -> the tier held now; who has no span holds the lowest. Merged members hold the highest of their group."""
    if not programme.tiers:
        return {}
    groups = groups_of(connection)
    asked = sorted({one for member in wanted for one in groups.get(member, (member,))})
    held = {member: spans[-1].tier for member, (_, spans) in newest_spans(connection, programme.programme_id, asked).items()}
    names = [tier.tier for tier in programme.tiers]

    def highest(member: int) -> str:
        return max((held.get(one, names[0]) for one in groups.get(member, (member,))), key=lambda tier: level(programme, tier))

    return {member: highest(member) for member in wanted}


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """Where a member stands. `suffices_until`: the last day on which the missing points would be enough - the end of the window, or the day
    before the oldest status points drop out of it; None: no points that could drop out."""

    outlook: Outlook
    suffices_until: date | None


def tier_answer(engine: Engine, programme: Programme, member: int, clock: Clock) -> TierAnswer | None:
    """Where a member stands today and what the next tier needs by when; None for a programme without tiers."""
    if not programme.tiers:
        return None
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        points = status_points_by_day(connection, programme, group)
    days = added_by_day([points.get(one, {}) for one in group])
    today = clock.now().astimezone(ZoneInfo(programme.time_zone)).date()
    spans = tier_history(days, programme.tiers, programme.tier_settings, today)
    found = outlook(spans, days, programme.tiers, programme.tier_settings, today)
    if found is None or found.window_ends_on is not None:
        return None if found is None else TierAnswer(found, found.window_ends_on)
    months = programme.tier_settings.window_months
    drops = [add_months(day, months) for day, points in days if points > 0 and day > add_months(today, -months)]
    return TierAnswer(found, min(drops) - timedelta(days=1) if drops else None)


def level(programme: Programme, tier: str | None) -> int:
    """How high a tier stands, 0 for the lowest and for names that the programme has no more."""
    return next((index for index, one in enumerate(programme.tiers) if one.tier == tier), 0)
