"""810: invoices and credit memos. Source: X12 4010, transaction set 810. Totals (TDS, SAC) are in cents, prices are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from ingestion.documents.reading import Reading, negated
from ingestion.documents.segments import Segment
from ingestion.documents.x12.orders import BASIS, PURPOSE_RANKS, line_no_of, parties
from ingestion.documents.x12.parts import Part, currency_of, items_of, laid_out, number_in, product_columns

CREDITS = frozenset({"CN", "CR", "CM", "CO"})
"""Types (BIG07) whose quantities and amounts go back."""

TOLERANCE = Decimal("0.05")
"""Totals may differ from the sum of the lines by so much: lines are rounded by their senders."""


def read_810(reading: Reading, segments: Sequence[Segment]) -> None:
    """An invoice: one row a line, negative in a credit memo."""
    head, lines, summary = laid_out(segments, "IT1")
    big = head.first("BIG") or segments[0]
    number = reading.needed(big.whole(2), big.place, "an invoice number in BIG02")
    day = reading.day(big.whole(1), big.place)
    reading.head(number, big.whole(8), day, PURPOSE_RANKS.get(big.whole(8) or "00", 1))
    is_credit = big.whole(7) in CREDITS
    tds = summary.first("TDS")
    total = _cents(reading, tds.whole(1), tds.place) if tds else None
    common = {
        **parties(reading, head), "invoice_no": number, "invoiced_on": day, "currency": currency_of(head),
        "order_document_no": big.whole(4), "due_on": _due(reading, head, day),
        "payable_amount": negated(total) if is_credit else total, "document_kind": "credit_note" if is_credit else "invoice",
    }  # fmt: skip
    amounts = [_line(reading, line, position, common, is_credit) for position, line in enumerate(lines, 1)]
    if tds is not None and total is not None and all(amount is not None for amount in amounts):
        _compare(reading, Part(segments), tds, Decimal(total), sum((Decimal(a) for a in amounts if a), Decimal(0)))


def _line(reading: Reading, line: Part, position: int, common: dict[str, str | None], is_credit: bool) -> str | None:
    """Adds the row; gives the amount as it stands in the message."""
    it1 = line.segments[0]
    quantity, price = number_in(reading, it1, 2), number_in(reading, it1, 4)
    amount = reading.amount(None, price, quantity, BASIS.get(it1.whole(5)), it1.place)
    order = line.value("REF", "PO")
    reading.add(
        "invoices", it1.place, **{**common, "order_document_no": order or common["order_document_no"]},
        **product_columns(reading, items_of(reading, (it1, 6)), line), line_no=line_no_of(it1, position), unit=it1.whole(3),
        order_line_no=it1.whole(1).lstrip("0"), unit_price=price, quantity=negated(quantity) if is_credit else quantity,
        net_amount=negated(amount) if is_credit else amount,
    )  # fmt: skip
    return amount


def _cents(reading: Reading, text: str, place: str) -> str | None:
    """An amount with two implied decimals."""
    number = reading.number(text, place)
    if number is None:
        return None
    return number if "." in text else format(Decimal(number).scaleb(-2), "f")


def _due(reading: Reading, head: Part, day: str | None) -> str | None:
    """The day the net amount is due: as ITD06 says, or ITD07 days after the invoice."""
    itd = head.first("ITD")
    if itd is None:
        return None
    if itd.whole(6):
        return reading.day(itd.whole(6), itd.place)
    if day and itd.whole(7).isascii() and itd.whole(7).isdigit() and len(itd.whole(7)) < 5:
        return (date.fromisoformat(day) + timedelta(days=int(itd.whole(7)))).isoformat()
    return None


def _compare(reading: Reading, whole: Part, tds: Segment, total: Decimal, lines: Decimal) -> None:
    """Lines, allowances, charges and taxes should add up to the total (EDI-207)."""
    further = Decimal(0)
    for sac in whole.every("SAC"):
        amount = _cents(reading, sac.whole(5), sac.place)
        further += Decimal(amount or 0) * (-1 if sac.whole(1) == "A" else 1)
    for txi in whole.every("TXI"):
        further += Decimal(number_in(reading, txi, 2) or 0)
    if abs(total - lines - further) > TOLERANCE:
        reading.warn("EDI-207", tds.place, f"{total}", f"{lines + further}, the sum of lines, charges and taxes")
