"""Leagues: peers of like size and region inside one distributor's channel, ranked by growth.

Why growth: points follow turnover, so a rank or a gap in points would tell what a rival buys. Growth is a ratio of a member's points to its own
earlier points; without the base, which nobody else sees, it says nothing about size. A member sees its place, how many peers there are, its own
growth and what the next place is away - in its own points. No name, no rival's points, no edge of a band. With fewer than five peers a place
would point at somebody, so there is no league.

Only what one distributor's channel holds goes in: its order lines, the points earned with it, even the day that counts as today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, case, func, select

from core.store import reading
from loyalty.domain.points import add_months
from loyalty.domain.programme import Programme
from loyalty.evaluation import Warehouse
from loyalty.gamification.taking_part import opted_out_in
from loyalty.tables import journal, transfers

PEERS_MIN = 5
"""Peers beside the member itself."""

BANDS_MAX = 3
"""Small, middle, large: thirds of a region's members by turnover. More bands would be too narrow to hide in."""

GROWTH_MAX_PERCENT = 300
"""Growth beyond this counts as this: from a small start it says little."""

QUARTERS_BEFORE = 4

CHANNEL = """
    with mine as (
        select retailer_id as member, ordered_on, net_amount_cents from mart.fct_order_lines
        where leg = 'sell_through' and distributor_id = $distributor and retailer_id > 0 and line_status = 'confirmed'
    ), newest as (select max(ordered_on) as today from mine)
    select mine.member, parties.region, cast(sum(mine.net_amount_cents) filter (mine.ordered_on > today - 365) as bigint), newest.today
    from mine inner join mart.dim_party as parties on mine.member = parties.party_id, newest group by all
    having sum(mine.net_amount_cents) filter (mine.ordered_on > today - 365) > 0 order by mine.member
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One member of a channel: turnover of a year in minor units, points of this quarter so far and of as many days in each of four before."""

    member: int
    region: str
    turnover_cents: int
    points_now: int
    points_before: tuple[int, ...]

    @property
    def base(self) -> float:
        """The mean of the earlier quarters."""
        return sum(self.points_before) / max(len(self.points_before), 1)

    @property
    def growth_percent(self) -> float:
        """Growth against the base, cut at both ends."""
        return max(-100.0, min(float(GROWTH_MAX_PERCENT), 100.0 * (self.points_now - self.base) / self.base))


@dataclass(frozen=True, slots=True)
class League:
    """What a member sees of its league. `obstacle` None, or why there is none: opted_out, no_orders, no_base, too_few.

    `points_to_next`: own points that would bring the next place; None at the top. `lead_points`: own points ahead of the place below.
    """

    obstacle: str | None
    rank: int = 0
    peers: int = 0
    band: str = ""
    region: str = ""
    growth_percent: int = 0
    points_to_next: int | None = None
    lead_points: int | None = None
    quarter_on: date | None = None
    as_of: date | None = None


def league_of(connection: Warehouse, store: Engine, programme: Programme, member: int, distributor: int) -> League:
    """The member's league among a distributor's retailers. `connection` has the published relations as `mart`; nothing of them is given out."""
    if not programme.looks_at(distributor):
        return League("no_orders")
    rows = connection.cursor().execute(CHANNEL, {"distributor": distributor}).fetchmany(1_000_000)
    if member not in {int(str(row[0])) for row in rows}:
        return League("no_orders")
    today = rows[0][3]
    if not isinstance(today, date):
        raise TypeError(f"ordered_on is a date, found {type(today).__name__}")
    with reading(store) as session:
        out = opted_out_in(session, programme)
    if member in out:
        return League("opted_out")
    points = _points(store, programme, distributor, today)
    standings = [
        Standing(int(str(row[0])), str(row[1]), int(str(row[2])), points[int(str(row[0]))][0], points[int(str(row[0]))][1:])
        for row in rows if int(str(row[0])) in points and int(str(row[0])) not in out
    ]  # fmt: skip
    return place(member, standings, _quarter(today), today)


def place(member: int, standings: Sequence[Standing], quarter_on: date, today: date) -> League:
    """Pure: the member's place among its peers."""
    ranked = [one for one in standings if one.base > 0]
    own = next((one for one in ranked if one.member == member), None)
    if own is None:
        return League("no_base")
    region = sorted((one for one in ranked if one.region == own.region), key=lambda one: (one.turnover_cents, one.member))
    bands = min(BANDS_MAX, len(region) // (PEERS_MIN + 1))
    if not bands:
        return League("too_few", region=own.region)
    band = region.index(own) * bands // len(region)
    peers = [one for index, one in enumerate(region) if index * bands // len(region) == band]
    order = sorted(peers, key=lambda one: (-one.growth_percent, one.member))
    better = [one.growth_percent for one in order if one.growth_percent > own.growth_percent]
    worse = [one.growth_percent for one in order if one.growth_percent < own.growth_percent]
    name = ("small", "middle", "large")[band] if bands == BANDS_MAX else ("small", "large")[band] if bands == 2 else "all"
    return League(
        None, len(better) + 1, len(peers) - 1, name, own.region, round(own.growth_percent),
        _points_for(min(better) - own.growth_percent, own.base) if better else None,
        _points_for(own.growth_percent - max(worse), own.base) if worse else None, quarter_on, today,
    )  # fmt: skip


def _points_for(percent: float, base: float) -> int:
    """A distance in growth as the member's own points, rounded up."""
    return max(1, -int(-percent * base // 100))


def _points(store: Engine, programme: Programme, distributor: int, today: date) -> dict[int, tuple[int, ...]]:
    """Member -> points earned with this distributor: this quarter so far, and as many days of each of the four quarters before."""
    first = _quarter(today)
    elapsed = today - first
    starts = [add_months(first, -3 * back) for back in range(QUARTERS_BEFORE + 1)]
    zone = ZoneInfo(programme.time_zone)

    def moment(day: date) -> datetime:
        return datetime.combine(day, time(0), zone)

    signed = case(
        (transfers.c.debit_account == "liability", transfers.c.points),
        (transfers.c.credit_account == "liability", -transfers.c.points),
        else_=0,
    )
    sums = [
        func.coalesce(func.sum(case((
            (journal.c.effective_at >= moment(start)) & (journal.c.effective_at < moment(start + elapsed + timedelta(days=1))), signed), else_=0
        )), 0) for start in starts
    ]  # fmt: skip
    with reading(store) as connection:
        rows = connection.execute(
            select(journal.c.member_party_id, *sums).join(transfers, transfers.c.journal_id == journal.c.journal_id)
            .where(journal.c.programme_id == programme.programme_id, journal.c.currency == programme.currency,
                   journal.c.distributor_party_id == distributor, journal.c.kind.in_(("award", "reversal")),
                   journal.c.effective_at >= moment(starts[-1]))
            .group_by(journal.c.member_party_id)
        )  # fmt: skip
        return {int(row[0]): tuple(int(value) for value in row[1:]) for row in rows}


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
