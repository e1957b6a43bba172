"""DESADV, RECADV and RETANN: what is on its way, what arrived, and what is to come back. Source: EANCOM 2002."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ingestion.documents.edifact.orders import NET_PRICES, PROMISED, header, line_no_of, parties, product_columns
from ingestion.documents.edifact.parts import ENDS, Part, currency_of, day_of, laid_out, money_of, order_of, price_of, quantity_of
from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment


def read_desadv(reading: Reading, segments: Sequence[Segment]) -> None:
    """A despatch advice: lines hang under packages (CPS), packages under packages."""
    body, _ = Part(segments).until(*ENDS)
    head, packages = body.split("CPS")
    if not packages:
        head, _ = body.split("LIN")
        packages = [Part(body.segments[len(head.segments) :])]
    number, _, issued = header(reading, head)
    common: dict[str, str | None] = {
        **parties(reading, head), "delivery_no": number, "shipped_on": day_of(reading, head, "11", "110") or issued,
        "promised_on": day_of(reading, head, "17", "191", "358", *PROMISED), "delivered_on": day_of(reading, head, "35", "50"),
    }  # fmt: skip
    order_no, _ = order_of(head)
    position = 0
    for package in packages:
        top, lines = package.split("LIN")
        sscc = _package(reading, top, number, common)
        for line in lines:
            position += 1
            _delivery_line(reading, line, position, {**common, "sscc": sscc}, order_no)


def _package(reading: Reading, top: Part, number: str, common: Mapping[str, str | None]) -> str:
    """Adds the packages of a CPS, one for each SSCC; gives the SSCC when there is just one."""
    cps = top.first("CPS")
    if cps is None:
        return ""
    pac = top.first("PAC")
    codes = [
        gin.get(element, 1)
        for gin in top.every("GIN")
        if gin.get(1) == "BJ"
        for element in range(2, len(gin.elements))
        if gin.get(element)
    ]
    kind = pac.get(3) if pac else ""
    traders = {name: common[name] for name in ("seller_scheme", "seller_ref", "buyer_scheme", "buyer_ref")}
    for position, code in enumerate(codes or ([""] if pac else []), 1):
        reading.add("packages", cps.place, **traders, delivery_no=number, package_no=cps.get(1) if len(codes) < 2 else f"{cps.get(1)}.{position}",
                    parent_package_no=cps.get(2), sscc=code, package_kind=kind)  # fmt: skip
    return codes[0] if len(codes) == 1 else ""


def _delivery_line(reading: Reading, line: Part, position: int, common: Mapping[str, str | None], order_no: str) -> None:
    line_order, order_line = order_of(line)
    quantity, unit = quantity_of(reading, line, "12", "46", "1")
    ordered, _ = quantity_of(reading, line, "21")
    number = line_no_of(line, position)
    reading.add(
        "deliveries", line.place, **{**common, "promised_on": day_of(reading, line, *PROMISED) or common["promised_on"]},
        **product_columns(reading, line), line_no=number, order_document_no=line_order or order_no,
        order_line_no=(order_line or (number if line_order or order_no else "")).lstrip("0"), quantity=quantity, unit=unit,
        ordered_quantity=ordered,
    )  # fmt: skip


def read_recadv(reading: Reading, segments: Sequence[Segment]) -> None:
    """A receiving advice: what was despatched, what was accepted; the difference is what was not."""
    body, _ = Part([segment for segment in segments if segment.tag != "CPS"]).until(*ENDS)
    head, lines = body.split("LIN")
    number, _, issued = header(reading, head)
    order_no, _ = order_of(head)
    common = {**parties(reading, head), "receipt_no": number, "received_on": day_of(reading, head, "50", "35", "310") or issued,
              "delivery_no": head.value("RFF", "DQ", "AAK", "AAS")}  # fmt: skip
    for position, line in enumerate(lines, 1):
        line_order, order_line = order_of(line)
        despatched, unit = quantity_of(reading, line, "12", "46")
        accepted, _ = quantity_of(reading, line, "194", "48", "46")
        rejected, _ = quantity_of(reading, line, "195", "193", "61")
        if rejected is None and despatched is not None and accepted is not None:
            rejected = format(max(Decimal(0), Decimal(despatched) - Decimal(accepted)), "f")
        qvr, cdi = line.first("QVR"), line.first("CDI")
        reading.add(
            "receipts", line.place, **common, **product_columns(reading, line), line_no=line_no_of(line, position), unit=unit,
            order_document_no=line_order or order_no, order_line_no=order_line.lstrip("0"), despatched_quantity=despatched,
            accepted_quantity=accepted if accepted is not None else despatched, rejected_quantity=rejected or "0",
            reason=(qvr.get(3) or qvr.get(2)) if qvr else (cdi.get(2) if cdi else None),
        )  # fmt: skip


def read_retann(reading: Reading, segments: Sequence[Segment]) -> None:
    """An announced return: what comes back, and why."""
    head, lines, _ = laid_out(segments)
    number, _, issued = header(reading, head)
    order_no, _ = order_of(head)
    common = {**parties(reading, head), "return_no": number, "returned_on": issued, "currency": currency_of(head),
              "delivery_no": head.value("RFF", "DQ", "AAK")}  # fmt: skip
    for position, line in enumerate(lines, 1):
        line_order, order_line = order_of(line)
        quantity, unit = quantity_of(reading, line, "61", "21", "12")
        price, basis = price_of(reading, line, *reading.listed("net_price", NET_PRICES))
        reason, text = line.first("CDI"), line.first("FTX")
        reading.add(
            "returns", line.place, **common, **product_columns(reading, line), line_no=line_no_of(line, position), quantity=quantity, unit=unit,
            net_amount=reading.amount(money_of(reading, line, "203"), price, quantity, basis, line.place),
            order_document_no=line_order or order_no, order_line_no=order_line.lstrip("0"),
            reason=(reason.get(2) or reason.get(1)) if reason else ((text.get(4) or text.get(3)) if text else None),
        )  # fmt: skip
