"""XML that is not what it seems is refused before a tree is built, with its line."""

from __future__ import annotations

import socket
import time
import tracemalloc
from pathlib import Path

import pytest

from ingestion.documents.camt import parse as parse_camt
from ingestion.documents.cxml import parse as parse_cxml
from ingestion.documents.ubl import parse as parse_ubl
from ingestion.documents.xml_reading import Limits, XmlRefused, read_xml
from tests.support.documents import HOSTILE_XML, cxml, cxml_order, invoice

MEMORY_BYTES = 100 << 20
GUARD_SECONDS = 20
"""Generous: hostile files end in a fraction of it; without limits they would run for hours."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a parser opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", HOSTILE_XML)
def test_hostile_xml_is_refused_in_bounds(name: str) -> None:
    content, code = HOSTILE_XML[name]
    started = time.monotonic()
    tracemalloc.start()
    parsed = parse_ubl(content, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - started < GUARD_SECONDS
    assert peak < MEMORY_BYTES
    assert [finding.code for finding in parsed.findings] == [code]
    assert "line " in parsed.findings[0].place
    assert parsed.messages == ()
    if len(content) < 1_000_000:
        assert parse_camt(content, {}).findings == parsed.findings
        of_cxml = parse_cxml(content, {}).findings[0].code
        # the bare line is cXML's own: accepted, not followed, and then it is no cXML
        assert of_cxml == ("ING-611" if name in ("external_dtd", "public_dtd") else code)


def shown(content: bytes) -> str:
    """What a reader says of it: its text, or why it is refused."""
    try:
        return str(read_xml(content, allow_doctype=True).text())
    except XmlRefused as refused:
        return str(refused.finding)


def test_nothing_of_a_file_of_the_machine_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-9917")
    for content in (
        f'<!DOCTYPE l [<!ENTITY x SYSTEM "{secret.as_uri()}">]><l>&x;</l>',
        f'<l xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" parse="text"/></l>',
        f'<l xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {secret.as_uri()}"/>',
        f'<?xml-stylesheet href="{secret.as_uri()}"?><!DOCTYPE l SYSTEM "{secret.as_uri()}"><l/>',
    ):
        assert "canary" not in shown(content.encode())


def test_a_bare_doctype_is_cxmls_alone() -> None:
    message = cxml(cxml_order())
    assert parse_cxml(message, {}).messages[0].rows["order_lines"]
    assert parse_ubl(message, {}).findings[0].code == "ING-602"
    with_subset = cxml(cxml_order(), doctype='<!DOCTYPE cXML SYSTEM "x.dtd" [<!ATTLIST cXML a CDATA "b">]>')
    assert parse_cxml(with_subset, {}).findings[0].code == "ING-602"


def test_limits_are_those_of_the_caller() -> None:
    content = b"<a>" + b"<b/>" * 20 + b"</a>"
    assert read_xml(content).name == "a"
    for limits in (Limits(size_bytes=50), Limits(elements=10), Limits(depth=1)):
        with pytest.raises(XmlRefused) as refused:
            read_xml(content, limits=limits)
        assert refused.value.finding.code == "ING-603"


def test_places_name_path_and_line() -> None:
    root = read_xml(invoice())
    node = root.node("LegalMonetaryTotal/PayableAmount")
    assert node is not None
    assert node.place.startswith("Invoice/LegalMonetaryTotal/PayableAmount, line ")
    assert node.line > 5


def test_prefixes_do_not_matter() -> None:
    renamed = invoice().replace(b"cbc:", b"b2:").replace(b"cac:", b"a2:").replace(b":cbc=", b":b2=").replace(b":cac=", b":a2=")
    assert parse_ubl(renamed, {}).messages[0].rows == parse_ubl(invoice(), {}).messages[0].rows
