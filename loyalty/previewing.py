"""What a basket would earn if it were ordered now: the production evaluation over lines that somebody is still filling.

basket lines --temporary table in the shape of order lines--> documents_sql per rule --> signed_points
rules of a period: what the last run found that the running period holds (rpt_period_progress), plus the basket
caps: what is used of them now, consumed rule by rule in the order in which posting would; nothing is reserved
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from core.clock import Clock
from core.store import reading
from core.warehouse.owner import append_rows
from loyalty.caps import CapRoom, cap_limits, peek_caps
from loyalty.domain.points import SUBCENTS_PER_UNIT, period_of
from loyalty.domain.programme import MILLI, POINTS, STATUS, Programme, Rule
from loyalty.earning_sql import COUNTS, STAGES, Narrow, documents_sql
from loyalty.evaluated import RunningCampaign
from loyalty.evaluation import rule_key, signed_points
from loyalty.owning import owned
from loyalty.tables import journal
from loyalty.tiering import held_on


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line: a published product, how many units, and the net amount of the line in minor units."""

    product_id: int
    quantity: Decimal
    net_amount_cents: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What a member is about to order from a distributor (0: from the manufacturer). `on`: the day of the order; None: today."""

    member: int
    distributor: int
    currency: str
    lines: Sequence[BasketLine]
    leg: str = "sell_through"
    on: date | None = None


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a rule would give for the basket. `missing_quantity`, `missing_cents`: to its bonus; None: it has none, or it is reached.

    `points` is what caps leave of `asked_points`; `caps` is how far each cap of its points is used before this rule, `cut_by` the one that
    cut (a cap of the rule's status points when only they are cut). `reason` is the condition that failed when nothing is earned;
    `pending_until` what the points would wait for.
    """

    rule: Rule
    points: int
    status_points: int
    asked_points: int
    caps: tuple[CapRoom, ...]
    cut_by: CapRoom | None
    missing_quantity: Decimal | None
    missing_cents: int | None
    bonus_points: int
    pending_until: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Points and status points of the whole basket, the tier that counted, and each rule of its own."""

    points: int
    status_points: int
    tier: str | None
    rules: tuple[RulePreview, ...]


def preview(
    connection: Any, store: Engine, programme: Programme, basket: Basket, clock: Clock, campaigns: Sequence[RunningCampaign] = ()
) -> Preview:
    """Evaluate a basket. `connection` knows the published marts as `mart` (core.warehouse.published); keep it open between calls."""
    if programme.is_distributors:
        programme = owned(connection, programme)
    day = basket.on or clock.now().astimezone(ZoneInfo(programme.time_zone)).date()
    rules = [rule for rule in programme.rules if _applies(rule, basket, day)]
    rules += [
        rule for campaign in campaigns for rule in programme.bound(campaign.rules)
        if (campaign.participants is None or basket.member in campaign.participants) and _applies(rule, basket, day)
    ]  # fmt: skip
    sql = connection.cursor()
    try:
        _fill(sql, basket, day)
        sums = _sums(sql, rules)
        with reading(store) as books:
            tier = held_on(books, programme, basket.member, day)
            purse = _Purse(books, programme, basket, day, rules)
            so_far = _so_far(sql, programme, basket.member) if any(rule.grain != "document" for rule in rules) else {}
            found = [
                _preview(sums.get(number), books, programme, rule, basket, day, tier, purse, so_far)
                for number, rule in enumerate(rules)
            ]
    finally:
        sql.close()
    return Preview(sum(one.points for one in found), sum(one.status_points for one in found), tier, tuple(found))


def _applies(rule: Rule, basket: Basket, day: date) -> bool:
    return rule.leg == basket.leg and rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)


class _Purse:
    """What caps leave, over all rules of one basket."""

    def __init__(self, books: Connection, programme: Programme, basket: Basket, day: date, rules: Sequence[Rule]) -> None:
        self._limits = {
            (rule_key(rule), gives): cap_limits(programme.programme_id, rule, basket.member, basket.distributor, day, gives=gives)
            for rule in rules if rule.is_capped for gives in rule.gives
        }  # fmt: skip
        self._counter = peek_caps(books, [key for limits in self._limits.values() for key in limits])

    def rooms(self, rule: Rule) -> tuple[CapRoom, ...]:
        """How far the caps of a rule's points are used."""
        return self._counter.rooms(self._limits.get((rule_key(rule), POINTS), {}))

    def grant(self, rule: Rule, gives: str, points: int) -> tuple[int, CapRoom | None]:
        """What caps leave of these points, and the cap that cut them, as it was before. What is granted is used up for the next rule."""
        limits = self._limits.get((rule_key(rule), gives), {})
        granted, key = self._counter.grant(limits, points, is_partial=rule.is_cut_at_cap)
        cut_by = None if key is None else self._counter.rooms({key: limits[key]})[0]
        self._counter.consume(limits, granted, 0)
        return granted, cut_by


BASKET_LINES = """
    select cast(0 as ubigint) as order_id, lines.line_no as order_line_id, 'basket' as source_id, 'basket' as document_no, lines.event_on,
        lines.product_id, 'confirmed' as line_status, lines.currency, lines.quantity, lines.quantity as delivered_quantity,
        lines.distributor_id, lines.member_party_id, lines.quantity as quantity_kept, lines.net_amount_cents * 100 as net_subcents,
        cast(round_even(lines.quantity * priced.list_price_cents, 0) as bigint) * 100 as list_subcents, cast(null as varchar) as event
    from basket_lines as lines left join mart.dim_product as priced on lines.product_id = priced.product_id"""

