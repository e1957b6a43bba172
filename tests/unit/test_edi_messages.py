"""What messages mean: each trap of the field has a message of our own, and the rows worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.documents.model import Message, Parsed, Row
from ingestion.documents.registry import format_of
from tests.support.messages import edifact, order, purchase_order, x12

SELLER, BUYER, SHOP_1, SHOP_2 = "4000001000005", "4000001000029", "4000001000036", "4000001000043"


def parsed(text: str, **switches: str) -> Parsed:
    """What the text holds, for the source `acme`."""
    kind = "x12" if text.startswith("ISA") else "edifact"
    return format_of(kind).parse(text.encode(), {"source_id": "acme", **switches})


def one(text: str, **switches: str) -> Message:
    """The only message of the text, and it is taken."""
    (message,) = parsed(text, **switches).messages
    assert not message.is_refused, message.findings
    return message


def table(rows: tuple[Row, ...], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of rows."""
    return [tuple(row.get(name) for name in names) for row in rows]


def codes(message: Message) -> list[str]:
    """Codes of a message's findings."""
    return [finding.code for finding in message.findings]


# -- orders


def test_a_cancelled_order_is_cancelled_with_its_lines_and_is_the_newer_version() -> None:
    placed, gone = one(edifact(order(function="9"))), one(edifact(order(function="1")))
    assert gone.rows["orders"][0]["status"] == gone.rows["order_lines"][0]["line_status"] == "cancelled"
    assert int(gone.rows["orders"][0]["version_no"] or 0) > int(placed.rows["orders"][0]["version_no"] or 0)
    assert one(x12(purchase_order(purpose="01"))).rows["orders"][0]["status"] == "cancelled"


def test_a_price_may_be_for_many_and_gross_prices_say_nothing_of_what_is_paid() -> None:
    line = "LIN+1++4006381333931:SRV\nQTY+21:50\nPRI+AAB:9.99\nPRI+AAA:12.50:CT:NTP:100:PCE"
    assert one(edifact(order(lines=line))).rows["order_lines"][0]["net_amount"] == "6.2500"
    gross = edifact(order(lines="LIN+1++4006381333931:SRV\nQTY+21:50\nPRI+AAB:9.99"))
    assert codes(parsed(gross).messages[0]) == ["EDI-209"]
    assert one(gross, net_price="AAB").rows["order_lines"][0]["net_amount"] == "499.5000"
    assert one(gross, missing_price="zero").rows["order_lines"][0]["net_amount"] == "0"
    hundred = one(x12(purchase_order().replace("*5*EA*2.50*PE", "*50*EA*12.50*HP")))
    assert hundred.rows["order_lines"][0]["net_amount"] == "6.2500"


def test_decimal_commas_and_trailing_signs_are_read() -> None:
    line = "LIN+1++4006381333931:SRV\nQTY+21:1,5\nMOA+203:10,75-"
    row = one(edifact(order(lines=line), una="UNA:+,? '")).rows["order_lines"][0]
    assert (row["quantity"], row["net_amount"]) == ("1.5", "-10.75")


def test_article_numbers_are_padded_and_the_preferred_one_names_the_product() -> None:
    line = "LIN+1++4006381333931:EN\nPIA+1+V-7:SA+B-8:IN\nQTY+21:1\nMOA+203:1"
    row = one(edifact(order(lines=line))).rows["order_lines"][0]
    assert (row["product_scheme"], row["product_ref"], row["seller_item_no"], row["buyer_item_no"]) == (
        "gtin",
        "04006381333931",
        "V-7",
        "B-8",
    )
    other = one(edifact(order(lines=line)), item_preference=":buyer_item,gtin").rows["order_lines"][0]
    assert (other["product_scheme"], other["product_ref"]) == ("acme:buyer_item", "B-8")


def answer(*lines: str, function: str = "4") -> str:
    """An ORDRSP to order O1."""
    return edifact(f"""ORDRSP:D:01B:UN:EAN010
        BGM+231+R1+{function}
        DTM+137:20260502:102
        RFF+ON:O1
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        """ + "\n".join(lines) + "\nUNS+S")  # fmt: skip


