"""Tiers as stored: decisions about every member's history, append-only, folded from status points by event date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select, tuple_

from core.clock import Clock
from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.domain.tiers import TierSpan, tier_history
from loyalty.groups import groups_of
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.posted import SIGNED
from loyalty.programme_tables import tier_spans
from loyalty.tables import journal, transfers
from loyalty.workspace import FOR_EVER, HeldTier


def decide_tiers(engine: Engine, programme: Programme, clock: Clock, members: Collection[int] | None) -> list[tuple[int, date]]:
    """Decide the tiers of these members and of those whose review is due (None: of everybody), and keep what is decided now.

    Returns (member, day) for each whose history differs from the decision before, from the first day that differs. Members that are
    merged share status points and tiers. Running it again decides nothing new.
    """
    if not programme.tiers:
        return []
    today = _today(programme, clock)
    with writing(engine) as connection:
        known = newest_spans(connection, programme.programme_id, None)
        wanted = None if members is None else {*members, *_due(known, programme, today)}
        groups = groups_of(connection)
        if wanted is not None:
            wanted = {one for member in wanted for one in groups.get(member, (member,))}
        points = status_points_by_day(connection, programme, wanted)
        changed, rows = [], []
        for member in sorted(points.keys() | (known.keys() if wanted is None else wanted & known.keys())):
            group = groups.get(member, (member,))
            daily = added_by_day([points.get(one, {}) for one in group])
            spans = tier_history(daily, programme.tiers, programme.tier_settings, today)
            decision, before = known.get(member, (0, ()))
            if not spans and before:  # all that ever counted was taken back: the lowest tier, as before anything counted
                spans = (TierSpan(programme.tiers[0].tier, before[0].from_on, None, "enrolled", 0),)
            if spans == before:
                continue
            changed.append((member, _first_difference(before, spans)))
            rows += _rows(programme.programme_id, member, decision + 1, spans, clock.now())
        if rows:
            connection.execute(tier_spans.insert(), rows)
        return changed


def held_tiers(engine: Engine, programme: Programme) -> list[HeldTier]:
    """Who holds which tier from when to when, as decided last."""
    with reading(engine) as connection:
        known = newest_spans(connection, programme.programme_id, None)
    return [
        HeldTier(member, span.tier, span.from_on, following.from_on if following else FOR_EVER)
        for member, (_, spans) in known.items()
        for span, following in zip_longest(spans, spans[1:])
    ]


def held_on(connection: Connection, programme: Programme, member: int, day: date) -> str | None:
    """The tier that a member holds on a day; the lowest before it ever reached one; None: no tiers."""
    if not programme.tiers:
        return None
    spans = newest_spans(connection, programme.programme_id, [member]).get(member, (0, ()))[1]
    return next((span.tier for span in reversed(spans) if span.from_on <= day), programme.tiers[0].tier)


def tier_spans_of(engine: Engine, programme: Programme, member: int) -> tuple[TierSpan, ...]:
    """A member's tier history as decided last, oldest first."""
    with reading(engine) as connection:
        return newest_spans(connection, programme.programme_id, [member]).get(member, (0, ()))[1]


def _today(programme: Programme, clock: Clock) -> date:
    return clock.now().astimezone(ZoneInfo(programme.time_zone)).date()


def _due(known: dict[int, tuple[int, tuple[TierSpan, ...]]], programme: Programme, today: date) -> set[int]:
    grace = timedelta(days=programme.tier_settings.grace_days)
    return {
        member for member, (_, spans) in known.items()
        if spans and spans[-1].valid_until is not None and spans[-1].valid_until + grace < today
    }  # fmt: skip


def status_points_by_day(
    connection: Connection, programme: Programme, members: Collection[int] | None
) -> dict[int, dict[date, int]]:
    """Member -> day -> net status points of that event day."""
    zone, found = ZoneInfo(programme.time_zone), defaultdict[int, dict[date, int]](dict)
    query = (
        select(journal.c.member_party_id, journal.c.effective_at, func.sum(SIGNED))
        .join(transfers, transfers.c.journal_id == journal.c.journal_id)
        .where(journal.c.programme_id == programme.programme_id, journal.c.currency == programme.status_currency)
        .group_by(journal.c.member_party_id, journal.c.effective_at)
    )
    ordered: list[int] | None = None if members is None else sorted(members)
    chunks: list[Any] = [query] if ordered is None else [
        query.where(journal.c.member_party_id.in_(ordered[start : start + IDS_PER_QUERY])) for start in range(0, len(ordered), IDS_PER_QUERY)
    ]  # fmt: skip
    for chunk in chunks:
        for member, moment, points in connection.execute(chunk):
            day = moment.astimezone(zone).date()
            found[int(member)][day] = found[int(member)].get(day, 0) + int(points)
    return dict(found)


def added_by_day(parts: Sequence[dict[date, int]]) -> list[tuple[date, int]]:
    """(day, points) of a group, by day; days that add up to nothing are left out."""
    total: dict[date, int] = defaultdict(int)
    for part in parts:
        for day, points in part.items():
            total[day] += points
    return sorted((day, points) for day, points in total.items() if points)


def newest_spans(
    connection: Connection, programme_id: str, members: Sequence[int] | None
) -> dict[int, tuple[int, tuple[TierSpan, ...]]]:
    """Member -> (number of its newest decision, its spans)."""
    mine = tier_spans.c.programme_id == programme_id
    if members is not None:
        mine = mine & tier_spans.c.member_party_id.in_(members)
    newest = (
        select(tier_spans.c.member_party_id, func.max(tier_spans.c.decision_no))
        .where(mine)
        .group_by(tier_spans.c.member_party_id)
    )
    rows = connection.execute(
        select(tier_spans).where(mine, tuple_(tier_spans.c.member_party_id, tier_spans.c.decision_no).in_(newest))
        .order_by(tier_spans.c.member_party_id, tier_spans.c.ordinal)
    )  # fmt: skip
    found: dict[int, tuple[int, list[TierSpan]]] = {}
    for row in rows:
        spans = found.setdefault(int(row.member_party_id), (int(row.decision_no), []))[1]
        spans.append(TierSpan(row.tier, row.from_on, row.valid_until, row.reason, int(row.qualifying_points), row.notice_on, int(row.points_missing)))  # fmt: skip
    return {member: (decision, tuple(spans)) for member, (decision, spans) in found.items()}


def _first_difference(before: Sequence[TierSpan], now: Sequence[TierSpan]) -> date:
    """The first day on which the tier held differs; the last day of all when only notes about reviews do."""
    for one, other in zip_longest(before, now):
        if one is None or other is None:
            return (one or other).from_on
        if (one.tier, one.from_on) != (other.tier, other.from_on):
            return min(one.from_on, other.from_on)
    return FOR_EVER


def _rows(programme_id: str, member: int, decision: int, spans: Sequence[TierSpan], now: datetime) -> list[dict[str, object]]:
    return [
        {"programme_id": programme_id, "member_party_id": member, "decision_no": decision, "ordinal": ordinal, "tier": span.tier,
         "from_on": span.from_on, "valid_until": span.valid_until, "reason": span.reason, "qualifying_points": span.qualifying_points,
         "notice_on": span.notice_on, "points_missing": span.points_missing, "recorded_at": now}
        for ordinal, span in enumerate(spans)
    ]  # fmt: skip
