"""Sell-through, sell-out and stock out of SLSRPT, INVRPT, 852, 867 and 846: the feeds the channel lives on."""

from __future__ import annotations

from tests.support.messages import edifact, x12
from tests.unit.test_edi_messages import SELLER, SHOP_1, SHOP_2, codes, one, table

SALES = f"""SLSRPT:D:01B:UN:EAN004
    BGM+73E::9+S1+9
    DTM+137:20260508:102
    DTM+356:2026050120260507:718
    NAD+SE+{SELLER}::9
    NAD+SU+4000001000050::9
    CUX+2:EUR:8
    LOC+162+{SHOP_1}::9
    LIN+1++4006381333931:SRV
    MOA+203:25.00
    QTY+153:10:PCE
    LIN+2++4006381333948:SRV
    PRI+AAA:2.50
    QTY+153:4
    NAD+BY+K17::92
    QTY+153:6
    NAD+BY+K18::92
    LOC+162+{SHOP_2}::9
    LIN+1++4006381333931:SRV
    PRI+AAA:2.50
    QTY+153:8
    QTY+61:1"""


def test_slsrpt_nests_places_articles_and_customers() -> None:
    message = one(edifact(SALES))
    assert not codes(message)
    assert table(message.rows["sell_through"], "seller_ref", "buyer_ref", "product_ref", "quantity", "net_amount", "sold_on") == [
        (SELLER, SHOP_1, "04006381333931", "10", "25.00", "2026-05-07"), (SELLER, "K17", "04006381333948", "4", "10.0000", "2026-05-07"),
        (SELLER, "K18", "04006381333948", "6", "15.0000", "2026-05-07"), (SELLER, SHOP_2, "04006381333931", "8", "20.0000", "2026-05-07"),
        (SELLER, SHOP_2, "04006381333931", "-1", "-2.5000", "2026-05-07"),
    ]  # fmt: skip
    assert [row["seller_ref"] for row in message.rows["sell_out"]] == [SHOP_1, SHOP_1, SHOP_1, SHOP_2, SHOP_2]
    assert len({row["line_no"] for row in message.rows["sell_through"]}) == 5
    assert one(edifact(SALES), period_day="first").rows["sell_through"][0]["sold_on"] == "2026-05-01"
    assert {row["period_from"] for row in message.rows["sell_through"]} == {"2026-05-01"}


def test_slsrpt_with_two_dates_and_a_quantity_nobody_agreed() -> None:
    text = SALES.replace("DTM+356:2026050120260507:718", "DTM+90:20260501:102\nDTM+91:20260507:102").replace(
        "QTY+61:1", "QTY+999:1"
    )
    message = one(edifact(text))
    assert message.rows["sell_through"][0]["sold_on"] == "2026-05-07"
    assert codes(message) == ["EDI-133"]
    assert len(one(edifact(text), **{"quantities.999": "returned"}).rows["sell_through"]) == 5


def stock(*lines: str) -> str:
    """An INVRPT of one article at one holder."""
    return edifact(
        f"INVRPT:D:01B:UN\nBGM+35+V1+9\nDTM+137:20260508:102\nDTM+366:20260507:102\nNAD+GY+{SELLER}::9\nLIN+1++4006381333931:SRV\n"
        + "\n".join(lines)
    )


STOCK_COLUMNS = ("holder_ref", "product_ref", "counted_on", "on_hand_quantity", "in_transit_quantity")


def test_invrpt_totals_are_not_added_to_their_splits() -> None:
    total = one(stock("QTY+145:300", "QTY+145:150", "LOC+14+A", "QTY+145:100", "LOC+14+B", "QTY+145:50", "LOC+14+C"))
    assert table(total.rows["stock"], *STOCK_COLUMNS) == [(SELLER, "04006381333931", "2026-05-07", "300", None)]
    assert not codes(total)
    assert codes(one(stock("QTY+145:300", "QTY+145:150", "LOC+14+A", "QTY+145:100", "LOC+14+B"))) == ["EDI-208"]


def test_invrpt_splits_without_a_total_and_kinds_that_are_views_of_the_same_goods() -> None:
    splits = stock("QTY+145:150", "LOC+14+A", "QTY+145:100", "LOC+14+B", "QTY+145:50", "LOC+14+A")
    assert table(one(splits).rows["stock"], "holder_ref", "on_hand_quantity") == [("A", "200"), ("B", "100")]
    assert table(one(splits, locations="inner").rows["stock"], "holder_ref", "on_hand_quantity") == [(SELLER, "300")]
    by_status = one(stock("QTY+145:30", "STS+10", "QTY+145:5", "STS+20"))
    assert table(by_status.rows["stock"], *STOCK_COLUMNS) == [(SELLER, "04006381333931", "2026-05-07", "35", None)]
    views = one(stock("QTY+33:90", "QTY+17:100", "QTY+198:20", "QTY+21:7"))
    assert table(views.rows["stock"], *STOCK_COLUMNS) == [(SELLER, "04006381333931", "2026-05-07", "100", "20")]
    assert table(one(stock("QTY+33:90", "QTY+17:100"), on_hand="33").rows["stock"], "on_hand_quantity") == [("90",)]
    assert codes(one(stock("QTY+21:7"))) == ["EDI-134"]