def test_one_line_may_be_answered_in_parts() -> None:
    message = one(
        answer("LIN+1+3+4006381333931:SRV", "QTY+21:10", "QTY+113:6", "DTM+67:20260510:102", "QTY+113:4", "DTM+67:20260520:102")
    )
    assert table(message.rows["order_confirmations"], "line_no", "split_no", "status", "confirmed_quantity", "promised_on") == [
        ("1", "1", "changed", "6", "2026-05-10"), ("1", "2", "changed", "4", "2026-05-20"),
    ]  # fmt: skip


def test_answers_by_line_and_for_the_whole_order() -> None:
    message = one(answer("LIN+1+5+4006381333931:SRV", "QTY+21:10", "LIN+2+7+4006381333931:SRV", "QTY+21:3", "RFF+ON:O1:20"))
    assert table(message.rows["order_confirmations"], "line_no", "status", "confirmed_quantity") == [
        ("1", "confirmed", "10"),
        ("20", "rejected", "0"),
    ]
    rejected = one(answer("LIN+1+5+4006381333931:SRV", "QTY+21:10", function="27"))
    assert table(rejected.rows["order_confirmations"], "status", "confirmed_quantity") == [("rejected", "0")]
    assert codes(parsed(answer("LIN+1+99+4006381333931:SRV", "QTY+21:1")).messages[0]) == ["EDI-204"]
    assert (
        one(answer("LIN+1+99+4006381333931:SRV", "QTY+21:1"), **{"answers.99": "pending"}).rows["order_confirmations"][0][
            "status"
        ]
        == "pending"
    )


@pytest.mark.parametrize(
    ("message", "answers"),
    [
        (answer(function="29"), [("O1", "*", "confirmed", None)]),
        (answer(function="27"), [("O1", "*", "rejected", None)]),
        (answer(function="4"), []),
        (x12("855\nBAK*00*AK*O1*20260502\nN1*SE*House*UL*4000001000005\nCTT*0", group="PR"), [("O1", "*", "confirmed", None)]),
        (x12("855\nBAK*00*RJ*O1*20260502\nN1*SE*House*UL*4000001000005\nCTT*0", group="PR"), [("O1", "*", "rejected", None)]),
        (x12("855\nBAK*00*AC*O1*20260502\nN1*SE*House*UL*4000001000005\nCTT*0", group="PR"), []),
    ],
)
def test_an_answer_without_lines_speaks_of_the_whole_order(message: str, answers: list[tuple[str | None, ...]]) -> None:
    """What asks for changes without naming a line says nothing that could be counted."""
    (found,) = parsed(message).messages
    rows = found.rows.get("order_confirmations", ())
    assert table(rows, "document_no", "line_no", "status", "confirmed_quantity") == answers
    assert codes(found) == ([] if answers else ["EDI-131"])


def test_855_several_acks_of_one_line() -> None:
    message = one(x12("""855
        BAK*00*AD*O1*20260502
        N1*SE*House*UL*4000001000005
        PO1*1*10*EA*2.50*PE*VN*V-1
        ACK*IA*5*EA*068*20260510
        ACK*IB*3*EA*068*20260601
        ACK*IR*2*EA
        PO1*2*4*EA*1.00*PE*VN*V-2
        CTT*2""", group="PR"))  # fmt: skip
    assert table(message.rows["order_confirmations"], "line_no", "split_no", "status", "confirmed_quantity", "promised_on") == [
        ("1", "1", "confirmed", "5", "2026-05-10"), ("1", "2", "backordered", "3", "2026-06-01"), ("1", "3", "rejected", "0", None),
        ("2", "1", "confirmed", "4", None),
    ]  # fmt: skip


