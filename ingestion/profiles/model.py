"""What a profile may say. Everything unknown is refused, so a typing error is found before a file is read."""

from __future__ import annotations

from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from ingestion.contracts import FEEDS, Column
from ingestion.documents.records import VERSION, neutral_names
from ingestion.documents.registry import FORMATS, format_of, unknown_switches
from ingestion.profiles.base import Strict as _Strict
from ingestion.profiles.transport import TransportOptions
from ingestion.profiles.xml_paths import path_problem

Format = Literal[
    "csv", "xlsx", "jsonl", "json", "xml", "parquet", "sql", "edifact", "x12", "cxml", "ubl", "camt", "mt940", "idoc"
]  # fmt: skip
Scalar = str | int | float | bool


class Condition(_Strict):
    """Keep only rows of which a column begins with, equals, or does not equal a text."""

    column: str
    equals: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    starts_with: str | None = None
    not_starts_with: str | None = None
    not_null: bool = False


class Mapping(_Strict):
    """Where a contract column comes from: exactly one of `column`, `columns`, `product_of` or `const`.

    column     a column of the file (JSON: a path such as `customer.number`)
    columns    several, joined with `separator`
    product_of  numbers multiplied with one another: an amount that the file only gives as quantity and price
    const      the same value in every row
    values     what the partner writes -> what the contract says
    otherwise  what a value that is not in `values` becomes; without it such a row is quarantined
    scheme     whose number a reference is
    null_tokens  replaces the feed's own for this column
    scheme_column  a column that says for each row whose number a reference is
    fallback     what a row without a value says
    when_prefix  value by the beginning of `column`: `{ "RINV-" = "return" }`
    only         values that `column` may have: a file with any other is refused as a whole
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    separator: str = "|"
    product_of: tuple[str, ...] = ()
    const: Scalar | None = None
    values: dict[str, str] = Field(default_factory=dict)
    when_prefix: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    scheme: str | None = None
    scheme_column: str | None = None
    fallback: str | None = None
    format: str | None = None
    is_minor_units: bool = False
    null_tokens: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Mapping:
        given = [self.column is not None, bool(self.columns), bool(self.product_of), self.const is not None]
        if sum(given) != 1:
            raise ValueError("say exactly one of column, columns, product_of, const")
        return self


class Trailer(_Strict):
    """The last line of a delimited file: it begins with a mark and states rows and, if agreed, the sum of a column.

    Places count from 0, the mark's own place.
    """

    begins: str
    rows_at: int = Field(1, ge=1)
    sum_at: int | None = Field(None, ge=1)
    sum_of: str | None = None

    @model_validator(mode="after")
    def _sum_of_what(self) -> Trailer:
        if (self.sum_at is None) != (self.sum_of is None):
            raise ValueError("say sum_at and sum_of together")
        return self


class Lookup(_Strict):
    """Another file of the same delivery whose columns are joined as `<name>.<column>`."""

    name: str = Field(pattern=r"^[a-z_]+$")
    files: str
    left: str
    right: str


class ChangeTracking(_Strict):
    """How a query's changes are told from what is known: a column with the time (or number) of the last change, read again from
    `overlap_seconds` before the highest one known; `deletions_minutes`: how often all keys are compared, never when not given; `deletions_share_max`: a comparison that would take
    away a larger share of the known rows is held."""

    column: str
    overlap_seconds: int = Field(300, ge=0)
    deletions_minutes: int | None = Field(None, ge=0)
    deletions_share_max: float = Field(0.5, gt=0, le=1)


class FeedProfile(_Strict):
    """One feed out of one kind of file, or out of one query."""

    feed: str
    files: str = ""
    query: str = ""
    format: Format = "csv"
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str = '"'
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    date_format: str = "%Y-%m-%d"
    instant_format: str = "%Y-%m-%dT%H:%M:%S"
    sheet: str | None = None
    items: str = ""
    explode: str | tuple[str, ...] | None = None
    record_path: str | None = Field(None, pattern=r"^(/[\w.\-]+(:[\w.\-]+)?)+$")
    namespaces: dict[str, str] = Field(default_factory=dict)
    null_tokens: tuple[str, ...] = ()
    time_zone: str | None = None
    records: str | None = None
    messages: tuple[str, ...] = ()
    columns: dict[str, Mapping | str] = Field(default_factory=dict)
    document_key: tuple[str, ...] = ()
    version: str | None = None
    ordinal_within: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    changes: ChangeTracking | None = None
    trailer: Trailer | None = None
    manifest: str | None = Field(None, pattern=r"^\.[A-Za-z0-9._-]+$")
    is_steady: bool = False
    zero_quantities: bool = False

    @field_validator("feed")
    @classmethod
    def _known_feed(cls, feed: str) -> str:
        if feed not in FEEDS:
            raise ValueError(f"no feed {feed!r}; the feeds are {', '.join(FEEDS)}")
        return feed

    @model_validator(mode="after")
    def _documents(self) -> FeedProfile:
        if not self.is_documents:
            if self.records or self.messages:
                raise ValueError(f"records and messages belong to the formats {', '.join(FORMATS)}")
            return self
        kinds = format_of(self.format).MESSAGES
        sets = {name for records in kinds.values() for name in records}
        if self.record_set not in sets:
            raise ValueError(f"format {self.format} gives no records {self.record_set}; it gives {', '.join(sorted(sets))}")
        wrong = [name for name in self.messages if self.record_set not in kinds.get(name, ())]
        if wrong:
            fitting = ", ".join(name for name, records in kinds.items() if self.record_set in records)
            raise ValueError(f"messages {', '.join(wrong)} give no {self.record_set}; those that do are {fitting}")
        known, named = neutral_names(self.record_set), self._named_columns()
        if named - known:
            raise ValueError(
                f"records {self.record_set} have no {', '.join(sorted(named - known))}; they have {', '.join(sorted(known))}"
            )
        return self

    @model_validator(mode="after")
    def _known_columns(self) -> FeedProfile:
        contract = FEEDS[self.feed]
        names = {column.name for column in contract.columns}
        unknown = sorted(set(self.columns) - names)
        if unknown:
            raise ValueError(f"feed {self.feed} has no column {', '.join(unknown)}; it has {', '.join(sorted(names))}")
        given = {*self.columns, "source_zone", "currency"} | self._own_columns()
        missing = [c.name for c in contract.columns if c.required and c.name not in given]
        if missing:
            raise ValueError(f"feed {self.feed} needs the column {', '.join(missing)}")
        if (self.format == "sql") != bool(self.query) or (self.format != "sql") != bool(self.files):
            raise ValueError('say `files` for files, and `query` with format = "sql" for a database')
        if self.changes is not None and self.format != "sql":
            raise ValueError("changes are told from queries; files are known by their names and bytes")
        if self.changes is not None and self.changes.deletions_minutes is not None and (self.ordinal_within or self.lookups):
            raise ValueError("deletions need rows with keys of their own, without ordinal_within and lookups")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands mark cannot be the same")
        return self

    @model_validator(mode="after")
    def _xml_paths(self) -> FeedProfile:
        if (self.format == "xml") != bool(self.record_path):
            raise ValueError('say `record_path` with format = "xml", and only there')
        if self.format == "xml" and (
            problem := path_problem(self.record_path or "", self.namespaces, sorted(self._named_columns()))
        ):
            raise ValueError(problem)
        return self

    def _named_columns(self) -> set[str]:
        """The file's own columns that mappings and conditions name."""
        named = {condition.column for condition in self.where}
        for column in self.columns.values():
            mapping = Mapping(column=column) if isinstance(column, str) else column
            named |= {mapping.column or "", mapping.scheme_column or "", *mapping.columns, *mapping.product_of} - {""}
        return named

    @property
    def is_documents(self) -> bool:
        """Whether the files hold documents, whose rows come in record sets."""
        return self.format in FORMATS

    @property
    def record_set(self) -> str:
        """The record set that is read; the feed's own when the profile names none."""
        return self.records or self.feed

    @property
    def version_column(self) -> str | None:
        """The column that orders versions: documents bring their own."""
        return self.version or (VERSION if self.is_documents else None)

    @property
    def explode_paths(self) -> tuple[str, ...]:
        """The lists that become rows, each within an item of the one before."""
        return (self.explode,) if isinstance(self.explode, str) else self.explode or ()

    def mapping(self, name: str) -> Mapping | None:
        """The mapping of a contract column; a bare text in the profile names a column. Documents map like names by themselves."""
        found = self.columns.get(name)
        if found is None and self.is_documents and name in self._own_columns():
            kind = FEEDS[self.feed].column(name).kind
            return Mapping(column=f"{name}_ref", scheme_column=f"{name}_scheme") if kind == "ref" else Mapping(column=name)
        return Mapping(column=found) if isinstance(found, str) else found

    def _own_columns(self) -> set[str]:
        """Contract columns that documents bring under the contract's own names."""
        if not self.is_documents or self.record_set not in FEEDS:
            return set()
        names = neutral_names(self.record_set)
        return {column.name for column in FEEDS[self.feed].columns if _neutral(column) in names}


