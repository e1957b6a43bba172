"""The feeds: one typed contract each. This list is the only place that says what a feed holds.

    partner's column --profile--> contract column --loader--> raw.<feed> --> stg_ingest__<feed>

Kinds of column (`Kind`):
    text      VARCHAR, trimmed; an empty text is null
    ref       a pair of columns `<name>_scheme`, `<name>_ref` (whose number, and the number as text)
    money     a pair of columns `<name>_cents` BIGINT, `<name>_subcents` SMALLINT (hundredths of a cent, ADR 0003)
    quantity  DECIMAL(18,3)
    integer   BIGINT
    date      DATE in the source's zone
    instant   TIMESTAMP in UTC; the source's zone stands in `source_zone` beside it
    boolean   BOOLEAN
    choice    VARCHAR out of `choices`

A money column needs the feed's `currency` column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "ref", "money", "quantity", "integer", "date", "instant", "boolean", "choice"]
Sign = Literal["any", "not_negative", "positive"]

LEGS = ("sell_in", "sell_through", "sell_out")
"""manufacturer -> distributor, distributor -> retailer, retailer -> consumer."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feed. `required` rows without it are quarantined; `is_key` columns identify the row."""

    name: str
    kind: Kind
    required: bool = False
    is_key: bool = False
    sign: Sign = "any"
    choices: tuple[str, ...] = ()
    description: str = ""

    def sql_columns(self) -> tuple[tuple[str, str], ...]:
        """(name, DuckDB type) of each stored column."""
        if self.kind == "ref":
            return ((f"{self.name}_scheme", "VARCHAR"), (f"{self.name}_ref", "VARCHAR"))
        if self.kind == "money":
            return ((f"{self.name}_cents", "BIGINT"), (f"{self.name}_subcents", "SMALLINT"))
        sql_type = {
            "text": "VARCHAR", "choice": "VARCHAR", "quantity": "DECIMAL(18,3)", "integer": "BIGINT",
            "date": "DATE", "instant": "TIMESTAMP", "boolean": "BOOLEAN",
        }[self.kind]  # fmt: skip
        return ((self.name, sql_type),)


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed. `event_date` names the column by which first and last event are reported (None: master data)."""

    name: str
    description: str
    columns: tuple[Column, ...]
    event_date: str | None = None
    document: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"feed {self.name} has no column {name}")

    @property
    def key(self) -> tuple[Column, ...]:
        """The columns that identify a row within its source."""
        return tuple(column for column in self.columns if column.is_key)

    def sql_columns(self) -> tuple[tuple[str, str], ...]:
        """(name, DuckDB type) of all stored columns of the contract, technical columns left out."""
        return tuple(pair for column in self.columns for pair in column.sql_columns())


TECHNICAL_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_batch_no", "INTEGER"),
    ("_row_no", "INTEGER"),
    ("_recorded_at", "TIMESTAMP"),
    ("_row_key", "UBIGINT"),
    ("_version", "BIGINT"),
    ("source_id", "VARCHAR"),
)
"""Columns that every raw table carries before those of its contract."""


def _leg(description: str = "the leg of the channel this row belongs to") -> Column:
    return Column("leg", "choice", required=True, is_key=True, choices=LEGS, description=description)


def _text(name: str, description: str, *, required: bool = False, is_key: bool = False) -> Column:
    return Column(name, "text", required, is_key, description=description)


def _ref(name: str, description: str, *, required: bool = False, is_key: bool = False) -> Column:
    return Column(name, "ref", required, is_key, description=description)


def _date(name: str, description: str, *, required: bool = False, is_key: bool = False) -> Column:
    return Column(name, "date", required, is_key, description=description)


def _choice(name: str, choices: tuple[str, ...], description: str, *, required: bool = False) -> Column:
    return Column(name, "choice", required, choices=choices, description=description)


def _quantity(name: str = "quantity", *, required: bool = True, sign: Sign = "any", description: str = "") -> Column:
    return Column(name, "quantity", required, sign=sign, description=description or "quantity in `unit`")


def _money(name: str, description: str, *, required: bool = False, sign: Sign = "any") -> Column:
    return Column(name, "money", required, sign=sign, description=description)


_CURRENCY = _text("currency", "ISO 4217 code of every amount in the row", required=True)
_UNIT = _text("unit", "unit of the quantity, 'unit' when the source counts pieces")
_ZONE = _text("source_zone", "IANA zone in which the source keeps its times", required=True)

FEEDS: Mapping[str, Feed] = MappingProxyType({feed.name: feed for feed in (
    Feed("parties", "one row per party and master", (
        _text("party_ref", "the master's own number", required=True, is_key=True),
        _choice("kind", ("manufacturer", "distributor", "retailer"), "the tier of the channel", required=True),
        _text("name", "name as it is shown", required=True),
        _text("tier", "reseller tier in the manufacturer's words, e.g. Gold"),
        _text("segment", "kind of shop or business"), _text("region", "sales region"), _text("city", "city"),
        _text("postal_code", "postal code"), _text("country", "ISO 3166 alpha-2"),
        _choice("status", ("active", "inactive"), "active unless the source says otherwise"),
    )),
    Feed("party_aliases", "one row per further number of a party", (
        _text("party_ref", "the master's own number", required=True, is_key=True),
        _text("scheme", "whose number: gln, duns, vat, <source>:customer", required=True, is_key=True),
        _text("alias_value", "the number", required=True, is_key=True),
    )),
    Feed("trade_relations", "one row per pair of parties that trade", (
        _ref("seller", "who sells", required=True, is_key=True), _ref("buyer", "who buys", required=True, is_key=True),
        _date("valid_from", "first day"), _date("valid_to", "last day, null while open"),
    )),
    Feed("products", "one row per product and master", (
        _text("product_ref", "the master's own number", required=True, is_key=True),
        _text("name", "name as it is shown", required=True), _text("brand", "brand"),
        _text("category", "product group that pages and programmes use"), _text("subcategory", "finer group"),
        _ref("manufacturer", "who makes it"), _text("gtin", "GTIN of the unit"),
        Column("units_per_pack", "integer", sign="positive", description="units in one pack"),
        _text("unit", "unit in which it is sold"),
        _money("list_price", "manufacturer's list price of one unit"), _text("currency", "ISO 4217 code of the list price"),
    )),
    Feed("product_aliases", "one row per further number of a product", (
        _text("product_ref", "the master's own number", required=True, is_key=True),
        _text("scheme", "whose number: gtin, <source>:sku", required=True, is_key=True),
        _text("alias_value", "the number", required=True, is_key=True),
    )),
    Feed("orders", "one row per order (header)", (
        _leg(), _text("document_no", "order number", required=True, is_key=True),
        _ref("seller", "who sells; its numbers are its own", required=True, is_key=True), _ref("buyer", "who buys", required=True),
        _date("ordered_on", "order date", required=True), _date("promised_on", "promised delivery date"),
        _choice("status", ("open", "confirmed", "cancelled"), "state of the order", required=True), _ZONE,
    ), "ordered_on", "document_no"),
    Feed("order_lines", "one row per order line", (
        _leg(), _text("document_no", "order number", required=True, is_key=True),
        _text("line_no", "line within the order", required=True, is_key=True),
        Column("document_id", "integer", description="filled by the loader: identifies the order by the profile's document key"),
        _ref("seller", "who sells; its numbers are its own", required=True, is_key=True), _ref("buyer", "who buys", required=True),
        _date("ordered_on", "order date in the source's zone", required=True),
        Column("ordered_at", "instant", description="moment of the order where the source knows it"), _ZONE,
        _ref("product", "what is ordered", required=True), _quantity(), _UNIT,
        _money("net_amount", "line net of discounts and tax; negative on return lines", required=True), _CURRENCY,
        _date("promised_on", "promised delivery date"),
        _choice("line_kind", ("order", "return"), "a return line carries negative quantities", required=True),
        _choice("line_status", ("open", "confirmed", "cancelled"), "state of the line", required=True),
    ), "ordered_on", "document_no"),
    Feed("order_confirmations", "one row per part of an order line that the seller answers", (
        _leg(), _text("document_no", "order number", required=True, is_key=True),
        _text("line_no", "line within the order, * for all of them", required=True, is_key=True),
        _text("split_no", "part of the line's quantity with an answer of its own", is_key=True),
        _ref("seller", "who confirms", required=True, is_key=True),
        _choice("status", ("confirmed", "changed", "substituted", "backordered", "pending", "rejected"), "the seller's answer", required=True),
        _quantity("confirmed_quantity", required=False, sign="not_negative", description="quantity that the answer is about; 0 when rejected; null for what was ordered"),
        _date("confirmed_on", "date of the answer", required=True), _date("promised_on", "delivery date it promises"),
    ), "confirmed_on", "document_no"),
    Feed("order_changes", "one row per order line and change that the buyer asks for", (
        _leg(), _text("change_no", "number of the change", required=True, is_key=True),
        _text("document_no", "order number", required=True, is_key=True),
        _text("line_no", "line within the order, * for all of them", required=True, is_key=True),
        _ref("seller", "who sells; its numbers are its own", required=True, is_key=True), _ref("buyer", "who buys"),
        _choice("action", ("added", "changed", "cancelled", "unchanged"), "what becomes of the line", required=True),
        _ref("product", "what is ordered"), _quantity(required=False, sign="not_negative", description="new quantity; null as before"), _UNIT,
        _money("net_amount", "new line amount net of discounts and tax; null as before"), _CURRENCY,
        _date("promised_on", "new delivery date"), _date("changed_on", "date of the change", required=True),
    ), "changed_on", "document_no"),
    Feed("deliveries", "one row per delivery line", (
        _leg(), _text("delivery_no", "delivery note number", required=True, is_key=True),
        _text("line_no", "line within the delivery", required=True, is_key=True),
        _ref("seller", "who ships", required=True, is_key=True), _ref("buyer", "who receives", required=True),
        _text("order_document_no", "order it fulfils"), _text("order_line_no", "line it fulfils"),
        _ref("product", "what is shipped", required=True),
        _quantity(sign="positive", description="shipped quantity"),
        _date("promised_on", "promised delivery date"), _date("shipped_on", "date of dispatch", required=True),
        _date("delivered_on", "actual delivery date, null while on its way"),
    ), "shipped_on", "delivery_no"),
    Feed("packages", "one row per package of a delivery", (
        _leg(), _text("delivery_no", "delivery note number", required=True, is_key=True),
        _text("package_no", "package within the delivery", required=True, is_key=True),
        _ref("seller", "who ships", required=True, is_key=True), _text("parent_package_no", "package it lies in"),
        _text("sscc", "serial shipping container code"), _text("package_kind", "pallet, carton, or the sender's code"),
    ), None, "delivery_no"),
    Feed("receipts", "one row per delivery line that the buyer received", (
        _leg(), _text("receipt_no", "receipt number", required=True, is_key=True),
        _text("line_no", "line within the receipt", required=True, is_key=True),
        _ref("buyer", "who received; its numbers are its own", required=True, is_key=True), _ref("seller", "who shipped", required=True),
        _text("delivery_no", "delivery note it answers"), _text("order_document_no", "order it fulfils"),
        _text("order_line_no", "line it fulfils"), _ref("product", "what was received", required=True),
        _quantity("despatched_quantity", required=False, sign="not_negative", description="quantity that the seller says it shipped"),
        _quantity("accepted_quantity", sign="not_negative", description="quantity received and accepted"),
        _quantity("rejected_quantity", required=False, sign="not_negative", description="quantity missing or not accepted"),
        _date("received_on", "date of receipt", required=True), _text("reason", "why not all was accepted"),
    ), "received_on", "receipt_no"),
    Feed("invoices", "one row per invoice line", (
        _leg(), _text("invoice_no", "invoice number", required=True, is_key=True),
        _text("line_no", "line within the invoice", required=True, is_key=True),
        _ref("seller", "who bills", required=True, is_key=True), _ref("buyer", "who pays", required=True),
        _text("order_document_no", "order it bills"), _text("order_line_no", "line it bills"),
        _ref("product", "what is billed"), _quantity(),
        _money("net_amount", "line net of tax", required=True), _CURRENCY,
        _date("invoiced_on", "invoice date", required=True), _date("due_on", "due date"), _date("paid_on", "payment date"),
        _money("payable_amount", "what the whole invoice asks for, tax included, the same on each line; without it the sum of the lines"),
        _text("credited_invoice_no", "the invoice that a credit note takes back"),
    ), "invoiced_on", "invoice_no"),
    Feed("payments", "one row per payment between two parties; confidential to both", (
        _text("payment_no", "number within the source: account and the bank's reference", required=True, is_key=True),
        _ref("payee", "who is paid"), _ref("payer", "who pays"),
        _money("amount", "what is paid; negative where an earlier payment is taken back", required=True), _CURRENCY,
        _date("booked_on", "day of booking", required=True), _text("reference", "remittance text, names the invoices"),
        _text("end_to_end_ref", "the payer's reference; ties a reversal to what it takes back"),
        _text("bank_reference", "the bank's reference"),
    ), "booked_on"),
    Feed("returns", "one row per return line", (
        _leg(), _text("return_no", "return number", required=True, is_key=True),
        _text("line_no", "line within the return", required=True, is_key=True),
        _ref("seller", "who takes back", required=True, is_key=True), _ref("buyer", "who returns", required=True),
        _text("order_document_no", "order it takes back"), _text("order_line_no", "line it takes back"),
        _ref("product", "what is returned", required=True), _quantity(sign="positive", description="returned quantity"),
        _money("net_amount", "credited net amount, positive", required=True, sign="not_negative"), _CURRENCY,
        _date("returned_on", "date of the return", required=True), _text("reason", "why"),
    ), "returned_on", "return_no"),
    Feed("stock", "one row per holder, product and count", (
        _ref("holder", "who holds the stock", required=True, is_key=True),
        _ref("product", "what is held", required=True, is_key=True),
        _date("counted_on", "day of the count", required=True, is_key=True),
        _quantity("on_hand_quantity", description="on hand; negative where the source keeps it so"),
        _quantity("in_transit_quantity", required=False, description="on its way to the holder"), _UNIT,
    ), "counted_on"),
    Feed("sell_through", "one row per line a distributor reports as sold to a retailer", (
        _ref("seller", "the reporting distributor", required=True, is_key=True),
        _text("document_no", "invoice or report number", required=True, is_key=True),
        _text("line_no", "line within it", required=True, is_key=True), _ref("buyer", "the retailer", required=True),
        _date("sold_on", "date of sale", required=True), _ref("product", "what was sold", required=True), _quantity(),
        _money("net_amount", "net of tax; negative when taken back", required=True), _CURRENCY,
    ), "sold_on", "document_no"),
    Feed("sell_out", "one row per line a retailer sold to a consumer", (
        _ref("seller", "the retailer", required=True, is_key=True),
        _text("document_no", "receipt or report number", required=True, is_key=True),
        _text("line_no", "line within it", required=True, is_key=True),
        _date("sold_on", "date of sale", required=True), _ref("product", "what was sold", required=True), _quantity(),
        _money("net_amount", "net of tax; negative when taken back", required=True), _CURRENCY,
    ), "sold_on", "document_no"),
    Feed("support_requests", "one row per support request in its latest state", (
        _text("request_no", "request number", required=True, is_key=True),
        _ref("requester", "who asks", required=True), _ref("product", "what it is about"),
        _ref("seller", "distributor whose sale it concerns; without it only manufacturer and requester see the request"),
        _text("category", "topic in the help desk's words"), _text("channel", "phone, e-mail, portal"),
        _choice("priority", ("critical", "high", "moderate", "low"), "how urgent"), _text("subject", "one line"),
        _choice("status", ("new", "in_progress", "waiting", "resolved", "closed"), "latest state", required=True),
        Column("opened_at", "instant", required=True, description="opened, UTC"),
        Column("first_response_at", "instant", description="first answer, UTC"),
        Column("resolved_at", "instant", description="resolved, UTC"),
        Column("closed_at", "instant", description="closed, UTC"),
        Column("reopen_count", "integer", sign="not_negative", description="how often it was reopened"), _ZONE,
    ), "opened_at", "request_no"),
    Feed("support_events", "one row per change of state of a support request", (
        _text("request_no", "request number", required=True, is_key=True),
        _text("event_no", "change within the request", required=True, is_key=True),
        Column("occurred_at", "instant", required=True, description="moment of the change, UTC"),
        _choice("status", ("new", "in_progress", "waiting", "resolved", "closed"), "state after it", required=True), _ZONE,
    ), "occurred_at", "request_no"),
    Feed("prices", "one row per price a seller grants; confidential to the seller", (
        _ref("seller", "whose price", required=True, is_key=True), _ref("buyer", "to whom, null for the list price", is_key=True),
        _ref("product", "for what", required=True, is_key=True),
        _date("valid_from", "first day", required=True, is_key=True), _date("valid_to", "last day"),
        Column("min_quantity", "quantity", is_key=True, sign="not_negative", description="from this quantity"),
        _money("price", "net price of one unit", required=True, sign="not_negative"), _CURRENCY,
    ), "valid_from"),
)})  # fmt: skip
"""All feeds by name."""

CONTROL_TABLES = """
create table if not exists raw.runs (
    run_id varchar primary key, run_no integer not null, profiles varchar not null, started_at timestamp not null,
    finished_at timestamp, status varchar not null, published_generation integer, message varchar);
