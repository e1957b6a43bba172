"""Caps: how many points a rule may still give, checked and consumed in the transaction that posts. Simulations count from zero, previews
from what is used now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.domain.points import period_of
from loyalty.domain.programme import POINTS, Caps, Rule
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.tables import cap_uses, caps
from loyalty.writing import insert_rows


@dataclass(frozen=True, slots=True)
class CapLimit:
    """How much a cap allows, in its own units, and how many of those one point uses: 1, or a funder's percent in hundredths of a point.

    `kind`: total, member, distributor, period, member_period or funder; `is_campaign`: it holds for all rules of a campaign together.
    """

    limit: int
    per_point: int = 1
    kind: str = "total"
    is_campaign: bool = False


@dataclass(frozen=True, slots=True)
class CapRoom:
    """How far a cap is used, in points: what it allows, and what is left of it, never below zero."""

    kind: str
    is_campaign: bool
    limit_points: int
    left_points: int


def cap_limits(
    programme_id: str, rule: Rule, member: int, distributor: int, day: date, *, gives: str = POINTS
) -> dict[str, CapLimit]:
    """Cap key -> limit, for every cap of a rule and its campaign that an award of that member, distributor and event date counts against.

    Points and status points of the same rule count apart, each up to the limit.
    """
    campaign, apart = f"{programme_id}|{rule.campaign_id or ''}", "" if gives == POINTS else f"|{gives}"
    return {
        **_limits(f"{campaign}|{rule.rule_id}{apart}", rule.caps, rule, member, distributor, day),
        **_limits(f"{campaign}|{apart}", rule.campaign_caps, rule, member, distributor, day, is_campaign=True),
    }


def _limits(
    base: str, caps_of: Caps, rule: Rule, member: int, distributor: int, day: date, *, is_campaign: bool = False
) -> dict[str, CapLimit]:
    if not caps_of:
        return {}
    period = period_of(day, caps_of.period)
    named = {
        f"{base}|total": ("total", caps_of.total),
        f"{base}|member|{member}": ("member", caps_of.per_member),
        f"{base}|distributor|{distributor}": ("distributor", caps_of.per_distributor),
        f"{base}|period|{period}": ("period", caps_of.per_period),
        f"{base}|member|{member}|{period}": ("member_period", caps_of.per_member_period),
    }
    found = {key: CapLimit(limit, 1, kind, is_campaign) for key, (kind, limit) in named.items() if limit is not None}
    shares = dict(rule.funders)
    for name, points in caps_of.per_funder:
        if name in shares:
            whose = f"{name}|{distributor}" if name == "distributor" else name
            found[f"{base}|funder|{whose}"] = CapLimit(points * 100, shares[name], "funder", is_campaign)
    return found


@dataclass(slots=True)
class CapCounter:
    """What is used per cap key, in the units of its limit. Nothing is written here."""

    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    changes: list[tuple[str, int, int]] = field(default_factory=list)

    def grant(self, limits: Mapping[str, CapLimit], points: int, *, is_partial: bool) -> tuple[int, str | None]:
        """How many of these points the caps allow, and the key of the cap that cut them."""
        if not limits:
            return points, None
        room, key = min(((cap.limit - self.used[key]) // cap.per_point, key) for key, cap in limits.items())
        if room >= points:
            return points, None
        return (max(0, room) if is_partial else 0), key

    def rooms(self, limits: Mapping[str, CapLimit]) -> tuple[CapRoom, ...]:
        """How far each of these caps is used, in points."""
        return tuple(
            CapRoom(cap.kind, cap.is_campaign, cap.limit // cap.per_point, max(0, (cap.limit - self.used[key]) // cap.per_point))
            for key, cap in limits.items()
        )

    def consume(self, limits: Mapping[str, CapLimit], points: int, journal_id: int) -> None:
        """Count points that were awarded against caps."""
        for key, cap in limits.items():
            self.used[key] += points * cap.per_point
            self.changes.append((key, journal_id, points * cap.per_point))

    def give_back(self, consumed: dict[str, int], points: int, net_points: int, journal_id: int) -> None:
        """Give what `points` of `net_points` used back to the caps that their awards consumed: all of it when all are taken back.

        `consumed`: what the awards still count against each cap, in its units; lowered in place.
        """
        for key, counted in consumed.items():
            returned = counted * points // net_points
            if returned:
                consumed[key] -= returned
                self.used[key] -= returned
                self.changes.append((key, journal_id, -returned))


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


def peek_caps(connection: Connection, keys: Iterable[str]) -> CapCounter:
    """The same counters as they are now, for showing: nothing is locked, and others may consume them a moment later."""
    ordered, counter = sorted(set(keys)), CapCounter()
    for start in range(0, len(ordered), IDS_PER_QUERY):
        chosen = ordered[start : start + IDS_PER_QUERY]
        rows = connection.execute(select(caps.c.cap_key, caps.c.points_used).where(caps.c.cap_key.in_(chosen)))
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
