"""A warehouse with hand-made facts, as services see it: relations of core/warehouse/served.py under the name `mart`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from core.warehouse.served import SERVED

CATEGORIES = {1: "Whole beans", 2: "Capsules", 3: "Machines", 4: "Accessories"}
"""Product -> category."""


@dataclass(slots=True)
class Facts:
    """Orders, returns and sales of a channel that a test writes down."""

    rows: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {name: [] for name in SERVED})
    regions: dict[int, str] = field(default_factory=dict)

    def order(
        self, number: int, day: date, lines: Sequence[tuple[int, int]], *, member: int = 7, distributor: int = 70, source: str = "s",
        returned: int = 0, returned_on: date | None = None, leg: str = "sell_through", cents_each: int = 100,
    ) -> None:  # fmt: skip
        """A confirmed order of (product, quantity) lines; `returned` units come back from each line."""
        document = f"A-{number}"
        for line_no, (product, quantity) in enumerate(lines, 1):
            self.rows["fct_order_lines"].append({
                "order_line_id": number * 100 + line_no, "order_id": number, "source_id": source, "document_no": document, "line_no": f"{line_no}",
                "leg": leg, "distributor_id": distributor, "retailer_id": member if leg == "sell_through" else 0, "product_id": product,
                "ordered_on": day, "quantity": quantity, "net_amount_cents": quantity * cents_each, "net_amount_subcents": 0, "currency": "EUR",
                "line_kind": "order", "line_status": "confirmed", "returned_quantity": min(returned, quantity), "run_no": 1,
            })  # fmt: skip
            if returned_on is not None and returned:
                self.rows["fct_return_lines"].append({
                    "return_line_id": number * 100 + line_no, "source_id": source, "return_no": f"R-{number}", "line_no": f"{line_no}", "leg": leg,
                    "distributor_id": distributor, "retailer_id": member if leg == "sell_through" else 0, "product_id": product,
                    "order_document_no": document, "quantity": min(returned, quantity), "returned_on": returned_on,
                })  # fmt: skip

    def sold_on(self, day: date, product: int, quantity: int, member: int = 7) -> None:
        """A sell-out line of a retailer."""
        self.rows["fct_sales_report_lines"].append({
            "sales_report_line_id": len(self.rows["fct_sales_report_lines"]), "leg": "sell_out", "retailer_id": member, "product_id": product,
            "sold_on": day, "quantity": quantity,
        })  # fmt: skip


@contextmanager
def mart_of(facts: Facts) -> Iterator[Any]:
    """A connection that has the facts as `mart`."""
    members = {row["retailer_id"] for row in facts.rows["fct_order_lines"]}
    facts.rows["dim_party"] = [
        {"party_id": one, "kind": "retailer", "name": f"m{one}", "region": facts.regions.get(int(str(one)), "Nord")}
        for one in members
    ]
    facts.rows["dim_product"] = [
        {"product_id": n, "product_ref": f"P{n}", "name": f"P{n}", "brand": "B", "category": c} for n, c in CATEGORIES.items()
    ]
    with duckdb.connect(":memory:") as connection:
        connection.execute("create schema mart")
        for name, served in SERVED.items():
            columns = ", ".join(f"{column} {sql_type}" for column, sql_type in served.columns)
            connection.execute(f"create table mart.{name} ({columns})")
            for row in facts.rows[name]:
                connection.execute(
                    f"insert into mart.{name} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
                )
        yield connection
