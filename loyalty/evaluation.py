"""What the order lines ought to have earned: one set-based query per rule, then one pure function per document.

mart.fct_order_lines --per rule and document: kept quantity, kept net amount--> award_points --> EvaluatedDocument
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Protocol

from loyalty.domain.points import award_points
from loyalty.domain.programme import Programme, Rule
from loyalty.evaluated import EvaluatedDocument, RunningCampaign

DOCUMENTS_PER_BATCH = 5_000
"""Documents evaluated and posted per transaction."""


class WarehouseCursor(Protocol):
    """What a query gives."""

    def fetchmany(self, size: int = ...) -> list[tuple[object, ...]]:
        """The next rows."""
        ...


class Warehouse(Protocol):
    """A connection to the warehouse."""

    def cursor(self) -> Warehouse:
        """A second connection to the same warehouse."""
        ...

    def execute(self, query: str, parameters: object = ...) -> WarehouseCursor:
        """Run a query."""
        ...


DOCUMENTS = """
    with documents as (
        select source_id, document_no, order_id, min(ordered_on) as ordered_on, max(distributor_id) as distributor_id
        from mart.fct_order_lines as lines where lines.leg = $leg {touched}
        group by source_id, document_no, order_id
    ), kept as (
        select lines.source_id, lines.document_no, lines.order_id, {member} as member_party_id,
            case when lines.line_kind = 'return' then lines.quantity else greatest(lines.quantity - lines.returned_quantity, 0) end
                as quantity_kept, lines.quantity, lines.net_amount_cents * 100 + lines.net_amount_subcents as net_subcents
        from mart.fct_order_lines as lines
        inner join mart.dim_product as products on lines.product_id = products.product_id
        where lines.leg = $leg and {member} > 0 and {counts} {touched}
    ), summed as (
        select source_id, document_no, order_id, member_party_id, cast(sum(quantity_kept) as decimal(18, 3)) as quantity_kept,
            cast(sum(case when quantity_kept = quantity then net_subcents when quantity = 0 then 0
                else round_even(net_subcents * quantity_kept / quantity, 0) end) as bigint) as net_kept_subcents
        from kept group by source_id, document_no, order_id, member_party_id
    )
    select documents.source_id, documents.document_no, documents.order_id, documents.ordered_on, documents.distributor_id,
        summed.member_party_id, summed.quantity_kept, summed.net_kept_subcents
    from documents left join summed using (source_id, document_no, order_id)
    where documents.ordered_on >= $valid_from {until}
    order by documents.source_id, documents.document_no, documents.order_id, summed.member_party_id
"""


def evaluate(
    connection: Warehouse, programme: Programme, since_run: int | None, *, campaigns: Sequence[RunningCampaign] = (),
    left_out: Collection[int] = (), also: Collection[int] = (),
) -> Iterator[list[EvaluatedDocument]]:  # fmt: skip
    """What documents are worth now, in batches. With `since_run` only documents that later runs touched, whole, and orders `also`.
    Orders that are `left_out` are not looked at.

    A document in the rule's period that is worth nothing is given too, so that what it had earned can be taken back. Documents
    outside the period are left as they were booked: a rule applies by event date.
    """
    chosen: list[tuple[Rule, frozenset[int] | None]] = [(rule, None) for rule in programme.rules]
    chosen += [(rule, campaign.participants) for campaign in campaigns for rule in campaign.rules]
    for rule, participants in chosen:
        sql, parameters = _query(rule, since_run, participants, left_out, also)
        rows = _stream(connection.cursor().execute(sql, parameters))
        batch: list[EvaluatedDocument] = []
        for _, lines in groupby(rows, key=lambda row: row[:3]):
            batch.append(_evaluated(programme, rule, list(lines)))
            if len(batch) == DOCUMENTS_PER_BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _stream(cursor: WarehouseCursor) -> Iterator[tuple[object, ...]]:
    while rows := cursor.fetchmany(DOCUMENTS_PER_BATCH):
        yield from rows


def _query(
    rule: Rule, since_run: int | None, participants: frozenset[int] | None, left_out: Collection[int], also: Collection[int]
) -> tuple[str, dict[str, object]]:
    member = "lines.retailer_id" if rule.leg == "sell_through" else "lines.distributor_id"
    conditions, until, touched = ["lines.line_status = 'confirmed'"], "", ""
    parameters: dict[str, object] = {"leg": rule.leg, "valid_from": rule.valid_from}
    if participants is not None:
        conditions.append(f"list_contains($participants, {member})")
        parameters["participants"] = sorted(participants)
    if rule.valid_to:
        until = "and documents.ordered_on <= $valid_to"
        parameters["valid_to"] = rule.valid_to
    if rule.selection.categories:
        conditions.append("list_contains($categories, products.category)")
        parameters["categories"] = list(rule.selection.categories)
    for name, column in (("manufacturers", "products.manufacturer_id"), ("distributors", "lines.distributor_id")):
        if getattr(rule.bound, name):
            conditions.append(f"list_contains(${name}, {column})")
            parameters[name] = list(getattr(rule.bound, name))
    if rule.bound.held_out:
        conditions.append(f"not list_contains($held_out, {member})")
        parameters["held_out"] = list(rule.bound.held_out)
    if rule.money_currency:
        conditions.append("lines.currency = $money_currency")
        parameters["money_currency"] = rule.money_currency
    if since_run is not None:
        new = "lines.order_id in (select new.order_id from mart.fct_order_lines as new where new.run_no > $since_run)"
        touched = f"and ({new} or list_contains($also, lines.order_id))"
        parameters |= {"since_run": since_run, "also": sorted(also)}
    if left_out:
        touched += " and not list_contains($left_out, lines.order_id)"
        parameters["left_out"] = sorted(left_out)
    sql = DOCUMENTS.format(member=member, counts=" and ".join(conditions), touched=touched, until=until)
    return sql, parameters


def _evaluated(programme: Programme, rule: Rule, rows: Sequence[Sequence[object]]) -> EvaluatedDocument:
    source_id, document_no, order_id, ordered_on, distributor = rows[0][:5]
    if not isinstance(ordered_on, date):
        raise TypeError(f"mart.fct_order_lines.ordered_on is a date, found {type(ordered_on).__name__}")
    worth, steps = [], []
    for _, _, _, _, _, member, quantity, net_subcents in rows:
        if member is None:
            continue
        kept, net = Decimal(str(quantity)), int(str(net_subcents))
        points = award_points(rule, int(kept * 1000), net)
        steps.append({"quantity_kept": str(kept), "net_amount_kept_subcents": net, "points": points})
        if points:
            worth.append((int(str(member)), points))
    explanation = json.dumps({"rule": rule.rule_id, "version": rule.version, "steps": steps})
    return EvaluatedDocument(
        f"{programme.programme_id}|{rule.rule_id}|{source_id}|{document_no}|{order_id}", str(source_id), str(document_no), rule,
        ordered_on, tuple(worth), explanation, available_on=ordered_on, distributor=max(int(str(distributor)), 0),
    )  # fmt: skip
