"""Published relations by hand: a few rows in memory, in the very columns that are published, so that an evaluation runs on them unchanged."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from core.warehouse.served import SERVED

RELATIONS = (
    "fct_order_lines",
    "fct_return_lines",
    "fct_delivery_lines",
    "fct_invoice_lines",
    "fct_sales_report_lines",
    "dim_product",
    "dim_party",
    "rpt_period_progress",
)
DISTRIBUTOR, OTHER_DISTRIBUTOR, RETAILER, OTHER_RETAILER = 11, 12, 21, 22
BEANS, MACHINE, CUP = 101, 102, 103
DAY = date(2026, 3, 10)


class SmallMarts:
    """A warehouse with `mart` and `raw` attached, and ways to add rows to it."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("attach ':memory:' as mart")
        self.connection.execute("create schema raw")
        for name in RELATIONS:
            columns = ", ".join(f"{column} {kind}" for column, kind in SERVED[name].columns)
            self.connection.execute(f"create table mart.{name} ({columns})")
        for product, ref, category, brand, price in (
            (BEANS, "B", "Beans", "Alp", 1000), (MACHINE, "M", "Machines", "Alp", 50000), (CUP, "C", "Cups", "Tal", 500),
        ):  # fmt: skip
            self.insert(
                "dim_product", product_id=product, product_ref=ref, category=category, brand=brand, list_price_cents=price
            )
        for party, kind, segment in (
            (RETAILER, "retailer", "shop"),
            (OTHER_RETAILER, "retailer", "office"),
            (DISTRIBUTOR, "distributor", None),
        ):
            self.insert("dim_party", party_id=party, kind=kind, segment=segment)

    def insert(self, relation: str, **values: Any) -> None:
        """One row; columns that are not named are null."""
        names = ", ".join(values)
        marks = ", ".join(f"${name}" for name in values)
        self.connection.execute(f"insert into mart.{relation} ({names}) values ({marks})", values)

    def line(
        self, order: int, line: int = 1, *, product: int = BEANS, quantity: float = 1, cents: int = 1000, **values: Any
    ) -> None:
        """An order line of the retailer at the distributor, confirmed, unless said otherwise; a known line is replaced."""
        row = {
            "order_id": order, "order_line_id": order * 100 + line, "source_id": "s", "document_no": f"A{order}", "line_no": str(line),
            "leg": "sell_through", "distributor_id": DISTRIBUTOR, "retailer_id": RETAILER, "product_id": product, "ordered_on": DAY,
            "quantity": quantity, "net_amount_cents": cents, "net_amount_subcents": 0, "list_value_cents": round(cents * 1.25), "currency": "EUR",
            "line_kind": "order", "line_status": "confirmed", "returned_quantity": 0, "delivered_quantity": 0, "run_no": 1, **values,
        }  # fmt: skip
        self.connection.execute("delete from mart.fct_order_lines where order_line_id = $id", {"id": row["order_line_id"]})
        self.insert("fct_order_lines", **row)

    def report(self, number: int, *, product: int = BEANS, quantity: float = 1, cents: int = 1000, **values: Any) -> None:
        """A reported sale, of the retailer to a consumer unless said otherwise."""
        row = {
            "sales_report_line_id": number, "source_id": "r", "document_no": f"R{number}", "line_no": "1", "leg": "sell_out", "distributor_id": 0,
            "retailer_id": RETAILER, "product_id": product, "sold_on": DAY, "quantity": quantity, "net_amount_cents": cents,
            "net_amount_subcents": 0, "list_value_cents": cents, "currency": "EUR", "run_no": 1, **values,
        }  # fmt: skip
        self.insert("fct_sales_report_lines", **row)

    def close(self) -> None:
        """Forget it."""
        self.connection.close()
