"""UBL documents from order to delivery. Rows go to `orders`, `order_lines`, `order_confirmations` and `deliveries`;
what no feed takes stands in `order_responses`, `packages`, `outstanding`, `order_cancellations` and `acknowledgements`."""

from __future__ import annotations

from decimal import Decimal

from ingestion.documents.drafting import Draft, decimal_text
from ingestion.documents.model import Row
from ingestion.documents.ubl_parts import item, party
from ingestion.documents.xml_reading import Node

RESPONSES = {"AB": "acknowledged", "AP": "accepted", "RE": "rejected", "CA": "accepted_changed"}
WHOLE_ANSWERS = {"AP": "confirmed", "RE": "rejected"}
"""OrderResponseCode -> what a response without lines says of the whole order."""
LINE_STATUS = {"1": "changed", "3": "changed", "5": "confirmed", "7": "rejected", "42": "confirmed"}
"""LineStatusCode -> the feed's word: 1 added, 3 changed, 5 accepted, 7 not accepted, 42 already delivered."""
CHANGED_LINE = {"2": "cancelled"}
SUB_CENT = Decimal("0.0001")


def read_order(draft: Draft, document: Node) -> str:
    """Order and OrderChange (which repeats the whole order). The function is the sequence number of a change."""
    currency = draft.needed(document, "DocumentCurrencyCode")
    sequence = document.text("SequenceNumberID") or ""
    number = document.text("OrderReference/ID") if document.name == "OrderChange" else None
    head: Row = {
        "document_no": number or document.text("ID"),
        "ordered_on": draft.day(document, "IssueDate", is_needed=True),
        "promised_on": _requested(draft, document),
        **party(draft, document, "buyer", "BuyerCustomerParty/Party"),
        **party(draft, document, "seller", "SellerSupplierParty/Party"),
    }
    _head(
        draft,
        document,
        sequence,
        head["ordered_on"],
        min(9, 2 + int(sequence)) if sequence.isdecimal() and len(sequence) < 5 else 0,
    )
    draft.add("orders", document.place, head, status="open", currency=currency)
    lines = document.nodes("OrderLine/LineItem")
    if not lines:
        draft.find("ING-612", document.place, "no OrderLine", "at least one line")
    for line in lines:
        quantity = draft.number(line.node("Quantity"), is_needed=True, within=line)
        draft.add(
            "order_lines", line.place, head, item(draft, line), line_kind="order", line_no=draft.needed(line, "ID"), quantity=decimal_text(quantity),
            unit=line.attribute("unitCode", "Quantity"), net_amount=decimal_text(_line_net(draft, line, quantity)), currency=currency,
            promised_on=_requested(draft, line) or head["promised_on"],
            line_status=CHANGED_LINE.get(line.text("LineStatusCode") or "", "open"),
        )  # fmt: skip
    return sequence


def _head(draft: Draft, document: Node, function: str, day: str | None, rank: int) -> None:
    draft.head(function, day, rank, f"{document.text('IssueDate') or ''}{document.text('IssueTime') or ''}")


def _requested(draft: Draft, node: Node) -> str | None:
    return draft.day(node, "Delivery/RequestedDeliveryPeriod/EndDate", "Delivery/RequestedDeliveryPeriod/StartDate")


def _line_net(draft: Draft, line: Node, quantity: Decimal | None) -> Decimal | None:
    """Net of a line: as it says, else quantity times price; a line without both has none (ING-612)."""
    net = draft.number(line.node("LineExtensionAmount"))
    if net is not None:
        return net
    price = draft.number(line.node("Price/PriceAmount"))
    base = draft.number(line.node("Price/BaseQuantity"))
    if price is None or quantity is None:
        draft.find("ING-612", line.place, "neither LineExtensionAmount nor Price/PriceAmount", "what the line costs")
        return None
    return (quantity * price / (base or Decimal(1))).quantize(SUB_CENT)


def read_order_response(draft: Draft, document: Node) -> str:
    """OrderResponse: what the seller says to an order. A response without lines speaks of the whole order."""
    code = draft.needed(document, "OrderResponseCode")
    if code and code not in RESPONSES:
        draft.find("ING-613", document.place, code, f"an OrderResponseCode: {', '.join(RESPONSES)}")
    head: Row = {
        "document_no": draft.needed(document, "OrderReference/ID"),
        "confirmed_on": draft.day(document, "IssueDate", is_needed=True),
        **party(draft, document, "buyer", "BuyerCustomerParty/Party"),
        **party(draft, document, "seller", "SellerSupplierParty/Party"),
    }
    promised = _promised(draft, document)
    _head(draft, document, code, head["confirmed_on"], 0)
    draft.add(
        "order_responses", document.place, head, response=RESPONSES.get(code), promised_on=promised, note=document.text("Note")
    )
    lines = document.nodes("OrderLine")
    if not lines and code in WHOLE_ANSWERS:
        draft.add(
            "order_confirmations",
            document.place,
            head,
            line_no="*",
            split_no="1",
            status=WHOLE_ANSWERS[code],
            promised_on=promised,
        )
    for line in lines:
        position = line.node("LineItem") or line
        status = draft.needed(position, "LineStatusCode")
        if status and status not in LINE_STATUS:
            draft.find("ING-613", position.place, status, f"a LineStatusCode: {', '.join(LINE_STATUS)}")
        quantity = draft.number(position.node("Quantity"))
        draft.add(
            "order_confirmations", position.place, head, item(draft, position), line_no=line.text("OrderLineReference/LineID") or draft.needed(position, "ID"),
            split_no="1", status=LINE_STATUS.get(status), promised_on=_promised(draft, position) or promised,
            confirmed_quantity="0" if status == "7" else decimal_text(quantity), unit=position.attribute("unitCode", "Quantity"),
            substitute_item_no=line.text("SellerSubstitutedLineItem/Item/SellersItemIdentification/ID"), note=position.text("Note"),
        )  # fmt: skip
    return code