create table if not exists raw.batches (
    batch_no integer primary key, run_id varchar not null, source_id varchar not null, feed varchar not null,
    file_name varchar not null, sha256 varchar not null, file_bytes bigint not null, landed_path varchar not null,
    status varchar not null, rows_read bigint not null, rows_accepted bigint not null, rows_quarantined bigint not null,
    rows_duplicate bigint not null, rows_corrected bigint not null, first_event_on date, last_event_on date,
    error_code varchar, error_message varchar, started_at timestamp not null, finished_at timestamp not null,
    check (rows_accepted + rows_quarantined + rows_duplicate = rows_read));
create table if not exists raw.file_columns (
    source_id varchar not null, kind varchar not null, column_name varchar not null, primary key (source_id, kind, column_name));
create table if not exists raw.quarantine (
    batch_no integer not null, row_no integer not null, line_no integer, source_id varchar not null, feed varchar not null,
    column_name varchar, error_code varchar not null, found varchar, expected varchar, message varchar not null,
    raw_text varchar not null, quarantined_at timestamp not null);
alter table raw.quarantine add column if not exists row_layout varchar;
create table if not exists raw.corrected_keys (feed varchar not null, _row_key ubigint not null, primary key (feed, _row_key));
create table if not exists raw.source_notes (source_id varchar primary key, title varchar not null, note_de varchar, note_en varchar,
    owner_scheme varchar, owner_ref varchar);
