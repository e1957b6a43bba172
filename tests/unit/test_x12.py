"""X12 cut into segments and transaction sets: what senders do to ISA and its marks, and what is said about it."""

from __future__ import annotations

import pytest

from ingestion.documents.model import Parsed
from ingestion.documents.x12 import parse, sniff
from tests.support.messages import purchase_order, x12


def read(text: str | bytes, **switches: str) -> Parsed:
    """What the text holds, for the source `acme`."""
    return parse(text.encode() if isinstance(text, str) else text, {"source_id": "acme", **switches})


def codes(parsed: Parsed) -> list[str]:
    """Codes of all findings."""
    return [finding.code for finding in parsed.all_findings()]


GOOD = x12(purchase_order())


@pytest.mark.parametrize(("text", "odd"), [
    (GOOD, []), ("\ufeff" + GOOD, []), (GOOD.replace("\n", ""), []), (GOOD.replace("\n", "\r\n    "), []),
    (GOOD.replace("~\n", "\n"), []), (x12(purchase_order(), marks="|:\\"), []), (x12(purchase_order(), marks="~>}"), []),
    (x12(purchase_order(), marks="^>…"), []), (GOOD.replace("*>~", "*~", 1), ["EDI-105"]), (GOOD.replace(f"*{'':10}*", "**"), ["EDI-105"]),
    (GOOD.replace("PO1*", "po1*").replace("N1*", "n1*"), []),
    ("\n".join(GOOD.replace("\n", "")[i : i + 80] for i in range(0, 800, 80)), []),
], ids=["plain", "mark", "one line", "indented", "line ends", "pipes", "tilde between", "three dots", "no component mark", "trimmed", "lower case",
        "wrapped"])  # fmt: skip
def test_the_same_order_in_many_dresses(text: str, odd: list[str]) -> None:
    parsed = read(text)
    assert codes(parsed) == odd
    (line,) = parsed.messages[0].rows["order_lines"]
    assert (line["document_no"], line["product_ref"], line["quantity"], line["net_amount"]) == (
        "O1",
        "00012345678905",
        "5",
        "12.5000",
    )
    assert (line["seller_scheme"], line["seller_ref"], line["buyer_scheme"], line["buyer_ref"]) == (
        "gln", "4000001000005", "acme:buyer", "K17",
    )  # fmt: skip
    assert parsed.interchanges[0].control_ref == "000000001"


@pytest.mark.parametrize(("old", "new", "code", "refused"), [
    ("SE*9*0001", "SE*8*0001", "EDI-113", True), ("SE*9*0001", "SE*9*0002", "EDI-114", True), ("SE*9*0001~\n", "", "EDI-112", True),
    ("GE*1*1", "GE*2*1", "EDI-115", False), ("GE*1*1", "GE*1*2", "EDI-116", False), ("IEA*1*000000001~\n", "", "EDI-110", False),
    ("IEA*1*000000001", "IEA*1*000000002", "EDI-116", False), ("ST*850", "T*850", "EDI-111", True),
    ("BEG*00*SA*O1**20260501", "BEG*00*SA*O1**20261301", "EDI-202", True), ("*5*EA*2.50", "*5x*EA*2.50", "EDI-203", True),
    ("*EA*2.50*PE", "*EA**PE", "EDI-209", True), ("BEG*00*SA*O1", "BEG*00*SA*", "EDI-201", True), ("012345678905", "012345678906", "EDI-205", False),
    ("ST*850", "ST*837", "EDI-130", False),
])  # fmt: skip
def test_every_fault_names_segment_and_position(old: str, new: str, code: str, refused: bool) -> None:
    assert old in GOOD
    parsed = read(GOOD.replace(old, new))
    found = [finding for finding in parsed.all_findings() if finding.code == code]
    assert found, codes(parsed)
    assert found[0].place.startswith("segment ")
    assert any(message.is_refused for message in parsed.messages) is refused


def test_without_isa_nobody_knows_who_sent_it() -> None:
    parsed = read("ST*850*0001~BEG*00*SA*X**20260501~SE*3*0001~")
    assert codes(parsed) == ["EDI-101"]
    assert parsed.messages[0].is_refused


def test_interchanges_with_marks_of_their_own() -> None:
    parsed = read(GOOD + x12(purchase_order("O2"), ref="000000002", marks="|:\\"))
    assert [message.key.document_no for message in parsed.messages] == ["O1", "O2"]
    assert [one.control_ref for one in parsed.interchanges] == ["000000001", "000000002"]
    assert not codes(parsed)


@pytest.mark.parametrize(("head", "is_x12"), [
    (b"ISA*00*", True), (b"\xef\xbb\xbf  isa~00~", True), (b"ST*850*1~", True), (b"UNB+UNOA", False), (b"ISABEL,1\n", False), (b"", False),
])  # fmt: skip
def test_a_file_is_known_by_its_beginning(head: bytes, is_x12: bool) -> None:
    assert sniff(head) is is_x12
