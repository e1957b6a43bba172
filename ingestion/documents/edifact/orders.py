"""ORDERS, ORDRSP and ORDCHG: orders, the seller's answer, and the buyer's changes. Source: EANCOM 2002, parts ORDERS, ORDRSP, ORDCHG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.documents.edifact.parts import (
    Part,
    currency_of,
    day_of,
    items_of,
    laid_out,
    money_of,
    order_of,
    party_of,
    price_of,
    product_of,
    quantity_of,
)
from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment

FUNCTION_RANKS: Mapping[str, int] = {"9": 0, "": 0, "31": 1, "4": 2, "42": 2, "5": 3, "29": 3, "27": 3, "1": 5, "3": 5, "17": 5}
"""Message function (1225) -> rank among messages of the same document and day: original, copy, change, replacement, cancellation."""

CANCELS = frozenset({"1", "17"})
NET_PRICES = "AAA,NTP,AAH"
"""Qualifiers of a net price; gross ones (AAB) say nothing about what is paid."""

PROMISED = ("2", "69", "67", "63", "64", "10")
"""Date qualifiers of the day the goods are asked for or promised, in this order."""

LINE_ACTIONS: Mapping[str, str] = {
    "1": "added",
    "2": "cancelled",
    "3": "changed",
    "5": "unchanged",
    "11": "unchanged",
    "": "changed",
}
"""Action code (1229) of a changed line, as GS1 uses it. A partner that cancels with 7 says so: `[documents.actions] 7 = "cancelled"`."""

ANSWERS: Mapping[str, str] = {
    "5": "confirmed", "1": "confirmed", "3": "changed", "6": "changed", "7": "rejected", "2": "rejected", "4": "rejected", "": "confirmed",
}  # fmt: skip
"""Action code of an answered line -> status of the confirmation."""


def header(reading: Reading, head: Part) -> tuple[str, str, str | None]:
    """(document number, function, day) of a message, noted in the reading."""
    bgm = head.first("BGM")
    number = reading.needed(bgm.get(2) if bgm else "", bgm.place if bgm else head.place, "a document number in BGM")
    function = bgm.get(3) if bgm else ""
    day = day_of(reading, head, "137", "3", "4", "171")
    reading.head(number, function, day, FUNCTION_RANKS.get(function, 1))
    return number, function, day


def parties(reading: Reading, head: Part) -> dict[str, str]:
    """Seller, buyer, ship-to and invoicee as neutral columns."""
    found: dict[str, str] = {}
    roles = {"seller": ("SU", "SE"), "buyer": ("BY", "OB"), "ship_to": ("DP", "ST", "UC"), "invoicee": ("IV",)}
    for name, codes in roles.items():
        found[f"{name}_scheme"], found[f"{name}_ref"] = party_of(reading, head, *codes)
    return found


def product_columns(reading: Reading, line: Part) -> dict[str, str]:
    """The product of a line, its numbers at buyer and seller, and its description."""
    numbers = items_of(reading, line)
    scheme, number = product_of(reading, numbers)
    imd = line.first("IMD")
    return {
        "product_scheme": scheme, "product_ref": number, "buyer_item_no": numbers.get(":buyer_item", ""),
        "seller_item_no": numbers.get(":seller_item", ""), "description": (imd.get(3, 4) or imd.get(3, 5)) if imd else "",
    }  # fmt: skip


def line_no_of(line: Part, position: int) -> str:
    """The number of a line; its position where it has none."""
    return line.segments[0].get(1).lstrip("0") or str(position)


WHOLE_ANSWERS = {"27": "rejected", "29": "confirmed"}
"""Function of an answer (BGM 1225) -> what it says of an order whose lines it does not name: not accepted, accepted without amendment."""


def read_orders(reading: Reading, segments: Sequence[Segment]) -> None:
    """An order: one header, its lines."""
    head, lines, _ = laid_out(segments)
    number, function, day = header(reading, head)
    cancelled = function in CANCELS
    common = {**parties(reading, head), "document_no": number, "ordered_on": day, "currency": currency_of(head)}
    promised = day_of(reading, head, *PROMISED)
    contract = head.value("RFF", "CT")
    reading.add(
        "orders", head.place, **common, promised_on=promised, status="cancelled" if cancelled else "open", contract_no=contract
    )
    for position, line in enumerate(lines, 1):
        quantity, unit = quantity_of(reading, line, "21", "1")
        price, basis = price_of(reading, line, *reading.listed("net_price", NET_PRICES))
        amount = reading.amount(money_of(reading, line, "203", "128"), price, quantity, basis, line.place)
        reading.add(
            "order_lines", line.place, **common, **product_columns(reading, line), line_no=line_no_of(line, position), quantity=quantity,
            unit=unit, unit_price=price, net_amount=amount, promised_on=day_of(reading, line, *PROMISED) or promised, line_kind="order",
            line_status="cancelled" if cancelled or line.segments[0].get(2) == "2" else "open",
        )  # fmt: skip


def read_ordrsp(reading: Reading, segments: Sequence[Segment]) -> None:
    """A seller's answer: each part of a line's quantity that has a date or status of its own is a confirmation.

    One without lines that accepts or refuses speaks of the whole order (`line_no` is `*`).
    """
    head, lines, _ = laid_out(segments)
    _, function, day = header(reading, head)
    order_no, _ = order_of(head)
    who = {k: v for k, v in parties(reading, head).items() if k.startswith(("seller", "buyer"))}
    promised = day_of(reading, head, *PROMISED)
    for position, line in enumerate(lines, 1):
        lin = line.segments[0]
        line_order, order_line = order_of(line)
        status = _answer(reading, lin, function)
        splits = [split for split in line.split("QTY")[1] if split.segments[0].get(1) in ("12", "113", "194")]
        ordered, unit = quantity_of(reading, line, "21")
        common = {
            **who, **product_columns(reading, line), "document_no": line_order or order_no, "confirmed_on": day, "unit": unit,
            "line_no": (order_line or line_no_of(line, position)).lstrip("0"), "ordered_quantity": ordered,
        }  # fmt: skip
        for number, split in enumerate(splits, 1):
            quantity, _ = quantity_of(reading, split, "12", "113", "194")
            reading.add("order_confirmations", split.place, **common, split_no=str(number), status=status, confirmed_quantity=quantity,
                        promised_on=day_of(reading, split, *PROMISED) or day_of(reading, line, *PROMISED) or promised)  # fmt: skip
        if not splits:
            reading.add("order_confirmations", line.place, **common, split_no="1", status=status,
                        confirmed_quantity="0" if status == "rejected" else ordered,
                        promised_on=day_of(reading, line, *PROMISED) or promised)  # fmt: skip
    whole = WHOLE_ANSWERS.get(function)
    if not lines and whole:
        reading.add("order_confirmations", head.place, **who, document_no=order_no, line_no="*", split_no="1", status=whole, confirmed_on=day,
                    promised_on=promised)  # fmt: skip
    elif not lines:
        reading.warn("EDI-131", head.place, "an answer without lines", "one LIN for each order line that is answered")


def _answer(reading: Reading, lin: Segment, function: str) -> str:
    if function == "27":
        return "rejected"
    status = reading.code("answers", lin.get(2), ANSWERS)
    if status is None:
        reading.refuse("EDI-204", lin.place, lin.get(2), f"an action code of {', '.join(code for code in ANSWERS if code)}")
    return status or ""


def read_ordchg(reading: Reading, segments: Sequence[Segment]) -> None:
    """A buyer's change: one row for each line that it speaks of; a change that cancels the order speaks of all (`line_no` is empty)."""
    head, lines, _ = laid_out(segments)
    number, function, day = header(reading, head)
    order_no, _ = order_of(head)
    bgm = head.first("BGM")
    common = {**parties(reading, head), "change_no": number, "changed_on": day, "currency": currency_of(head),
              "document_no": order_no or (number if bgm and bgm.get(1) == "220" else "")}  # fmt: skip
    if function in CANCELS:
        reading.add("order_changes", head.place, **common, line_no="*", action="cancelled")
        return
    promised = day_of(reading, head, *PROMISED)
    for position, line in enumerate(lines, 1):
        lin = line.segments[0]
        action = reading.code("actions", lin.get(2), LINE_ACTIONS)
        if action is None:
            reading.refuse("EDI-204", lin.place, lin.get(2), "an action code of " + ", ".join(code for code in LINE_ACTIONS if code)
                           + "; name others in [documents.actions]")  # fmt: skip
            continue
        line_order, order_line = order_of(line)
        quantity, unit = quantity_of(reading, line, "21", "1")
        price, basis = price_of(reading, line, *reading.listed("net_price", NET_PRICES))
        amount = money_of(reading, line, "203", "128")
        if amount is None and price is not None and quantity is not None:
            amount = reading.amount(None, price, quantity, basis, line.place)
        reading.add(
            "order_changes", line.place, **{**common, "document_no": line_order or common["document_no"]},
            **product_columns(reading, line), line_no=(order_line or line_no_of(line, position)).lstrip("0"), action=action,
            quantity="0" if action == "cancelled" else quantity, unit=unit, unit_price=price, net_amount=amount,
            promised_on=day_of(reading, line, *PROMISED) or promised,
        )  # fmt: skip


__all__ = ["CANCELS", "NET_PRICES", "PROMISED", "header", "line_no_of", "parties", "product_columns", "read_ordchg", "read_orders",
           "read_ordrsp"]  # fmt: skip
