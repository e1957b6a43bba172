"""What a profile may say about an HTTP API that is asked (docs/connectors.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ingestion.profiles.base import Strict


class BasicAuth(Strict):
    """User and password; some systems take a key as the user and any password."""

    kind: Literal["basic"]
    user_variable: str
    password_variable: str | None = None


class KeyAuth(Strict):
    """A key in a header, after a prefix such as `Bearer ` or `Token token=`."""

    kind: Literal["key"]
    header: str = "Authorization"
    prefix: str = ""
    key_variable: str


class OAuthAuth(Strict):
    """OAuth 2 client credentials: a token from `token_path` (at `token_url_variable` or the API's own host), renewed before it expires."""

    kind: Literal["oauth2"]
    token_path: str
    token_url_variable: str | None = None
    client_id_variable: str
    client_secret_variable: str
    scope: str = ""


Auth = Annotated[BasicAuth | KeyAuth | OAuthAuth, Field(discriminator="kind")]


class NoPaging(Strict):
    """One answer holds everything; it is asked for with the ETag and time of the last one."""

    style: Literal["none"] = "none"


class CursorPaging(Strict):
    """The answer holds the cursor of the next page at `next`; `end` is a path whose true value ends the pull. `keeps`: the last cursor is
    where the next pull begins. `replaces_since`: a question with a cursor says no moment."""

    style: Literal["cursor"]
    param: str
    next: str
    end: str | None = None
    keeps: bool = False
    replaces_since: bool = False


class PagePaging(Strict):
    """Page numbers from `first` on; a page with fewer than `size` records is the last one."""

    style: Literal["page"]
    param: str = "page"
    size_param: str = "per_page"
    size: int = Field(100, ge=1, le=10_000)
    first: int = 1


class OffsetPaging(Strict):
    """Offsets; `overlap` records of each page are read again with the next, so that records that move up meanwhile are not missed."""

    style: Literal["offset"]
    param: str = "offset"
    size_param: str = "limit"
    size: int = Field(100, ge=1, le=10_000)
    overlap: int = Field(5, ge=0)

    @model_validator(mode="after")
    def _moves_on(self) -> OffsetPaging:
        if self.overlap >= self.size:
            raise ValueError("overlap must be smaller than size")
        return self


class LinkPaging(Strict):
    """The next page's address stands in the header `Link` with rel="next" (RFC 8288), or in the answer at `next`; `end` is a path whose true
    value ends the pull although there is an address."""

    style: Literal["link"]
    next: str | None = None
    end: str | None = None


Paging = Annotated[NoPaging | CursorPaging | PagePaging | OffsetPaging | LinkPaging, Field(discriminator="style")]


class Since(Strict):
    """What changed after a moment: `{since}` in `params` becomes it, in `format` (`iso`, `epoch`, or strftime in UTC).

    column    where each record says when it changed; the records come in that order. The highest one is where to go on
    answer    or: where the answer itself says from when to go on (epoch seconds)
    start     the first pull begins here
    """

    column: str | None = None
    answer: str | None = None
    format: str = "iso"
    start: str = "2000-01-01T00:00:00+00:00"
    overlap_seconds: int = Field(300, ge=0)

    @model_validator(mode="after")
    def _one_origin(self) -> Since:
        if (self.column is None) == (self.answer is None):
            raise ValueError("say column or answer")
        return self


class Resource(Strict):
    """One address of the API. Its pages are landed as `<name>-00000.json`, which the feeds' `files` patterns fit."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    path: str = Field(pattern=r"^/")
    params: dict[str, str] = Field(default_factory=dict)
    items: str = ""
    ending: str = Field(".json", pattern=r"^\.[a-z0-9.]+$")
    paging: Paging = NoPaging()
    since: Since | None = None

    @model_validator(mode="after")
    def _fits(self) -> Resource:
        if self.ending != ".json" and (self.paging.style != "none" or self.since is not None):
            raise ValueError("only JSON answers have pages or a time to go on from")
        uses_since = any("{since}" in value for value in self.params.values())
        if self.since is not None and not uses_since:
            raise ValueError("since needs a parameter with {since}")
        if self.since is None and uses_since:
            raise ValueError("a parameter with {since} needs [since]")
        return self


class HttpOptions(Strict):
    """An API that is asked for what is new."""

    kind: Literal["http"]
    url_variable: str = Field(description="environment variable with the API's address, e.g. https://acme.example")
    auth: Auth | None = Field(None, description="how to log in: basic, key or oauth2")
    headers: dict[str, str] = Field(default_factory=dict, description="further headers, without secrets")
    resources: tuple[Resource, ...] = Field(min_length=1, description="the addresses that are read, in this order")
    requests_per_minute: int = Field(300, ge=1, description="no more requests than this")
    timeout_seconds: float = Field(30.0, gt=0, description="silence of this length ends an attempt")
    total_seconds: float = Field(300.0, gt=0, description="one answer may take this long, however steadily it drips")
    attempts: int = Field(6, ge=1, le=20, description="tries of one request")
    wait_seconds_max: float = Field(
        120.0, ge=0, description="longest wait between two tries; a Retry-After beyond it ends the pull"
    )
    body_mib_max: int = Field(64, ge=1, le=2_048, description="largest answer")
    pages_max: int = Field(100_000, ge=1, description="pages of one resource in one pull; more is taken for a loop")
