"""cXML: OrderRequest, ConfirmationRequest, ShipNoticeRequest. One file is one message; a sender that tries again repeats its payloadID.

The DOCTYPE line that cXML asks for is accepted and never followed. The shared secret of the header is redacted before anything is read. A line's
ConfirmationStatus elements split its quantity: each is a row of `order_confirmations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from ingestion.documents.drafting import PARTNER_SWITCHES, Draft, decimal_text, sha256_of, total
from ingestion.documents.model import NO_KIND, DocumentFinding, MessageKey, Parsed, Row
from ingestion.documents.xml_reading import Node, XmlRefused, read_xml
from ingestion.redaction import redact_secrets

ORDER_TYPES = {"new": "open", "update": "open", "delete": "cancelled"}
CONFIRMATIONS = {
    "accept": "confirmed", "allDetail": "confirmed", "detail": "changed", "reject": "rejected", "backordered": "backordered",
    "unknown": "pending",
}  # fmt: skip
WHOLE_ANSWERS = ("accept", "reject")
"""Kinds of confirmation that speak of the whole order when they name no lines."""
RANKS = {"new": 0, "update": 2, "delete": 5}
SUB_CENT = Decimal("0.0001")


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Read a cXML file."""
    content = redact_secrets(content)
    try:
        root = read_xml(content, allow_doctype=True)
    except XmlRefused as refused:
        return Parsed("cxml", (), (refused.finding,))
    if root.name != "cXML":
        finding = DocumentFinding("ING-611", root.place, f"the root element {root.name}"[:300], "cXML")
        return Parsed("cxml", (), (finding,))
    envelope = {
        "sender": _credential(root, "From"), "recipient": _credential(root, "To"),
        "deployment": root.attribute("deploymentMode", "Request") or "production",
    }  # fmt: skip
    draft = Draft(1, _kind(root), switches)
    document_no, function = _read(draft, root)
    payload_id = root.attribute("payloadID") or ""
    if not payload_id:
        draft.find("ING-612", root.place, "no payloadID", "the attribute that makes the message unique")
    key = MessageKey(
        envelope["sender"], payload_id, "", payload_id, draft.kind, document_no, function, _digest(root), "cXML/@payloadID"
    )
    return Parsed("cxml", (draft.finish(key, content.decode("utf-8", "replace")),), envelope=envelope)


def _digest(root: Node) -> str:
    """Of what the message says, to whom and from whom: not of when it was sent, by which program, or how it is indented."""
    parts = [root.node(path) for path in ("Header/From", "Header/To", "Request", "Message", "Response")]
    return sha256_of(b"\n".join(part.canonical() for part in parts if part is not None))


def _credential(root: Node, role: str) -> str:
    credential = root.node(f"Header/{role}/Credential")
    if credential is None:
        return ""
    return f"{credential.attribute('domain') or ''}:{credential.text('Identity') or ''}"


def _body(root: Node) -> Node | None:
    """What the message is about."""
    for envelope in ("Request", "Message", "Response"):
        body = root.node(envelope)
        content = next((child for child in body.children() if child.name != "Status"), None) if body else None
        if content is not None:
            return content
    return None


def _kind(root: Node) -> str:
    body = _body(root)
    return body.name if body else NO_KIND


def _read(draft: Draft, root: Node) -> tuple[str, str]:
    """Document number and function."""
    content = _body(root)
    if content is None:
        draft.find("ING-612", root.place, "no Request, Message or Response with content", f"one of {', '.join(READERS)}")
    elif content.name in READERS:
        return READERS[content.name](draft, root, content)
    else:
        draft.find("ING-611", content.place, f"a {content.name}", f"one of {', '.join(READERS)}")
    return "", ""


def _parties(draft: Draft, root: Node, buyer: str, seller: str) -> Row:
    """The two parties by who sent the message."""
    row: dict[str, str | None] = {}
    for role, element in (("buyer", buyer), ("seller", seller)):
        credential = root.node(f"Header/{element}/Credential")
        row[f"{role}_scheme"] = draft.scheme(credential.attribute("domain")) if credential else None
        row[f"{role}_ref"] = credential.text("Identity") if credential else None
    return row


def _item(draft: Draft, line: Node) -> Row:
    seller, buyer = line.text("ItemID/SupplierPartID"), line.text("ItemID/BuyerPartID")
    gtin = line.node("ItemDetail/ItemDetailIndustry/ItemDetailRetail/EANID")
    numbers = {"gtin": draft.gtin(gtin.text(), gtin) if gtin else None, "seller_item": seller, "buyer_item": buyer}
    return {
        **draft.product(numbers), "seller_item_no": seller, "buyer_item_no": buyer, "description": line.text("ItemDetail/Description"),
    }  # fmt: skip


