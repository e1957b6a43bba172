"""HTTP APIs that are asked: pages become files, and where to go on is stored with their rows.

Records that change during a pull move: by page number one would be missed. So a resource with `since` is walked by time, in the order
of change: each page is followed by a question for what changed since its last record, and records that stand at the seam come twice and are
recognised. Only where a whole page carries one moment are its pages counted. The next pull begins `overlap_seconds` earlier still.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from core.errors import ConfigurationError, RetriableError
from ingestion.connectors.http_client import Answer, Api
from ingestion.connectors.model import Item, Pull
from ingestion.profiles.http import CursorPaging, HttpOptions, LinkPaging, OffsetPaging, PagePaging, Resource, Since

Json = Any


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer: its file, the document in it and its records."""

    path: Path
    document: Json
    records: list[Json]
    link: str | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


class HttpTransport:
    """The resources of a profile, in its order."""

    brings_all = False

    def __init__(self, options: HttpOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options, self._sleep = options, sleep

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """The pages of each resource. Raises RetriableError ING-403, ING-404, ConfigurationError ING-104, ING-405 to ING-407, ING-410."""
        with Api(self._options, pull, self._sleep) as api:
            for resource in self._options.resources:
                known = json.loads(pull.since.get(f"resource:{resource.name}", "{}"))
                walk = _Walk(api, resource, pull, known, self._options.pages_max)
                yield from walk.items()

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """Nothing lies about but the pages in the work folder."""


class _Walk:
    """One resource from where it stands to its end. `known` is its cursor: cursor, since, etag, modified, sha."""

    def __init__(self, api: Api, resource: Resource, pull: Pull, known: dict[str, str], pages_max: int) -> None:
        self._api, self._resource, self._pull, self._known, self._pages_max = api, resource, pull, known, pages_max
        self._count = 0

    def items(self) -> Iterator[Item]:
        """Pages with records in them; a page that equals the last one of the pull before is not worth a word."""
        paging = self._resource.paging
        if self._resource.ending != ".json" or paging.style == "none":
            yield from self._single()
        elif isinstance(paging, CursorPaging):
            yield from self._by_cursor(paging)
        elif isinstance(paging, LinkPaging):
            yield from self._by_link(paging)
        elif isinstance(paging, PagePaging | OffsetPaging):
            yield from self._by_number(paging)

    def _single(self) -> Iterator[Item]:
        conditions = {"if-none-match": self._known.get("etag", ""), "if-modified-since": self._known.get("modified", "")}
        since = self._since()
        path = self._path()
        answer = self._api.get(
            self._resource.path, self._params(since), path, {name: value for name, value in conditions.items() if value}
        )
        if answer.is_unchanged:
            return
        marks = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
        if self._resource.ending == ".json":
            page = self._read(answer)
            yield from self._item(page, marks | self._since_mark(page, since))
        else:
            yield Item(path.name, path, self._cursor(marks))

    def _by_cursor(self, paging: CursorPaging) -> Iterator[Item]:
        position = self._known.get("cursor") if paging.keeps else None
        since = self._since()
        reached = since
        while True:
            params = self._params(since, without_since=position is not None and paging.replaces_since)
            params |= {paging.param: position} if position is not None else {}
            page = self._get(self._resource.path, params)
            following = _at(page.document, paging.next)
            ended = bool(_at(page.document, paging.end)) if paging.end else not page.records
            reached = self._highest(page, reached)
            mark = self._known_since(reached, since)
            if paging.keeps and following:
                mark = {"cursor": str(following)}
            yield from self._item(page, mark)
            if ended or not following or following == position:
                return
            position = str(following)

    def _by_link(self, paging: LinkPaging) -> Iterator[Item]:
        since = self._since()
        reached = since
        address, params = self._resource.path, self._params(since)
        while True:
            page = self._get(address, params)
            reached = self._highest(page, reached)
            following = _at(page.document, paging.next) if paging.next else page.link
            ended = (
                not following
                or not page.records
                or str(following) == address
                or bool(paging.end and _at(page.document, paging.end))
            )
            yield from self._item(page, self._known_since(reached, since))
            if ended:
                return
            address, params = str(following), {}

    def _by_number(self, paging: PagePaging | OffsetPaging) -> Iterator[Item]:
        since = self._since()
        place = first = paging.first if isinstance(paging, PagePaging) else 0
        while True:
            params = self._params(since) | {paging.size_param: str(paging.size), paging.param: str(place)}
            page = self._get(self._resource.path, params)
            reached = self._highest(page, since)
            ended = len(page.records) < paging.size
            mark = self._known_since(reached, since) if since is not None else {}
            yield from self._item(page, mark)
            if ended:
                return
            if since is not None and reached is not None and self._text(reached) != self._text(since):
                since, place = reached, first
            else:
                place += 1 if isinstance(paging, PagePaging) else paging.size - paging.overlap

    def _get(self, address: str, params: dict[str, str]) -> _Page:
        if self._count >= self._pages_max:
            raise ConfigurationError(
                "ING-406", where=self._api.where, found=f"more than {self._pages_max} pages of {self._resource.name}",
                expected="an end", next_step="Check the paging in the profile, or raise transport.pages_max.",
            )  # fmt: skip
        return self._read(self._api.get(address, params, self._path()))

    def _path(self) -> Path:
        path = self._pull.work / f"{self._resource.name}-{self._count:05d}{self._resource.ending}"
        self._count += 1
        return path

    def _read(self, answer: Answer) -> _Page:
        try:
            document = json.loads(answer.path.read_bytes())
            records = _at(document, self._resource.items) if self._resource.items else document
        except ValueError:
            raise RetriableError(
                "ING-403", where=self._api.where, found=f"an answer of {self._resource.name} that is no whole JSON document", expected="JSON",
                next_step="The next run goes on where this one stopped; if it stays so, check the path in [transport].",
            ) from None  # fmt: skip
        if not isinstance(records, list):
            raise ConfigurationError(
                "ING-406", where=self._api.where, found=f"no list at '{self._resource.items}' in the answer of {self._resource.name}",
                expected="the records", next_step="Check `items` of the resource.",
            )  # fmt: skip
        links = httpx.Response(200, headers={"link": answer.headers.get("link", "")}).links
        return _Page(answer.path, document, records, links.get("next", {}).get("url"))

    def _item(self, page: _Page, mark: dict[str, str]) -> Iterator[Item]:
        sha256 = page.sha256
        if page.records and sha256 != self._known.get("sha"):
            yield Item(page.path.name, page.path, self._cursor(mark | {"sha": sha256}) if mark else {})

    def _cursor(self, mark: dict[str, str]) -> dict[str, str]:
        return {f"resource:{self._resource.name}": json.dumps({name: value for name, value in mark.items() if value})}

    def _since(self) -> datetime | None:
        """From when to ask: the moment known, minus the overlap."""
        since = self._resource.since
        if since is None:
            return None
        if "since" not in self._known:
            return _moment(since.start)
        overlap = timedelta(0) if since.answer else timedelta(seconds=since.overlap_seconds)
        return max(_moment(self._known["since"]) - overlap, _moment(since.start))

    def _highest(self, page: _Page, reached: datetime | None) -> datetime | None:
        """The latest moment of change among the records, or what the answer itself says."""
        since = self._resource.since
        if since is None:
            return None
        if since.answer:
            said = _at(page.document, since.answer)
            return reached if said is None else _moment(said)
        found = [_moment(value) for record in page.records if (value := _at(record, since.column or "")) is not None]
        return max([*found, *([reached] if reached else [])], default=None)

    def _since_mark(self, page: _Page, since: datetime | None) -> dict[str, str]:
        return self._known_since(self._highest(page, since), since)

    def _known_since(self, reached: datetime | None, since: datetime | None) -> dict[str, str]:
        """Never behind what was known: the overlap is read again, it does not move the mark back."""
        moments = [moment for moment in (reached, since) if moment]
        if self._resource.since is not None and "since" in self._known:
            moments.append(_moment(self._known["since"]))
        return {"since": max(moments).isoformat()} if moments else {}

    def _params(self, since: datetime | None, *, without_since: bool = False) -> dict[str, str]:
        given = self._resource.params.items()
        if since is None:
            return dict(given)
        text = self._text(since)
        return {name: value.replace("{since}", text) for name, value in given if not (without_since and "{since}" in value)}

    def _text(self, moment: datetime | None) -> str:
        """A moment as the API takes it."""
        style = (self._resource.since or Since(column="-")).format
        if moment is None:
            return ""
        if style == "epoch":
            return str(int(moment.timestamp()))
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ" if style == "iso" else style)


def _at(document: Json, path: str) -> Json:
    """The value at a dotted path; None when it is not there."""
    for name in path.split(".") if path else ():
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _moment(value: object) -> datetime:
    """A moment as APIs write them: ISO 8601 with any zone style, naive meaning UTC, or seconds since 1970."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


__all__ = ["HttpTransport"]