def change(*lines: str, bgm: str = "BGM+230+C1+4", ref: str = "RFF+ON:O1") -> str:
    """An ORDCHG to order O1."""
    return edifact(
        f"ORDCHG:D:01B:UN\n{bgm}\nDTM+137:20260503:102\n{ref}\nNAD+BY+{BUYER}::9\nNAD+SU+{SELLER}::9\n"
        + "\n".join(lines)
        + "\nUNS+S"
    )


def test_changes_by_action_and_the_partner_that_cancels_with_seven() -> None:
    lines = ("LIN+1+2+4006381333931:SRV", "LIN+2+3+4006381333931:SRV", "QTY+21:7", "PRI+AAA:2", "LIN+3+11+4006381333931:SRV")
    message = one(change(*lines))
    assert table(message.rows["order_changes"], "document_no", "line_no", "action", "quantity", "net_amount") == [
        ("O1", "1", "cancelled", "0", None), ("O1", "2", "changed", "7", "14.0000"), ("O1", "3", "unchanged", None, None),
    ]  # fmt: skip
    seven = change("LIN+1+7+4006381333931:SRV", bgm="BGM+220+O1+4", ref="RFF+CT:X")
    assert codes(parsed(seven).messages[0]) == ["EDI-204"]
    assert table(one(seven, **{"actions.7": "cancelled"}).rows["order_changes"], "document_no", "line_no", "action") == [
        ("O1", "1", "cancelled")
    ]
    whole = one(change(bgm="BGM+230+C2+1"))
    assert table(whole.rows["order_changes"], "line_no", "action") == [("*", "cancelled")]


def test_860_and_865() -> None:
    message = one(x12("""860
        BCH*04*SA*O1**C1*20260501*****20260503
        N1*SE*House*UL*4000001000005
        POC*1*DI*0**EA***VN*V-1
        POC*2*QI*8*8*EA*2.50*PE*VN*V-2
        CTT*2""", group="PC"))  # fmt: skip
    assert table(message.rows["order_changes"], "change_no", "changed_on", "line_no", "action", "quantity", "net_amount") == [
        ("C1", "2026-05-03", "1", "cancelled", "0", None), ("C1", "2026-05-03", "2", "changed", "8", "20.0000"),
    ]  # fmt: skip
    answered = one(x12("""865
        BCA*00*AC*O1***20260501****20260504
        N1*SE*House*UL*4000001000005
        POC*2*QI*8*8*EA*2.50*PE*VN*V-2
        ACK*IQ*6*EA*068*20260601""", group="CA"))  # fmt: skip
    assert table(answered.rows["order_confirmations"], "line_no", "status", "confirmed_quantity", "promised_on") == [
        ("2", "changed", "6", "2026-06-01")
    ]


# -- goods on their way


def test_desadv_lines_lie_in_packages() -> None:
    message = one(edifact(f"""DESADV:D:01B:UN:EAN007
        BGM+351+D1+9
        DTM+137:20260504:102
        DTM+11:20260505:102
        RFF+ON:O1
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        CPS+1
        PAC+1++201
        CPS+2+1
        PAC+1++CT
        PCI+33E
        GIN+BJ+340000010000000017
        LIN+1++4006381333931:SRV
        QTY+12:6:PCE
        RFF+ON:O1:10
        CPS+3+1
        LIN+2++4006381333931:SRV
        QTY+12:4
        CNT+2:2"""))  # fmt: skip
    assert table(message.rows["deliveries"], "line_no", "order_document_no", "order_line_no", "quantity", "shipped_on", "sscc") == [
        ("1", "O1", "10", "6", "2026-05-05", "340000010000000017"), ("2", "O1", "2", "4", "2026-05-05", None),
    ]  # fmt: skip
    assert table(message.rows["packages"], "package_no", "parent_package_no", "sscc") == [
        ("1", None, None),
        ("2", "1", "340000010000000017"),
    ]


def shipment(*nodes: str) -> str:
    """An 856 whose nodes are given."""
    return x12("856\nBSN*00*D1*20260505*1200\n" + "\n".join(nodes) + "\nCTT*1", group="SH")