def _quantity(draft: Draft, node: Node) -> Decimal | None:
    """The attribute `quantity`; ING-612, ING-613."""
    text = node.attribute("quantity")
    if text is None:
        draft.find("ING-612", node.place, "no quantity", "the attribute quantity")
        return None
    return draft.number_of(text, f"quantity of {node.place}")


def _day(draft: Draft, node: Node, *names: str) -> str | None:
    text = next((found for found in (node.attribute(name) for name in names) if found), None)
    return draft.day_of(text, f"{names[0]} of {node.place}") if text else None


def _attribute(draft: Draft, node: Node, name: str) -> str:
    value = node.attribute(name)
    if value is None:
        draft.find("ING-612", node.place, f"no {name}", f"the attribute {name}")
    return value or ""


def _order(draft: Draft, root: Node, order: Node) -> tuple[str, str]:
    header = order.node("OrderRequestHeader")
    if header is None:
        draft.find("ING-612", order.place, "no OrderRequestHeader", "the order's header")
        return "", ""
    kind = header.attribute("type") or "new"
    if kind not in ORDER_TYPES:
        draft.find("ING-613", header.place, kind, f"an order type: {', '.join(ORDER_TYPES)}")
    number = _attribute(draft, header, "orderID")
    money = header.node("Total/Money")
    head: Row = {
        **_parties(draft, root, "From", "To"), "document_no": number, "ordered_on": _day(draft, header, "orderDate"),
        "order_version": header.attribute("orderVersion"), "ship_to_no": header.attribute("addressID", "ShipTo/Address"),
        "payload_id": root.attribute("payloadID"),
    }  # fmt: skip
    draft.head(kind, head["ordered_on"], RANKS.get(kind, 0), root.attribute("timestamp") or "")
    promised = _day(draft, header, "requestedDeliveryDate")
    status = ORDER_TYPES.get(kind, "open")
    draft.add(
        "orders", header.place, head, status=status, promised_on=promised, currency=money.attribute("currency") if money else None,
        total_amount=decimal_text(draft.number(money)), order_type=kind,
    )  # fmt: skip
    if head["ordered_on"] is None:
        draft.find("ING-612", header.place, "no orderDate", "the attribute orderDate")
    for line in order.nodes("ItemOut"):
        _order_line(draft, line, head, promised, status)
    return number, kind


def _order_line(draft: Draft, line: Node, head: Row, promised: str | None, status: str) -> None:
    quantity = _quantity(draft, line)
    money = line.node("ItemDetail/UnitPrice/Money") or line.node("BlanketItemDetail/UnitPrice/Money")
    price = draft.number(money, is_needed=True, within=line)
    per = line.attribute("quantity", "ItemDetail/PriceBasisQuantity")
    factor = line.attribute("conversionFactor", "ItemDetail/PriceBasisQuantity")
    net = None
    if quantity is not None and price is not None:
        basis = draft.number_of(per, line.place) if per else Decimal(1)
        times = draft.number_of(factor, line.place) if factor else Decimal(1)
        net = (quantity * (times or Decimal(1)) * price / (basis or Decimal(1))).quantize(SUB_CENT)
    draft.add(
        "order_lines", line.place, head, _item(draft, line), line_kind="order", line_no=_attribute(draft, line, "lineNumber"), quantity=decimal_text(quantity),
        unit=line.text("ItemDetail/UnitOfMeasure"), net_amount=decimal_text(net), unit_price=decimal_text(price),
        currency=money.attribute("currency") if money else None, line_status=status,
        promised_on=_day(draft, line, "requestedDeliveryDate") or promised,
    )  # fmt: skip


def _confirmation(draft: Draft, root: Node, request: Node) -> tuple[str, str]:
    header = request.node("ConfirmationHeader")
    if header is None:
        draft.find("ING-612", request.place, "no ConfirmationHeader", "the confirmation's header")
        return "", ""
    kind = _attribute(draft, header, "type")
    if kind not in {*CONFIRMATIONS, "except", "requestToPay", ""}:
        draft.find("ING-613", header.place, kind, "a confirmation type: accept, allDetail, detail, except, reject")
    confirmed_on = _day(draft, header, "noticeDate") or _day(draft, root, "timestamp")
    head: Row = {
        **_parties(draft, root, "To", "From"), "document_no": request.attribute("orderID", "OrderReference"),
        "order_payload_id": request.attribute("payloadID", "OrderReference/DocumentReference"),
        "confirmed_on": confirmed_on, "confirmation_no": header.attribute("confirmID"), "payload_id": root.attribute("payloadID"),
        "operation": header.attribute("operation") or "new",
    }  # fmt: skip
    if head["document_no"] is None:
        draft.find("ING-612", request.place, "no OrderReference with orderID", "the order that is confirmed")
    if confirmed_on is None:
        draft.find("ING-612", header.place, "no noticeDate", "the day of the answer")
    draft.head(kind, confirmed_on, RANKS.get(head["operation"] or "", 0), root.attribute("timestamp") or "")
    draft.add("order_responses", header.place, head, response=CONFIRMATIONS.get(kind, kind), note=header.text("Comments"))
    lines = request.nodes("ConfirmationItem")
    if not lines and kind in WHOLE_ANSWERS:
        draft.add("order_confirmations", header.place, head, line_no="*", split_no="1", status=CONFIRMATIONS[kind])
    for line in lines:
        _confirmation_line(draft, line, head)
    return head["document_no"] or "", kind


