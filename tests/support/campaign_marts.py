"""Published relations in memory, as services see them, with orders that a test writes by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from core.warehouse.served import SERVED


@dataclass(frozen=True, slots=True)
class Order:
    """One confirmed order line. Net amount in cents; the list price is 100 cents a unit."""

    member: int
    distributor: int
    on: date
    quantity: int
    net_cents: int = 0
    product: int = 1
    returned: int = 0


@contextmanager
def marts(orders: Iterable[Order], tiers: dict[int, str] | None = None, manufacturer: int = 1) -> Iterator[Any]:
    """A connection with these orders in `mart`: product 1 is a machine, product 2 coffee, both the manufacturer's; 3 is another's."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("attach ':memory:' as mart")
        for served in SERVED.values():
            connection.execute(
                f"create table mart.{served.name} ({', '.join(f'{name} {kind}' for name, kind in served.columns)})"
            )
        for product, category, owner in ((1, "Machines", manufacturer), (2, "Whole beans", manufacturer), (3, "Machines", 2)):
            _insert(connection, "dim_product", [{"product_id": product, "product_ref": f"P{product}", "category": category, "brand": "B",
                     "manufacturer_id": owner, "list_price_cents": 100, "currency": "EUR", "is_unknown": False}])  # fmt: skip
        lines = list(orders)
        parties = {line.member: (tiers or {}).get(line.member, "Gold") for line in lines}
        _insert(connection, "dim_party", [{"party_id": member, "kind": "retailer", "name": f"R{member}", "tier": tier, "segment": "",
                 "is_unknown": False} for member, tier in sorted(parties.items())])  # fmt: skip
        _insert(connection, "fct_order_lines", [_line(n, line, manufacturer) for n, line in enumerate(lines, 1)])
        yield connection


def _line(number: int, line: Order, manufacturer: int) -> dict[str, object]:
    return {
        "order_line_id": number, "order_id": number, "source_id": "s", "document_no": f"D{number}", "line_no": "1", "leg": "sell_through",
        "manufacturer_id": manufacturer, "distributor_id": line.distributor, "retailer_id": line.member, "product_id": line.product,
        "ordered_on": line.on, "quantity": line.quantity, "unit": "piece", "net_amount_cents": line.net_cents, "net_amount_subcents": 0,
        "list_value_cents": line.quantity * 100, "currency": "EUR", "line_kind": "order", "line_status": "confirmed",
        "delivered_quantity": line.quantity, "first_delivered_on": line.on, "returned_quantity": line.returned,
        "delivery_status": "delivered", "is_late": False, "is_unknown_party": False, "is_unknown_product": False, "run_no": 1,
    }  # fmt: skip


def _insert(connection: Any, relation: str, rows: list[dict[str, object]]) -> None:
    if rows:
        names = list(rows[0])
        marks = ", ".join("?" for _ in names)
        connection.executemany(
            f"insert into mart.{relation} ({', '.join(names)}) values ({marks})", [list(row.values()) for row in rows]
        )
