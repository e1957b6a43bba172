"""Record sets: under which names every document format gives its rows.

A record set carries the columns of the feed it is named for, a reference as two (`<name>_scheme`, `<name>_ref`), and further ones that a
profile may map or filter by. All values are texts; amounts and quantities with a decimal point, days as YYYY-MM-DD.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.contracts import FEEDS
from ingestion.documents.xml_records import OF_XML

COMMON = ("message_no", "message_kind", "message_function", "version_no", "place")
"""Of every row: message within the file, its kind, its function code, what orders versions, and where the row stands in the file."""

UNKNOWN_TO_MESSAGES = frozenset({"leg", "source_zone", "document_id"})
"""Columns of contracts that no message can know; the profile or the loader says them."""

VERSION = "version_no"
"""Highest wins: day of the document, function (original, change, replacement, cancellation), moment of the interchange."""

_PARTNERS = ("ship_to_scheme", "ship_to_ref", "invoicee_scheme", "invoicee_ref")
_ARTICLE = ("buyer_item_no", "seller_item_no", "description")
_PERIOD = ("period_from", "period_to", "unit", "unit_price", *_ARTICLE)

FURTHER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "orders": (*_PARTNERS, "contract_no", "currency"),
    "order_lines": (*_PARTNERS, "unit_price", *_ARTICLE),
    "order_confirmations": ("buyer_scheme", "buyer_ref", "product_scheme", "product_ref", "ordered_quantity", "refused_quantity", "unit", *_ARTICLE),
    "order_changes": (*_PARTNERS, "unit_price", *_ARTICLE),
    "deliveries": (*_PARTNERS, "ordered_quantity", "unit", "sscc", *_ARTICLE),
    "packages": (*_PARTNERS, "buyer_scheme", "buyer_ref"),
    "receipts": (*_PARTNERS, "unit", *_ARTICLE),
    "invoices": (*_PARTNERS, "unit", "unit_price", "document_kind", "invoice_tax_amount", *_ARTICLE),
    "returns": (*_PARTNERS, "delivery_no", "unit", "unit_price", "period_from", "period_to", *_ARTICLE),
    "stock": ("quantity_kind", *_PERIOD),
    "sell_through": ("order_document_no", *_PERIOD),
    "sell_out": ("order_document_no", *_PERIOD),
    "products": ("seller_item_no",),
})  # fmt: skip
"""Names beyond those of the feed."""


def neutral_names(records: str) -> frozenset[str]:
    """Every name a row of that record set may carry."""
    columns = [c for c in FEEDS[records].columns if c.name not in UNKNOWN_TO_MESSAGES] if records in FEEDS else []
    names = {name for column in columns for name in ((f"{column.name}_scheme", f"{column.name}_ref") if column.kind == "ref"
             else (column.name,))}  # fmt: skip
    return frozenset(names | set(COMMON) | set(FURTHER.get(records, ())) | set(OF_XML.get(records, ())))
