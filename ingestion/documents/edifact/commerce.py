"""INVOIC and PRICAT: what is billed, and what it shall cost. Source: EANCOM 2002."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ingestion.documents.edifact.orders import NET_PRICES, header, line_no_of, parties, product_columns
from ingestion.documents.edifact.parts import (
    Part,
    currency_of,
    day_of,
    items_of,
    laid_out,
    money_of,
    order_of,
    period_of,
    price_of,
    product_of,
    quantity_of,
)
from ingestion.documents.reading import Reading, negated
from ingestion.documents.segments import Segment

CREDITS = frozenset({"381", "83", "396", "262", "308"})
"""Document names (1001) whose quantities and amounts go back."""

LIST_PRICES = "AAA,AAB,AAE,AAF"
"""Price qualifiers of a catalogue, the first that is there."""

TOLERANCE = Decimal("0.05")
"""Totals may differ from the sum of the lines by so much: lines are rounded by their senders."""


def read_invoic(reading: Reading, segments: Sequence[Segment]) -> None:
    """An invoice: one row a line, negative in a credit note."""
    head, lines, summary = laid_out(segments)
    number, _, day = header(reading, head)
    bgm = head.first("BGM")
    is_credit = bgm is not None and bgm.get(1) in CREDITS
    order_no, _ = order_of(head)
    total, tax = money_of(reading, summary, "77", "9", "39", "86"), money_of(reading, summary, "124", "176")
    common: dict[str, str | None] = {
        **parties(reading, head), "invoice_no": number, "invoiced_on": day_of(reading, head, "137", "3") or day, "currency": currency_of(head),
        "due_on": day_of(reading, head, "13", "265", "209"), "document_kind": "credit_note" if is_credit else "invoice",
        "payable_amount": negated(total) if is_credit else total, "invoice_tax_amount": negated(tax) if is_credit else tax,
    }  # fmt: skip
    amounts = [_line(reading, line, position, common, order_no, is_credit) for position, line in enumerate(lines, 1)]
    net = money_of(reading, summary, "79", "125")
    if net is not None and lines and all(amounts) and not any(segment.tag == "ALC" for segment in segments):
        added = sum((Decimal(amount) for amount in amounts if amount), Decimal(0))
        if abs(Decimal(net) - added) > TOLERANCE:
            place = next(moa.place for moa in summary.every("MOA") if moa.get(1) in ("79", "125"))
            reading.warn("EDI-207", place, net, f"{added}, the sum of the lines")


def _line(
    reading: Reading, line: Part, position: int, common: Mapping[str, str | None], order_no: str, is_credit: bool
) -> str | None:
    """Adds the row; gives the amount as it stands in the message."""
    line_order, order_line = order_of(line)
    quantity, unit = quantity_of(reading, line, "47", "46", "12", "21")
    price, basis = price_of(reading, line, *reading.listed("net_price", NET_PRICES))
    amount = reading.amount(money_of(reading, line, "203", "66"), price, quantity, basis, line.place)
    reading.add(
        "invoices", line.place, **common, **product_columns(reading, line), line_no=line_no_of(line, position), unit=unit, unit_price=price,
        order_document_no=line_order or order_no, order_line_no=order_line.lstrip("0"),
        quantity=negated(quantity) if is_credit else quantity, net_amount=negated(amount) if is_credit else amount,
    )  # fmt: skip
    return amount


def read_pricat(reading: Reading, segments: Sequence[Segment]) -> None:
    """A price catalogue: prices with their days, and the articles that they are for."""
    head, lines, _ = laid_out(segments)
    _, _, issued = header(reading, head)
    common = {k: v for k, v in parties(reading, head).items() if k.startswith(("seller", "buyer"))} | {
        "currency": currency_of(head)
    }
    from_head, to_head = period_of(reading, head, "194", "157", "7")[0] or issued, day_of(reading, head, "206", "36", "62")
    for line in lines:
        numbers = items_of(reading, line)
        scheme, number = product_of(reading, numbers)
        columns = product_columns(reading, line)
        price, basis = price_of(reading, line, *reading.listed("list_price", LIST_PRICES))
        if columns["description"]:
            reading.add("products", line.place, product_ref=number, name=columns["description"], gtin=numbers.get("gtin", ""),
                        seller_item_no=columns["seller_item_no"], currency=common["currency"])  # fmt: skip
        if line.segments[0].get(2) == "2":
            continue
        if price is None:
            reading.warn("EDI-209", line.place, "no price", f"PRI of {reading.switch('list_price', LIST_PRICES)}")
            continue
        per_one = Decimal(price) / Decimal(basis) if basis and Decimal(basis) else Decimal(price)
        reading.add(
            "prices", line.place, **common, product_scheme=scheme, product_ref=number,
            price=format(per_one.quantize(Decimal("0.0001")), "f"), min_quantity=quantity_of(reading, line, "53")[0],
            valid_from=period_of(reading, line, "194", "157", "7")[0] or from_head, valid_to=day_of(reading, line, "206", "36", "62") or to_head,
        )  # fmt: skip
