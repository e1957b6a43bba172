"""UBL Invoice and CreditNote. Rows go to `invoices` (one per line, the payable amount of the document repeated) and `invoice_taxes`.

A credit note's quantities and amounts are negative. Totals are checked as EN 16931 defines them, to the cent:
    sum of lines = LineExtensionAmount             (BR-CO-10)
    lines - allowances + charges = TaxExclusive    (BR-CO-13)
    TaxExclusive + TaxTotal = TaxInclusive         (BR-CO-15)
    TaxInclusive - Prepaid + Rounding = Payable    (BR-CO-16)
    sum of TaxSubtotals = TaxTotal                 (BR-CO-14)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ingestion.documents.drafting import Draft, decimal_text, total
from ingestion.documents.model import Row
from ingestion.documents.ubl_parts import item, party
from ingestion.documents.xml_reading import Node

CENT = Decimal("0.01")
CREDIT_TYPES = frozenset({"381", "396", "261"})


def read_invoice(draft: Draft, document: Node) -> str:
    """Invoice and CreditNote; gives the type code."""
    is_credit = document.name == "CreditNote"
    type_code = document.text("CreditNoteTypeCode", "InvoiceTypeCode") or ""
    sign = -1 if is_credit or type_code in CREDIT_TYPES else 1
    currency = draft.needed(document, "DocumentCurrencyCode")
    amounts = _amounts(draft, document)
    head: Row = {
        "invoice_no": document.text("ID"),
        "invoiced_on": draft.day(document, "IssueDate", is_needed=True),
        "due_on": draft.day(document, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate"),
        "currency": currency,
        "document_kind": "credit_note" if sign < 0 else "invoice",
        "credited_invoice_no": document.text("BillingReference/InvoiceDocumentReference/ID") if sign < 0 else None,
        "payable_amount": _signed(amounts.get("PayableAmount"), sign),
        "payment_reference": document.text("PaymentMeans/PaymentID"),
        **party(draft, document, "buyer", "AccountingCustomerParty/Party"),
        **party(draft, document, "seller", "AccountingSupplierParty/Party"),
    }
    draft.head(type_code, head["invoiced_on"], 0, f"{document.text('IssueDate') or ''}{document.text('IssueTime') or ''}")
    lines = document.nodes("CreditNoteLine") if is_credit else document.nodes("InvoiceLine")
    nets = [_line(draft, document, line, head, sign) for line in lines]
    if not lines:
        draft.find("ING-612", document.place, "no lines", "at least one line")
    if "PayableAmount" not in amounts:
        draft.find("ING-612", document.place, "no LegalMonetaryTotal/PayableAmount", "what is to be paid")
    tax = _taxes(draft, document, head, currency, sign)
    _check_totals(draft, document, amounts, total(nets), tax)
    return type_code


def _line(draft: Draft, document: Node, line: Node, head: Row, sign: int) -> Decimal | None:
    """Add the line; gives its net, unsigned."""
    quantity_node = line.node("CreditedQuantity") or line.node("InvoicedQuantity")
    net = draft.number(line.node("LineExtensionAmount"), is_needed=True, within=line)
    draft.add(
        "invoices", line.place, head, item(draft, line), line_no=draft.needed(line, "ID"),
        order_document_no=line.text("OrderLineReference/OrderReference/ID") or document.text("OrderReference/ID"),
        order_line_no=line.text("OrderLineReference/LineID"), quantity=_signed(draft.number(quantity_node, is_needed=True, within=line), sign),
        unit=quantity_node.attribute("unitCode") if quantity_node else None, net_amount=_signed(net, sign),
        tax_category=line.text("Item/ClassifiedTaxCategory/ID"), tax_percent=line.text("Item/ClassifiedTaxCategory/Percent"),
    )  # fmt: skip
    return net


def _signed(value: Decimal | None, sign: int) -> str | None:
    return decimal_text(None if value is None else value * sign)


def _amounts(draft: Draft, document: Node) -> dict[str, Decimal]:
    """The monetary totals that are there, by name."""
    node = document.node("LegalMonetaryTotal")
    children = {} if node is None else {child.name: draft.number(child) for child in node.children()}
    return {name: value for name, value in children.items() if value is not None}


def _taxes(draft: Draft, document: Node, head: Row, currency: str, sign: int) -> Decimal | None:
    """Add one row per category; gives the tax in the document's currency, None without."""
    found = None
    for tax_total in document.nodes("TaxTotal"):
        amount_node = tax_total.node("TaxAmount")
        if amount_node is None or amount_node.attribute("currencyID") not in (None, currency):
            continue  # a second total in the currency of the books
        amount = draft.number(amount_node)
        subtotals = tax_total.nodes("TaxSubtotal")
        if amount is None:
            continue
        found = amount if found is None else found + amount
        parts = [draft.number(subtotal.node("TaxAmount")) for subtotal in subtotals]
        if subtotals and total(parts).quantize(CENT) != amount.quantize(CENT):
            _mismatch(draft, tax_total, "TaxTotal", amount, total(parts), "the sum of its TaxSubtotals")
        for subtotal, part in zip(subtotals, parts, strict=True):
            draft.add(
                "invoice_taxes", subtotal.place, invoice_no=head["invoice_no"], currency=currency, tax_amount=_signed(part, sign),
                tax_category=subtotal.text("TaxCategory/ID"), tax_percent=subtotal.text("TaxCategory/Percent"),
                taxable_amount=_signed(draft.number(subtotal.node("TaxableAmount")), sign),
            )  # fmt: skip
    return found


def _check_totals(draft: Draft, document: Node, amounts: Mapping[str, Decimal], lines: Decimal, tax: Decimal | None) -> None:
    node = document.node("LegalMonetaryTotal") or document
    zero = Decimal(0)
    given_lines = amounts.get("LineExtensionAmount", lines)
    allowances = _allowances(draft, document, "false")
    charges = _allowances(draft, document, "true")
    exclusive = amounts.get("TaxExclusiveAmount", given_lines - allowances + charges)
    inclusive = amounts.get("TaxInclusiveAmount", exclusive + (tax or zero))
    payable = amounts.get("PayableAmount")
    sums = [
        ("LineExtensionAmount", given_lines, lines, "the sum of the lines"),
        ("TaxExclusiveAmount", exclusive, given_lines - allowances + charges, "lines less allowances plus charges"),
        ("TaxInclusiveAmount", inclusive, exclusive + (tax or zero), "TaxExclusiveAmount plus tax"),
    ]
    if payable is not None:
        due = inclusive - amounts.get("PrepaidAmount", zero) + amounts.get("PayableRoundingAmount", zero)
        sums.append(("PayableAmount", payable, due, "TaxInclusiveAmount less PrepaidAmount plus rounding"))
    for name, given, reckoned, words in sums:
        if given.quantize(CENT) != reckoned.quantize(CENT):
            _mismatch(draft, node.node(name) or node, name, given, reckoned, words)


def _mismatch(draft: Draft, node: Node, name: str, given: Decimal, reckoned: Decimal, words: str) -> None:
    draft.find(
        "ING-614", node.place, f"{name} {decimal_text(given)}", f"{decimal_text(reckoned)}, {words}",
        is_fatal=draft.switches.get("totals") != "warn",
    )  # fmt: skip


def _allowances(draft: Draft, document: Node, indicator: str) -> Decimal:
    """Allowances (`false`) or charges (`true`) of the whole document."""
    found = [one for one in document.nodes("AllowanceCharge") if one.text("ChargeIndicator") == indicator]
    return total(draft.number(one.node("Amount")) for one in found)
