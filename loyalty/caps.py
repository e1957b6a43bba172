"""Caps: how many points a rule may still give, checked and consumed in the transaction that posts. Simulations count from zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.domain.points import period_of
from loyalty.domain.programme import Rule
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.tables import cap_uses, caps
from loyalty.writing import insert_rows


def cap_limits(programme_id: str, rule: Rule, member: int, distributor: int, day: date) -> dict[str, int]:
    """Cap key -> limit, for every cap of a rule that an award of that member, distributor and event date counts against."""
    base = f"{programme_id}|{rule.campaign_id or ''}|{rule.rule_id}"
    period = period_of(day, rule.caps.period)
    named = {
        f"{base}|total": rule.caps.total,
        f"{base}|member|{member}": rule.caps.per_member,
        f"{base}|distributor|{distributor}": rule.caps.per_distributor,
        f"{base}|period|{period}": rule.caps.per_period,
        f"{base}|member|{member}|{period}": rule.caps.per_member_period,
    }
    return {key: limit for key, limit in named.items() if limit is not None}


@dataclass(slots=True)
class CapCounter:
    """Points used per cap key. `grant` decides and consumes; nothing is written here."""

    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    changes: list[tuple[str, int, int]] = field(default_factory=list)

    def grant(self, limits: dict[str, int], points: int, *, is_partial: bool) -> tuple[int, str | None]:
        """How many of these points the caps allow, and the key of the cap that cut them."""
        if not limits:
            return points, None
        key, room = min(((key, limit - self.used[key]) for key, limit in limits.items()), key=lambda pair: pair[1])
        if room >= points:
            return points, None
        return (max(0, room) if is_partial else 0), key

    def consume(self, keys: Iterable[str], points: int, journal_id: int) -> None:
        """Count points that were awarded, or with a negative number taken back, against caps."""
        for key in keys:
            self.used[key] += points
            self.changes.append((key, journal_id, points))


def load_caps(connection: Connection, keys: Iterable[str]) -> CapCounter:
    """Counters of these caps, locked in one order: nobody else consumes them until the transaction ends."""
    ordered = sorted(set(keys))
    counter = CapCounter()
    if not ordered:
        return counter
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(make(caps).on_conflict_do_nothing(), [{"cap_key": key, "points_used": 0} for key in ordered])
    for start in range(0, len(ordered), IDS_PER_QUERY):
        rows = connection.execute(
            select(caps.c.cap_key, caps.c.points_used).where(caps.c.cap_key.in_(ordered[start : start + IDS_PER_QUERY]))
            .order_by(caps.c.cap_key).with_for_update()
        )  # fmt: skip
        counter.used |= {str(key): int(points) for key, points in rows}
    return counter


def write_caps(connection: Connection, counter: CapCounter) -> None:
    """Write what was consumed, and fold it into the cached counters."""
    insert_rows(connection, cap_uses, [(key, journal_id, points) for key, journal_id, points in counter.changes])
    totals: dict[str, int] = defaultdict(int)
    for key, _, points in counter.changes:
        totals[key] += points
    if totals:
        connection.execute(
            caps.update().where(caps.c.cap_key == bindparam("key")).values(points_used=caps.c.points_used + bindparam("more")),
            [{"key": key, "more": more} for key, more in sorted(totals.items())],
        )
