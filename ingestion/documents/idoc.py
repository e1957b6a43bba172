"""SAP IDoc ORDERS05 as XML: orders, their changes (MESTYP ORDCHG) and cancelled lines. One IDOC is one message.

Sources of the fields: E1EDK01 header, E1EDK02 references (001 the customer's order), E1EDK03 dates, E1EDKA1 partners (AG sold-to, WE ship-to, LF vendor),
E1EDP01 lines, E1EDP19 articles (001 the customer's, 002 the vendor's, 003 EAN), E1EDP20 schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ingestion.documents.drafting import PARTNER_SWITCHES, Draft, decimal_text, sha256_of
from ingestion.documents.model import DocumentFinding, Message, MessageKey, Parsed, Row
from ingestion.documents.xml_reading import Node, XmlRefused, read_xml

MESSAGES: Mapping[str, tuple[str, ...]] = {"ORDERS": ("orders", "order_lines"), "ORDCHG": ("orders", "order_lines")}
SWITCHES = PARTNER_SWITCHES
DOCUMENT_DAY, REQUESTED_DAY = ("012", "022", "025"), ("002", "044")
"""Qualifiers (IDDAT) of the day of the order, and of the day on which the goods are asked for."""
DELETED = "003"
SUB_CENT = Decimal("0.0001")


def sniff(head: bytes) -> bool:
    """Whether a file begins like an IDoc of orders."""
    text = head.replace(b"\0", b"")
    return b"<IDOC" in text and b"EDI_DC40" in text


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Read a file of IDocs."""
    try:
        root = read_xml(content)
    except XmlRefused as refused:
        return Parsed("idoc", (), (refused.finding,))
    documents = [root] if root.name == "IDOC" else root.nodes("IDOC")
    if not documents:
        finding = DocumentFinding("ING-611", root.place, f"the root element {root.name}"[:300], "ORDERS05 with IDOC")
        return Parsed("idoc", (), (finding,))
    text, sha256 = content.decode("utf-8", "replace"), sha256_of(content)
    return Parsed("idoc", tuple(_message(number, one, switches, text, sha256) for number, one in enumerate(documents, 1)))


def _message(number: int, document: Node, switches: Mapping[str, str], text: str, sha256: str) -> Message:
    control = document.node("EDI_DC40")
    kind = (control.text("MESTYP") if control else None) or "IDOC"
    draft = Draft(number, kind, switches)
    order_no, idoc_no = "", ""
    if control is None:
        draft.find("ING-612", document.place, "no EDI_DC40", "the control record")
    elif kind not in MESSAGES:
        draft.find("ING-611", control.place, f"a {kind}", f"one of {', '.join(MESSAGES)}")
    else:
        idoc_no = draft.needed(control, "DOCNUM")
        order_no = _order(draft, document, control, kind)
    sender = (control.text("SNDPRN", "SNDLAD", "SNDPOR") if control else None) or ""
    # document numbers are the sender's: without its name they tell nothing apart
    reference = idoc_no if sender else ""
    return draft.finish(MessageKey(sender, reference, "", reference, kind, order_no, "", sha256), text)


def _order(draft: Draft, document: Node, control: Node, kind: str) -> str:
    head = document.node("E1EDK01")
    number = _reference(document, "001") or (head.text("BELNR") if head else None)
    if number is None:
        draft.find("ING-612", document.place, "no order number", "BELNR in E1EDK02 with QUALF 001, or in E1EDK01")
    day = _day(draft, document, DOCUMENT_DAY) or _compact_day(draft, _segment(document, "E1EDK02", "QUALF", "001"), "DATUM")
    if day is None:
        draft.find("ING-612", document.place, "no day of the order", f"DATUM in E1EDK03 with IDDAT {' or '.join(DOCUMENT_DAY)}")
    currency = head.text("CURCY") if head else None
    common: Row = {
        "document_no": number, "ordered_on": day, "currency": currency,
        **_partner(draft, document, "buyer", "AG"), **_partner(draft, document, "seller", "LF"), **_partner(draft, document, "ship_to", "WE"),
    }  # fmt: skip
    if "seller_ref" not in common and (receiver := control.text("RCVPRN")):
        common = {**common, "seller_scheme": draft.scheme("PARTN"), "seller_ref": receiver}
    moment = f"{control.text('CREDAT') or ''}{control.text('CRETIM') or ''}"
    draft.head(kind, day, 2 if kind == "ORDCHG" else 0, moment)
    promised = _day(draft, document, REQUESTED_DAY)
    draft.add("orders", document.place, common, status="open", promised_on=promised)
    lines = document.nodes("E1EDP01")
    if not lines:
        draft.find("ING-612", document.place, "no E1EDP01", "at least one line")
    for line in lines:
        _line(draft, line, common, promised)
    return number or ""


