"""852, 867 and 846: what partners sold and what they hold. Source: X12 4010, transaction sets 852, 867, 846.

One 852 carries sales and stock: each activity (ZA) of an article goes where the table of activities says. Its rows are identified by period, outlet
and article, so that a corrected report replaces what the earlier one said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ingestion.documents.reading import Reading, negated
from ingestion.documents.segments import Segment
from ingestion.documents.x12.orders import PURPOSE_RANKS
from ingestion.documents.x12.parts import (
    PARTY_QUALIFIERS,
    Part,
    currency_of,
    day_of,
    items_of,
    number_in,
    party_in,
    party_of,
    product_columns,
)

ACTIVITIES: Mapping[str, str] = {
    "QS": "sold", "Q1": "net_sold", "QU": "returned", "QA": "on_hand", "OH": "on_hand", "QI": "in_transit", "QP": "ignored", "QR": "ignored",
    "LS": "ignored", "TS": "ignored", "QO": "ignored", "QC": "ignored", "QD": "ignored", "QE": "ignored", "QF": "ignored", "QH": "ignored",
    "QT": "ignored", "QZ": "ignored", "HL": "ignored", "QB": "ignored", "QM": "ignored", "QN": "ignored", "NS": "net_sold",
}  # fmt: skip
"""Activity (859) -> what it counts. QR is *received*, not returned; QP is on order; LS and TS are no movements of goods."""

ON_HAND = "QA,OH"
"""Of several counts of what is on hand the first of these is taken."""

TRANSACTIONS: Mapping[str, str] = {"SS": "sale", "SD": "sale", "DS": "sale", "BN": "return", "RV": "returned_to_maker", "IA": "ignored",
                                   "PA": "ignored", "TD": "ignored"}  # fmt: skip
"""Product transfer type (521) -> what it is. RV goes back to the manufacturer and is no sale; IA, PA and TD move nothing to a customer."""

STOCK_QUANTITIES = "17,33"
"""Quantity qualifiers (673) of what is on hand in 846, the first that is there; partners use sets of their own."""

OUTLETS = ("SN", "ST", "BS", "BY")
REPORTERS = ("DB", "DS", "RL", "FR", "RE", "WH", "BY", "SE", "RT")


def _reporter(reading: Reading, head: Part) -> tuple[str, str]:
    return party_of(reading, head, *REPORTERS)


def _prices(reading: Reading, line: Part) -> str | None:
    """The price of the line's CTP by `net_price`, else its first."""
    found = {ctp.whole(2): ctp for ctp in reversed(list(line.every("CTP")))}
    code = next((one for one in [*reading.listed("net_price", "NET,CON,UCP"), *reversed(list(found))] if one in found), None)
    return number_in(reading, found[code], 3) if code is not None else None


def read_852(reading: Reading, segments: Sequence[Segment]) -> None:
    """Product activity: what each outlet sold, took back and holds of each article."""
    head, lines = Part([s for s in segments[:-1] if s.tag != "CTT"]).split("LIN")
    xq = head.first("XQ") or segments[0]
    first = reading.day(reading.needed(xq.whole(2), xq.place, "the first day of the period in XQ02"), xq.place)
    last = reading.day(xq.whole(3), xq.place) or first
    number = head.value("N9", "RE") or f"{first}/{last}"
    reading.head(number, xq.whole(1), last, 0)
    reporter = _reporter(reading, head)
    header_outlet = party_of(reading, head, *OUTLETS)
    counted: dict[tuple[tuple[str, str], str, str, str], dict[str, Decimal]] = {}
    columns: dict[tuple[tuple[str, str], str, str, str], tuple[str, dict[str, str], str | None, str]] = {}
    for line in lines:
        product = product_columns(reading, items_of(reading, (line.segments[0], 2)), line)
        price = _prices(reading, line)
        for meaning, code, outlet, quantity, unit in _activities(reading, line, header_outlet if header_outlet[1] else reporter):
            key = (outlet, product["product_scheme"], product["product_ref"], price or "")
            columns.setdefault(key, (line.place, product, price, unit))
            counts = counted.setdefault(key, {})
            name = code if meaning == "on_hand" else meaning
            counts[name] = counts.get(name, Decimal(0)) + quantity
    common = {"period_from": first, "period_to": last, "currency": currency_of(head)}
    day = first if reading.switch("period_day", "last") == "first" else last
    for key, counts in counted.items():
        place, product, price, unit = columns[key]
        _report(reading, place, counts, {**common, **product, "unit": unit}, key[0], reporter, number, price, day)


