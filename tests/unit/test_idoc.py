"""SAP IDocs of orders: the fields of edi.md's table, and findings with their line."""

from __future__ import annotations

import pytest

from ingestion.documents.idoc import parse, sniff
from ingestion.documents.model import Message

IDOC = """<?xml version="1.0" encoding="UTF-8"?>
<ORDERS05><IDOC BEGIN="1">
<EDI_DC40 SEGMENT="1"><DOCNUM>4711</DOCNUM><IDOCTYP>ORDERS05</IDOCTYP><MESTYP>ORDERS</MESTYP><SNDPRN>BUYER1</SNDPRN><RCVPRN>SELLER1</RCVPRN>
<CREDAT>20260601</CREDAT><CRETIM>101500</CRETIM></EDI_DC40>
<E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY><BELNR>0001</BELNR></E1EDK01>
<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>PO-7</BELNR><DATUM>20260601</DATUM></E1EDK02>
<E1EDK03 SEGMENT="1"><IDDAT>002</IDDAT><DATUM>20260605</DATUM></E1EDK03>
<E1EDKA1 SEGMENT="1"><PARVW>AG</PARVW><PARTN>1000</PARTN></E1EDKA1>
<E1EDKA1 SEGMENT="1"><PARVW>LF</PARVW><ILNNR>4000001000005</ILNNR></E1EDKA1>
<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><MENGE>20.000</MENGE><MENEE>PCE</MENEE><VPREI>5.00</VPREI><PEINH>10</PEINH>
<E1EDP19 SEGMENT="1"><QUALF>001</QUALF><IDTNR>B-1</IDTNR></E1EDP19><E1EDP19 SEGMENT="1"><QUALF>003</QUALF><IDTNR>4006381333931</IDTNR></E1EDP19></E1EDP01>
<E1EDP01 SEGMENT="1"><POSEX>000020</POSEX><ACTION>003</ACTION><MENGE>1</MENGE><NETWR>3.50</NETWR>
<E1EDP19 SEGMENT="1"><QUALF>002</QUALF><IDTNR>S-2</IDTNR></E1EDP19><E1EDP20 SEGMENT="1"><EDATU>20260612</EDATU></E1EDP20></E1EDP01>
</IDOC></ORDERS05>
"""


def one(text: str) -> Message:
    """The only message."""
    parsed = parse(text.encode(), {"source_id": "sap"})
    assert parsed.findings == ()
    (message,) = parsed.messages
    return message


def test_an_order() -> None:
    message = one(IDOC)
    assert message.findings == ()
    first, second = message.rows["order_lines"]
    assert (first["document_no"], first["line_no"], first["quantity"], first["unit"], first["net_amount"]) == (
        "PO-7",
        "10",
        "20",
        "PCE",
        "10",
    )
    assert (first["product_scheme"], first["product_ref"], first["buyer_item_no"]) == ("gtin", "04006381333931", "B-1")
    assert (first["buyer_scheme"], first["buyer_ref"], first["seller_scheme"], first["seller_ref"]) == (
        "sap:partn", "1000", "gln", "4000001000005",
    )  # fmt: skip
    assert (first["ordered_on"], first["promised_on"], first["line_status"]) == ("2026-06-01", "2026-06-05", "open")
    assert (second["product_scheme"], second["product_ref"], second["net_amount"]) == ("sap:seller_item", "S-2", "3.5")
    assert (second["promised_on"], second["line_status"]) == ("2026-06-12", "cancelled")
    assert message.key.control == ("BUYER1", "4711", "", "4711")
    assert sniff(IDOC.encode())


@pytest.mark.parametrize(("old", "new", "code"), [
    ("<MENGE>20.000</MENGE>", "", "ING-612"), ("<MENGE>20.000</MENGE>", "<MENGE>20,0</MENGE>", "ING-613"),
    ("<BELNR>PO-7</BELNR><DATUM>20260601", "<BELNR>PO-7</BELNR><DATUM>20261301", "ING-613"), ("<NETWR>3.50</NETWR>", "", "ING-612"),
    ("<MESTYP>ORDERS<", "<MESTYP>INVOIC<", "ING-611"), ("<DOCNUM>4711</DOCNUM>", "", "ING-612"),
])  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, code: str) -> None:
    assert old in IDOC
    message = one(IDOC.replace(old, new))
    assert message.is_refused
    assert message.rows == {}
    assert code in {finding.code for finding in message.findings}
    assert all("line " in finding.place for finding in message.findings)


def test_a_change_ranks_above_its_order() -> None:
    change = one(IDOC.replace("<MESTYP>ORDERS<", "<MESTYP>ORDCHG<"))
    assert int(str(change.rows["orders"][0]["version_no"])) > int(str(one(IDOC).rows["orders"][0]["version_no"]))


def test_other_xml_is_no_idoc() -> None:
    assert parse(b"<a/>", {}).findings[0].code == "ING-611"
    assert parse(b"<a", {}).findings[0].code == "ING-601"
    assert not sniff(b"<a/>")