def _promised(draft: Draft, node: Node) -> str | None:
    return draft.day(node, "Delivery/PromisedDeliveryPeriod/EndDate", "Delivery/PromisedDeliveryPeriod/StartDate")


def read_despatch(draft: Draft, document: Node) -> str:
    """DespatchAdvice. A line with nothing delivered is only outstanding."""
    shipment = "Shipment/Delivery"
    head: Row = {
        "delivery_no": document.text("ID"),
        "shipped_on": draft.day(document, f"{shipment}/Despatch/ActualDespatchDate", "IssueDate", is_needed=True),
        "promised_on": draft.day(document, f"{shipment}/EstimatedDeliveryPeriod/EndDate", f"{shipment}/EstimatedDeliveryPeriod/StartDate"),
        **party(draft, document, "buyer", "BuyerCustomerParty/Party", "DeliveryCustomerParty/Party"),
        **party(draft, document, "seller", "SellerSupplierParty/Party", "DespatchSupplierParty/Party"),
    }  # fmt: skip
    _head(draft, document, document.text("DespatchAdviceTypeCode") or "", head["shipped_on"], 0)
    _packages(draft, document, head, None)
    lines = document.nodes("DespatchLine")
    if not lines:
        draft.find("ING-612", document.place, "no DespatchLine", "at least one line")
    for line in lines:
        _despatch_line(draft, document, line, head)
    return document.text("DespatchAdviceTypeCode") or ""


def _despatch_line(draft: Draft, document: Node, line: Node, head: Row) -> None:
    delivered = draft.number(line.node("DeliveredQuantity"))
    outstanding = draft.number(line.node("OutstandingQuantity"))
    units = line.nodes("Shipment/TransportHandlingUnit")
    row: Row = {
        **head, **item(draft, line),
        "line_no": draft.needed(line, "ID"),
        "order_document_no": line.text("OrderLineReference/OrderReference/ID") or document.text("OrderReference/ID"),
        "order_line_no": line.text("OrderLineReference/LineID"),
        "quantity": decimal_text(delivered), "unit": line.attribute("unitCode", "DeliveredQuantity"),
        "outstanding_quantity": decimal_text(outstanding), "outstanding_reason": line.text("OutstandingReason"),
        "sscc": units[0].text("ID") if len(units) == 1 else None,
    }  # fmt: skip
    if delivered is None and outstanding is None:
        draft.find("ING-612", line.place, "neither DeliveredQuantity nor OutstandingQuantity", "a quantity")
    _packages(draft, line, head, row["line_no"])
    if delivered:
        draft.add("deliveries", line.place, row)
    if outstanding:
        draft.add("outstanding", line.place, row)


def _packages(draft: Draft, node: Node, head: Row, line_no: str | None) -> None:
    """The handling units of a shipment or of a line; `package_no` is the SSCC, else their place."""
    for number, unit in enumerate(node.nodes("Shipment/TransportHandlingUnit"), 1):
        sscc = unit.text("ID")
        draft.add(
            "packages", unit.place, head, sscc=sscc, package_no=sscc or f"{line_no or ''}/{number}", line_no=line_no,
            package_kind=unit.text("TransportHandlingUnitTypeCode"),
        )  # fmt: skip


def read_order_cancellation(draft: Draft, document: Node) -> str:
    """OrderCancellation: the order it takes back."""
    draft.add(
        "order_cancellations", document.place, party(draft, document, "buyer", "BuyerCustomerParty/Party"),
        party(draft, document, "seller", "SellerSupplierParty/Party"), document_no=draft.needed(document, "OrderReference/ID"),
        cancelled_on=draft.day(document, "IssueDate", is_needed=True), note=document.text("CancellationNote"),
    )  # fmt: skip
    return ""


def read_application_response(draft: Draft, document: Node) -> str:
    """Invoice, catalogue and message level responses: what they answer, and the code."""
    codes = []
    for response in document.nodes("DocumentResponse"):
        code = draft.needed(response, "Response/ResponseCode")
        codes.append(code)
        draft.add(
            "acknowledgements", response.place, document_no=response.text("DocumentReference/ID"), document_type=response.text("DocumentReference/DocumentTypeCode"),
            code=code, reason=response.text("Response/Status/StatusReason", "Response/Description"),
            answered_on=draft.day(document, "IssueDate"),
        )  # fmt: skip
    return " ".join(codes)