SHIP, ORDER_A, ORDER_B = (
    "HL*1**S\nDTM*011*20260506\nN1*SE*H*UL*4000001000005\nN1*ST*S*92*K17",
    "HL*2*1*O\nPRF*OA",
    "HL*5*1*O\nPRF*OB",
)
ITEM_A, ITEM_B = "HL*4*3*I\nLIN*1*VN*V-1\nSN1**6*EA", "HL*6*5*I\nLIN*1*VN*V-2\nSN1**2*EA"
PACK = "HL*3*2*P\nMAN*GM*00340000010000000017"


def test_856_is_a_tree_whatever_its_order() -> None:
    in_order, shuffled = (
        shipment(SHIP, ORDER_A, PACK, ITEM_A, ORDER_B, ITEM_B),
        shipment(ITEM_B, ITEM_A, PACK, ORDER_B, SHIP, ORDER_A),
    )
    expected = {("4", "OA", "1", "6", "340000010000000017"), ("6", "OB", "1", "2", None)}
    for text in (in_order, shuffled):
        message = one(text)
        rows = message.rows["deliveries"]
        assert set(table(rows, "line_no", "order_document_no", "order_line_no", "quantity", "sscc")) == expected
        assert {row["shipped_on"] for row in rows} == {"2026-05-06"}
        assert {row["buyer_ref"] for row in rows} == {"K17"}


def test_856_without_parents_goes_by_rank_and_a_circle_is_refused() -> None:
    message = one(
        shipment(
            "HL*1**S",
            "HL*2**O\nPRF*OA",
            "HL*3**I\nLIN*1*VN*V-1\nSN1**6*EA",
            "HL*4**O\nPRF*OB",
            "HL*5**I\nLIN*1*VN*V-2\nSN1**2*EA",
        )
    )
    assert table(message.rows["deliveries"], "order_document_no", "quantity") == [("OA", "6"), ("OB", "2")]
    assert "EDI-132" in codes(parsed(shipment("HL*1*2*S", "HL*2*1*O\nPRF*OA")).messages[0])
    assert "EDI-132" in codes(parsed(shipment("HL*1**S", "HL*2*9*O\nPRF*OA")).messages[0])


def test_recadv_says_what_was_not_accepted() -> None:
    message = one(edifact(f"""RECADV:D:01B:UN
        BGM+632+W1+9
        DTM+137:20260507:102
        RFF+DQ:D1
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        LIN+1++4006381333931:SRV
        QTY+12:10
        QTY+194:7
        LIN+2++4006381333931:SRV
        QTY+12:5
        CNT+2:2"""))  # fmt: skip
    assert table(message.rows["receipts"], "delivery_no", "line_no", "accepted_quantity", "rejected_quantity") == [
        ("D1", "1", "7", "3"), ("D1", "2", "5", "0"),
    ]  # fmt: skip


def test_returns_in_three_layouts() -> None:
    retann = one(edifact(f"""RETANN:D:01B:EN
        BGM+70E+T1+9
        DTM+137:20260508:102
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        DOC+381
        LIN+1++4006381333931:SRV
        QTY+61:2
        MOA+203:5.00
        RFF+ON:O1:1
        CDI+1+DAM"""))  # fmt: skip
    assert table(retann.rows["returns"], "return_no", "order_document_no", "order_line_no", "quantity", "net_amount", "reason") == [
        ("T1", "O1", "1", "2", "5.00", "DAM"),
    ]  # fmt: skip
    bli = one(x12("180\nBGN*00*T2*20260508\nN1*SU*H*UL*4000001000005\nBLI*VN*V-1*3*EA*UCP*2.00\nRDR*CR*DA\nPRF*O1", group="AN"))
    assert table(bli.rows["returns"], "order_document_no", "quantity", "net_amount", "reason") == [("O1", "3", "6.0000", "DA")]
    sln = one(x12("180\nBGN*00*T3*20260508\nREF*PO*O2\nLX*1\nLQ*10*001\nSLN*1**I*3*EA*15.00***VP*SKU-A\nCTT*1", group="AN"))
    assert table(sln.rows["returns"], "order_document_no", "product_ref", "quantity", "net_amount", "reason") == [
        ("O2", "SKU-A", "3", "45.0000", "001")
    ]