ACTIVITY = f"""852
    XQ*H*20260501*20260507
    N1*DB*House*UL*{SELLER}
    CUR*SE*EUR
    LIN**UP*012345678905*VN*V-1
    CTP**NET*2.50
    ZA*QS
    SDQ*EA*92*S1*10*S2*4
    ZA*QU
    SDQ*EA*92*S1*1
    ZA*QA
    SDQ*EA*92*S1*55*S2*30
    ZA*QI
    SDQ*EA*92*S1*12
    ZA*QR
    SDQ*EA*92*S1*99
    ZA*QP*40*EA
    LIN**UP*036000291452
    CTP**NET*1.00
    ZA*Q1*7*EA
    ZA*QS*9*EA
    ZA*QU*2*EA
    ZA*OH*80*EA
    CTT*2"""


def test_852_carries_sell_through_and_stock() -> None:
    message = one(x12(ACTIVITY, group="PD"))
    assert not codes(message)
    sold = table(message.rows["sell_through"], "seller_ref", "buyer_ref", "product_ref", "quantity", "net_amount", "sold_on")
    assert sold == [
        (SELLER, "S1", "00012345678905", "10", "25.0000", "2026-05-07"), (SELLER, "S1", "00012345678905", "-1", "-2.5000", "2026-05-07"),
        (SELLER, "S2", "00012345678905", "4", "10.0000", "2026-05-07"), (SELLER, SELLER, "00036000291452", "7", "7.0000", "2026-05-07"),
    ]  # fmt: skip
    held = table(message.rows["stock"], "holder_ref", "product_ref", "on_hand_quantity", "in_transit_quantity", "counted_on")
    assert held == [
        ("S1", "00012345678905", "55", "12", "2026-05-07"), ("S2", "00012345678905", "30", None, "2026-05-07"),
        (SELLER, "00036000291452", "80", None, "2026-05-07"),
    ]  # fmt: skip
    assert {row["buyer_scheme"] for row in message.rows["sell_through"][:3]} == {"acme:buyer"}


def test_852_rows_keep_their_keys_when_a_report_is_sent_again_with_other_figures() -> None:
    first, second = one(x12(ACTIVITY, group="PD")), one(x12(ACTIVITY.replace("S1*10*S2*4", "S2*4*S1*11"), group="PD"))

    def keys(message: object) -> set[tuple[object, ...]]:
        return set(table(message.rows["sell_through"], "document_no", "line_no"))  # type: ignore[attr-defined]

    assert keys(first) == keys(second)


def test_852_a_partner_says_what_its_activities_mean() -> None:
    text = x12(ACTIVITY.replace("ZA*QR", "ZA*XX"), group="PD")
    assert codes(one(text)) == ["EDI-133"]
    message = one(text, **{"activities.XX": "ignored", "activities.QU": "ignored"})
    assert not codes(message)
    assert [row["quantity"] for row in message.rows["sell_through"]] == ["10", "4", "7"]


RESALE = f"""867
    BPT*00*R1*20260508*SS
    DTM*090*20260501
    DTM*091*20260507
    N1*DB*House*UL*{SELLER}
    N1*MF*Maker*UL*4000001000050
    PTD*SS
    N1*ST*Clinic*92*K17
    REF*IV*F-1
    QTY*32*15*EA
    LIN**VN*V-1
    UIT*EA*2.00
    DTM*003*20260503
    QTY*32*3*EA
    LIN**VN*V-2
    UIT*EA*1.00
    PTD*BN
    N1*ST*Clinic*92*K17
    REF*IV*F-2
    QTY*76*2*EA
    LIN**VN*V-1
    UIT*EA*2.00
    PTD*RV
    QTY*76*5*EA
    LIN**VN*V-1
    UIT*EA*1.50
    PTD*PA
    QTY*32*1*EA
    LIN**VN*V-1
    UIT*EA*0.10
    CTT*4"""


def test_867_the_kind_of_transfer_decides_the_sign() -> None:
    message = one(x12(RESALE, group="PT"))
    assert codes(message) == ["EDI-133"]
    assert table(message.rows["sell_through"], "document_no", "line_no", "buyer_ref", "product_ref", "quantity", "net_amount", "sold_on") == [
        ("F-1", "1", "K17", "V-1", "15", "30.0000", "2026-05-03"), ("F-1", "2", "K17", "V-2", "3", "3.0000", "2026-05-07"),
        ("F-2", "1", "K17", "V-1", "-2", "-4.0000", "2026-05-07"),
    ]  # fmt: skip
    assert table(message.rows["returns"], "seller_ref", "buyer_ref", "quantity", "net_amount") == [
        ("4000001000050", SELLER, "5", "7.5000")
    ]
    allowed = one(x12(RESALE, group="PT"), **{"transactions.PA": "ignored", "transactions.RV": "return"})
    assert [row["quantity"] for row in allowed.rows["sell_through"]] == ["15", "3", "-2", "-5"]


def test_846_by_the_partners_own_quantities() -> None:
    text = x12(
        f"846\nBIA*00*DD*V1*20260507\nN1*WH*House*UL*{SELLER}\nLIN**VN*V-1\nQTY*33*90*EA\nQTY*17*100*EA\nQTY*QH*3*EA\nLIN**VN*V-2\nQTY*34*8",
        group="IB",
    )
    message = one(text)
    assert table(message.rows["stock"], "holder_ref", "product_ref", "on_hand_quantity", "quantity_kind") == [
        (SELLER, "V-1", "100", "17")
    ]
    assert codes(message) == ["EDI-134"]
    assert [row["on_hand_quantity"] for row in one(text, stock_quantities="34,33").rows["stock"]] == ["90", "8"]