def _confirmation_line(draft: Draft, line: Node, head: Row) -> None:
    """Each ConfirmationStatus is a part of the line's quantity with an answer of its own; together they are the whole."""
    ordered = _quantity(draft, line)
    number = _attribute(draft, line, "lineNumber")
    parts = line.nodes("ConfirmationStatus")
    quantities = []
    for split_no, part in enumerate(parts, 1):
        word = part.attribute("type") or ""
        if word not in CONFIRMATIONS:
            draft.find("ING-613", part.place, word, f"a status: {', '.join(CONFIRMATIONS)}")
        quantity = _quantity(draft, part)
        quantities.append(quantity)
        is_rejected = word == "reject"
        draft.add(
            "order_confirmations", part.place, head, _item(draft, part), line_no=number, split_no=str(split_no),
            status=CONFIRMATIONS.get(word), confirmed_quantity="0" if is_rejected else decimal_text(quantity),
            refused_quantity=decimal_text(quantity) if is_rejected else None, ordered_quantity=decimal_text(ordered),
            promised_on=_day(draft, part, "deliveryDate", "shipmentDate"), unit=part.text("UnitOfMeasure") or line.text("UnitOfMeasure"),
            note=part.text("Comments"),
        )  # fmt: skip
    if not parts:
        draft.find("ING-612", line.place, "no ConfirmationStatus", "what is said of the line")
    elif ordered is not None and total(quantities) != ordered:
        expected = f"{decimal_text(ordered)}, the line's quantity"
        draft.find("ING-614", line.place, f"splits of {decimal_text(total(quantities))} together", expected)


def _ship_notice(draft: Draft, root: Node, request: Node) -> tuple[str, str]:
    header = request.node("ShipNoticeHeader")
    if header is None:
        draft.find("ING-612", request.place, "no ShipNoticeHeader", "the notice's header")
        return "", ""
    number = _attribute(draft, header, "shipmentID")
    head: Row = {
        **_parties(draft, root, "To", "From"), "delivery_no": number, "shipped_on": _day(draft, header, "shipmentDate", "noticeDate"),
        "promised_on": _day(draft, header, "deliveryDate"), "payload_id": root.attribute("payloadID"),
        "operation": header.attribute("operation") or "new",
    }  # fmt: skip
    if head["shipped_on"] is None:
        draft.find("ING-612", header.place, "no shipmentDate", "the day of dispatch")
    draft.head(
        head["operation"] or "", head["shipped_on"], RANKS.get(head["operation"] or "", 0), root.attribute("timestamp") or ""
    )
    for portion in request.nodes("ShipNoticePortion"):
        order = portion.attribute("orderID", "OrderReference")
        draft.add("shipments", portion.place, head, order_document_no=order)
        for position, line in enumerate(portion.nodes("ShipNoticeItem"), 1):
            code = line.text("Packaging/ShippingContainerSerialCode")
            row: Row = {
                **head, **_item(draft, line), "line_no": line.attribute("shipNoticeLineNumber") or f"{order or ''}/{line.attribute('lineNumber') or position}",
                "order_document_no": order, "order_line_no": line.attribute("lineNumber"), "quantity": decimal_text(_quantity(draft, line)),
                "unit": line.text("UnitOfMeasure"), "sscc": code,
            }  # fmt: skip
            draft.add("deliveries", line.place, row)
            for package in line.nodes("Packaging/ShippingContainerSerialCode"):
                draft.add("packages", package.place, head, sscc=package.text(), package_no=package.text(), line_no=row["line_no"])
    return number, header.attribute("operation") or "new"


READERS: Mapping[str, Callable[[Draft, Node, Node], tuple[str, str]]] = {
    "OrderRequest": _order, "ConfirmationRequest": _confirmation, "ShipNoticeRequest": _ship_notice,
}  # fmt: skip
"""Request -> what reads it; gives number and function."""

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "OrderRequest": ("orders", "order_lines"),
    "ConfirmationRequest": ("order_confirmations", "order_responses"),
    "ShipNoticeRequest": ("deliveries", "shipments", "packages"),
}
SWITCHES = PARTNER_SWITCHES


def sniff(head: bytes) -> bool:
    """Whether a file begins like cXML."""
    return b"cXML" in head.replace(b"\0", b"")
