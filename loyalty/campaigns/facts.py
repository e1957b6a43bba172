"""What campaigns ask of the published facts: who may take part, how much members bought, how far the data go. Reads `mart` only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loyalty.campaigns.hold_out import Candidate
from loyalty.campaigns.uplift import MemberChange, Uplift, Windows, measure_uplift
from loyalty.domain.points import add_months
from loyalty.domain.programme import Rule
from loyalty.evaluation import Warehouse

MEMBER_COLUMNS = {"sell_in": "distributor_id", "sell_through": "retailer_id", "sell_out": "retailer_id", "event": "retailer_id"}
"""Who earns on a leg. Events have no sales of their own: size is read from sell-through."""

SIZE_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Coverage:
    """First and last day of a leg's orders; None without any."""

    first_on: date | None
    last_on: date | None


def coverage(connection: Warehouse, leg: str) -> Coverage:
    """How far the published orders of a leg go."""
    first, last = _rows(connection, "select min(ordered_on), max(ordered_on) from mart.fct_order_lines where leg = $leg",
                        {"leg": _sales_leg(leg)})[0]  # fmt: skip
    return Coverage(first if isinstance(first, date) else None, last if isinstance(last, date) else None)


def candidates(connection: Warehouse, rules: Sequence[Rule], before: date) -> list[Candidate]:
    """Members that bought from the campaign's parties in the year before a day, whatever the product, with tier and units bought."""
    return [
        Candidate(int(str(member)), str(tier or ""), float(str(size)))
        for member, tier, size in _rows(connection, *_members_query(rules, before))
    ]


def _members_query(rules: Sequence[Rule], before: date) -> tuple[str, dict[str, object]]:
    rule = rules[0]
    segments = (
        sorted({name for one in rules for name in one.selection.segments}) if all(r.selection.segments for r in rules) else []
    )
    sql = f"""
        select lines.{MEMBER_COLUMNS[rule.leg]} as member, max(parties.tier), cast(sum(lines.quantity) as double)
        from mart.fct_order_lines as lines
        inner join mart.dim_product as products on lines.product_id = products.product_id
        inner join mart.dim_party as parties on lines.{MEMBER_COLUMNS[rule.leg]} = parties.party_id
        where lines.leg = $leg and lines.ordered_on >= $first and lines.ordered_on < $before and lines.line_status = 'confirmed'
            and lines.line_kind = 'order' and not parties.is_unknown {_bound(rules)}
            and (len($segments::varchar[]) = 0 or list_contains($segments::varchar[], parties.segment))
        group by all order by member"""  # fmt: skip
    return sql, {"leg": _sales_leg(rule.leg), "first": add_months(before, -SIZE_MONTHS), "before": before, "segments": segments,
                 **_bound_to(rules)}  # fmt: skip


def uplift_windows(starts_on: date, ends_on: date, covered: Coverage) -> tuple[Windows | None, int, int]:
    """(days to compare, days before that the data cover, days within). None while no day of the campaign is covered."""
    if covered.first_on is None or covered.last_on is None or covered.last_on < starts_on:
        return None, 0, 0
    within_to = min(ends_on, covered.last_on)
    days = (within_to - starts_on).days + 1
    days_before = max(0, min(days, (starts_on - covered.first_on).days))
    last_before = starts_on - timedelta(days=1)
    windows = Windows(starts_on - timedelta(days=max(days_before, 1)), last_before, starts_on, within_to)
    return windows, days_before, days


def uplift_of(
    connection: Warehouse, rules: Sequence[Rule], starts_on: date, ends_on: date, members: dict[int, bool]
) -> tuple[Uplift, Windows | None]:
    """What a campaign brought so far, in units of its products per member and week. `members`: known at the launch -> held out."""
    windows, days_before, days_within = uplift_windows(starts_on, ends_on, coverage(connection, rules[0].leg))
    bought = {} if windows is None else _bought(connection, rules, windows)
    weeks = (max(days_before, 1) / 7, max(days_within, 1) / 7)
    changes = [
        MemberChange(member, is_out, bought.get(member, (0.0, 0.0))[0] / weeks[0], bought.get(member, (0.0, 0.0))[1] / weeks[1])
        for member, is_out in sorted(members.items())
    ]
    return measure_uplift(changes, days_before=days_before, days_within=days_within), windows


def _bought(connection: Warehouse, rules: Sequence[Rule], windows: Windows) -> dict[int, tuple[float, float]]:
    """Member -> units bought (net of returns) in the days before and within."""
    rule = rules[0]
    chosen = {name: sorted({v for r in rules for v in getattr(r.selection, name)}) if all(getattr(r.selection, name) for r in rules) else []
              for name in ("categories", "brands")}  # fmt: skip
    sql = f"""
        select lines.{MEMBER_COLUMNS[rule.leg]} as member,
            cast(coalesce(sum(lines.quantity - lines.returned_quantity) filter (lines.ordered_on <= $before_to), 0) as double),
            cast(coalesce(sum(lines.quantity - lines.returned_quantity) filter (lines.ordered_on >= $within_from), 0) as double)
        from mart.fct_order_lines as lines
        inner join mart.dim_product as products on lines.product_id = products.product_id
        where lines.leg = $leg and lines.ordered_on >= $before_from and lines.ordered_on <= $within_to
            and lines.line_status = 'confirmed' {_bound(rules)}
            and (len($categories::varchar[]) = 0 or list_contains($categories::varchar[], products.category))
            and (len($brands::varchar[]) = 0 or list_contains($brands::varchar[], products.brand))
        group by member"""
    parameters = {
        "leg": _sales_leg(rule.leg), "before_from": windows.before_from, "before_to": windows.before_to,
        "within_from": windows.within_from, "within_to": windows.within_to, **chosen, **_bound_to(rules),
    }  # fmt: skip
    return {int(str(row[0])): (float(str(row[1])), float(str(row[2]))) for row in _rows(connection, sql, parameters)}


def _bound(rules: Sequence[Rule]) -> str:
    bound = rules[0].bound
    parts = ["and list_contains($manufacturers, products.manufacturer_id)"] if bound.manufacturers else []
    return " ".join([*parts, *(["and list_contains($distributors, lines.distributor_id)"] if bound.distributors else [])])


def _bound_to(rules: Sequence[Rule]) -> dict[str, object]:
    bound = rules[0].bound
    found = {"manufacturers": list(bound.manufacturers), "distributors": list(bound.distributors)}
    return {name: ids for name, ids in found.items() if ids}


def _sales_leg(leg: str) -> str:
    return "sell_through" if leg in ("event", "sell_out") else leg


def _rows(connection: Warehouse, sql: str, parameters: dict[str, object]) -> list[tuple[object, ...]]:
    cursor = connection.cursor().execute(sql, parameters)
    found: list[tuple[object, ...]] = []
    while rows := cursor.fetchmany(10_000):
        found += rows
    return found
