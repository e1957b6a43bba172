"""UBL 2.1 and Peppol BIS 3: Order, OrderChange, OrderResponse, DespatchAdvice, Invoice, CreditNote and their answers.

One file is one message, or, in a StandardBusinessDocument envelope, as many as stand in it. Elements are found by local name, so prefixes and
minor versions do not matter. The schemas are not shipped (docs/adr/0022): required elements, numbers, dates, totals and check
digits are checked here.

Switches: `totals = "warn"` takes documents whose totals do not add up, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingestion.documents.drafting import PARTNER_SWITCHES, Draft, sha256_of
from ingestion.documents.model import DocumentFinding, Message, MessageKey, Parsed
from ingestion.documents.registry import Switch
from ingestion.documents.ubl_invoices import read_invoice
from ingestion.documents.ubl_orders import (
    read_application_response,
    read_despatch,
    read_order,
    read_order_cancellation,
    read_order_response,
)
from ingestion.documents.xml_reading import Node, XmlRefused, read_xml

NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
SENDERS = (
    "AccountingSupplierParty/Party", "DespatchSupplierParty/Party", "SenderParty", "SellerSupplierParty/Party", "BuyerCustomerParty/Party",
)  # fmt: skip
READERS: Mapping[str, Callable[[Draft, Node], str]] = {
    "Order": read_order,
    "OrderChange": read_order,
    "OrderCancellation": read_order_cancellation,
    "OrderResponse": read_order_response,
    "DespatchAdvice": read_despatch,
    "Invoice": read_invoice,
    "CreditNote": read_invoice,
    "ApplicationResponse": read_application_response,
}
"""Root element -> what reads it and gives the document's function."""

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "Order": ("orders", "order_lines"), "OrderChange": ("orders", "order_lines"), "OrderCancellation": ("order_cancellations",),
    "OrderResponse": ("order_confirmations", "order_responses"), "DespatchAdvice": ("deliveries", "outstanding", "packages"),
    "Invoice": ("invoices", "invoice_taxes"), "CreditNote": ("invoices", "invoice_taxes"), "ApplicationResponse": ("acknowledgements",),
}  # fmt: skip
SWITCHES: Mapping[str, Switch] = {
    "totals": Switch("refuse", "totals that do not add up refuse the document, or are a warning", ("refuse", "warn")),
    **PARTNER_SWITCHES,
}


def sniff(head: bytes) -> bool:
    """Whether a file begins like UBL, alone or in an envelope."""
    text = head.replace(b"\0", b"")
    return NAMESPACE.encode() in text or b"StandardBusinessDocument" in text


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Read a UBL file."""
    try:
        root = read_xml(content)
    except XmlRefused as refused:
        return Parsed("ubl", (), (refused.finding,))
    documents, envelope = _open(root)
    if not documents:
        found = f"the root element {root.name}{f' of {root.namespace}' if root.namespace else ''}"
        expected = f"a UBL document: {', '.join(READERS)}"
        return Parsed("ubl", (), (DocumentFinding("ING-611", root.place, found[:300], expected),))
    text = content.decode("utf-8", "replace")
    sha256 = sha256_of(content)
    messages = tuple(_message(no, one, envelope, switches, text, sha256) for no, one in enumerate(documents, 1))
    return Parsed("ubl", messages, envelope=envelope)


def _open(root: Node) -> tuple[list[Node], dict[str, str]]:
    """The documents of a file, and what its envelope says."""
    if root.name != "StandardBusinessDocument":
        return ([root] if root.namespace.startswith(NAMESPACE) else []), {}
    header = "StandardBusinessDocumentHeader"
    envelope = {
        "sender": root.text(f"{header}/Sender/Identifier") or "",
        "interchange_ref": root.text(f"{header}/DocumentIdentification/InstanceIdentifier") or "",
    }
    return [child for child in root.children() if child.namespace.startswith(NAMESPACE)], envelope


def _message(
    number: int, document: Node, envelope: Mapping[str, str], switches: Mapping[str, str], text: str, sha256: str
) -> Message:
    kind = document.name
    draft = Draft(number, kind, switches)
    document_no = draft.needed(document, "ID")
    function = ""
    if kind in READERS:
        function = READERS[kind](draft, document)
    else:
        draft.find("ING-611", document.place, f"a {kind}", f"one of {', '.join(READERS)}")
    key = MessageKey(
        sender=envelope.get("sender") or _sender(document), interchange_ref=envelope.get("interchange_ref", ""), group_ref="",
        message_ref=(document.text("UUID") or str(number)) if envelope.get("interchange_ref") else "", document_type=kind, document_no=document_no, function=function, sha256=sha256,
    )  # fmt: skip
    return draft.finish(key, text)


def _sender(document: Node) -> str:
    """Who sent it: the seller of invoices, despatch advices and responses, the buyer of orders."""
    paths = SENDERS if document.name not in ("Order", "OrderChange", "OrderCancellation") else tuple(reversed(SENDERS))
    for path in paths:
        party = document.node(path)
        if party is not None:
            found = party.node("EndpointID") or party.node("PartyIdentification/ID")
            if found is not None and found.text():
                return f"{found.attribute('schemeID') or ''}:{found.text()}"
    return ""
