"""SLSRPT and INVRPT: what partners sold, and what they hold. Source: EANCOM 2002, parts SLSRPT and INVRPT.

SLSRPT nests LOC > LIN > QTY: the place of sale stands before its articles. INVRPT may give a total and its splits by location, status or customer in
one line: a quantity that something qualifies is a part of the one before it, so splits are never added to their total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ingestion.documents.edifact.orders import header, line_no_of, product_columns
from ingestion.documents.edifact.parts import AGENCIES, Part, currency_of, money_of, party_in, party_of, period_of, price_of
from ingestion.documents.reading import Reading, negated
from ingestion.documents.segments import Segment

SOLD: Mapping[str, str] = {"153": "sold", "152": "sold", "47": "sold", "1": "sold", "61": "returned", "77": "returned"}
"""Quantity qualifier (6063) of a sales report -> what it counts."""

STOCK: Mapping[str, str] = {"145": "on_hand", "17": "on_hand", "33": "on_hand", "16": "on_hand", "198": "in_transit", "66": "in_transit",
                            "21": "ignored", "11": "ignored"}  # fmt: skip
"""Quantity qualifier of an inventory report -> what it counts."""

ON_HAND = "145,17,33"
"""Of several kinds of what is on hand the first of these is taken; they are views of the same goods and never added."""

QUALIFIERS = frozenset({"LOC", "STS", "INV", "NAD", "GIN", "CCI"})
"""Segments after a quantity that make it a part of a total."""

SALES_PRICES = "AAA,NTP,AAE,AAB"


def read_slsrpt(reading: Reading, segments: Sequence[Segment]) -> None:
    """A sales report: one row for each quantity of an article at a place of sale."""
    head, places = Part(segments[:-1]).split("LOC")
    if not places:
        head, _ = head.split("LIN")
        places = [Part(segments[len(head.segments) : -1])]
    number, _, day = header(reading, head)
    first, last = period_of(reading, head, "356", "90", "91", "137")
    last = period_of(reading, head, "91", "357", "357")[1] or last
    seller = party_of(reading, head, "SE", "DS", "GY", "BY", "MR")
    common = {"period_from": first, "period_to": last or day, "currency": currency_of(head)}
    outlet: tuple[str, str] = ("", "")
    for place in places:
        opening = place.segments[0]
        top, lines = place.split("LIN")
        if opening.tag == "LOC" and opening.get(1) in ("162", "7", "1", ""):
            outlet = _location(reading, opening)
        for position, line in enumerate(lines, 1):
            _sales(reading, line, position, common, number, seller, outlet, period_of(reading, top, "356", "90"))


def _location(reading: Reading, loc: Segment) -> tuple[str, str]:
    return reading.party(loc.get(2), loc.get(2, 3), loc.place, AGENCIES)


def _sales(
    reading: Reading, line: Part, position: int, common: Mapping[str, str | None], number: str, seller: tuple[str, str],
    outlet: tuple[str, str], period: tuple[str | None, str | None],
) -> None:  # fmt: skip
    top, quantities = line.split("QTY")
    product = product_columns(reading, top)
    price, basis = price_of(reading, line, *reading.listed("sales_price", SALES_PRICES))
    total = money_of(reading, top, "203", "77", "79")
    own = {**common, "period_from": period[0] or common["period_from"], "period_to": period[1] or common["period_to"]}
    day = own["period_from"] if reading.switch("period_day", "last") == "first" else own["period_to"]
    for split, part in enumerate(quantities, 1):
        qty = part.segments[0]
        meaning = reading.code("quantities", qty.get(1), SOLD)
        if meaning not in ("sold", "returned"):
            reading.warn(
                "EDI-133", qty.place, qty.get(1), f"a quantity of {', '.join(SOLD)}; name others in [documents.quantities]"
            )
            continue
        quantity = reading.number(qty.get(1, 2), qty.place)
        amount = reading.amount(
            money_of(reading, part, "203", "77", "79") or (total if len(quantities) == 1 else None),
            price,
            quantity,
            basis,
            qty.place,
        )
        if meaning == "returned":
            quantity, amount = _back(quantity), _back(amount)
        nad = part.first("NAD", "BY", "UC", "MKS", "DP") or top.first("NAD", "BY", "UC", "MKS", "DP")
        buyer = party_in(reading, nad) if nad else outlet
        line_no = "|".join(
            (
                outlet[1] or "-",
                line_no_of(line, position),
                *([str(split)] if len(quantities) > 1 else []),
                *(period[:1] if period[0] else ()),
            )
        )
        row = {**own, **product, "document_no": number, "line_no": line_no, "sold_on": day, "quantity": quantity, "unit": qty.get(1, 3),
               "unit_price": price, "net_amount": amount}  # fmt: skip
        reading.add(
            "sell_through",
            qty.place,
            **row,
            seller_scheme=seller[0],
            seller_ref=seller[1],
            buyer_scheme=buyer[0],
            buyer_ref=buyer[1],
        )
        shop = outlet if outlet[1] else seller
        reading.add("sell_out", qty.place, **row, seller_scheme=shop[0], seller_ref=shop[1])


def _back(number: str | None) -> str | None:
    """Returns are negative however the sender writes them."""
    return number if number is None or number.startswith("-") else negated(number)


def read_invrpt(reading: Reading, segments: Sequence[Segment]) -> None:
    """An inventory report: of each article what is on hand, in whole or by location."""
    head, lines = Part(segments[:-1]).split("LIN")
    header(reading, head)
    as_of = next((day for code in ("366", "91", "137") if (day := period_of(reading, head, code)[1])), None)
    holder = party_of(reading, head, "GY", "WH", "DS", "BY", "SE", "SU")
    for line in lines:
        top, parts = line.split("QTY")
        local = period_of(reading, top, "366", "91")[1]
        place = top.first("LOC")
        own = _location(reading, place) if place is not None and place.get(2) else holder
        common = {**product_columns(reading, top), "counted_on": local or as_of}
        _stock_of(reading, line, parts, common, own)


def _stock_of(
    reading: Reading, line: Part, parts: Sequence[Part], common: Mapping[str, str | None], holder: tuple[str, str]
) -> None:
    kinds: dict[str, list[Part]] = {}
    transit: str | None = None
    for part in parts:
        qty = part.segments[0]
        meaning = reading.code("quantities", qty.get(1), STOCK)
        if meaning == "on_hand":
            kinds.setdefault(qty.get(1), []).append(part)
        elif meaning == "in_transit":
            transit = reading.number(qty.get(1, 2), qty.place)
        elif meaning is None:
            reading.warn(
                "EDI-133", qty.place, qty.get(1), f"a quantity of {', '.join(STOCK)}; name others in [documents.quantities]"
            )
    order = [*reading.listed("on_hand", ON_HAND), *kinds]
    kind = next((code for code in order if code in kinds), None)
    if kind is None:
        reading.warn("EDI-134", line.place, "no quantity on hand", f"QTY of {reading.switch('on_hand', ON_HAND)}")
        return
    for scheme, ref, quantity, place, unit in _counts(reading, kinds[kind], holder):
        reading.add("stock", place, **common, holder_scheme=scheme, holder_ref=ref, on_hand_quantity=quantity, in_transit_quantity=transit,
                    unit=unit, quantity_kind=kind)  # fmt: skip
        transit = None


def _counts(reading: Reading, parts: Sequence[Part], holder: tuple[str, str]) -> list[tuple[str, str, str | None, str, str]]:
    """(scheme, holder, quantity, place, unit): by location when every part names one, else the total, else the sum of the parts."""
    totals = [part for part in parts if not any(segment.tag in QUALIFIERS for segment in part.segments)]
    splits = [part for part in parts if part not in totals]
    numbers = {id(part): reading.number(part.segments[0].get(1, 2), part.segments[0].place) for part in parts}
    first = parts[0].segments[0]
    added = sum((Decimal(numbers[id(part)] or 0) for part in splits), Decimal(0))
    if totals:
        total = numbers[id(totals[0])]
        if splits and total is not None and added != Decimal(total):
            reading.warn("EDI-208", first.place, str(added), f"{total}, the total that the parts split")
        return [(*holder, total, totals[0].segments[0].place, first.get(1, 3))]
    located: dict[tuple[str, str], Decimal] = {}
    for part in splits:
        loc = part.first("LOC")
        where = (
            _location(reading, loc)
            if loc is not None and loc.get(2) and reading.switch("locations", "holders") == "holders"
            else holder
        )
        located[where] = located.get(where, Decimal(0)) + Decimal(numbers[id(part)] or 0)
    return [(*where, format(quantity, "f"), first.place, first.get(1, 3)) for where, quantity in located.items()]
