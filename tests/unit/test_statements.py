"""Account statements: who paid whom, and balances that have to add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.documents.camt import parse as parse_camt
from ingestion.documents.model import Message
from ingestion.documents.mt940 import parse as parse_mt940
from tests.support.documents import camt

MT940 = """:20:STARTUMS
:25:DE02120300000000202051
:28C:5/1
:60F:C260609EUR100,00
:61:2606100610CR119,00NTRFNONREF//B-1
:86:166?00GUTSCHRIFT?20EREF+E2E-1?21SVWZ+R-1?31DE02500105170137075030?32KIOSK
:61:2606100610D10,50NMSCNONREF//B-2
:86:805?00ENTGELT?20Kontogebuehr
:61:2606100610RC19,00NRTINONREF//B-3
:86:159?00RETOURE?20EREF+E2E-1?21SVWZ+R-1?31DE02500105170137075030?32KIOSK
:62F:C260610EUR189,50
-
"""


def camt_message(content: bytes, switches: dict[str, str] | None = None) -> Message:
    """The file's only statement."""
    parsed = parse_camt(content, switches or {})
    assert parsed.findings == ()
    (message,) = parsed.messages
    return message


def mt940_message(text: str, switches: dict[str, str] | None = None) -> Message:
    """The file's only statement."""
    parsed = parse_mt940(text.encode(), switches or {})
    assert parsed.findings == ()
    (message,) = parsed.messages
    return message


def test_camt_credits_debits_and_reversals() -> None:
    bookings = [("119.00", "Rechnung R-1", "E2E-1"), ("-50.00", "Ihre R-77", "E2E-2"), ("-119.00", "R-1", "E2E-1")]
    paid, sent, back = camt_message(camt(bookings, reversed_from=2)).rows["payments"]
    assert (paid["amount"], paid["direction"], paid["payer_ref"], paid["payee_ref"]) == (
        "119", "received", "DE02500105170137075030", "DE02120300000000202051",
    )  # fmt: skip
    assert (sent["amount"], sent["direction"], sent["payer_name"], sent["payee_name"]) == ("50", "sent", "Huber", "Kiosk")
    # what was received and is taken back keeps its parties
    assert (back["amount"], back["direction"], back["payer_ref"], back["is_reversal"]) == (
        "-119",
        "received",
        paid["payer_ref"],
        "true",
    )
    assert (paid["reference"], paid["end_to_end_ref"], paid["booked_on"]) == ("Rechnung R-1", "E2E-1", "2026-06-10")
    assert len({row["payment_no"] for row in (paid, sent, back)}) == 3


@pytest.mark.parametrize("version", ["02", "03", "04", "08", "12"])
def test_every_version_of_camt_053(version: str) -> None:
    assert len(camt_message(camt([("1.00", "a", "b")], version=version)).rows["payments"]) == 1


@pytest.mark.parametrize("kind", ["052", "054"])
def test_reports_that_announce_are_read_only_when_agreed(kind: str) -> None:
    content = camt([("1.00", "a", "b")], kind=kind)
    assert camt_message(content).findings[0].code == "ING-611"
    assert len(camt_message(content, {"kinds": f"053 {kind}"}).rows["payments"]) == 1


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    content = camt([("119.00", "R-1", "E")], closing="218.99")
    message = camt_message(content)
    assert message.is_refused
    (finding,) = message.findings
    assert (finding.code, finding.expected) == ("ING-621", "219: opening 100 and 1 movements")
    assert "Bal, line" in finding.place
    assert len(camt_message(content, {"balances": "warn"}).rows["payments"]) == 1


def test_pending_entries_are_not_money_yet() -> None:
    content = camt([("5.00", "R-1", "E")], closing="100.00").replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>")
    message = camt_message(content)
    assert not message.is_refused
    assert message.rows == {}


