"""A small week of business, entered through Tryton's own API. Runs in Tryton's environment, not in ours.

    python week.py enter | change        prints what was entered as JSON, in the words of our contracts

`TRYTOND_DATABASE_URI` names the server, `TRYTON_DATABASE` the database, whose modules are activated already.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from decimal import Decimal

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import create_payment_term, set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

TODAY = dt.datetime.now(dt.UTC).date()
SHOPS = {"Radhaus Kiel": "R1", "Velo Ümlaut & Söhne": "R2", "Bike 'n' Ride": "R3"}
GOODS = {"BRK-01": ("Bremse", "19.99"), "KET-02": ("Kette", "34.50"), "LIC-03": ("Licht", "7.25")}


def enter() -> dict[str, object]:
    """Parties, products, five sales: shipped and billed, shipped and not billed, cancelled, offered, and a return."""
    _, category, term = in_business()
    products = {code: product(code, name, price, category) for code, (name, price) in GOODS.items()}
    shops = {code: shop(name, code) for name, code in SHOPS.items()}
    stock_up(products)
    whole = sell(shops["R1"], term, products, [("BRK-01", "10", "19.99"), ("KET-02", "2", "31.05")])
    part = sell(shops["R2"], term, products, [("LIC-03", "12", "7.25"), ("KET-02", "5", "34.5")])
    gone = sell(shops["R3"], term, products, [("BRK-01", "1", "19.99")], confirm=False)
    gone.click("cancel")
    offer = sell(shops["R3"], term, products, [("KET-02", "7", "30.00")], confirm=False)
    returned = sell(shops["R1"], term, products, [("BRK-01", "-3", "19.99")])
    for sale in (whole, part):
        for shipment in sale.shipments:
            ship(shipment)
    for shipment in returned.shipment_returns:
        shipment.click("receive")
        shipment.click("done")
    for sale in (whole, returned):
        sale.reload()
        for invoice in sale.invoices:
            invoice.invoice_date = TODAY
            invoice.save()
            invoice.click("post")
    return facts([whole, part, gone, offer, returned])


def change() -> dict[str, object]:
    """Later: a new sale, an offer that is withdrawn and deleted, an invoice."""
    Sale, Party, Product = Model.get("sale.sale"), Model.get("party.party"), Model.get("product.product")
    term = Model.get("account.invoice.payment_term").find([])[0]
    products = {p.code: p for p in Product.find([])}
    shops = {p.code: p for p in Party.find([("code", "in", list(SHOPS.values()))])}
    new = sell(shops["R3"], term, products, [("LIC-03", "4", "6.99")])
    part = Sale.find([("party.code", "=", "R2")])[0]
    for invoice in part.invoices:
        invoice.invoice_date = TODAY
        invoice.save()
        invoice.click("post")
    (offer,) = Sale.find([("state", "=", "quotation")])
    deleted = offer.number
    offer.click("cancel")
    offer.delete()
    return facts([new, part]) | {"deleted": deleted}


def in_business(name: str | None = None, code: str | None = None):
    """A company with its accounts and fiscal year; gives it, a category of goods and terms of payment."""
    create_company(currency=get_currency("EUR"))
    company = get_company()
    if name is not None:
        company.party.name, company.party.code = name, code
        company.party.save()
    fiscal = set_fiscalyear_invoice_sequences(create_fiscalyear(company))
    fiscal.click("create_period")
    create_chart(company)
    accounts = get_accounts(company)
    category = Model.get("product.category")(name="Goods", accounting=True)
    category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
    category.save()
    term = create_payment_term()
    term.save()
    return company, category, term


def shop(name: str, code: str):
    party = Model.get("party.party")(name=name, code=code)
    (address,) = party.addresses
    address.city, address.postal_code = "Kiel", "24103"
    party.save()
    return party


def product(code: str, name: str, price: str, category):
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    template = Model.get("product.template")(
        name=name, default_uom=unit, type="goods", salable=True, purchasable=True, list_price=Decimal(price)
    )
    template.account_category = category
    (made,) = template.products
    made.suffix_code = code
    template.save()
    (made,) = template.products
    return made


def stock_up(products) -> None:
    (storage,) = Model.get("stock.location").find([("code", "=", "STO")])
    inventory = Model.get("stock.inventory")(location=storage)
    for one in products.values():
        line = inventory.lines.new(product=one)
        line.quantity, line.expected_quantity = 100.0, 0.0
    inventory.click("confirm")


def sell(party, term, products, lines, *, confirm: bool = True):
    sale = Model.get("sale.sale")(party=party, payment_term=term, invoice_method="order", sale_date=TODAY)
    for code, quantity, price in lines:
        line = sale.lines.new(product=products[code])
        line.quantity, line.unit_price = float(quantity), Decimal(price)
    sale.click("quote")
    if confirm:
        sale.click("confirm")
        if sale.state == "confirmed":
            sale.click("process")
    sale.reload()
    return sale


def ship(shipment) -> None:
    for button in ("assign_try", "pick", "pack", "done"):
        shipment.click(button)


def facts(sales) -> dict[str, object]:
    """What the API says was entered."""
    orders, deliveries, invoices = [], [], []
    for sale in sales:
        sale.reload()
        for line in sale.lines:
            orders.append(
                [sale.number, sale.party.code, line.product.code, str(Decimal(str(line.quantity))), str(line.amount), sale.state]
            )
        for shipment in [*sale.shipments, *sale.shipment_returns]:
            moves = shipment.outgoing_moves if hasattr(shipment, "outgoing_moves") else shipment.incoming_moves
            for move in moves:
                if move.state == "done":
                    sign = 1 if hasattr(shipment, "outgoing_moves") else -1
                    deliveries.append(
                        [shipment.number, sale.party.code, move.product.code, str(sign * Decimal(str(move.quantity)))]
                    )
        for invoice in sale.invoices:
            if invoice.state in ("posted", "paid"):
                for line in invoice.lines:
                    invoices.append(
                        [invoice.number, sale.party.code, line.product.code, str(Decimal(str(line.quantity))), str(line.amount)]
                    )
    return {"orders": orders, "deliveries": deliveries, "invoices": invoices}


if __name__ == "__main__":
    config.set_trytond(os.environ["TRYTON_DATABASE"])
    print(json.dumps({"enter": enter, "change": change}[sys.argv[1]]()))