alter table raw.source_notes add column if not exists owner_scheme varchar;
alter table raw.source_notes add column if not exists owner_ref varchar;
create table if not exists raw.party_merges (
    source_id varchar not null, party_ref varchar not null, into_source_id varchar not null, into_party_ref varchar not null,
    is_undone boolean not null, batch_no integer not null, primary key (source_id, party_ref));
create table if not exists raw.match_candidates (
    left_source_id varchar not null, left_ref varchar not null, right_source_id varchar not null, right_ref varchar not null,
    kind varchar not null, score double not null, reasons varchar not null);
create table if not exists raw.quarantine_done (
    batch_no integer not null, row_no integer not null, action_no bigint not null, kind varchar not null, new_batch_no integer,
    done_at timestamp not null, primary key (batch_no, row_no));
create table if not exists raw.replays (
    batch_no integer primary key, new_batch_no integer not null, run_id varchar not null, replayed_at timestamp not null);
create table if not exists raw.cursors (source_id varchar not null, stream varchar not null, position varchar not null,
    recorded_at timestamp not null);
create table if not exists raw.deletions (
    source_id varchar not null, feed varchar not null, _row_key ubigint not null, batch_no integer not null, deleted_at timestamp not null);
"""
"""Statuses of a batch: loaded, same_file (bytes seen before), rejected (nothing of it loaded), held (too many bad rows)."""
