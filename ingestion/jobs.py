"""The job: one partner's delivery, file by file; files of a feed are stored in groups, each in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import structlog

from core.clock import Clock
from core.settings import Settings
from ingestion.contracts import CONTROL_TABLES, FEEDS, TECHNICAL_COLUMNS
from ingestion.landing import Landed, land
from ingestion.loader import FileOutcome, LoadTask, begin_group, settle_group, stage_file
from ingestion.profiles.model import FeedProfile, Mapping, Profile
from ingestion.transports import database_url, extract, files_of, folder_of

log = structlog.get_logger("dreiklang.ingestion")

ROWS_PER_GROUP = 1_000_000
"""A group is settled when it has staged this many rows, or when its feed has no more files."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The file that is about to be read."""

    source_id: str
    feed: str
    file_name: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """One outcome per file and feed, in the order in which they were read; `files` counts what the partner brought."""

    source_id: str
    outcomes: tuple[FileOutcome, ...]
    files: int


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the raw schema where it is missing."""
    connection.execute("create schema if not exists raw")
    connection.execute(CONTROL_TABLES)
    for feed in FEEDS.values():
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in TECHNICAL_COLUMNS + feed.sql_columns())
        connection.execute(f"create table if not exists raw.{feed.name} ({columns})")


def load_delivery(
    connection: duckdb.DuckDBPyConnection, profile: Profile, source: Path | None, settings: Settings, clock: Clock, run_id: str,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:  # fmt: skip
    """Load every file of a delivery. A bad file is an outcome and the others go on.

    Raises ConfigurationError when the profile or the folder is wrong; nothing was loaded then.
    """
    connection.execute(
        """insert or replace into raw.source_notes (source_id, title, note_de, note_en, owner_scheme, owner_ref)
           values ($id, $title, $de, $en, $scheme, $ref)""",
        {
            "id": profile.source_id,
            "title": profile.title,
            "de": profile.note_de,
            "en": profile.note_en,
            "scheme": profile.owner.scheme if profile.owner else None,
            "ref": profile.owner.ref if profile.owner else None,
        },
    )
    outcomes: list[FileOutcome] = []
    files = 0
    with TemporaryDirectory(prefix="dreiklang-extract-") as work:
        group: _Group | None = None
        for feed, file in _files(profile, source, settings, Path(work)):
            files += file.parent != Path(work) or feed.format == "sql"
            if progress:
                progress(Progress(profile.source_id, feed.feed, file.name))
            if group is not None and (group.feed is not feed or group.rows >= ROWS_PER_GROUP):
                outcomes += group.settle()
                group = None
            group = group or _Group(connection, profile, feed, settings, clock, run_id)
            group.add(file, source)
        if group is not None:
            outcomes += group.settle()
    return LoadReport(profile.source_id, tuple(outcomes), files)


def _files(profile: Profile, source: Path | None, settings: Settings, work: Path) -> Iterator[tuple[FeedProfile, Path]]:
    for constant in profile.constants:
        path = work / f"{profile.source_id}-{constant.feed}-constants.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in constant.rows), encoding="utf-8")
        names = list(dict.fromkeys(name for row in constant.rows for name in row))
        columns: dict[str, Mapping | str] = {name: Mapping(column=name) for name in names}
        yield FeedProfile(feed=constant.feed, files=path.name, format="jsonl", columns=columns), path
    for number, feed in enumerate(profile.feeds):
        if feed.format == "sql":
            yield feed, extract(database_url(profile, source), feed, work / f"{profile.source_id}-{feed.feed}-{number}.parquet")
            continue
        for file in files_of(profile, feed.files, folder_of(profile, source, settings.inbox_dir)):
            yield feed, file


class _Group:
    """Files of one feed that are settled together."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        profile: Profile,
        feed: FeedProfile,
        settings: Settings,
        clock: Clock,
        run_id: str,
    ) -> None:
        self.feed = feed
        self.rows = 0
        self._connection, self._profile, self._settings, self._clock, self._run_id = connection, profile, settings, clock, run_id
        self._staged: list[tuple[FileOutcome, Landed, datetime]] = []
        self._next_batch_no = int(connection.execute("select coalesce(max(batch_no), 0) + 1 from raw.batches").fetchall()[0][0])
        begin_group(connection, FEEDS[feed.feed])

    def add(self, file: Path, source: Path | None) -> None:
        """Land a file and stage its rows."""
        landing, source_id = self._settings.landing_dir, self._profile.source_id
        landed = land(file, landing, source_id)
        started_at = self._clock.now().replace(tzinfo=None)
        lookups = {
            lookup.name: land(found, landing, source_id)
            for lookup in self.feed.lookups
            for found in files_of(self._profile, lookup.files, folder_of(self._profile, source, self._settings.inbox_dir))[:1]
        }
        task = LoadTask(self._profile, self.feed, landed, lookups, self._next_batch_no, started_at)
        self._next_batch_no += 1
        outcome = self._seen_before(task) or stage_file(self._connection, task)
        self.rows += outcome.rows_accepted
        self._staged.append((outcome, landed, started_at))

    def settle(self) -> list[FileOutcome]:
        """Store the group in one transaction; nothing of it is stored when that fails."""
        self._connection.begin()
        try:
            outcomes = settle_group(
                self._connection, FEEDS[self.feed.feed], self.feed, [outcome for outcome, _, _ in self._staged]
            )
            for outcome, (_, landed, started_at) in zip(outcomes, self._staged, strict=True):
                _record(self._connection, outcome, landed, self._run_id, started_at, self._clock)
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        for outcome in outcomes:
            log.info(
                "file_read", source=outcome.source_id, feed=outcome.feed, file=outcome.file_name, status=outcome.status,
                read=outcome.rows_read, accepted=outcome.rows_accepted, quarantined=outcome.rows_quarantined,
                duplicate=outcome.rows_duplicate, code=outcome.error_code,
            )  # fmt: skip
        return outcomes

    def _seen_before(self, task: LoadTask) -> FileOutcome | None:
        """The same bytes for the same feed were loaded before: every row of them is a duplicate."""
        rows = self._connection.execute(
            """select batch_no, rows_read from raw.batches
               where source_id = $source and feed = $feed and sha256 = $sha and status = 'loaded' order by batch_no limit 1""",
            {"source": task.profile.source_id, "feed": task.feed.feed, "sha": task.landed.sha256},
        ).fetchall()
        rows += [
            (outcome.batch_no, outcome.rows_read)
            for outcome, landed, _ in self._staged
            if outcome.status == "loaded" and landed.sha256 == task.landed.sha256
        ]
        if not rows:
            return None
        batch_no, rows_read = int(rows[0][0]), int(rows[0][1])
        return replace(
            task.outcome("same_file"), rows_read=rows_read, rows_duplicate=rows_read,
            error_message=f"The same bytes were loaded as batch {batch_no}; nothing changes.",
        )  # fmt: skip


