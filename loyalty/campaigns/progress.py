"""How far a campaign is for one member: what it earned from it, what its own limits leave, and roughly what shared limits leave.

A limit that members share is said in steps only: what is used of it, less one's own points, is what the others earned, and with few of them
that tells a rival's turnover. A funder's purse has no figure at all, since it would tell the split of the costs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, Engine, func, select

from core.store import reading
from loyalty.campaigns.model import Campaign, Notice, rules_of
from loyalty.campaigns.records import load, seller_of
from loyalty.caps import CapCounter, CapLimit, cap_limits, peek_caps
from loyalty.domain.programme import POINTS, Programme, Rule
from loyalty.groups import groups_of
from loyalty.posted import DECISIONS, SIGNED
from loyalty.programme_tables import campaigns
from loyalty.tables import journal, transfers

Level = Literal["plenty", "half", "most", "nearly", "used_up"]

LEVELS: tuple[tuple[int, Level], ...] = ((90, "nearly"), (75, "most"), (50, "half"), (0, "plenty"))
"""Percent used from which on a step holds."""

OWN_KINDS = ("member", "member_period")


@dataclass(frozen=True, slots=True)
class CapUse:
    """One limit as a member may know it. `rule`: (German, English) title, None: all rules of the campaign together.

    `left_points` only for the member's own limits; `limit_points` None for a budget. `distributor`: whose sales it counts, 0: everybody's.
    """

    kind: str
    rule: tuple[str, str] | None
    limit_points: int | None
    left_points: int | None
    level: Level
    distributor: int = 0


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """What a member earned from a campaign so far, returns taken off, and how far its limits are used on a day."""

    points_earned: int
    caps: tuple[CapUse, ...]


def progress_of_campaigns(
    engine: Engine, notices: Sequence[Notice], programmes: Sequence[Programme], member: int, distributors: Collection[int], today: date
) -> dict[str, CampaignProgress]:  # fmt: skip
    """Campaign -> progress, for campaigns that the member reads of. `distributors`: where it buys."""
    by_id = {programme.programme_id: programme for programme in programmes}
    with reading(engine) as connection:
        found = load(connection, campaigns.c.campaign_id.in_([notice.campaign_id for notice in notices]))
        group = groups_of(connection).get(member, (member,))
        earned = _earned(connection, [(one.campaign_id, by_id[one.programme_id].currency) for one in found], group)
        return {
            one.campaign_id: CampaignProgress(
                earned.get(one.campaign_id, 0), _caps(connection, one, by_id[one.programme_id], member, distributors, today)
            )
            for one in found
        }


def _earned(connection: Connection, wanted: Sequence[tuple[str, str]], group: Sequence[int]) -> dict[str, int]:
    rows = connection.execute(
        select(journal.c.campaign_id, journal.c.currency, func.sum(SIGNED))
        .join(transfers, transfers.c.journal_id == journal.c.journal_id)
        .where(journal.c.campaign_id.in_([campaign_id for campaign_id, _ in wanted]), journal.c.member_party_id.in_(group),
               journal.c.kind.in_(DECISIONS))
        .group_by(journal.c.campaign_id, journal.c.currency)
    )  # fmt: skip
    return {str(row[0]): int(row[2]) for row in rows if (row[0], row[1]) in wanted}


def _caps(
    connection: Connection, campaign: Campaign, programme: Programme, member: int, distributors: Collection[int], today: date
) -> tuple[CapUse, ...]:
    day = min(max(today, campaign.starts_on), campaign.ends_on)
    seller_known = seller_of(campaign, programme)
    sellers = [seller_known] if seller_known is not None else sorted(distributors) or [0]
    limits: dict[str, tuple[CapLimit, Rule, int]] = {}
    for rule in rules_of(campaign, programme):
        if rule.is_capped and POINTS in rule.gives:
            for seller in sellers:
                for key, cap in cap_limits(programme.programme_id, rule, member, seller, day).items():
                    limits.setdefault(key, (cap, rule, seller if cap.kind == "distributor" else 0))
    counter = peek_caps(connection, limits)
    return tuple(dict.fromkeys(_use(counter, key, cap, rule, seller) for key, (cap, rule, seller) in limits.items()))


def _use(counter: CapCounter, key: str, cap: CapLimit, rule: Rule, seller: int) -> CapUse:
    (room,) = counter.rooms({key: cap})
    used = counter.used[key] * 100 // cap.limit if cap.limit else 100
    level: Level = "used_up" if room.left_points == 0 else next(name for percent, name in LEVELS if used >= percent)
    title = None if cap.is_campaign else (rule.title_de, rule.title_en)
    if cap.kind == "funder":
        return CapUse("budget", title, None, None, level)
    return CapUse(cap.kind, title, room.limit_points, room.left_points if cap.kind in OWN_KINDS else None, level, seller)
