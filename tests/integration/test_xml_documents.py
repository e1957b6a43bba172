"""UBL, cXML and statements through the loader: the shipped profiles, quarantine by message, replays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.profiles import load_profile
from tests.support.documents import camt, cxml, cxml_confirmation, cxml_order, invoice, order_response
from tests.support.loading import Loading, loading
from tests.unit.test_statements import MT940

pytestmark = pytest.mark.integration


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder."""
    with loading(tmp_path) as site:
        yield site


def test_peppol_documents_reach_their_feeds(site: Loading) -> None:
    (site.folder / "invoice.xml").write_bytes(invoice(lines=(("2", "100.00"), ("1", "50.00")), tax="28.50"))
    (site.folder / "wrong.xml").write_bytes(invoice("R-2", payable="1.00"))
    (site.folder / "credit.xml").write_bytes(invoice("G-1", kind="CreditNote", credits="R-1"))
    (site.folder / "answer.xml").write_bytes(order_response())
    outcomes = {(o.file_name, o.feed): o for o in site.load(load_profile("peppol")).outcomes}
    assert outcomes["wrong.xml", "invoices"].status == "held"
    assert all(o.rows_accepted + o.rows_quarantined + o.rows_duplicate == o.rows_read for o in outcomes.values())
    rows = site.rows("""select invoice_no, line_no, seller_scheme, seller_ref, product_scheme, product_ref, quantity::integer, net_amount_cents,
        payable_amount_cents, credited_invoice_no from raw.invoices order by 1, 2""")
    assert rows == [
        ("G-1", "1", "gln", "4000001000005", "gtin", "04006381333931", -2, -10000, -11900, "R-1"),
        ("R-1", "1", "gln", "4000001000005", "gtin", "04006381333931", 2, 10000, 17850, None),
        ("R-1", "2", "gln", "4000001000005", "gtin", "04006381333931", 1, 5000, 17850, None),
    ]
    assert site.rows("select document_no, line_no, status, confirmed_quantity::integer from raw.order_confirmations") == [
        ("A-1", "1", "confirmed", 10)
    ]
    code, place = site.rows("select error_code, column_name from raw.quarantine")[0]
    assert code == "ING-614"
    assert "PayableAmount, line " in place


def test_cxml_orders_confirmations_and_replays(site: Loading) -> None:
    answer = cxml_confirmation("10", (("accept", "6", "2026-06-05"), ("backordered", "4", "")))
    (site.folder / "1_order.xml").write_bytes(cxml(cxml_order()))
    (site.folder / "2_answer.xml").write_bytes(cxml(answer, payload_id="2@seller"))
    profile = load_profile("cxml")
    site.load(profile)
    lines = "select document_no, buyer_scheme, buyer_ref, product_scheme, product_ref, net_amount_cents, line_status from raw.order_lines"
    assert site.rows(lines) == [("B-7", "duns", "111", "cxml:seller_item", "W-1", 2500, "open")]
    assert site.rows("select distinct seller_ref from raw.order_confirmations") == [("111",)]
    assert site.rows("select sum(confirmed_quantity)::integer from raw.order_confirmations where status <> 'backordered'") == [
        (6,)
    ]
    # the same message once more, under another name and with another secret
    (site.folder / "3_again.xml").write_bytes(cxml(cxml_order(), secret="changed-since"))
    site.load(profile)
    assert site.rows("select count(*) from raw.order_lines") == [(1,)]


def test_a_payload_id_that_comes_again_counts_once_and_says_so(site: Loading) -> None:
    profile, first = load_profile("cxml"), cxml(cxml_order())
    (site.folder / "1_order.xml").write_bytes(first)
    site.load(profile)
    later = first.replace(b"T10:00:00", b"T10:05:00").replace(b"\n<ItemOut", b"\n\t<ItemOut").replace(b'"new"', b"'new'")
    (site.folder / "2_again.xml").write_bytes(later)
    site.load(profile)
    assert site.rows("select status from raw.messages order by file_name") == [("accepted",), ("duplicate",)]
    assert site.rows("select feed, rows_read, rows_duplicate from raw.batches where rows_read > 0 and file_name = '2_again.xml' order by 1") == [
        ("order_lines", 1, 1), ("orders", 1, 1),
    ]  # fmt: skip
    found = "select error_code, place, found, is_fatal from raw.document_findings"
    assert site.rows(found) == [("EDI-123", "cXML/@payloadID", "1@buyer, with the same content as before", False)]
    (site.folder / "3_other.xml").write_bytes(cxml(cxml_order(quantity="8")))
    (site.folder / "4_other_sender.xml").write_bytes(cxml(cxml_order()).replace(b"111", b"333"))
    site.load(profile)
    assert site.rows(f"{found} where is_fatal") == [
        ("EDI-121", "cXML/@payloadID", "1@buyer, with other content than before", True)
    ]
    assert site.rows("select distinct raw_text like '%quantity=\"8\"%' from raw.quarantine where error_code = 'EDI-121'") == [
        (True,)
    ]
    assert site.rows("select buyer_ref, quantity::integer from raw.order_lines order by 1") == [("111", 10), ("333", 10)]


def test_statements_of_both_formats_become_payments_once(site: Loading) -> None:
    bookings = [("119.00", "R-1", "E2E-1"), ("-50.00", "Miete", "E-2")]
    (site.folder / "a.xml").write_bytes(camt(bookings, number="B"))
    (site.folder / "b.xml").write_bytes(camt([("5.00", "R-9", "E")], closing="1.00", number="X"))
    (site.folder / "c.sta").write_text(MT940)
    profile = load_profile("statements")
    outcomes = {o.file_name: o for o in site.load(profile).outcomes}
    assert (outcomes["a.xml"].rows_accepted, outcomes["b.xml"].status, outcomes["c.sta"].rows_accepted) == (2, "held", 3)
    rows = site.rows("""select payment_no, payer_scheme, payer_ref, payee_ref, amount_cents, booked_on::varchar, reference
        from raw.payments order by payment_no, _batch_no""")
    account = "DE02120300000000202051"
    assert rows[0] == (f"{account}|B-0", "iban", "DE02500105170137075030", account, 11900, "2026-06-10", "R-1")
    assert {row[0] for row in rows} == {f"{account}|{number}" for number in ("B-0", "B-1", "B-2", "B-3")}
    assert site.rows("select error_code from raw.quarantine") == [("ING-621",)]
    before = len(rows)
    site.load(profile)
    assert site.rows("select count(*) from raw.payments") == [(before,)]


@pytest.mark.parametrize("content", [b"<!DOCTYPE a SYSTEM 'x'><a/>", b"<a", b"\x00\x01"])
def test_a_hostile_file_is_refused_and_the_others_go_on(site: Loading, content: bytes) -> None:
    (site.folder / "bad.xml").write_bytes(content)
    (site.folder / "good.xml").write_bytes(invoice())
    outcomes = {o.file_name: o for o in site.load(load_profile("peppol")).outcomes if o.feed == "invoices"}
    assert (outcomes["bad.xml"].status, outcomes["bad.xml"].error_code) == ("rejected", "ING-212")
    assert "ING-60" in (outcomes["bad.xml"].error_message or "")
    assert outcomes["good.xml"].rows_accepted == 1