# -- money


def test_a_credit_note_is_negative_and_totals_are_compared() -> None:
    body = f"""INVOIC:D:01B:UN
        BGM+380+I1+9
        DTM+137:20260510:102
        DTM+13:20260609:102
        RFF+ON:O1
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        CUX+2:EUR:4
        LIN+1++4006381333931:SRV
        QTY+47:5
        MOA+203:12.50
        LIN+2++4006381333931:SRV
        QTY+47:2
        PRI+AAA:4
        UNS+S
        MOA+77:24.40
        MOA+79:20.50
        MOA+124:3.90"""
    message = one(edifact(body))
    assert table(message.rows["invoices"], "line_no", "quantity", "net_amount", "due_on", "payable_amount", "invoice_tax_amount") == [
        ("1", "5", "12.50", "2026-06-09", "24.40", "3.90"), ("2", "2", "8.0000", "2026-06-09", "24.40", "3.90"),
    ]  # fmt: skip
    assert not codes(message)
    credit = one(edifact(body.replace("BGM+380", "BGM+381")))
    assert table(credit.rows["invoices"], "quantity", "net_amount") == [("-5", "-12.50"), ("-2", "-8.0000")]
    assert codes(one(edifact(body.replace("MOA+79:20.50", "MOA+79:21.50")))) == ["EDI-207"]


def test_810_totals_are_cents_and_days_of_payment_count_from_the_invoice() -> None:
    body = """810
        BIG*20260510*I1*20260501*O1
        CUR*SE*USD
        N1*SE*House*UL*4000001000005
        ITD*05*3*****30
        IT1*1*5*EA*2.50*PE*VN*V-1
        IT1*2*2*EA*4*PE*VN*V-2
        TDS*2150
        SAC*C*D240***100
        CTT*2"""
    message = one(x12(body, group="IN"))
    assert not codes(message)
    assert table(message.rows["invoices"], "net_amount", "payable_amount", "due_on", "order_document_no") == [
        ("12.5000", "21.50", "2026-06-09", "O1"), ("8.0000", "21.50", "2026-06-09", "O1"),
    ]  # fmt: skip
    assert codes(one(x12(body.replace("TDS*2150", "TDS*21.5"), group="IN"))) == []
    assert codes(one(x12(body.replace("TDS*2150", "TDS*215000"), group="IN"))) == ["EDI-207"]
    credit = one(x12(body.replace("BIG*20260510*I1*20260501*O1", "BIG*20260510*I1*20260501*O1***CR"), group="IN"))
    assert table(credit.rows["invoices"], "quantity", "net_amount", "payable_amount") == [
        ("-5", "-12.5000", "-21.50"),
        ("-2", "-8.0000", "-21.50"),
    ]


def test_pricat_gives_prices_and_articles() -> None:
    message = one(edifact(f"""PRICAT:D:01B:UN
        BGM+9+P1+9
        DTM+137:20260501:102
        DTM+194:20260601:102
        NAD+BY+{BUYER}::9
        NAD+SU+{SELLER}::9
        CUX+2:EUR:8
        LIN+1++4006381333931:SRV
        IMD+F++:::Pen blue
        PRI+AAA:12.00::NTP:10
        DTM+206:20261231:102
        LIN+2++4006381333948:SRV"""))  # fmt: skip
    assert table(message.rows["prices"], "product_ref", "price", "valid_from", "valid_to", "currency") == [
        ("04006381333931", "1.2000", "2026-06-01", "2026-12-31", "EUR"),
    ]  # fmt: skip
    assert table(message.rows["products"], "name", "gtin") == [("Pen blue", "04006381333931")]
    assert codes(message) == ["EDI-209"]
