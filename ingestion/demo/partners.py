"""What each partner's systems write. Every partner has its own format, numbers and habits."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from ingestion.demo.catalogue import CHAIN_NAME, DISTRIBUTORS, MANUFACTURER_REF, Retailer
from ingestion.demo.channel import Channel, Line, Return, Shipment
from ingestion.demo.payments import iban_of, write_statements
from ingestion.demo.xlsx import Cell, write_workbook

Writer = Callable[[Channel, Path], None]
Row = Sequence[object]
GZIP_AFTER_DAYS = 180
UNKNOWN_EVERY = 4_000
"""One line in so many carries an article number that no list knows."""


def euros(cents: int, mark: str = ",") -> str:
    """Cents as a decimal number with that mark."""
    return f"{cents // 100}{mark}{cents % 100:02d}"


def german(day: date | None) -> str:
    """dd.mm.yyyy, empty for no date."""
    return "" if day is None else f"{day:%d.%m.%Y}"


def _csv(path: Path, header: Sequence[str], rows: Iterable[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    if path.suffix == ".gz":
        with path.open("wb") as out, gzip.GzipFile("", "wb", 6, out, mtime=0) as packed:
            packed.write(content)
    else:
        path.write_bytes(content)


def _lines_of(channel: Channel, seller: str) -> tuple[list[Line], list[Line]]:
    """Lines as they were first sent, and lines sent again corrected."""
    before = {(line.document_no, line.line_no): line for line in channel.corrections}
    now = [line for line in channel.lines if line.seller == seller]
    first = [before.get((line.document_no, line.line_no), line) for line in now]
    return first, [line for line in now if (line.document_no, line.line_no) in before]


def _shipments_of(channel: Channel, seller: str) -> list[Shipment]:
    return [shipment for shipment in channel.shipments if shipment.line.seller == seller]


def _returns_of(channel: Channel, seller: str) -> list[Return]:
    return [entry for entry in channel.returns if entry.line.seller == seller]


def write_manufacturer(channel: Channel, folder: Path) -> None:
    """The manufacturer's master lists and its own sell-in, CSV with points."""
    parties: list[Row] = [(MANUFACTURER_REF, "manufacturer", "Alpenglut Kaffee GmbH", "", "", "Süd", "Kempten", "87435", "DE")]
    parties += [(ref, "distributor", name, "", "", region, "", "", "DE") for ref, (name, region, _, _) in DISTRIBUTORS.items()]
    parties += [(r.ref, "retailer", r.name, r.tier, r.segment, r.region, r.city, r.postal_code, "DE") for r in channel.retailers]
    _csv(folder / "parties.csv", ("number", "kind", "name", "tier", "segment", "region", "city", "zip", "country"), parties)
    _csv(folder / "customer_numbers.csv", ("number", "scheme", "value"),
         [(r.ref, f"{d}:customer", r.number_at(d)) for r in channel.retailers for d in r.distributors]
         + [(r.ref, "iban", iban_of(r)) for r in channel.retailers])  # fmt: skip
    _csv(folder / "relations.csv", ("distributor", "retailer", "since"),
         [(d, r.ref, "2020-01-01") for r in channel.retailers for d in r.distributors])  # fmt: skip
    _csv(folder / "products.csv", ("number", "name", "group", "gtin", "pack", "list_price"),
         [(p.ref, p.name, p.category, p.gtin, p.units_per_pack, euros(p.list_price_cents, ".")) for p in channel.products])  # fmt: skip
    _csv(folder / "article_numbers.csv", ("number", "scheme", "value"),
         [(p.ref, f"{d}:sku", p.sku_of(d)) for p in channel.products for d in DISTRIBUTORS])  # fmt: skip
    lines, _ = _lines_of(channel, MANUFACTURER_REF)
    _csv(folder / "sell_in_orders.csv", ("order", "line", "distributor", "date", "article", "quantity", "net", "promised"),
         [(n.document_no, n.line_no, n.buyer, n.ordered_on, n.product.ref, n.quantity, euros(n.net_cents, "."), n.promised_on) for n in lines])  # fmt: skip
    _csv(folder / "sell_in_confirmations.csv", ("order", "line", "quantity", "confirmed", "promised"),
         [(n.document_no, n.line_no, n.quantity, n.ordered_on + timedelta(days=1), n.promised_on) for n in lines])  # fmt: skip
    _csv(folder / "sell_in_deliveries.csv", ("delivery", "line", "distributor", "order", "order_line", "article", "quantity", "shipped", "delivered"),
         [(s.delivery_no, s.line_no, s.line.buyer, s.line.document_no, s.line.line_no, s.line.product.ref, s.quantity, s.shipped_on,
           s.delivered_on or "") for s in _shipments_of(channel, MANUFACTURER_REF)])  # fmt: skip
    _csv(folder / "sell_in_invoices.csv", ("invoice", "line", "distributor", "order", "article", "quantity", "net", "date", "due"),
         [(f"RE-{n.document_no}", n.line_no, n.buyer, n.document_no, n.product.ref, n.quantity, euros(n.net_cents, "."),
           n.promised_on, n.promised_on + timedelta(days=30)) for n in lines])  # fmt: skip