def _neutral(column: Column) -> str:
    return f"{column.name}_ref" if column.kind == "ref" else column.name


class PartyNumber(_Strict):
    """A party by one of its numbers: whose number it is, and the number."""

    scheme: str
    ref: str


class Constant(_Strict):
    """Rows that the profile itself declares, e.g. the one distributor of a source that never names it."""

    feed: str
    rows: tuple[dict[str, Scalar], ...]


class Profile(_Strict):
    """A partner's delivery. `owner`: the party whose system this is; its people see what became of their files."""

    source_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    owner: PartyNumber | None = None
    note_de: str | None = None
    note_en: str | None = None
    time_zone: str = "UTC"
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    url_variable: str | None = None
    transport: TransportOptions | None = None
    archives: tuple[str, ...] = ()
    feeds: tuple[FeedProfile, ...]
    constants: tuple[Constant, ...] = ()
    documents: dict[str, str | dict[str, str]] = Field(default_factory=dict)

    @property
    def switches(self) -> dict[str, str]:
        """`[documents]` as one table, tables of codes as `table.code`, with the source's id for the names of its lists."""
        flat = {"source_id": self.source_id}
        for name, value in self.documents.items():
            flat |= {name: value} if isinstance(value, str) else {f"{name}.{code}": meaning for code, meaning in value.items()}
        return flat

    @model_validator(mode="after")
    def _known_switches(self) -> Profile:
        formats = {feed.format for feed in self.feeds if feed.is_documents}
        given = {name: value for name, value in self.switches.items() if name != "source_id"}
        if given and not formats:
            raise ValueError(f"[documents] belongs to the formats {', '.join(FORMATS)}")
        for name, value in given.items():
            wrong = [unknown_switches(one, {name: value}) for one in sorted(formats)]
            if wrong and all(wrong):
                raise ValueError(wrong[0][0])
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"no time zone {zone!r}; use an IANA name such as Europe/Berlin")
        return zone

    @model_validator(mode="after")
    def _one_way_in(self) -> Profile:
        has_queries = any(feed.query for feed in self.feeds)
        if self.transport is not None and (self.transport.kind == "sql") != has_queries:
            raise ValueError('feeds with `query` and `[transport] kind = "sql"` belong together')
        return self

    def zone_of(self, feed: FeedProfile) -> str:
        """The zone in which that feed keeps its times."""
        return feed.time_zone or self.time_zone
