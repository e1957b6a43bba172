"""850, 855, 860 and 865: orders, the seller's answer, and changes. Source: X12 4010, transaction sets 850, 855, 860, 865."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment
from ingestion.documents.x12.parts import Part, currency_of, day_of, items_of, laid_out, number_in, party_of, product_columns

PURPOSE_RANKS: Mapping[str, int] = {"00": 0, "02": 0, "06": 0, "07": 1, "04": 2, "05": 3, "01": 5, "03": 5}
"""Purpose (353) -> rank among messages of the same document and day: original, duplicate, change, replacement, cancellation."""

CANCELS = frozenset({"01", "03"})
PROMISED = ("002", "017", "067", "010", "001", "063", "064")
"""Date qualifiers of the day the goods are asked for or promised, in this order."""

ANSWERS: Mapping[str, str] = {
    "AC": "changed", "AR": "confirmed", "BP": "backordered", "DR": "changed", "IA": "confirmed", "IB": "backordered", "IC": "changed",
    "ID": "rejected", "IE": "changed", "IF": "changed", "IH": "pending", "IP": "pending", "IQ": "changed", "IR": "rejected",
    "IS": "substituted", "R1": "rejected", "R2": "rejected", "R3": "rejected", "R4": "rejected", "SP": "changed",
}  # fmt: skip
"""Status of a line (ACK01, 668) -> status of the confirmation. BP is a part with the rest on back order: each part has its own ACK."""

WHOLE_ANSWERS: Mapping[str, str] = {
    "AC": "changed", "AD": "confirmed", "AE": "changed", "AK": "confirmed", "AP": "confirmed", "AT": "confirmed", "RD": "rejected",
    "RF": "rejected", "RJ": "rejected", "RO": "rejected", "NA": "confirmed",
}  # fmt: skip
"""Acknowledgment type (BAK02, 587) -> status of lines that carry none of their own."""

ALONE = frozenset({"AD", "AK", "AP", "AT", "RD", "RF", "RJ", "RO"})
"""Those that say something of an order whose lines are not named: changes and exceptions do not."""

LINE_CHANGES: Mapping[str, str] = {
    "AI": "added", "CA": "changed", "CB": "changed", "CE": "changed", "CT": "changed", "DI": "cancelled", "NC": "unchanged",
    "PC": "changed", "PQ": "changed", "QD": "changed", "QI": "changed", "RQ": "changed", "RS": "changed", "RZ": "changed", "OA": "added",
}  # fmt: skip
"""Change type of a line (POC02, 670)."""

BASIS: Mapping[str, str] = {
    "": "1",
    "PE": "1",
    "EA": "1",
    "UM": "1",
    "CT": "1",
    "HP": "100",
    "HU": "100",
    "TP": "1000",
    "TH": "1000",
    "PN": "10",
}
"""Basis of a unit price (639) -> for how many it is. Others count as one."""


def parties(reading: Reading, head: Part) -> dict[str, str]:
    """Seller, buyer, ship-to and invoicee as neutral columns."""
    found: dict[str, str] = {}
    roles = {"seller": ("SE", "SU", "VN", "SF"), "buyer": ("BY", "BS", "BT", "ST"), "ship_to": ("ST", "SN"), "invoicee": ("BT",)}
    for name, codes in roles.items():
        found[f"{name}_scheme"], found[f"{name}_ref"] = party_of(reading, head, *codes)
    return found


def line_no_of(segment: Segment, position: int) -> str:
    """The number of a line; its position where it has none."""
    return segment.whole(1).lstrip("0") or str(position)


def read_850(reading: Reading, segments: Sequence[Segment]) -> None:
    """A purchase order: one header, its lines."""
    head, lines, _ = laid_out(segments, "PO1")
    beg = head.first("BEG") or segments[0]
    number = reading.needed(beg.whole(3), beg.place, "a purchase order number in BEG03")
    day = reading.day(beg.whole(5), beg.place)
    reading.head(number, beg.whole(1), day, PURPOSE_RANKS.get(beg.whole(1), 1))
    cancelled = beg.whole(1) in CANCELS
    common = {**parties(reading, head), "document_no": number, "ordered_on": day, "currency": currency_of(head)}
    promised = day_of(reading, head, *PROMISED)
    reading.add("orders", beg.place, **common, promised_on=promised, status="cancelled" if cancelled else "open",
                contract_no=beg.whole(6) or head.value("REF", "CT"))  # fmt: skip
    for position, line in enumerate(lines, 1):
        po1 = line.segments[0]
        quantity, price = number_in(reading, po1, 2), number_in(reading, po1, 4)
        amount = reading.amount(None, price, quantity, BASIS.get(po1.whole(5)), po1.place)
        reading.add(
            "order_lines", po1.place, **common, **product_columns(reading, items_of(reading, (po1, 6)), line),
            line_no=line_no_of(po1, position), quantity=quantity, unit=po1.whole(3), unit_price=price, net_amount=amount,
            promised_on=day_of(reading, line, *PROMISED) or promised, line_kind="order", line_status="cancelled" if cancelled else "open",
        )  # fmt: skip


def read_855(reading: Reading, segments: Sequence[Segment]) -> None:
    """A seller's answer: each ACK of a line is a confirmation of its own."""
    head, lines, _ = laid_out(segments, "PO1")
    bak = head.first("BAK") or segments[0]
    number = reading.needed(bak.whole(3), bak.place, "a purchase order number in BAK03")
    day = reading.day(bak.whole(9) or bak.whole(4), bak.place)
    reading.head(number, bak.whole(1), day, PURPOSE_RANKS.get(bak.whole(1), 1))
    _confirmations(reading, head, lines, number, day, bak.whole(2))


