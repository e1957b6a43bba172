"""The job: one partner's delivery, file by file, each in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import structlog

from core.clock import Clock
from core.settings import Settings
from ingestion.contracts import CONTROL_TABLES, FEEDS, TECHNICAL_COLUMNS
from ingestion.landing import Landed, land
from ingestion.loader import FileOutcome, LoadTask, load_file
from ingestion.profiles.model import FeedProfile, Mapping, Profile
from ingestion.transports import database_url, extract, files_of, folder_of

log = structlog.get_logger("dreiklang.ingestion")


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
        "insert or replace into raw.source_notes values ($id, $title, $de, $en)",
        {"id": profile.source_id, "title": profile.title, "de": profile.note_de, "en": profile.note_en},
    )
    outcomes, files = [], 0
    with TemporaryDirectory(prefix="dreiklang-extract-") as work:
        for feed, file in _files(profile, source, settings, Path(work)):
            files += file.parent != Path(work) or feed.format == "sql"
            if progress:
                progress(Progress(profile.source_id, feed.feed, file.name))
            outcomes.append(_load_one(connection, profile, feed, file, source, settings, clock, run_id))
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


def _load_one(
    connection: duckdb.DuckDBPyConnection, profile: Profile, feed: FeedProfile, file: Path, source: Path | None, settings: Settings,
    clock: Clock, run_id: str,
) -> FileOutcome:  # fmt: skip
    landed = land(file, settings.landing_dir, profile.source_id)
    started_at = clock.now().replace(tzinfo=None)
    row = connection.execute("select coalesce(max(batch_no), 0) + 1 from raw.batches").fetchone()
    batch_no = int(row[0]) if row else 1
    lookups = {
        lookup.name: land(found, settings.landing_dir, profile.source_id)
        for lookup in feed.lookups
        for found in files_of(profile, lookup.files, folder_of(profile, source, settings.inbox_dir))[:1]
    }
    task = LoadTask(profile, feed, landed, lookups, batch_no, started_at)
    connection.begin()
    try:
        outcome = _seen_before(connection, task) or load_file(connection, task)
        if outcome.status == "rejected":
            # An error of the engine ends its transaction; what a refused file staged goes, the record of it stays.
            connection.rollback()
            connection.begin()
        _record(connection, outcome, landed, run_id, started_at, clock)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    log.info(
        "file_read", source=outcome.source_id, feed=outcome.feed, file=outcome.file_name, status=outcome.status,
        read=outcome.rows_read, accepted=outcome.rows_accepted, quarantined=outcome.rows_quarantined,
        duplicate=outcome.rows_duplicate, code=outcome.error_code,
    )  # fmt: skip
    return outcome


def _seen_before(connection: duckdb.DuckDBPyConnection, task: LoadTask) -> FileOutcome | None:
    """The same bytes for the same feed were loaded before: every row of them is a duplicate."""
    row = connection.execute(
        """select batch_no, rows_read from raw.batches
           where source_id = $source and feed = $feed and sha256 = $sha and status = 'loaded' order by batch_no limit 1""",
        {"source": task.profile.source_id, "feed": task.feed.feed, "sha": task.landed.sha256},
    ).fetchone()
    if row is None:
        return None
    outcome = task.outcome("same_file")
    return FileOutcome(
        outcome.batch_no, outcome.source_id, outcome.feed, outcome.file_name, outcome.status, rows_read=int(row[1]),
        rows_duplicate=int(row[1]), error_message=f"The same bytes were loaded as batch {row[0]}; nothing changes.",
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
            "insert into raw.quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (outcome.batch_no, f.row_no, f.line_no, outcome.source_id, outcome.feed, f.column_name, f.error_code, f.found,
                 f.expected, f.message, f.raw_text, finished_at)
                for f in outcome.findings
            ],
        )  # fmt: skip


__all__ = ["FileOutcome", "LoadReport", "Progress", "load_delivery", "prepare"]
