"""One small week of business, and three ways in which a distributor may deliver it: CSV files, X12, EDIFACT.

manufacturer M1 -> distributor D1 -> retailers R1, R2        orders, deliveries, what was sold on, what is in stock
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ingestion.profiles import Profile
from tests.support.messages import edifact, x12

GLN = {"M1": "4000001000050", "D1": "4000001000005", "R1": "4000001000036", "R2": "4000001000043"}
GTIN = {"P1": "4006381333931", "P2": "4006381333948"}
PRICE = {"P1": "2.50", "P2": "19.99"}
LAST_DAY = "2026-05-07"

ORDERS = (
    ("O1", "R1", "2026-05-01", "2026-05-05", (("1", "P1", 10), ("2", "P2", 3))),
    ("O2", "R2", "2026-05-02", "2026-05-06", (("1", "P1", 4),)),
)
"""Number, retailer, day, promised day, lines of number, product, quantity."""

DELIVERIES = (
    ("L1", "O1", "R1", "2026-05-03", "2026-05-04", (("1", "P1", 10), ("2", "P2", 1))),
    ("L2", "O1", "R1", "2026-05-06", "2026-05-07", (("2", "P2", 2),)),
    ("L3", "O2", "R2", "2026-05-05", None, (("1", "P1", 3),)),
)
"""Number, order, retailer, shipped, delivered, lines of order line, product, quantity."""

SOLD = (("R1", "P1", 8), ("R1", "P2", 2), ("R2", "P1", 5), ("R2", "P2", -1))
"""Retailer, product, quantity of the week; a negative one was taken back."""

STOCK = (("P1", 120, 40), ("P2", 33, None))
"""Product, on hand at the distributor on the last day, in transit to it."""


def amount(product: str, quantity: int) -> str:
    """Quantity times price."""
    cents = int(PRICE[product].replace(".", "")) * abs(quantity)
    return f"{'-' if quantity < 0 else ''}{cents // 100}.{cents % 100:02d}"


def _profile(title: str, feeds: Sequence[dict[str, Any]]) -> Profile:
    kinds = {"M1": "manufacturer", "D1": "distributor", "R1": "retailer", "R2": "retailer"}
    return Profile.model_validate({
        "source_id": "week", "title": title, "currency": "EUR", "time_zone": "Europe/Berlin", "feeds": feeds,
        "constants": [
            {"feed": "parties", "rows": [{"party_ref": ref, "kind": kind, "name": f"Party {ref}"} for ref, kind in kinds.items()]},
            {"feed": "party_aliases", "rows": [{"party_ref": ref, "scheme": "gln", "alias_value": gln} for ref, gln in GLN.items()]},
            {"feed": "products", "rows": [{"product_ref": ref, "name": f"Product {ref}", "category": "All", "manufacturer": "M1", "gtin": gtin,
                                           "list_price": PRICE[ref], "currency": "EUR"} for ref, gtin in GTIN.items()]},
        ],
    })  # fmt: skip


def as_csv(folder: Path) -> Profile:
    """Four files with a header."""
    tables: dict[str, list[tuple[object, ...]]] = {
        "order_lines": [("no", "line", "buyer", "day", "promised", "item", "qty", "net")],
        "deliveries": [("no", "line", "buyer", "order", "order_line", "item", "qty", "shipped", "delivered")],
        "sell_through": [("no", "line", "buyer", "day", "item", "qty", "net")], "stock": [("item", "day", "qty", "transit")],
    }  # fmt: skip
    for no, shop, day, promised, lines in ORDERS:
        tables["order_lines"] += [(no, n, GLN[shop], day, promised, GTIN[p], q, amount(p, q)) for n, p, q in lines]
    for no, order, shop, shipped, delivered, lines in DELIVERIES:
        tables["deliveries"] += [
            (no, k, GLN[shop], order, n, GTIN[p], q, shipped, delivered or "") for k, (n, p, q) in enumerate(lines, 1)
        ]
    tables["sell_through"] += [("W", k, GLN[shop], LAST_DAY, GTIN[p], q, amount(p, q)) for k, (shop, p, q) in enumerate(SOLD, 1)]
    tables["stock"] += [(GTIN[p], LAST_DAY, q, "" if t is None else t) for p, q, t in STOCK]
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    seller = {"const": GLN["D1"], "scheme": "gln"}
    buyer, item = {"column": "buyer", "scheme": "gln"}, {"column": "item", "scheme": "gtin"}
    leg = {"const": "sell_through"}
    columns: dict[str, dict[str, Any]] = {
        "order_lines": {"leg": leg, "document_no": "no", "line_no": "line", "seller": seller, "buyer": buyer, "ordered_on": "day", "product": item,
                        "quantity": "qty", "net_amount": "net", "promised_on": "promised", "unit": {"const": "unit"}, "line_kind": {"const": "order"},
                        "line_status": {"const": "open"}},
        "deliveries": {"leg": leg, "delivery_no": "no", "line_no": "line", "seller": seller, "buyer": buyer, "order_document_no": "order",
                       "order_line_no": "order_line", "product": item, "quantity": "qty", "shipped_on": "shipped", "delivered_on": "delivered"},
        "sell_through": {"seller": seller, "document_no": "no", "line_no": "line", "buyer": buyer, "sold_on": "day", "product": item,
                         "quantity": "qty", "net_amount": "net"},
        "stock": {"holder": seller, "product": item, "counted_on": "day", "on_hand_quantity": "qty", "in_transit_quantity": "transit",
                  "unit": {"const": "unit"}},
    }  # fmt: skip
    return _profile("As CSV", [{"feed": name, "files": f"{name}.csv", "columns": mapping} for name, mapping in columns.items()])


def _documents(title: str, kind: str) -> Profile:
    leg, unit = {"leg": {"const": "sell_through"}}, {"unit": {"const": "unit"}}
    columns: dict[str, dict[str, Any]] = {"order_lines": leg | unit, "deliveries": leg, "sell_through": {}, "stock": unit}
    return _profile(
        title, [{"feed": name, "files": "*.txt", "format": kind, "columns": mapping} for name, mapping in columns.items()]
    )


def as_edifact(folder: Path) -> Profile:
    """ORDERS, DESADV, SLSRPT and INVRPT, an interchange each."""
    parties = "NAD+BY+{}::9\nNAD+SU+" + GLN["D1"] + "::9\n"
    orders = [
        f"ORDERS:D:01B:UN:EAN010\nBGM+220+{no}+9\nDTM+137:{_ymd(day)}:102\nDTM+2:{_ymd(promised)}:102\n{parties.format(GLN[shop])}CUX+2:EUR:9\n"
        + "".join(f"LIN+{n}++{GTIN[p]}:SRV\nQTY+21:{q}\nPRI+AAA:{PRICE[p]}\n" for n, p, q in lines) + "UNS+S"
        for no, shop, day, promised, lines in ORDERS
    ]  # fmt: skip
    advices = [
        f"DESADV:D:01B:UN:EAN007\nBGM+351+{no}+9\nDTM+137:{_ymd(shipped)}:102\nDTM+11:{_ymd(shipped)}:102\n"
        + (f"DTM+35:{_ymd(delivered)}:102\n" if delivered else "") + f"{parties.format(GLN[shop])}CPS+1\n"
        + "".join(f"LIN+{k}++{GTIN[p]}:SRV\nQTY+12:{q}\nRFF+ON:{order}:{n}\n" for k, (n, p, q) in enumerate(lines, 1))
        for no, order, shop, shipped, delivered, lines in DELIVERIES
    ]  # fmt: skip
    sales = f"SLSRPT:D:01B:UN:EAN004\nBGM+73E::9+W+9\nDTM+137:20260508:102\nDTM+356:20260501{_ymd(LAST_DAY)}:718\nNAD+SE+{GLN['D1']}::9\nCUX+2:EUR:8\n"
    for shop in ("R1", "R2"):
        sales += f"LOC+162+{GLN[shop]}::9\n"
        for k, (_, p, q) in enumerate((row for row in SOLD if row[0] == shop), 1):
            sales += f"LIN+{k}++{GTIN[p]}:SRV\nPRI+AAA:{PRICE[p]}\nQTY+{153 if q > 0 else 61}:{abs(q)}\n"
    stock = f"INVRPT:D:01B:UN:EAN004\nBGM+35+V+9\nDTM+137:20260508:102\nDTM+366:{_ymd(LAST_DAY)}:102\nNAD+GY+{GLN['D1']}::9\n"
    stock += "".join(
        f"LIN+{k}++{GTIN[p]}:SRV\nQTY+145:{q}\n" + (f"QTY+198:{t}\n" if t else "") for k, (p, q, t) in enumerate(STOCK, 1)
    )
    for ref, messages in enumerate((orders, advices, [sales], [stock]), 1):
        (folder / f"{ref}.txt").write_text(edifact(*messages, ref=str(ref)))
    return _documents("As EDIFACT", "edifact")


def as_x12(folder: Path) -> Profile:
    """850, 856, 867 for the sales to one retailer, 852 for the other's and the stock."""
    seller = f"N1*SE*House*UL*{GLN['D1']}\n"
    orders = [
        f"850\nBEG*00*SA*{no}**{_ymd(day)}\nCUR*BY*EUR\nDTM*002*{_ymd(promised)}\nN1*BY*Shop*UL*{GLN[shop]}\n{seller}"
        + "".join(f"PO1*{n}*{q}*EA*{PRICE[p]}**EN*{GTIN[p]}\n" for n, p, q in lines) + f"CTT*{len(lines)}"
        for no, shop, day, promised, lines in ORDERS
    ]  # fmt: skip
    notices = [
        f"856\nBSN*00*{no}*{_ymd(shipped)}*1200\nHL*1**S\nDTM*011*{_ymd(shipped)}\n" + (f"DTM*035*{_ymd(delivered)}\n" if delivered else "")
        + f"{seller}N1*BY*Shop*UL*{GLN[shop]}\nHL*2*1*O\nPRF*{order}\n"
        + "".join(f"HL*{k}*2*I\nLIN*{n}*EN*{GTIN[p]}\nSN1**{q}*EA\n" for k, (n, p, q) in enumerate(lines, 3)) + f"CTT*{len(lines)}"
        for no, order, shop, shipped, delivered, lines in DELIVERIES
    ]  # fmt: skip
    resale = f"867\nBPT*00*W*20260508*SS\nDTM*090*20260501\nDTM*091*{_ymd(LAST_DAY)}\nCUR*SE*EUR\nN1*DB*House*UL*{GLN['D1']}\n"
    resale += "".join(
        f"PTD*{'SS' if q > 0 else 'BN'}\nN1*ST*Shop*UL*{GLN[shop]}\nQTY*32*{abs(q)}*EA\nLIN**EN*{GTIN[p]}\nUIT*EA*{PRICE[p]}\n"
        for shop, p, q in SOLD if shop == "R1"
    )  # fmt: skip
    activity = f"852\nXQ*H*20260501*{_ymd(LAST_DAY)}\nN1*DB*House*UL*{GLN['D1']}\nCUR*SE*EUR\n"
    for product, on_hand, transit in STOCK:
        activity += f"LIN**EN*{GTIN[product]}\nCTP**NET*{PRICE[product]}\nZA*QA*{on_hand}*EA\n" + (
            f"ZA*QI*{transit}*EA\n" if transit else ""
        )
        for shop, _, q in (row for row in SOLD if row[0] == "R2" and row[1] == product):
            activity += f"ZA*{'QS' if q > 0 else 'QU'}\nSDQ*EA*UL*{GLN[shop]}*{abs(q)}\n"
    for ref, (sets, group) in enumerate(((orders, "PO"), (notices, "SH"), ([resale], "PT"), ([activity], "PD")), 1):
        (folder / f"{ref}.txt").write_text(x12(*sets, ref=f"{ref:09d}", group=group))
    return _documents("As X12", "x12")


def _ymd(day: str) -> str:
    return day.replace("-", "")


WAYS: dict[str, Callable[[Path], Profile]] = {"csv": as_csv, "x12": as_x12, "edifact": as_edifact}
"""Name -> writes the week into a folder and gives the profile that reads it."""