def test_a_collective_entry_is_taken_apart_when_its_details_add_up() -> None:
    detail = (
        '<TxDtls><Refs><EndToEndId>{0}</EndToEndId></Refs><Amt Ccy="EUR">{1}</Amt><RmtInf><Ustrd>{0}</Ustrd></RmtInf></TxDtls>'
    )
    content = camt([("30.00", "x", "y")]).decode()
    start, end = content.index("<TxDtls>"), content.index("</NtryDtls>")
    two = content[:start] + detail.format("R-1", "10.00") + detail.format("R-2", "20.00") + content[end:]
    rows = camt_message(two.encode()).rows["payments"]
    assert [(row["reference"], row["amount"]) for row in rows] == [("R-1", "10"), ("R-2", "20")]
    wrong = camt_message(two.replace("20.00</Amt>", "21.00</Amt>").encode())
    assert [row["amount"] for row in wrong.rows["payments"]] == ["30"]
    assert [(finding.code, finding.is_fatal) for finding in wrong.findings] == [("ING-614", False)]


def test_mt940_credits_debits_and_reversals() -> None:
    paid, fee, back = mt940_message(MT940).rows["payments"]
    assert (paid["amount"], paid["payer_ref"], paid["payer_name"], paid["reference"]) == (
        "119", "DE02500105170137075030", "KIOSK", "R-1",
    )  # fmt: skip
    assert (paid["booked_on"], paid["bank_reference"], paid["end_to_end_ref"]) == ("2026-06-10", "B-1", "E2E-1")
    assert (fee["amount"], fee["direction"], fee["payee_ref"]) == ("10.5", "sent", None)
    assert (back["amount"], back["direction"], back["payer_ref"]) == ("-19", "received", "DE02500105170137075030")


def test_the_same_entry_out_of_both_formats_has_the_same_key() -> None:
    of_camt = camt_message(camt([("119.00", "R-1", "E2E-1")], number="B")).rows["payments"][0]
    of_mt940 = mt940_message(MT940.replace("//B-1", "//B-0")).rows["payments"][0]
    same = ("payment_no", "amount", "currency", "booked_on", "payer_ref", "payee_ref", "reference", "end_to_end_ref")
    assert [of_camt[name] for name in same] == [of_mt940[name] for name in same]


@pytest.mark.parametrize(("old", "new", "code", "line"), [
    ("EUR189,50", "EUR189,51", "ING-621", 11), (":62F:C260610EUR189,50\n", "", "ING-621", 4),
    (":61:2606100610D10,50", ":61:26xx100610D10,50", "ING-623", 7), (":60F:C260609EUR100,00", ":60F:C26EUR", "ING-623", 4),
    (":25:DE02120300000000202051\n", "", "ING-612", 1), (":61:2606100610D10,50", ":61:2613320610D10,50", "ING-623", 7),
])  # fmt: skip
def test_mt940_findings_name_their_line(old: str, new: str, code: str, line: int) -> None:
    assert old in MT940
    message = mt940_message(MT940.replace(old, new))
    assert message.is_refused
    assert (message.findings[0].code, message.findings[0].place) == (code, f"line {line}")


def test_mt940_statements_stand_for_themselves() -> None:
    broken = MT940.replace("EUR189,50", "EUR1,00")
    parsed = parse_mt940((MT940 + broken + MT940).encode(), {})
    assert [message.is_refused for message in parsed.messages] == [False, True, False]
    assert parsed.messages[1].findings[0].place == "line 23"


def test_mt940_outside_of_statements_and_other_text_is_named() -> None:
    assert parse_mt940(b":61:110701CN50,00NZ10NONREF\n-", {}).findings[0].place == "line 1"
    assert parse_mt940(b"hello", {}).findings[0].code == "ING-611"
    assert parse_mt940(b"", {}).findings[0].code == "ING-611"
    assert parse_mt940(b":20:" + b"x" * 9_000, {}).findings[0].code == "ING-603"


def test_a_text_that_names_a_file_is_not_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library opens a path when it is given one as data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "statement").write_text(MT940)
    assert parse_mt940(b"statement", {}).messages == ()