_COLUMNS = (("line_no", "BIGINT"), ("event_on", "DATE"), ("product_id", "BIGINT"), ("currency", "VARCHAR"), ("quantity", "DECIMAL(18,3)"),
            ("distributor_id", "BIGINT"), ("member_party_id", "BIGINT"), ("net_amount_cents", "BIGINT"))  # fmt: skip


def _fill(sql: Any, basket: Basket, day: date) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS)
    sql.execute(f"create temp table basket_lines ({columns})")
    sql.execute("create temp table tier_spans (member_party_id bigint, tier varchar, from_on date, to_on date)")
    rows = [(number, day, line.product_id, basket.currency, line.quantity, basket.distributor, basket.member, line.net_amount_cents)
            for number, line in enumerate(basket.lines, 1)]  # fmt: skip
    if rows:
        append_rows(sql, "basket_lines", _COLUMNS, rows)


def _sums(sql: Any, rules: Sequence[Rule]) -> dict[int, tuple[Any, ...]]:
    """The production query of each rule, all in one statement: planning costs more than a hundred lines. Number of the rule -> its row."""
    parts: list[str] = []
    values: dict[str, object] = {}
    for number, rule in enumerate(rules):
        text, parameters = documents_sql(rule, Narrow(), lines=BASKET_LINES)
        for name in sorted(parameters, key=len, reverse=True):
            text = re.sub(rf"\${name}\b", f"${name}_{number}", text)
        values |= {f"{name}_{number}": value for name, value in parameters.items()}
        parts.append(f"select {number} as number, found.* from ({text}) as found")
    if not parts:
        return {}
    return {int(row[0]): row[1:] for row in sql.execute(" union all ".join(parts), values).fetchall()}


def _preview(
    row: tuple[Any, ...] | None, books: Connection, programme: Programme, rule: Rule, basket: Basket, day: date, tier: str | None,
    purse: _Purse, so_far: Mapping[str, tuple[int, int]],
) -> RulePreview:  # fmt: skip
    member, distributor = basket.member, basket.distributor
    quantity, amount, stage, has_basket = (0, 0, COUNTS - 1, False) if row is None else (row[6], row[7], row[8], row[9])
    before_quantity, before_amount = so_far.get(_cause(programme, rule, member, distributor, day), (0, 0))
    reason = None if stage == COUNTS else STAGES[stage]
    if rule.selection.tiers and tier not in rule.selection.tiers:
        reason = "tier"
    if rule.is_first_only and _has_earned(books, programme, rule, member):
        reason = "not_the_first"
    factor = programme.multiplier_milli(tier) if rule.is_tier_multiplied else MILLI

    def more(multiplier: int) -> int:
        if reason is not None:
            return 0
        after = signed_points(rule, before_quantity + quantity, before_amount + amount, multiplier, has_basket)
        return after - signed_points(rule, before_quantity, before_amount, multiplier, has_basket)

    asked = more(factor) if POINTS in rule.gives else 0
    asked_status = more(MILLI) if STATUS in rule.gives else 0
    if reason is None and not (asked or asked_status):
        reason = "less_than_a_point" if rule.points_per_unit or rule.points_per_amount else "below_threshold"
    rooms = purse.rooms(rule)
    status, status_cut = purse.grant(rule, STATUS, asked_status)
    points, cut_by = purse.grant(rule, POINTS, asked)
    if reason is None and not (points or status):
        reason = "cap"
    missing = _missing(rule, before_quantity + quantity, before_amount + amount)
    return RulePreview(rule, points, status, asked, rooms, cut_by or status_cut, missing[0], missing[1], rule.bonus_points,
                       rule.pending_until, reason)  # fmt: skip


def _missing(rule: Rule, quantity_milli: int, amount_subcents: int) -> tuple[Decimal | None, int | None]:
    quantity, cents = None, None
    if rule.bonus_from_quantity is not None:
        left = rule.bonus_from_quantity - Decimal(quantity_milli) / MILLI
        quantity = left if left > 0 else None
    if rule.bonus_from_amount is not None:
        short = int(rule.bonus_from_amount * SUBCENTS_PER_UNIT) - amount_subcents
        cents = -(-short // 100) if short > 0 else None
    return quantity, cents


def _so_far(sql: Any, programme: Programme, member: int) -> dict[str, tuple[int, int]]:
    """Cause -> (quantity, amount) that a member's running periods hold before the basket."""
    rows = sql.execute(
        "select cause, quantity_milli, amount_subcents from mart.rpt_period_progress where programme_id = $id and member_id = $member",
        {"id": programme.programme_id, "member": member},
    ).fetchall()
    return {str(cause): (int(quantity), int(amount)) for cause, quantity, amount in rows}


def _cause(programme: Programme, rule: Rule, member: int, distributor: int, day: date) -> str:
    """The cause of the period that a day is in; nothing for a document."""
    if rule.grain == "document":
        return ""
    ending = f"|d{distributor}" if any(name == "distributor" for name, _ in rule.funders) else ""
    return f"{programme.programme_id}|{rule_key(rule)}|{rule.grain}|{period_of(day, rule.grain)}|m{member}{ending}"


def _has_earned(books: Connection, programme: Programme, rule: Rule, member: int) -> bool:
    count = books.execute(
        select(func.count()).select_from(journal).where(
            journal.c.member_party_id == member, journal.c.programme_id == programme.programme_id, journal.c.rule_id == rule.rule_id,
            journal.c.kind == "award",
        )
    ).scalar_one()  # fmt: skip
    return int(count) > 0