def _activities(
    reading: Reading, line: Part, outlet: tuple[str, str]
) -> Iterator[tuple[str, str, tuple[str, str], Decimal, str]]:
    """(what it counts, code, outlet, quantity, unit) of a line; SDQ spreads the activity before it over outlets."""
    code, meaning = "", ""
    for segment in line.segments:
        if segment.tag == "ZA":
            code = segment.whole(1)
            meaning = reading.code("activities", code, ACTIVITIES) or "unknown"
            if meaning == "unknown":
                reading.warn(
                    "EDI-133",
                    segment.place,
                    code,
                    f"an activity of {', '.join(ACTIVITIES)}; name others in [documents.activities]",
                )
            quantity = number_in(reading, segment, 2)
            if quantity is not None and meaning not in ("ignored", "unknown"):
                yield meaning, code, outlet, Decimal(quantity), segment.whole(3)
        elif segment.tag == "SDQ" and meaning and meaning not in ("ignored", "unknown"):
            for element in range(3, len(segment.elements) - 1, 2):
                quantity = number_in(reading, segment, element + 1)
                if segment.whole(element) and quantity is not None:
                    store = reading.party(segment.whole(element), segment.whole(2), segment.place, PARTY_QUALIFIERS)
                    yield meaning, code, store, Decimal(quantity), segment.whole(1)


def _report(
    reading: Reading, place: str, counts: Mapping[str, Decimal], common: Mapping[str, str | None], outlet: tuple[str, str],
    reporter: tuple[str, str], number: str, price: str | None, day: str | None,
) -> None:  # fmt: skip
    """Sales, returns and stock of one article at one outlet. A net count (Q1) says it all: gross and returns are not added to it."""
    line_no = "|".join((*outlet, common["product_scheme"] or "", common["product_ref"] or "", *([price] if price else [])))
    moves = {"sale": counts.get("net_sold", counts.get("sold"))}
    if "net_sold" not in counts and "returned" in counts:
        moves["return"] = -counts["returned"]
    for kind, quantity in moves.items():
        if quantity is None:
            continue
        text = format(quantity, "f")
        row = {
            **common, "document_no": number, "line_no": line_no if kind == "sale" else f"{line_no}|return", "sold_on": day, "quantity": text,
            "unit_price": price, "net_amount": reading.amount(None, price, text, None, place),
        }  # fmt: skip
        reading.add(
            "sell_through",
            place,
            **row,
            seller_scheme=reporter[0],
            seller_ref=reporter[1],
            buyer_scheme=outlet[0],
            buyer_ref=outlet[1],
        )
        reading.add("sell_out", place, **row, seller_scheme=outlet[0], seller_ref=outlet[1])
    on_hand = next((counts[code] for code in reading.listed("on_hand", ON_HAND) if code in counts), None)
    if on_hand is None:
        on_hand = next((counts[name] for name in counts if name not in ("sold", "net_sold", "returned", "in_transit")), None)
    if on_hand is not None:
        in_transit = counts.get("in_transit")
        reading.add("stock", place, **common, holder_scheme=outlet[0], holder_ref=outlet[1], counted_on=common["period_to"],
                    on_hand_quantity=format(on_hand, "f"), in_transit_quantity=format(in_transit, "f") if in_transit is not None else None)  # fmt: skip


def read_867(reading: Reading, segments: Sequence[Segment]) -> None:
    """Resales: each quantity of each product transfer, to the customer it names. What the transfer is decides the sign."""
    head, transfers = Part([s for s in segments[:-1] if s.tag != "CTT"]).split("PTD")
    bpt = head.first("BPT") or segments[0]
    day = reading.day(bpt.whole(3), bpt.place)
    number = reading.needed(bpt.whole(2), bpt.place, "a report number in BPT02")
    reading.head(number, bpt.whole(1), day, PURPOSE_RANKS.get(bpt.whole(1), 1))
    last = day_of(reading, head, "091", "194", "090", "327") or day
    common = {"period_from": day_of(reading, head, "090"), "period_to": last, "currency": currency_of(head)}
    seller, maker = party_of(reading, head, "DB", "DS", "SE"), party_of(reading, head, "MF", "SU", "VN")
    lines: dict[str, int] = {}
    for transfer in transfers:
        ptd = transfer.segments[0]
        meaning = reading.code("transactions", ptd.whole(1), TRANSACTIONS)
        if meaning in (None, "ignored"):
            reading.warn("EDI-133", ptd.place, ptd.whole(1), "a sale or return: " + ", ".join(k for k, v in TRANSACTIONS.items() if v != "ignored")
                         + "; name others in [documents.transactions]")  # fmt: skip
            continue
        top, items = transfer.split("QTY")
        for item in items:
            _resale(reading, item, top, common, (seller, maker), number, last, str(meaning), lines)


