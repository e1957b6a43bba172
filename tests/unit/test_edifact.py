"""EDIFACT cut into segments and messages: what the syntax allows, what senders do, and what is said about it."""

from __future__ import annotations

import pytest

from ingestion.documents.edifact import parse, sniff
from ingestion.documents.model import Parsed
from ingestion.documents.segments import Marks, cut, released, segments_of
from tests.support.messages import edifact, order

MARKS = Marks("'", "+", ":", ".", "?")


def read(text: str | bytes, **switches: str) -> Parsed:
    """What the text holds, for the source `acme`."""
    return parse(text.encode() if isinstance(text, str) else text, {"source_id": "acme", **switches})


def codes(parsed: Parsed) -> list[str]:
    """Codes of all findings."""
    return [finding.code for finding in parsed.all_findings()]


@pytest.mark.parametrize(("text", "pieces"), [
    ("a+b", ["a", "b"]), ("a?+b+c", ["a?+b", "c"]), ("a??+b", ["a??", "b"]), ("a???+b", ["a???+b"]), ("?+", ["?+"]), ("", [""]),
    ("a?+b?+c+d", ["a?+b?+c", "d"]), ("a?", ["a?"]),
])  # fmt: skip
def test_released_marks_do_not_cut(text: str, pieces: list[str]) -> None:
    assert cut(text, "+", "?") == pieces


@pytest.mark.parametrize(("text", "plain"), [("a?+b", "a+b"), ("a??", "a?"), ("???'", "?'"), ("a?", "a?"), ("x", "x")])
def test_release_characters_are_taken_from_the_left(text: str, plain: str) -> None:
    assert released(text, "?") == plain


def test_components_and_elements_count_from_one_and_may_be_missing() -> None:
    (segment,) = segments_of("\n  lin+1++4006381333931:SRV'", MARKS)
    assert (segment.tag, segment.get(1), segment.get(2), segment.get(3), segment.get(3, 2), segment.get(3, 3), segment.get(9)) == (
        "LIN", "1", "", "4006381333931", "SRV", "", "",
    )  # fmt: skip


@pytest.mark.parametrize("text", [
    edifact(order()), "\ufeff" + edifact(order()), edifact(order()).replace("\n", ""), edifact(order()).replace("\n", "\r\n      "),
    edifact(order()).replace("UNA:+.? '\n", ""), edifact(order()).replace("LIN", "lin").replace("UNH", "unh"),
    edifact(order()).replace("UNA:+.? '\n", "").replace("'", ""),
    edifact(order(), una="UNA|*.\\ ~").replace("'", "~").replace("+", "*").replace(":", "|"),
    "\n".join(edifact(order()).replace("\n", "")[i : i + 30] for i in range(0, 900, 30)),
], ids=["plain", "mark", "one line", "indented", "no una", "lower case", "line ends only", "other marks", "wrapped"])  # fmt: skip
def test_the_same_order_in_many_dresses(text: str) -> None:
    (message,) = read(text).messages
    assert not message.is_refused, message.findings
    (line,) = message.rows["order_lines"]
    assert (line["document_no"], line["product_ref"], line["quantity"], line["net_amount"]) == (
        "O1",
        "04006381333931",
        "5",
        "12.5000",
    )
    assert (line["seller_scheme"], line["seller_ref"], line["ordered_on"]) == ("gln", "4000001000005", "2026-05-01")


@pytest.mark.parametrize(
    ("charset", "codec"), [("UNOC", "iso8859-1"), ("UNOD", "iso8859-2"), ("UNOW", "utf-8"), ("UNOY", "utf-8")]
)
def test_character_sets(charset: str, codec: str) -> None:
    text = edifact(order(lines="LIN+1++4006381333931:SRV\nIMD+F++:::Käse Österreich\nQTY+21:1\nPRI+AAA:1"), charset=charset)
    parsed = read(text.encode(codec))
    assert parsed.messages[0].rows["order_lines"][0]["description"] == "Käse Österreich"
    assert not codes(parsed)


def test_characters_outside_the_declared_set_are_said() -> None:
    text = edifact(order(lines="LIN+1++4006381333931:SRV\nIMD+F++:::Käse\nQTY+21:1\nPRI+AAA:1"), charset="UNOA")
    assert codes(read(text.encode("cp1252"))) == ["EDI-103"]
    assert read(text.encode("utf-8")).messages[0].rows["order_lines"][0]["description"] == "Käse"
    assert not codes(read(text.encode("cp1252"), charset="cp1252"))


