"""The week of tests.support.one_week, entered through Tryton's own API. Runs in Tryton's environment, not in ours; the week comes as JSON on stdin.

Tryton keeps no reports of what was sold on and no day of arrival: the orders, what was shipped for them, and what is in stock are entered.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from decimal import Decimal

from proteus import Model, config
from week import in_business, product, ship, shop

FIRST_DAY = dt.date(2026, 4, 1)


def enter(week: dict[str, dict[str, str] | list[list[object]]]) -> None:
    """Parties and goods, what was bought to have it, every order, every shipment."""
    _, category, term = in_business("Party D1", "D1")
    goods = {ref: product(ref, f"Product {ref}", price, category) for ref, price in week["price"].items()}
    for ref, one in goods.items():
        one.identifiers.new(type="ean", code=week["gtin"][ref])
        one.save()
    shops = {ref: shop(f"Party {ref}", ref) for ref in ("R1", "R2")}
    shipped = {ref: sum(q for *_, lines in week["deliveries"] for _, p, q in lines if p == ref) for ref in goods}
    buy(shop("Party M1", "M1"), term, goods, {ref: on_hand + shipped[ref] for ref, on_hand, _ in week["stock"]})
    sales = {no: sell(shops[buyer], term, goods, *rest) for no, buyer, *rest in week["orders"]}
    for _, order, _, day, _, lines in week["deliveries"]:
        deliver(sales[order], dt.date.fromisoformat(day), {goods[ref].id: quantity for _, ref, quantity in lines})


def buy(supplier, term, goods, quantities) -> None:
    """A purchase that has arrived."""
    purchase = Model.get("purchase.purchase")(party=supplier, payment_term=term, purchase_date=FIRST_DAY)
    for ref, quantity in quantities.items():
        line = purchase.lines.new(product=goods[ref])
        line.quantity, line.unit_price = float(quantity), Decimal("1.00")
    for button in ("quote", "confirm", "process"):
        if purchase.state != "processing":
            purchase.click(button)
    shipment = Model.get("stock.shipment.in")(supplier=supplier, effective_date=FIRST_DAY)
    for move in purchase.moves:
        shipment.incoming_moves.append(Model.get("stock.move")(move.id))
    shipment.save()
    shipment.click("receive")
    shipment.click("done")


def sell(party, term, goods, day, promised, lines):
    """An order that is being worked on."""
    sale = Model.get("sale.sale")(party=party, payment_term=term, invoice_method="manual")
    sale.sale_date, sale.shipping_date = dt.date.fromisoformat(day), dt.date.fromisoformat(promised)
    for _, ref, quantity in lines:
        line = sale.lines.new(product=goods[ref])
        line.quantity = float(quantity)
    for button in ("quote", "confirm", "process"):
        if sale.state != "processing":
            sale.click(button)
    return sale


def deliver(sale, day, quantities) -> None:
    """Ship what the delivery says of the order's open shipment; Tryton opens another for the rest."""
    sale.reload()
    (shipment,) = [one for one in sale.shipments if one.state == "waiting"]
    for move in list(shipment.inventory_moves):
        quantity = quantities.get(move.product.id)
        if quantity is None:
            shipment.inventory_moves.remove(move)
        else:
            move.quantity = float(quantity)
    shipment.effective_date = day
    shipment.save()
    ship(shipment)


if __name__ == "__main__":
    config.set_trytond(os.environ["TRYTON_DATABASE"])
    enter(json.load(sys.stdin))
    print(json.dumps({}))