def _line(draft: Draft, line: Node, common: Row, promised: str | None) -> None:
    quantity = draft.number(line.node("MENGE"), is_needed=True, within=line)
    price, per = draft.number(line.node("VPREI")), draft.number(line.node("PEINH"))
    net = draft.number(line.node("NETWR"))
    if net is None and price is not None and quantity is not None:
        net = (quantity * price / (per or Decimal(1))).quantize(SUB_CENT)
    if net is None:
        draft.find("ING-612", line.place, "neither NETWR nor VPREI", "what the line costs")
    numbers = {name: _article(line, code) for name, code in (("gtin", "003"), ("seller_item", "002"), ("buyer_item", "001"))}
    gtin = line.node("E1EDP19")
    if numbers["gtin"] and gtin is not None:
        numbers["gtin"] = draft.gtin(numbers["gtin"], gtin)
    delivery = _compact_day(draft, line.node("E1EDP20"), "EDATU")
    draft.add(
        "order_lines", line.place, common, draft.product(numbers), line_no=(draft.needed(line, "POSEX").lstrip("0") or "0"),
        quantity=decimal_text(quantity), unit=line.text("MENEE"), unit_price=decimal_text(price), net_amount=decimal_text(net),
        currency=line.text("CURCY") or common["currency"], promised_on=delivery or promised, line_kind="order",
        line_status="cancelled" if line.text("ACTION") == DELETED else "open", buyer_item_no=numbers["buyer_item"],
        seller_item_no=numbers["seller_item"], description=line.text("E1EDP19/KTEXT"),
    )  # fmt: skip


def _segment(document: Node, name: str, qualifier: str, *codes: str) -> Node | None:
    """The first segment with one of the codes, in the order of the codes."""
    found = document.nodes(name)
    return next((one for code in codes for one in found if one.text(qualifier) == code), None)


def _reference(document: Node, code: str) -> str | None:
    segment = _segment(document, "E1EDK02", "QUALF", code)
    return segment.text("BELNR") if segment else None


def _article(line: Node, code: str) -> str | None:
    segment = _segment(line, "E1EDP19", "QUALF", code)
    return segment.text("IDTNR") if segment else None


def _day(draft: Draft, document: Node, codes: tuple[str, ...]) -> str | None:
    return _compact_day(draft, _segment(document, "E1EDK03", "IDDAT", *codes), "DATUM")


def _compact_day(draft: Draft, segment: Node | None, field: str) -> str | None:
    """A day written CCYYMMDD; eight zeros are none."""
    text = segment.text(field) if segment else None
    if segment is None or text is None or text == "00000000":
        return None
    written = f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 else text
    return draft.day_of(written, f"{field} in {segment.place}")


def _partner(draft: Draft, document: Node, role: str, code: str) -> Row:
    """A partner by its GLN (ILNNR), else by its number."""
    segment = _segment(document, "E1EDKA1", "PARVW", code)
    if segment is None:
        return {}
    gln, number = segment.text("ILNNR"), segment.text("PARTN", "LIFNR")
    if gln:
        draft.party_number("0088", gln, segment)
        return {f"{role}_scheme": "gln", f"{role}_ref": gln}
    return {f"{role}_scheme": draft.scheme("PARTN"), f"{role}_ref": number} if number else {}
