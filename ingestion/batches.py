"""Batches: what became of each file for each feed, as the warehouse keeps it and as the log tells it."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import structlog

from core.clock import Clock
from ingestion.landing import Landed
from ingestion.loader import FileOutcome

log = structlog.get_logger("dreiklang.ingestion")


def log_outcomes(outcomes: Sequence[FileOutcome]) -> None:
    """One event for each outcome."""
    for outcome in outcomes:
        log.info(
            "file_read", source=outcome.source_id, feed=outcome.feed, file=outcome.file_name, status=outcome.status,
            read=outcome.rows_read, accepted=outcome.rows_accepted, quarantined=outcome.rows_quarantined,
            duplicate=outcome.rows_duplicate, code=outcome.error_code,
        )  # fmt: skip


def record_batch(
    connection: duckdb.DuckDBPyConnection, outcome: FileOutcome, landed: Landed, run_id: str, started_at: object, clock: Clock
) -> None:
    """The batch of an outcome and its findings, in the caller's transaction."""
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
