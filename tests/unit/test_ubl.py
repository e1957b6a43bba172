"""UBL documents: rows under neutral names, totals to the cent, findings with their line."""

from __future__ import annotations

import pytest

from ingestion.documents.model import Message
from ingestion.documents.ubl import parse as parse_ubl
from tests.support.documents import invoice, order_response


def one(content: bytes, switches: dict[str, str] | None = None) -> Message:
    """The file's only message."""
    parsed = parse_ubl(content, switches or {})
    assert parsed.findings == ()
    (message,) = parsed.messages
    return message


def test_an_invoice_gives_its_lines_and_what_is_to_be_paid() -> None:
    message = one(invoice(lines=(("2", "100.00"), ("1.5", "50.10")), tax="28.52"))
    assert message.findings == ()
    first, second = message.rows["invoices"]
    assert (first["invoice_no"], first["line_no"], first["quantity"], first["net_amount"]) == ("R-1", "1", "2", "100")
    assert (second["quantity"], second["net_amount"], second["payable_amount"]) == ("1.5", "50.1", "178.62")
    assert (first["seller_scheme"], first["seller_ref"], first["buyer_ref"]) == ("gln", "4000001000005", "4000001000012")
    assert (first["product_ref"], first["order_document_no"], first["due_on"]) == ("04006381333931", "A-1", "2026-06-30")
    assert (message.key.sender, message.key.document_no) == ("0088:4000001000005", "R-1")


def test_a_credit_note_takes_away() -> None:
    (row,) = one(invoice("G-1", kind="CreditNote", credits="R-1")).rows["invoices"]
    assert (row["quantity"], row["net_amount"], row["payable_amount"]) == ("-2", "-100", "-119")
    assert (row["document_kind"], row["credited_invoice_no"]) == ("credit_note", "R-1")


@pytest.mark.parametrize(("change", "name"), [
    ({"payable": "119.01"}, "PayableAmount"), ({"line_total": "99.99", "payable": "118.99"}, "LineExtensionAmount"),
])  # fmt: skip
def test_totals_that_do_not_add_up_refuse_the_message(change: dict[str, str], name: str) -> None:
    message = one(invoice(**change))  # type: ignore[arg-type]
    assert message.is_refused
    assert message.rows == {}
    assert {finding.code for finding in message.findings} == {"ING-614"}
    assert name in message.findings[0].place
    assert "line " in message.findings[0].place
    warned = one(invoice(**change), {"totals": "warn"})  # type: ignore[arg-type]
    assert not warned.is_refused
    assert warned.rows["invoices"]
    assert warned.findings[0].code == "ING-614"


def test_numbers_get_the_scheme_that_the_profile_says() -> None:
    other = invoice().replace(b'schemeID="0088">4000001000012', b'schemeID="0192">987654325')
    assert one(other, {"source_id": "nord"}).rows["invoices"][0]["buyer_scheme"] == "nord:0192"
    assert one(other, {"source_id": "nord", "parties.0192": ":customer"}).rows["invoices"][0]["buyer_scheme"] == "nord:customer"
    by_seller = one(invoice(), {"product": "seller_item, gtin"}).rows["invoices"][0]
    assert (by_seller["product_scheme"], by_seller["product_ref"]) == ("gtin", "04006381333931")


def test_half_a_cent_is_not_a_difference() -> None:
    assert not one(invoice(lines=(("3", "33.333"),), tax="0", line_total="33.33", payable="33.33")).is_refused


@pytest.mark.parametrize(("old", "new", "code"), [
    (b"<cbc:ID>R-1</cbc:ID>", b"", "ING-612"), (b"<cbc:IssueDate>2026-06-01", b"<cbc:IssueDate>01.06.2026", "ING-613"),
    (b"<cbc:IssueDate>2026-06-01", b"<cbc:IssueDate>2026-02-30", "ING-613"), (b">100.00</cbc:Line", b">100,00</cbc:Line", "ING-613"),
    (b">100.00</cbc:Line", b">1e9</cbc:Line", "ING-613"), (b">2</cbc:Invoiced", b"></cbc:Invoiced", "ING-612"),
])  # fmt: skip
def test_what_is_missing_or_no_number_is_named(old: bytes, new: bytes, code: str) -> None:
    assert old in invoice()
    message = one(invoice().replace(old, new))
    assert message.is_refused
    assert code in {finding.code for finding in message.findings}


def test_a_wrong_check_digit_is_a_warning_and_nothing_is_corrected() -> None:
    message = one(invoice(gtin="4006381333932", seller="4000001000006"))
    assert not message.is_refused
    assert [finding.code for finding in message.findings] == ["ING-615", "ING-615"]
    assert message.rows["invoices"][0]["product_ref"] == "04006381333932"


def test_line_codes_of_a_response() -> None:
    lines = (("1", "5", "10"), ("2", "3", "6"), ("3", "7", "4"))
    message = one(order_response(lines=lines))
    rows = message.rows["order_confirmations"]
    assert [(row["line_no"], row["status"], row["confirmed_quantity"]) for row in rows] == [
        ("1", "confirmed", "10"), ("2", "changed", "6"), ("3", "rejected", "0"),
    ]  # fmt: skip
    assert rows[0]["document_no"] == "A-1"
    assert message.key.function == "CA"
    assert one(order_response("AP", ())).rows["order_responses"][0]["response"] == "accepted"


@pytest.mark.parametrize(
    ("code", "answers"), [("AP", [("A-1", "*", "confirmed")]), ("RE", [("A-1", "*", "rejected")]), ("AB", [])]
)
def test_a_response_without_lines_speaks_of_the_whole_order(code: str, answers: list[tuple[str, str, str]]) -> None:
    rows = one(order_response(code, ())).rows.get("order_confirmations", ())
    assert [(row["document_no"], row["line_no"], row["status"]) for row in rows] == answers
    assert all(row.get("confirmed_quantity") is None for row in rows), "as much as was ordered"
    assert one(order_response("XX")).findings[0].code == "ING-613"


def test_an_envelope_may_hold_several_documents() -> None:
    body = b"".join(
        document.split(b"?>\n", 1)[1] for document in (invoice("R-1"), invoice("R-2", payable="1.00"), invoice("R-3"))
    )
    header = (
        b"<StandardBusinessDocumentHeader><Sender><Identifier>0088:1</Identifier></Sender><DocumentIdentification>"
        b"<InstanceIdentifier>e-1</InstanceIdentifier></DocumentIdentification></StandardBusinessDocumentHeader>"
    )
    parsed = parse_ubl(b"<StandardBusinessDocument>" + header + body + b"</StandardBusinessDocument>", {})
    assert [message.is_refused for message in parsed.messages] == [False, True, False]
    assert {message.key.interchange_ref for message in parsed.messages} == {"e-1"}


def test_other_documents_are_named() -> None:
    assert parse_ubl(b"<html/>", {}).findings[0].code == "ING-611"
    assert one(invoice().replace(b"Invoice", b"Catalogue")).findings[0].code == "ING-611"