def _resale(
    reading: Reading, item: Part, top: Part, common: Mapping[str, str | None], who: tuple[tuple[str, str], tuple[str, str]], number: str,
    last: str | None, meaning: str, lines: dict[str, int],
) -> None:  # fmt: skip
    qty, uit = item.segments[0], item.first("UIT")
    both = Part([*item.segments, *top.segments])
    quantity, price = number_in(reading, qty, 2), number_in(reading, uit, 2) if uit else None
    amount = reading.amount(None, price, quantity, None, qty.place)
    document = both.value("REF", "IV", "DI", "IK") or number
    lines[document] = lines.get(document, 0) + 1
    lin = both.first("LIN")
    customer = both.first("N1", "ST", "EC", "BT", "BY", "UC")
    product = product_columns(reading, items_of(reading, (lin, 2)), item)
    sold_on = day_of(reading, both, "003", "011", "035", "007") or last
    (seller_scheme, seller_ref), (maker_scheme, maker_ref) = who
    row = {**common, **product, "line_no": (lin.whole(1) if lin else "") or str(lines[document]), "unit": qty.whole(3) or (uit.whole(1) if uit else ""),
           "unit_price": price, "order_document_no": both.value("REF", "PO")}  # fmt: skip
    if meaning == "returned_to_maker":
        reading.add("returns", qty.place, **row, return_no=document, seller_scheme=maker_scheme, seller_ref=maker_ref, buyer_scheme=seller_scheme,
                    buyer_ref=seller_ref, quantity=quantity, net_amount=amount, returned_on=sold_on, reason="return to vendor")  # fmt: skip
        return
    is_back = meaning == "return"
    buyer_scheme, buyer_ref = party_in(reading, customer) if customer else ("", "")
    reading.add("sell_through", qty.place, **row, document_no=document, seller_scheme=seller_scheme, seller_ref=seller_ref,
                buyer_scheme=buyer_scheme, buyer_ref=buyer_ref, sold_on=sold_on, quantity=_signed(quantity, is_back),
                net_amount=_signed(amount, is_back))  # fmt: skip


def _signed(number: str | None, is_back: bool) -> str | None:
    """Returns are negative however the sender writes them."""
    return negated(number) if is_back and number and not number.startswith("-") else number


def read_846(reading: Reading, segments: Sequence[Segment]) -> None:
    """Stock: of each article what is on hand, by the quantity qualifiers that the profile lists."""
    head, lines = Part([s for s in segments[:-1] if s.tag != "CTT"]).split("LIN")
    bia = head.first("BIA") or segments[0]
    number = reading.needed(bia.whole(3), bia.place, "a report number in BIA03")
    day = reading.day(bia.whole(4), bia.place) or day_of(reading, head, "007", "097", "090")
    reading.head(number, bia.whole(1), day, PURPOSE_RANKS.get(bia.whole(1), 1))
    holder = party_of(reading, head, "WH", "ST", "DB", "DS", "SE", "SU", "BY")
    wanted = reading.listed("stock_quantities", STOCK_QUANTITIES)
    for line in lines:
        quantity = line.first("QTY", *wanted)
        if quantity is None:
            reading.warn(
                "EDI-134",
                line.place,
                ", ".join(q.whole(1) for q in line.every("QTY")),
                f"a quantity of {', '.join(wanted)} (switch stock_quantities)",
            )
            continue
        local = party_of(reading, line, "WH", "ST") if line.first("N1") else ("", "")
        moving = line.first("QTY", *reading.listed("transit_quantities", "")) if reading.switch("transit_quantities") else None
        scheme, ref = local if local[1] else holder
        uit = line.first("UIT")
        reading.add(
            "stock", quantity.place, **product_columns(reading, items_of(reading, (line.segments[0], 2)), line), holder_scheme=scheme,
            holder_ref=ref, counted_on=day_of(reading, line, "007") or day, on_hand_quantity=number_in(reading, quantity, 2),
            in_transit_quantity=number_in(reading, moving, 2) if moving else None,
            unit=quantity.whole(3) or (uit.whole(1) if uit else ""), quantity_kind=quantity.whole(1),
        )  # fmt: skip
