"""What a profile may say. Everything unknown is refused, so a typing error is found before a file is read."""

from __future__ import annotations

from typing import Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingestion.contracts import FEEDS

Format = Literal["csv", "xlsx", "jsonl", "parquet", "sql"]
Scalar = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


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
    when_prefix  value by the beginning of `column`: `{ "RINV-" = "return" }`
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
    format: str | None = None
    is_minor_units: bool = False
    null_tokens: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Mapping:
        given = [self.column is not None, bool(self.columns), bool(self.product_of), self.const is not None]
        if sum(given) != 1:
            raise ValueError("say exactly one of column, columns, product_of, const")
        return self


class Lookup(_Strict):
    """Another file of the same delivery whose columns are joined as `<name>.<column>`."""

    name: str = Field(pattern=r"^[a-z_]+$")
    files: str
    left: str
    right: str


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
    explode: str | None = None
    null_tokens: tuple[str, ...] = ()
    time_zone: str | None = None
    columns: dict[str, Mapping | str]
    document_key: tuple[str, ...] = ()
    version: str | None = None
    ordinal_within: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    lookups: tuple[Lookup, ...] = ()

    @field_validator("feed")
    @classmethod
    def _known_feed(cls, feed: str) -> str:
        if feed not in FEEDS:
            raise ValueError(f"no feed {feed!r}; the feeds are {', '.join(FEEDS)}")
        return feed

    @model_validator(mode="after")
    def _known_columns(self) -> FeedProfile:
        contract = FEEDS[self.feed]
        names = {column.name for column in contract.columns}
        unknown = sorted(set(self.columns) - names)
        if unknown:
            raise ValueError(f"feed {self.feed} has no column {', '.join(unknown)}; it has {', '.join(sorted(names))}")
        missing = [c.name for c in contract.columns if c.required and c.name not in {*self.columns, "source_zone", "currency"}]
        if missing:
            raise ValueError(f"feed {self.feed} needs the column {', '.join(missing)}")
        if (self.format == "sql") != bool(self.query) or (self.format != "sql") != bool(self.files):
            raise ValueError('say `files` for files, and `query` with format = "sql" for a database')
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands mark cannot be the same")
        return self

    def mapping(self, name: str) -> Mapping | None:
        """The mapping of a contract column; a bare text in the profile names a column."""
        found = self.columns.get(name)
        return Mapping(column=found) if isinstance(found, str) else found


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
    feeds: tuple[FeedProfile, ...]
    constants: tuple[Constant, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"no time zone {zone!r}; use an IANA name such as Europe/Berlin")
        return zone

    def zone_of(self, feed: FeedProfile) -> str:
        """The zone in which that feed keeps its times."""
        return feed.time_zone or self.time_zone
