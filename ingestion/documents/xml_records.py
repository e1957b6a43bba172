"""Names that UBL, cXML, camt and MT940 give beyond those of the feeds (see records.py)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_PARTIES = ("buyer_scheme", "buyer_ref", "buyer_vat", "buyer_name", "seller_scheme", "seller_ref", "seller_vat", "seller_name")
_ARTICLE = ("product_scheme", "product_ref", "buyer_item_no", "seller_item_no", "description")
_CXML = ("payload_id", "operation")

OF_XML: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "orders": (*_PARTIES, "currency", "order_version", "order_type", "ship_to_no", "total_amount", "payload_id"),
    "order_lines": (*_PARTIES, *_ARTICLE, "order_version", "ship_to_no", "unit_price", "payload_id"),
    "order_cancellations": (*_PARTIES, "document_no", "cancelled_on", "note"),
    "order_confirmations": (*_PARTIES, *_ARTICLE, *_CXML, "unit", "substitute_item_no", "note", "order_payload_id", "confirmation_no"),
    "order_responses": (
        *_PARTIES, *_CXML, "document_no", "confirmed_on", "response", "promised_on", "note", "order_payload_id", "confirmation_no",
    ),
    "deliveries": (*_PARTIES, *_ARTICLE, *_CXML, "unit", "outstanding_quantity", "outstanding_reason", "sscc"),
    "outstanding": (
        *_PARTIES, *_ARTICLE, "delivery_no", "line_no", "shipped_on", "promised_on", "order_document_no", "order_line_no", "quantity",
        "unit", "outstanding_quantity", "outstanding_reason", "sscc",
    ),
    "packages": (*_PARTIES, *_CXML, "delivery_no", "shipped_on", "promised_on", "package_no", "sscc", "package_kind", "line_no"),
    "shipments": (*_PARTIES, *_CXML, "delivery_no", "shipped_on", "promised_on", "order_document_no"),
    "invoices": (*_PARTIES, *_ARTICLE, "unit", "document_kind", "payment_reference", "tax_category", "tax_percent"),
    "invoice_taxes": ("invoice_no", "currency", "tax_category", "tax_percent", "taxable_amount", "tax_amount"),
    "acknowledgements": ("document_no", "document_type", "code", "reason", "answered_on"),
    "payments": (
        "direction", "value_on", "is_reversal", "payer_name", "payee_name", "account", "statement_no",
    ),
})  # fmt: skip
