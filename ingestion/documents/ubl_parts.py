"""What all UBL documents share: parties and items."""

from __future__ import annotations

from ingestion.documents.drafting import Draft
from ingestion.documents.identifiers import GLN_SCHEMES, GTIN_SCHEMES
from ingestion.documents.model import Row
from ingestion.documents.xml_reading import Node

PARTY_NUMBERS = ("PartyIdentification/ID", "PartyLegalEntity/CompanyID", "EndpointID")
"""Where a party says its number, the most telling first: an endpoint is an address."""


def party(draft: Draft, document: Node, role: str, *paths: str) -> Row:
    """`<role>_scheme`, `<role>_ref`: the party's GLN, else its first number; `<role>_vat`, `<role>_name`. Of the first party that is there."""
    found = next((node for node in (document.node(path) for path in paths) if node is not None), None)
    if found is None:
        return {}
    numbers = [node for path in PARTY_NUMBERS for node in found.nodes(path) if node.text()]
    for node in numbers:
        draft.party_number(node.attribute("schemeID"), node.text(), node)
    told = next((node for node in numbers if node.attribute("schemeID") in GLN_SCHEMES), numbers[0] if numbers else None)
    return {
        f"{role}_scheme": draft.scheme(told.attribute("schemeID")) if told else None,
        f"{role}_ref": told.text() if told else None,
        f"{role}_vat": _vat(found),
        f"{role}_name": found.text("PartyLegalEntity/RegistrationName", "PartyName/Name"),
    }


def _vat(found: Node) -> str | None:
    for scheme in found.nodes("PartyTaxScheme"):
        if scheme.text("TaxScheme/ID") in (None, "VAT"):
            return scheme.text("CompanyID")
    return None


def item(draft: Draft, line: Node) -> Row:
    """`product_scheme`, `product_ref`, `seller_item_no`, `buyer_item_no`, `description` of a line."""
    found = line.node("Item")
    if found is None:
        return {}
    standard = found.node("StandardItemIdentification/ID")
    is_gtin = standard is not None and standard.attribute("schemeID") in GTIN_SCHEMES
    gtin = draft.gtin(standard.text(), standard) if standard is not None and is_gtin else None
    seller, buyer = found.text("SellersItemIdentification/ID"), found.text("BuyersItemIdentification/ID")
    return {
        **draft.product({"gtin": gtin, "seller_item": seller, "buyer_item": buyer}), "seller_item_no": seller, "buyer_item_no": buyer,
        "description": found.text("Name", "Description"),
    }  # fmt: skip
