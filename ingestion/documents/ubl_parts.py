"""What all UBL documents share: parties and items."""

from __future__ import annotations

from ingestion.documents.drafting import Draft
from ingestion.documents.identifiers import GLN_SCHEMES, GTIN_SCHEMES
from ingestion.documents.model import Row
from ingestion.documents.xml_reading import Node

PARTY_NUMBERS = ("PartyIdentification/ID", "PartyLegalEntity/CompanyID", "EndpointID")
"""Where a party says its number, the most telling first: an endpoint is an address."""


def party(draft: Draft, document: Node, role: str, *paths: str) -> Row:
    """`<role>_no` with `<role>_scheme` (as ICD code), `<role>_gln`, `<role>_vat`, `<role>_name` of the first party that is there."""
    found = next((node for node in (document.node(path) for path in paths) if node is not None), None)
    if found is None:
        return {}
    numbers = [node for path in PARTY_NUMBERS for node in found.nodes(path) if node.text()]
    for node in numbers:
        draft.party_number(node.attribute("schemeID"), node.text(), node)
    gln = next((node.text() for node in numbers if node.attribute("schemeID") in GLN_SCHEMES), None)
    first = numbers[0] if numbers else None
    return {
        f"{role}_no": first.text() if first else None,
        f"{role}_scheme": first.attribute("schemeID") if first else None,
        f"{role}_gln": gln,
        f"{role}_vat": _vat(found),
        f"{role}_name": found.text("PartyLegalEntity/RegistrationName", "PartyName/Name"),
    }


def _vat(found: Node) -> str | None:
    for scheme in found.nodes("PartyTaxScheme"):
        if scheme.text("TaxScheme/ID") in (None, "VAT"):
            return scheme.text("CompanyID")
    return None


def item(draft: Draft, line: Node) -> Row:
    """`gtin`, `seller_item_no`, `buyer_item_no`, `item_name` of a line."""
    found = line.node("Item")
    if found is None:
        return {}
    standard = found.node("StandardItemIdentification/ID")
    is_gtin = standard is not None and standard.attribute("schemeID") in GTIN_SCHEMES
    return {
        "gtin": draft.gtin(standard.text(), standard) if standard is not None and is_gtin else None,
        "seller_item_no": found.text("SellersItemIdentification/ID"),
        "buyer_item_no": found.text("BuyersItemIdentification/ID"),
        "item_name": found.text("Name", "Description"),
    }
