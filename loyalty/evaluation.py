"""What the order lines ought to have earned: one set-based query per rule, then one pure function per document.

mart.fct_order_lines --per rule and document: kept quantity, kept net amount--> award_points --> EvaluatedDocument
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from loyalty.domain.points import award_points
from loyalty.domain.programme import Programme, Rule

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


@dataclass(frozen=True, slots=True)
class EvaluatedDocument:
    """What one document is worth under one rule, after returns and cancellations.

    `cause` names document and rule and never changes; `points` is negative for a return document.
    """

    cause: str
    source_id: str
    document_no: str
    member_party_id: int
    rule: Rule
    ordered_on: date
    points: int
    explanation: str


DOCUMENTS = """
    select lines.source_id, lines.document_no, lines.order_id, {member} as member_party_id, min(lines.ordered_on) as ordered_on,
        cast(sum(case when {counts} then lines.quantity - lines.returned_quantity else 0 end) as decimal(18, 3)) as quantity_kept,
        cast(round_even(sum(case when not ({counts}) then 0
            when lines.returned_quantity = 0 then lines.net_amount_cents + lines.net_amount_subcents / 100.0
            else (lines.net_amount_cents + lines.net_amount_subcents / 100.0)
                * (lines.quantity - lines.returned_quantity) / lines.quantity end), 0) as bigint) as net_amount_kept_cents
    from mart.fct_order_lines as lines
    inner join mart.dim_product as products on lines.product_id = products.product_id
    where lines.leg = $leg and {member} > 0 {touched}
    group by lines.source_id, lines.document_no, lines.order_id, {member}
    order by lines.source_id, lines.order_id, {member}
"""


def evaluate(connection: Warehouse, programme: Programme, since_run: int | None) -> Iterator[list[EvaluatedDocument]]:
    """What documents are worth now, in batches. With `since_run` only documents that later runs touched, whole.

    A document that is worth nothing under a rule is given too (points 0), so that what it had earned can be taken back.
    """
    for rule in programme.rules:
        sql, parameters = _query(programme, rule, since_run)
        cursor = connection.cursor().execute(sql, parameters)
        while rows := cursor.fetchmany(DOCUMENTS_PER_BATCH):
            yield [_evaluated(programme, rule, row) for row in rows]


def _query(programme: Programme, rule: Rule, since_run: int | None) -> tuple[str, dict[str, object]]:
    member = "lines.retailer_id" if programme.leg == "sell_through" else "lines.distributor_id"
    conditions = ["lines.line_status = 'confirmed'", "lines.ordered_on >= $valid_from"]
    parameters: dict[str, object] = {"leg": programme.leg, "valid_from": rule.valid_from}
    if rule.valid_to:
        conditions.append("lines.ordered_on <= $valid_to")
        parameters["valid_to"] = rule.valid_to
    if rule.categories:
        conditions.append("list_contains($categories, products.category)")
        parameters["categories"] = list(rule.categories)
    if rule.money_currency:
        conditions.append("lines.currency = $money_currency")
        parameters["money_currency"] = rule.money_currency
    touched = ""
    if since_run is not None:
        touched = "and lines.order_id in (select new.order_id from mart.fct_order_lines as new where new.run_no > $since_run)"
        parameters["since_run"] = since_run
    return DOCUMENTS.format(member=member, counts=" and ".join(conditions), touched=touched), parameters


def _evaluated(programme: Programme, rule: Rule, row: Sequence[object]) -> EvaluatedDocument:
    source_id, document_no, order_id, member, ordered_on, quantity, net_cents = row
    assert isinstance(ordered_on, date)  # noqa: S101 - the mart's contract
    kept, net = Decimal(str(quantity)), int(str(net_cents))
    points = award_points(rule, kept, net)
    explanation = json.dumps(
        {
            "rule": rule.rule_id,
            "version": rule.version,
            "quantity_kept": str(kept),
            "net_amount_kept_cents": net,
            "points": points,
        }
    )
    return EvaluatedDocument(
        f"{programme.programme_id}|{rule.rule_id}|{source_id}|{document_no}|{order_id}", str(source_id), str(document_no),
        int(str(member)), rule, ordered_on, points, explanation,
    )  # fmt: skip