@pytest.mark.parametrize(("old", "new", "code", "refused"), [
    ("UNT+11+1", "UNT+12+1", "EDI-113", True), ("UNT+11+1", "UNT+11+2", "EDI-114", True), ("UNT+11+1'\n", "", "EDI-112", True),
    ("UNZ+1+1", "UNZ+2+1", "EDI-115", False), ("UNZ+1+1", "UNZ+1+7", "EDI-116", False), ("UNZ+1+1'\n", "", "EDI-110", False),
    ("UNZ+1+1'\n", "UNZ+1+1'\nUNZ+1+1'\n", "EDI-117", False), ("UNZ+1+1'", "UNZ+1+1", "EDI-106", False),
    ("UNB+UNOC:3+4000001000005:14+4000001000012:14+260501:0800+1'\n", "", "EDI-101", True),
    ("UNH+1+", "NH+1+", "EDI-111", True), ("20260501", "20261301", "EDI-202", True), ("QTY+21:5", "QTY+21:five", "EDI-203", True),
    ("PRI+AAA:2.50", "PRI+AAB:2.50", "EDI-209", True), ("4006381333931:SRV", "4006381333932:SRV", "EDI-205", False),
    ("BY+4000001000029", "BY+4000001000028", "EDI-206", False), ("BGM+220+O1", "BGM+220+", "EDI-201", True),
    ("ORDERS:D:01B", "PNRGOV:D:01B", "EDI-130", False),
])  # fmt: skip
def test_every_fault_names_segment_and_position(old: str, new: str, code: str, refused: bool) -> None:
    text = edifact(order())
    assert old in text
    parsed = read(text.replace(old, new))
    found = [finding for finding in parsed.all_findings() if finding.code == code]
    assert found, codes(parsed)
    assert found[0].place.startswith("segment ")
    assert any(message.is_refused for message in parsed.messages) is refused
    assert all(not message.rows for message in parsed.messages if message.is_refused)


def test_one_bad_message_leaves_the_others() -> None:
    text = edifact(order("O1"), order("O2"), order("O3")).replace("BGM+220+O2", "BGM+220+")
    parsed = read(text)
    assert [message.is_refused for message in parsed.messages] == [False, True, False]
    assert parsed.messages[1].raw_text.startswith("UNH+2+ORDERS:D:01B:UN:EAN010'\nBGM+220++9'")
    assert "BGM" in parsed.messages[1].findings[0].place


def test_control_totals_may_be_warnings() -> None:
    parsed = read(edifact(order()).replace("UNT+11+1", "UNT+9+1"), control_totals="warn")
    assert [(finding.code, finding.is_fatal) for finding in parsed.all_findings()] == [("EDI-113", False)]
    assert parsed.messages[0].rows["orders"]


def test_two_interchanges_with_marks_of_their_own() -> None:
    second = edifact(order("O2"), ref="2", una="UNA|*.\\ ~").replace("'", "~").replace("+", "*").replace(":", "|")
    parsed = read(edifact(order("O1")) + second)
    assert [one.control_ref for one in parsed.interchanges] == ["1", "2"]
    assert [message.key.document_no for message in parsed.messages] == ["O1", "O2"]
    assert not codes(parsed)


def test_segments_are_counted_whole() -> None:
    parsed = read(edifact(order("O1"), order("O2")))
    assert parsed.parts == 2 + 2 * 11


@pytest.mark.parametrize(("head", "is_edifact"), [
    (b"UNA:+.? '", True), (b"\xef\xbb\xbf\n UNB+UNOA", True), (b"UNH+1+X'", True), (b"NB+UNOB:1+A+B'", True), (b"ISA*00*", False),
    (b"order,line\n", False), (b"<a/>", False), (b"", False), (b"UNBELIEVABLE", False),
])  # fmt: skip
def test_a_file_is_known_by_its_beginning(head: bytes, is_edifact: bool) -> None:
    assert sniff(head) is is_edifact


def test_an_unknown_agency_is_the_sources_own_number_and_tables_translate() -> None:
    text = edifact(order()).replace("BY+4000001000029::9", "BY+K17::92")
    assert read(text).messages[0].rows["orders"][0]["buyer_scheme"] == "acme:buyer"
    assert read(text, **{"parties.92": ":customer"}).messages[0].rows["orders"][0]["buyer_scheme"] == "acme:customer"
    assert read(text.replace("::92", "")).messages[0].rows["orders"][0]["buyer_scheme"] == "acme"