def write_nordwind(channel: Channel, folder: Path) -> None:
    """Nordwind's ERP: Windows-1252, semicolons, decimal commas, German dates; months older than half a year are gzipped."""
    name = "nordwind"
    numbers = {r.ref: r.number_at(name) for r in channel.retailers if name in r.distributors}
    lines, corrected = _lines_of(channel, name)
    header = ("Auftrag", "Pos", "Kunde", "Datum", "Artikel", "Menge", "Nettobetrag", "Liefertermin", "Status")
    status = {"open": "offen", "confirmed": "bestätigt", "cancelled": "storniert"}

    def order_row(line: Line, index: int) -> Row:
        sku = "NO99999" if index % UNKNOWN_EVERY == UNKNOWN_EVERY - 1 else line.product.sku_of(name)
        return (line.document_no, line.line_no, numbers[line.buyer], german(line.ordered_on), sku, line.quantity, euros(line.net_cents),
                german(line.promised_on), status[line.status])  # fmt: skip

    rows = [(line.ordered_on, order_row(line, index)) for index, line in enumerate(lines)]
    _monthly(channel, folder, "Auftraege", header, rows)
    _write_german(folder / "Auftraege_Korrekturen.csv", header, [order_row(line, 0) for line in corrected])
    shutil.copyfile(max(folder.glob("Auftraege_2*.csv")), folder / "Auftraege_nochmal.csv")
    _monthly(channel, folder, "AB", ("Auftrag", "Pos", "Menge", "Datum", "Liefertermin"), [
        (n.ordered_on, (n.document_no, n.line_no, n.quantity, german(min(n.ordered_on + timedelta(days=1), channel.end_date)), german(n.promised_on)))
        for n in [*lines, *corrected] if n.status == "confirmed"
    ])  # fmt: skip
    _monthly(channel, folder, "Lieferungen", ("Lieferschein", "Pos", "Kunde", "Auftrag", "AuftragPos", "Artikel", "Menge", "Versand", "Zugestellt"), [
        (s.shipped_on, (s.delivery_no, s.line_no, numbers[s.line.buyer], s.line.document_no, s.line.line_no, s.line.product.sku_of(name),
                        s.quantity, german(s.shipped_on), german(s.delivered_on))) for s in _shipments_of(channel, name)
    ])  # fmt: skip
    _mistyped(max(folder.glob("Lieferungen_2*.csv")), numbers)
    _monthly(channel, folder, "Rechnungen", ("Rechnung", "Pos", "Kunde", "Auftrag", "Artikel", "Menge", "Netto", "Datum", "Faellig"), [
        (s.shipped_on, (f"RE{s.delivery_no}", s.line_no, numbers[s.line.buyer], s.line.document_no, s.line.product.sku_of(name), s.quantity,
                        euros(s.quantity * s.line.unit_price_cents), german(s.shipped_on), german(s.shipped_on + timedelta(days=30))))
        for s in _shipments_of(channel, name)
    ])  # fmt: skip
    _write_german(folder / "Retouren.csv", ("Retoure", "Kunde", "Auftrag", "AuftragPos", "Artikel", "Menge", "Gutschrift", "Datum", "Grund"), [
        (r.return_no, numbers[r.line.buyer], r.line.document_no, r.line.line_no, r.line.product.sku_of(name), r.quantity,
         euros(r.quantity * r.line.unit_price_cents), german(r.returned_on), r.reason) for r in _returns_of(channel, name)
    ])  # fmt: skip
    _write_german(folder / "Bestand.csv", ("Artikel", "Stichtag", "Bestand", "Unterwegs"), [
        (product.sku_of(name), german(day), on_hand, moving) for holder, product, day, on_hand, moving in channel.stock if holder == name
    ])  # fmt: skip
    _write_german(folder / "Preise.csv", ("Artikel", "Kunde", "Ab", "Preis"), [
        (product.sku_of(name), number, german(channel.end_date - timedelta(days=365)), euros(product.list_price_cents * share // 100))
        for product in channel.products for number, share in (("", 86), *((n, 81) for n in list(numbers.values())[:5]))
    ])  # fmt: skip
    write_statements(channel.payments, folder)


def _mistyped(file: Path, numbers: dict[str, str]) -> None:
    """Three rows that somebody typed by hand, each wrong in its own way: a day that does not exist, a word for a number, no date."""
    customer = next(iter(numbers.values()))
    rows = [("LS-H1", 1, customer, "", "", "NO00001", 6, "31.02.2026", ""), ("LS-H2", 1, customer, "", "", "NO00001", "sechs", "02.03.2026", ""),
            ("LS-H3", 1, customer, "", "", "NO00001", 12, "", "")]  # fmt: skip
    with file.open("a", encoding="cp1252", newline="") as handle:
        csv.writer(handle, delimiter=";", lineterminator="\r\n").writerows(rows)


def _monthly(channel: Channel, folder: Path, stem: str, header: Sequence[str], rows: Iterable[tuple[date, Row]]) -> None:
    months: dict[date, list[Row]] = {}
    for day, row in rows:
        months.setdefault(day.replace(day=1), []).append(row)
    for month, month_rows in sorted(months.items()):
        packed = ".gz" if (channel.end_date - month).days > GZIP_AFTER_DAYS else ""
        _write_german(folder / f"{stem}_{month:%Y-%m}.csv{packed}", header, month_rows)


def _write_german(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    _csv(path, header, rows, delimiter=";", encoding="cp1252")


def write_suedland(channel: Channel, folder: Path) -> None:
    """Südland exports a workbook per year with a sheet per topic."""
    name = "suedland"
    numbers = {r.ref: r.number_at(name) for r in channel.retailers if name in r.distributors}
    lines, corrected = _lines_of(channel, name)
    order_header = ("Order", "Line", "Customer", "Order date", "GTIN", "Qty", "Net EUR", "Promised", "State")

    def order_row(line: Line) -> list[Cell]:
        return [line.document_no, line.line_no, numbers[line.buyer], line.ordered_on, line.product.gtin, line.quantity,
                line.net_cents / 100, line.promised_on, line.status]  # fmt: skip

    for year in sorted({line.ordered_on.year for line in lines}):
        write_workbook(folder / f"suedland_{year}.xlsx", {
            "Orders": (order_header, [order_row(line) for line in lines if line.ordered_on.year == year]),
            "Deliveries": (("Note", "Line", "Customer", "Order", "Order line", "GTIN", "Qty", "Shipped", "Delivered"), [
                (s.delivery_no, s.line_no, numbers[s.line.buyer], s.line.document_no, s.line.line_no, s.line.product.gtin, s.quantity,
                 s.shipped_on, s.delivered_on) for s in _shipments_of(channel, name) if s.shipped_on.year == year]),
            "Returns": (("Return", "Customer", "Order", "Order line", "GTIN", "Qty", "Credit EUR", "Date", "Reason"), [
                (r.return_no, numbers[r.line.buyer], r.line.document_no, r.line.line_no, r.line.product.gtin, r.quantity,
                 r.quantity * r.line.unit_price_cents / 100, r.returned_on, r.reason)
                for r in _returns_of(channel, name) if r.returned_on.year == year]),
            "Stock": (("GTIN", "Counted", "On hand", "In transit"), [
                (product.gtin, day, on_hand, moving) for holder, product, day, on_hand, moving in channel.stock
                if holder == name and day.year == year]),
        })  # fmt: skip
    write_workbook(folder / "suedland_zz_corrections.xlsx", {"Orders": (order_header, [order_row(line) for line in corrected])})
    write_workbook(
        folder / "customers.xlsx", {"Customers": (("No", "Name", "City", "Zip"), _spelled_otherwise(channel.retailers, name))}
    )


def _spelled_otherwise(retailers: Sequence[Retailer], distributor: str) -> list[list[Cell]]:
    """Retailers of a neighbour as this distributor has them on its own list: written out, shortened, mistyped."""
    shared = [r for r in retailers if distributor in r.distributors[1:] and not r.is_chain][:3]
    spellings: tuple[Callable[[str], str], ...] = (
        lambda name: f"{name} GmbH".upper(), lambda name: name.replace("a", "aa", 1), lambda name: name.rpartition(" ")[0],
    )  # fmt: skip
    return [
        [f"SF-{900 + number}", spell(r.name), r.city, r.postal_code]
        for number, (r, spell) in enumerate(zip(shared, spellings, strict=True), 1)
    ]


def write_westfracht(channel: Channel, folder: Path) -> None:
    """Westfracht lets its ERP database be read; corrections are made in place there."""
    name = "westfracht"
    path = folder / "erp.sqlite"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.executescript(
        """create table sales_orders (order_no text primary key, customer_no text, order_date text, promised_date text, state text);
           create table sales_order_lines (order_no text, pos integer, sku text, qty integer, net_cents integer);
           create table shipments (shipment_no text, pos integer, order_no text, order_pos integer, sku text, qty integer, shipped text, delivered text);
           create table credit_notes (credit_no text, order_no text, order_pos integer, sku text, qty integer, net_cents integer, credited text, reason text);
           create table inventory (sku text, counted text, on_hand integer, in_transit integer);"""
    )
    numbers = {r.ref: r.number_at(name) for r in channel.retailers if name in r.distributors}
    lines = [line for line in channel.lines if line.seller == name]
    heads = {n.document_no: (n.document_no, numbers[n.buyer], f"{n.ordered_on}", f"{n.promised_on}", n.status) for n in lines}
    database.executemany("insert into sales_orders values (?, ?, ?, ?, ?)", heads.values())
    database.executemany("insert into sales_order_lines values (?, ?, ?, ?, ?)",
                         [(n.document_no, n.line_no, n.product.sku_of(name), n.quantity, n.net_cents) for n in lines])  # fmt: skip
    database.executemany("insert into shipments values (?, ?, ?, ?, ?, ?, ?, ?)", [
        (s.delivery_no, s.line_no, s.line.document_no, s.line.line_no, s.line.product.sku_of(name), s.quantity, f"{s.shipped_on}",
         f"{s.delivered_on}" if s.delivered_on else None) for s in _shipments_of(channel, name)])  # fmt: skip
    database.executemany("insert into credit_notes values (?, ?, ?, ?, ?, ?, ?, ?)", [
        (r.return_no, r.line.document_no, r.line.line_no, r.line.product.sku_of(name), r.quantity,
         r.quantity * r.line.unit_price_cents, f"{r.returned_on}", r.reason) for r in _returns_of(channel, name)])  # fmt: skip
    database.executemany("insert into inventory values (?, ?, ?, ?)", [
        (product.sku_of(name), f"{day}", on_hand, moving) for holder, product, day, on_hand, moving in channel.stock if holder == name])  # fmt: skip
    database.commit()
    database.close()


def write_ostmark(channel: Channel, folder: Path) -> None:
    """Ostmark's shop system writes JSON lines: an order with its lines in one object, moments instead of dates."""
    name = "ostmark"
    numbers = {r.ref: r.number_at(name) for r in channel.retailers if name in r.distributors}
    lines, corrected = _lines_of(channel, name)
    _jsonl(folder / "orders.jsonl", _orders(lines, numbers, name))
    _jsonl(folder / "orders_zz_changed.jsonl", _orders(corrected, numbers, name))
    _jsonl(folder / "deliveries.jsonl", [
        {"note": s.delivery_no, "line": s.line_no, "customer": numbers[s.line.buyer], "order": s.line.document_no,
         "orderLine": s.line.line_no, "sku": s.line.product.sku_of(name), "qty": s.quantity, "shipped": f"{s.shipped_on}",
         "delivered": f"{s.delivered_on}" if s.delivered_on else None} for s in _shipments_of(channel, name)])  # fmt: skip
    _jsonl(folder / "returns.jsonl", [
        {"id": r.return_no, "customer": numbers[r.line.buyer], "order": r.line.document_no, "orderLine": r.line.line_no,
         "sku": r.line.product.sku_of(name), "qty": r.quantity, "credit": euros(r.quantity * r.line.unit_price_cents, "."),
         "date": f"{r.returned_on}", "reason": r.reason} for r in _returns_of(channel, name)])  # fmt: skip
    _jsonl(folder / "stock.jsonl", [
        {"sku": product.sku_of(name), "date": f"{day}", "onHand": on_hand, "inTransit": moving}
        for holder, product, day, on_hand, moving in channel.stock if holder == name])  # fmt: skip


def _orders(lines: list[Line], numbers: dict[str, str], name: str) -> list[dict[str, object]]:
    orders: dict[str, dict[str, object]] = {}
    for line in lines:
        order = orders.setdefault(line.document_no, {
            "order": line.document_no, "customer": {"number": numbers[line.buyer]}, "date": f"{line.ordered_on}",
            "placedAt": f"{datetime.combine(line.ordered_on, datetime.min.time()) + timedelta(hours=9, minutes=len(orders) % 480):%Y-%m-%dT%H:%M:%S}",
            "promised": f"{line.promised_on}", "state": line.status, "lines": [],
        })  # fmt: skip
        cast(list[object], order["lines"]).append(
            {"no": line.line_no, "sku": line.product.sku_of(name), "qty": line.quantity, "net": euros(line.net_cents, ".")}
        )
    return list(orders.values())


def _jsonl(path: Path, rows: Iterable[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_help_desk(channel: Channel, folder: Path) -> None:
    """The manufacturer's help desk: one object per ticket, with its history. Retailers are known by the master's number."""
    rows: list[dict[str, object]] = []
    for ticket in channel.tickets:
        last = {status: moment for moment, status in ticket.history}
        answered = next((moment for moment, status in ticket.history if status == "in_progress"), None)
        rows.append({
            "id": ticket.number, "reseller": ticket.retailer.ref, "bought_from": ticket.seller, "gtin": ticket.product.gtin, "topic": ticket.category,
            "channel": "phone" if int(ticket.number[3:]) % 3 else "email", "priority": ticket.priority, "subject": ticket.subject,
            "state": ticket.history[-1][1], "opened": _moment(ticket.history[0][0]), "answered": _moment(answered),
            "resolved": _moment(last.get("resolved")), "closed": _moment(last.get("closed")), "reopened": ticket.reopened,
            "history": [{"n": n, "at": _moment(moment), "state": status} for n, (moment, status) in enumerate(ticket.history, 1)],
        })  # fmt: skip
    _jsonl(folder / "tickets.jsonl", rows)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}"


def write_chain(channel: Channel, folder: Path) -> None:
    """The chain's point of sale: parquet, one file per year, prices as decimals with tax taken off by the till."""
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    for year in sorted({day.year for _, _, _, day, _, _, _ in channel.receipts}):
        rows = [entry for entry in channel.receipts if entry[3].year == year]
        table = pa.table({
            "shop": [entry[0].ref for entry in rows], "receipt": [entry[1] for entry in rows], "line": [entry[2] for entry in rows],
            "sold": [entry[3] for entry in rows], "gtin": [entry[4].gtin for entry in rows], "qty": [entry[5] for entry in rows],
            "net": pa.array([Decimal(entry[5] * entry[6]) / 100 for entry in rows], pa.decimal128(12, 2)),
            "chain": [CHAIN_NAME] * len(rows),
        })  # fmt: skip
        pq.write_table(table, folder / f"pos_{year}.parquet")


WRITERS: dict[str, Writer] = {
    "alpenglut": write_manufacturer, "nordwind": write_nordwind, "suedland": write_suedland, "westfracht": write_westfracht,
    "ostmark": write_ostmark, "hilfe": write_help_desk, "bohnenhaus": write_chain,
}  # fmt: skip
"""Source -> what writes its delivery."""
