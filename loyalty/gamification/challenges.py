"""Challenges: progress is computed from the facts whenever somebody looks; reaching a goal gives a badge, and its bonus as an event, once.

A page asks through the member's own scope, a run asks for everybody; both run the SQL of `challenge_sql`. A badge stays when goods come back
later: it says that the goal was reached on a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock, Ids
from core.store import reading, writing
from loyalty.domain.programme import CHALLENGE_PREFIX, Challenge, Programme
from loyalty.evaluation import Warehouse
from loyalty.gamification.events import insert_event
from loyalty.gamification.taking_part import opted_out_in
from loyalty.groups import groups_of
from loyalty.programme_tables import badges

DAILY = """
    with lines as (
        select lines.retailer_id as member, lines.ordered_on, lines.order_id, products.category,
            greatest(lines.quantity - lines.returned_quantity, 0) as kept
        from {mart}fct_order_lines as lines inner join {mart}dim_product as products on lines.product_id = products.product_id
        where lines.leg = 'sell_through' and lines.line_kind = 'order' and lines.line_status = 'confirmed' and lines.retailer_id > 0
            and lines.ordered_on between $first_day and $last_day {chosen}
    )
    {measure} order by member, ordered_on
"""

MEASURES = {
    "quantity": "select member, ordered_on, sum(kept) as amount from lines where kept > 0 group by all",
    "documents": """select member, ordered_on, count(*) as amount from (
        select member, order_id, min(ordered_on) as ordered_on from lines where kept > 0 group by all) as documents group by all""",
    "categories": """select member, ordered_on, count(*) as amount from (
        select member, category, min(ordered_on) as ordered_on from lines where kept > 0 group by all) as firsts group by all""",
}
"""Measure -> what each day adds to it. Kept goods only: what came back does not count."""

Day = tuple[int, date, Decimal]
"""(member, day, what the day adds)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is. `value` in units, documents or categories; `reached_on` None: not yet."""

    challenge: Challenge
    value: Decimal
    reached_on: date | None

    @property
    def share(self) -> float:
        """Between 0 and 1, for a bar."""
        return min(1.0, float(self.value) / self.challenge.goal)


@dataclass(frozen=True, slots=True)
class Badge:
    """A goal that was reached."""

    challenge_id: str
    badge: str
    reached_on: date
    recorded_at: datetime


def challenge_sql(programme: Programme, challenge: Challenge, mart: str = "") -> tuple[str, dict[str, object]]:
    """The query for what each day of each member adds, and its parameters. `mart`: where the relations stand, e.g. `mart.`. In a distributor's
    programme only what it sold counts."""
    chosen, parameters = "", {"first_day": challenge.valid_from, "last_day": challenge.valid_to}
    if programme.seller is not None:
        chosen, parameters["seller"] = " and lines.distributor_id = $seller", programme.seller  # type: ignore[assignment]
    for column, names in (
        ("products.category", challenge.selection.categories),
        ("products.brand", challenge.selection.brands),
        ("products.product_ref", challenge.selection.products),
    ):
        if names:
            name = column.split(".")[1]
            chosen += f" and list_contains(${name}, {column})"
            parameters |= {name: list(names)}  # type: ignore[dict-item]
    return DAILY.format(mart=mart, chosen=chosen, measure=MEASURES[challenge.measure]), dict(parameters)


def progress_of(challenge: Challenge, days: Iterable[Day]) -> dict[int, Progress]:
    """Member -> progress, out of what its days add."""
    totals: dict[int, Decimal] = defaultdict(Decimal)
    reached: dict[int, date] = {}
    for member, day, amount in sorted(days, key=lambda row: row[1]):
        totals[member] += amount
        if totals[member] >= challenge.goal:
            reached.setdefault(member, day)
    return {member: Progress(challenge, value, reached.get(member)) for member, value in totals.items()}


def settle_challenges(connection: Warehouse, store: Engine, programme: Programme, clock: Clock, ids: Ids) -> int:
    """A badge and an event for every member that has reached a goal and has none yet; returns how many. Twice does nothing more."""
    given = 0
    for challenge in programme.challenges:
        sql, parameters = challenge_sql(programme, challenge, "mart.")
        cursor, days = connection.cursor().execute(sql, parameters), []
        while rows := cursor.fetchmany(10_000):
            days += [(int(str(row[0])), _day(row[1]), Decimal(str(row[2]))) for row in rows]
        reached = {member: one.reached_on for member, one in progress_of(challenge, days).items() if one.reached_on is not None}
        given += _give(store, programme, challenge, reached, clock, ids)
    return given


def badges_of(engine: Engine, programme: Programme, member: int) -> list[Badge]:
    """The badges of a member and whoever is merged with it, newest first."""
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        rows = connection.execute(
            select(badges).where(badges.c.programme_id == programme.programme_id, badges.c.member_party_id.in_(group))
            .order_by(badges.c.reached_on.desc(), badges.c.challenge_id)
        ).all()  # fmt: skip
    return [Badge(row.challenge_id, row.badge, row.reached_on, row.recorded_at) for row in rows]


def _give(store: Engine, programme: Programme, challenge: Challenge, reached: dict[int, date], clock: Clock, ids: Ids) -> int:
    with writing(store) as connection:
        known = {int(row[0]) for row in connection.execute(
            select(badges.c.member_party_id).where(
                badges.c.programme_id == programme.programme_id, badges.c.challenge_id == challenge.challenge_id)
        )}  # fmt: skip
        new = sorted(reached.keys() - known - opted_out_in(connection, programme))
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        given = 0
        for member in new:
            is_new = connection.execute(make(badges).values(
                programme_id=programme.programme_id, member_party_id=member, challenge_id=challenge.challenge_id, badge=challenge.badge,
                reached_on=reached[member], recorded_at=clock.now(),
            ).on_conflict_do_nothing()).rowcount  # fmt: skip
            if not is_new:
                continue
            given += 1
            if challenge.bonus_points:
                key = f"{programme.programme_id}|{CHALLENGE_PREFIX}{challenge.challenge_id}|{member}"
                insert_event(connection, programme, key, member, programme.seller or 0, f"{CHALLENGE_PREFIX}{challenge.challenge_id}", challenge.title_en,
                             reached[member], clock, ids, None)  # fmt: skip
        return given


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"a day is a date, found {type(value).__name__}")
    return value
