"""Databases: each query of the profile becomes a parquet extract, so that everything after is one path.

    select … from (the profile's query) where watermark >= last one - overlap   --> rows, types kept, numbers exact
    select keys from (the profile's query)                                      --> what exists now; the rest was deleted

The watermark is what the query itself calls the time of change, usually coalesce(write_date, create_date). Long transactions
commit rows with an older time than rows that were read already: the overlap reads again what is that old, and rows that are
known change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from ingestion.connectors.extracts import read_adbc, read_sqlalchemy, write_extract
from ingestion.connectors.model import Item, Pull
from ingestion.deletions import key_columns
from ingestion.profiles.model import ChangeTracking, FeedProfile, Profile
from ingestion.profiles.transport import SqlOptions

DEFAULT_TIMEOUT_SECONDS = 600
"""How long a query may take where the profile does not say."""


class SqlTransport:
    """The queries of a profile, in its order."""

    brings_all = False

    def __init__(self, options: SqlOptions | None) -> None:
        self._options = options

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """One extract per query, and a snapshot of its keys when deletions are due.

        Raises RetriableError ING-401, ConfigurationError ING-103, ING-104.
        """
        url = self._url(pull)
        for feed_no, feed in enumerate(pull.profile.feeds):
            if not feed.query:
                continue
            name = f"{pull.profile.source_id}-{feed.feed}-{feed_no}.parquet"
            stream = f"query:{feed.feed}:{feed_no}"
            path = pull.work / name
            since = pull.since.get(stream)
            position = self._extract(url, rows_query(feed, since), path, feed.changes) or since
            yield Item(name, path, {stream: position} if position else {}, feed_no)
            if feed.changes and feed.changes.deletions_minutes is not None:
                yield from self._keys(pull, url, feed_no, feed, feed.changes.deletions_minutes)

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """Nothing lies about but the extracts in the work folder."""

    def _keys(self, pull: Pull, url: str, feed_no: int, feed: FeedProfile, every_minutes: int) -> Iterator[Item]:
        stream = f"keys:{feed.feed}:{feed_no}"
        last, now = pull.since.get(stream), pull.now()
        if last is not None and timedelta(0) <= now - datetime.fromisoformat(last) < timedelta(minutes=every_minutes):
            return
        name = f"{pull.profile.source_id}-{feed.feed}-{feed_no}.parquet"
        path = pull.work / f"keys-{name}"
        self._extract(url, keys_query(feed), path, None)
        yield Item(name, path, {stream: now.astimezone(UTC).isoformat()}, feed_no, is_key_snapshot=True)

    def _url(self, pull: Pull) -> str:
        if pull.source is not None:
            return f"sqlite:///{_sqlite_file(pull.profile, pull.source)}"
        return pull.secret(self._options.url_variable if self._options else pull.profile.url_variable or "")

    def _extract(self, url: str, query: str, path: Path, changes: ChangeTracking | None) -> str | None:
        """Write the query's rows; gives the cursor after them, None without rows or watermark."""
        timeout = self._options.timeout_seconds if self._options else DEFAULT_TIMEOUT_SECONDS
        read = read_adbc if self._options and self._options.driver == "adbc" else read_sqlalchemy
        highest = write_extract(lambda: read(url, query, timeout), path, changes.column if changes else None)
        return None if highest is None else cursor_of(highest)


def rows_query(feed: FeedProfile, since: str | None) -> str:
    """The profile's query, from a cursor on."""
    query = feed.query.strip().rstrip(";")
    if feed.changes is None or since is None:
        return query
    limit = watermark(since, timedelta(seconds=feed.changes.overlap_seconds))
    return f"select * from ({query}) pulled where pulled.{_quoted(feed.changes.column)} >= {limit}"


def keys_query(feed: FeedProfile) -> str:
    """The columns that make a row's key, of every row there is."""
    columns = ", ".join(f"pulled.{_quoted(name)}" for name in key_columns(feed))
    query = feed.query.strip().rstrip(";")
    return f"select {columns} from ({query}) pulled"


def cursor_of(highest: object) -> str:
    """A watermark as text. Raises ConfigurationError ING-410 for a kind of value that has no order to speak of."""
    if isinstance(highest, datetime):
        return json.dumps({"at": highest.isoformat(sep=" ")})
    if isinstance(highest, int) and not isinstance(highest, bool):
        return json.dumps({"number": highest})
    if isinstance(highest, str):
        return json.dumps({"text": highest})
    raise ConfigurationError(
        "ING-410", where="changes.column", found=f"values of type {type(highest).__name__}", expected="moments, whole numbers or ISO texts",
        next_step="Let the query give the time of change, e.g. coalesce(write_date, create_date) as changed_at.",
    )  # fmt: skip


def watermark(cursor: str, overlap: timedelta) -> str:
    """The SQL literal from which to read again. Numbers (row versions) have no overlap in time and are read from themselves on."""
    known: dict[str, Any] = json.loads(cursor)
    if "number" in known:
        return str(int(known["number"]))
    text = str(known.get("at", known.get("text")))
    try:
        moment = datetime.fromisoformat(text) - overlap
    except ValueError:
        return _literal(text)
    if "at" in known:
        return _literal(moment.isoformat(sep=" "))
    # a database that keeps moments as text compares texts: the limit is written in the style of what it gave
    return _literal(moment.isoformat(sep="T" if "T" in text else " ").replace("+00:00", "Z" if text.endswith("Z") else "+00:00"))


def _sqlite_file(profile: Profile, source: Path) -> Path:
    path = source if source.is_file() else next(iter(sorted(source.glob("*.sqlite")) + sorted(source.glob("*.db"))), None)
    if path is None:
        raise ConfigurationError(
            "ING-103", where=f"source {profile.source_id}", found=f"no SQLite file at {source}", expected="the partner's database",
            next_step="Check --source.",
        )  # fmt: skip
    return path.resolve()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


__all__ = ["SqlTransport", "cursor_of", "keys_query", "rows_query", "watermark"]