def _record(
    connection: duckdb.DuckDBPyConnection, outcome: FileOutcome, landed: Landed, run_id: str, started_at: object, clock: Clock
) -> None:
    finished_at = clock.now().replace(tzinfo=None)
    connection.execute(
        """insert into raw.batches values ($batch, $run, $source, $feed, $file, $sha, $bytes, $path, $status, $read, $accepted,
           $quarantined, $duplicate, $corrected, $first, $last, $code, $message, $started, $finished)""",
        {
            "batch": outcome.batch_no, "run": run_id, "source": outcome.source_id, "feed": outcome.feed,
            "file": outcome.file_name, "sha": landed.sha256, "bytes": landed.size_bytes, "path": str(landed.path),
            "status": outcome.status, "read": outcome.rows_read, "accepted": outcome.rows_accepted,
            "quarantined": outcome.rows_quarantined, "duplicate": outcome.rows_duplicate, "corrected": outcome.rows_corrected,
            "first": outcome.first_event_on, "last": outcome.last_event_on, "code": outcome.error_code,
            "message": outcome.error_message, "started": started_at, "finished": finished_at,
        },
    )  # fmt: skip
    if outcome.findings:
        connection.executemany(
            "insert into raw.quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (outcome.batch_no, f.row_no, f.line_no, outcome.source_id, outcome.feed, f.column_name, f.error_code, f.found,
                 f.expected, f.message, f.raw_text, finished_at, outcome.row_layout)
                for f in outcome.findings
            ],
        )  # fmt: skip


__all__ = ["FileOutcome", "LoadReport", "Progress", "load_delivery", "prepare"]