def _confirmations(reading: Reading, head: Part, lines: Sequence[Part], number: str, day: str | None, answer: str) -> None:
    whole = WHOLE_ANSWERS.get(answer, "confirmed")
    who = {k: v for k, v in parties(reading, head).items() if k.startswith(("seller", "buyer"))}
    promised = day_of(reading, head, *PROMISED)
    for position, line in enumerate(lines, 1):
        first = line.segments[0]
        pairs = 6 if first.tag == "PO1" else 8
        common = {
            **who, **product_columns(reading, items_of(reading, (first, pairs)), line), "document_no": number, "confirmed_on": day,
            "line_no": line_no_of(first, position),
            "ordered_quantity": number_in(reading, first, 2 if first.tag == "PO1" else 3),
        }  # fmt: skip
        acks = list(line.every("ACK"))
        for split, ack in enumerate(acks, 1):
            status = reading.code("answers", ack.whole(1), ANSWERS)
            if status is None:
                reading.refuse("EDI-204", ack.place, ack.whole(1), f"a line status of {', '.join(ANSWERS)}")
            quantity = number_in(reading, ack, 2) or ("0" if status == "rejected" else common["ordered_quantity"])
            when = reading.day(ack.whole(5), ack.place) or day_of(reading, line, *PROMISED) or promised
            reading.add("order_confirmations", ack.place, **common, split_no=str(split), status=status, unit=ack.whole(3),
                        confirmed_quantity="0" if status == "rejected" else quantity,
                        refused_quantity=quantity if status == "rejected" else None, promised_on=when)  # fmt: skip
        if not acks:
            reading.add("order_confirmations", first.place, **common, split_no="1", status=whole, unit=first.whole(3),
                        confirmed_quantity="0" if whole == "rejected" else common["ordered_quantity"],
                        promised_on=day_of(reading, line, *PROMISED) or promised)  # fmt: skip
    if not lines and answer in ALONE:
        reading.add("order_confirmations", head.place, **who, document_no=number, line_no="*", split_no="1", status=whole, confirmed_on=day,
                    promised_on=promised)  # fmt: skip
    elif not lines:
        reading.warn("EDI-131", head.place, "an answer without lines", "one PO1 for each order line that is answered")


def read_860(reading: Reading, segments: Sequence[Segment]) -> None:
    """A buyer's change: one row for each POC; a change that cancels the order speaks of all lines (`line_no` is `*`)."""
    head, lines, _ = laid_out(segments, "POC")
    bch = head.first("BCH") or segments[0]
    number = reading.needed(bch.whole(3), bch.place, "a purchase order number in BCH03")
    day = _last_day(reading, bch)
    change_no = bch.whole(5) or f"{number}-{bch.whole(4) or (day or '')}"
    reading.head(change_no, bch.whole(1), day, PURPOSE_RANKS.get(bch.whole(1), 2))
    common = {
        **parties(reading, head),
        "document_no": number,
        "change_no": change_no,
        "changed_on": day,
        "currency": currency_of(head),
    }
    if bch.whole(1) in CANCELS:
        reading.add("order_changes", bch.place, **common, line_no="*", action="cancelled")
        return
    promised = day_of(reading, head, *PROMISED)
    for position, line in enumerate(lines, 1):
        _change(reading, line, position, common, promised)


def _last_day(reading: Reading, header: Segment) -> str | None:
    """The day of a change (element 11), of its acknowledgment (10), or of the order (6)."""
    text = next((header.whole(element) for element in (11, 10, 6) if header.whole(element)), "")
    return reading.day(text, header.place)


def _change(reading: Reading, line: Part, position: int, common: Mapping[str, str | None], promised: str | None) -> None:
    poc = line.segments[0]
    action = reading.code("actions", poc.whole(2), LINE_CHANGES)
    if action is None:
        reading.refuse(
            "EDI-204", poc.place, poc.whole(2), f"a change type of {', '.join(LINE_CHANGES)}; name others in [documents.actions]"
        )
        return
    quantity, price = number_in(reading, poc, 3), number_in(reading, poc, 6)
    amount = reading.amount(None, price, quantity, BASIS.get(poc.whole(7)), poc.place) if price and quantity else None
    reading.add(
        "order_changes", poc.place, **common, **product_columns(reading, items_of(reading, (poc, 8)), line),
        line_no=line_no_of(poc, position), action=action, quantity="0" if action == "cancelled" else quantity, unit=poc.whole(5),
        unit_price=price, net_amount=amount, promised_on=day_of(reading, line, *PROMISED) or promised,
    )  # fmt: skip


def read_865(reading: Reading, segments: Sequence[Segment]) -> None:
    """A seller's answer to a change, or a change it asks for: confirmations, as in 855."""
    head, lines, _ = laid_out(segments, "POC")
    bca = head.first("BCA") or segments[0]
    number = reading.needed(bca.whole(3), bca.place, "a purchase order number in BCA03")
    day = _last_day(reading, bca)
    reading.head(number, bca.whole(1), day, PURPOSE_RANKS.get(bca.whole(1), 2))
    _confirmations(reading, head, lines, number, day, bca.whole(2))


__all__ = ["BASIS", "PROMISED", "PURPOSE_RANKS", "line_no_of", "parties", "read_850", "read_855", "read_860", "read_865"]
