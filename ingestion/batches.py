"""The list of batches: one row per file and feed, whatever became of it, with what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import structlog

from core.clock import Clock
from core.errors import InputRefusedError
from ingestion.landing import Landed, sha256_of
from ingestion.loader import FileOutcome

log = structlog.get_logger("dreiklang.ingestion")

ARCHIVE = "archive"
"""What stands for the feed of an archive that was refused."""

NOT_KEPT = Path("not kept")


def next_batch_no(connection: duckdb.DuckDBPyConnection) -> int:
    """The number after the highest one."""
    return int(connection.execute("select coalesce(max(batch_no), 0) + 1 from raw.batches").fetchall()[0][0])


def record_refused(
    connection: duckdb.DuckDBPyConnection, source_id: str, path: Path, refusal: InputRefusedError, run_id: str, clock: Clock
) -> FileOutcome:
    """Write down a file that is refused before it is kept."""
    started_at = clock.now().replace(tzinfo=None)
    message = f"{refusal.detail.found}; expected {refusal.detail.expected}. {refusal.detail.next_step}"
    outcome = replace(
        FileOutcome(next_batch_no(connection), source_id, ARCHIVE, path.name, "rejected"), error_code=refusal.code,
        error_message=message[:2000],
    )  # fmt: skip
    record(connection, outcome, Landed(path.name, NOT_KEPT, sha256_of(path), path.stat().st_size), run_id, started_at, clock)
    return outcome


def log_outcomes(outcomes: Sequence[FileOutcome]) -> None:
    """One event per file and feed."""
    for outcome in outcomes:
        log.info(
            "file_read", source=outcome.source_id, feed=outcome.feed, file=outcome.file_name, status=outcome.status,
            read=outcome.rows_read, accepted=outcome.rows_accepted, quarantined=outcome.rows_quarantined,
            duplicate=outcome.rows_duplicate, code=outcome.error_code,
        )  # fmt: skip


def record(
    connection: duckdb.DuckDBPyConnection, outcome: FileOutcome, landed: Landed, run_id: str, started_at: object, clock: Clock
) -> None:
    """Store an outcome and its findings. Runs inside the caller's transaction.

    Earlier readings of the same bytes that let nothing in speak no more: they are marked as read again, and what is refused stands once.
    """
    finished_at = clock.now().replace(tzinfo=None)
    if outcome.status != "same_file":
        connection.execute(
            """insert or ignore into raw.replays
               select batch_no, $batch, $run, $finished from raw.batches
               where source_id = $source and feed = $feed and sha256 = $sha and status in ('rejected', 'held')""",
            {"batch": outcome.batch_no, "run": run_id, "finished": finished_at, "source": outcome.source_id, "feed": outcome.feed,
             "sha": landed.sha256},
        )  # fmt: skip
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
