"""Replay: what was refused is read again from the landed bytes, under the profile and the code as they are now.

    raw.batches, raw.quarantine --open refusals--> landed bytes --decode, map, check--> what is news --> raw.<feed>, a batch of its own

What is good now gets in, what was settled counts as a duplicate, what is still wrong stands in quarantine under the new batch, and the old batch is
marked as replayed by it (`raw.replays`). A reading that changes nothing leaves nothing behind, so a second replay does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import structlog

from core.clock import Clock
from core.settings import Settings
from ingestion.batches import log_outcomes, next_batch_no, record
from ingestion.connectors.model import fits
from ingestion.contracts import FEEDS
from ingestion.documents.intake import DocumentIntake
from ingestion.documents.registry import FORMATS
from ingestion.jobs import LoadReport, work_folder
from ingestion.landing import Landed, sha256_of
from ingestion.loader import FileOutcome, LoadTask, begin_group, settle_group, stage_file
from ingestion.profiles.model import FeedProfile, Profile
from ingestion.refusals import (
    EVERYTHING,
    Refusal,
    Scope,
    feed_for,
    landed_file,
    messages_given_up,
    open_refusals,
    rereading_of,
)
from ingestion.scratch import begin_scratch, end_scratch, waits_on_disk

log = structlog.get_logger("dreiklang.ingestion")

CANNOT_BE_READ = {
    "not_kept": "its bytes were not kept, because it was an archive that was refused: send it again",
    "not_found": "its landed bytes are gone: send it again",
    "no_feed": "the profile has no feed that reads it: mend `files`, or send it again under an agreed name",
}


@dataclass(frozen=True, slots=True)
class Readable:
    """A refusal and how it would be read now; `problem` says why it cannot be (a key of CANNOT_BE_READ)."""

    refusal: Refusal
    feed: FeedProfile | None = None
    landed: Landed | None = None
    problem: str | None = None


def plan_replay(
    connection: duckdb.DuckDBPyConnection, profile: Profile, settings: Settings, scope: Scope = EVERYTHING
) -> list[Readable]:
    """What a replay of that scope would read, in the order of arrival. Reads and writes no file."""
    return plan_readings(open_refusals(connection, profile.source_id, scope), profile, settings)


def plan_readings(refusals: Sequence[Refusal], profile: Profile, settings: Settings) -> list[Readable]:
    """How each of these refusals would be read now."""
    return [_readable(one, profile, settings) for one in refusals]


def _readable(refusal: Refusal, profile: Profile, settings: Settings) -> Readable:
    if not refusal.is_kept:
        return Readable(refusal, problem="not_kept")
    landed = landed_file(refusal, settings.landing_dir)
    if landed is None:
        return Readable(refusal, problem="not_found")
    feed = feed_for(profile, refusal.feed, refusal.file_name)
    return Readable(refusal, feed, landed, None if feed else "no_feed")


def replay(
    connection: duckdb.DuckDBPyConnection, profile: Profile, settings: Settings, clock: Clock, run_id: str, scope: Scope = EVERYTHING
) -> LoadReport:  # fmt: skip
    """Read again what is open in that scope. The report holds the readings that changed something; `files` counts all that were read."""
    plan = plan_replay(connection, profile, settings, scope)
    outcomes: list[FileOutcome] = []
    files = 0
    with work_folder(settings) as work:
        outbox = settings.outbox_dir / profile.source_id
        documents = DocumentIntake(connection, profile.source_id, profile.switches, outbox, work, clock, run_id, rebooks=True)
        for one in plan:
            if one.feed is None or one.landed is None:
                log.warning("replay_not_possible", source=profile.source_id, file=one.refusal.file_name, why=one.problem)
                continue
            files += one.refusal.is_open
            reading = _Reading(connection, profile, one.refusal, one.feed, one.landed, settings, clock, documents)
            outcome = reading.read(run_id)
            outcomes += [outcome] if outcome else []
    log_outcomes(outcomes)
    log.info("replayed", source=profile.source_id, files=files, changed=len(outcomes),
             accepted=sum(o.rows_accepted for o in outcomes), refused=sum(o.rows_quarantined for o in outcomes))  # fmt: skip
    return LoadReport(profile.source_id, tuple(outcomes), files, brings_all=False)


class _Reading:
    """One file, read again for one feed, in a transaction of its own that is only kept when it changes something."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, profile: Profile, refusal: Refusal, feed: FeedProfile, landed: Landed, settings: Settings,
        clock: Clock, documents: DocumentIntake,
    ) -> None:  # fmt: skip
        self._connection, self._profile, self._refusal, self._feed, self._landed = connection, profile, refusal, feed, landed
        self._settings, self._clock, self._documents = settings, clock, documents

    def read(self, run_id: str) -> FileOutcome | None:
        """What came of it; None when nothing changed."""
        if not self._refusal.is_open:  # the same bytes were loaded since: only the older refusals are left
            self._mark(run_id, self._refusal.batch_no, self._refusal.older)
            return None
        started_at = self._utc_now()
        by_message = self._feed.format in FORMATS
        if by_message:
            given_up = messages_given_up(self._connection, [self._refusal.batch_no, *self._refusal.older])
            self._documents.give_up(self._landed, given_up)
        task = LoadTask(
            self._profile, self._feed, self._landed, self._lookups(), next_batch_no(self._connection), started_at, self._documents.shelf,
            again=rereading_of(self._connection, self._refusal, by_message=by_message),
        )  # fmt: skip
        begin_scratch(
            self._connection, self._settings, on_disk=waits_on_disk(self._settings, self._landed.path, self._feed.format)
        )
        begin_group(self._connection, FEEDS[self._feed.feed], self._feed, self._profile)
        staged = stage_file(self._connection, task)
        self._documents.meet(self._landed, self._feed.format)
        self._connection.begin()
        try:
            outcome = settle_group(self._connection, FEEDS[self._feed.feed], self._feed, [staged])[0]
            is_news = self._is_news(outcome)
            if is_news:
                record(self._connection, outcome, self._landed, run_id, started_at, self._clock)
                self._documents.settle()
                self._insert_marks(run_id, outcome.batch_no, (*self._refusal.older, self._refusal.batch_no))
                self._connection.commit()
            else:
                self._connection.rollback()
        except BaseException:
            self._connection.rollback()
            raise
        end_scratch(self._connection, self._settings)
        if not is_news:
            self._mark(run_id, self._refusal.batch_no, self._refusal.older)
        return outcome if is_news else None

    def _is_news(self, outcome: FileOutcome) -> bool:
        """Whether a row got in, or other rows are refused than before, or for another reason."""
        if outcome.rows_accepted:
            return True
        before = self._refusal
        if (outcome.status, outcome.error_code) != (before.status, before.error_code):
            return True
        rows = self._connection.execute(
            """select rows.row_no, rows.error_code, rows.column_name, rows.found from raw.quarantine as rows
               where rows.batch_no = $batch and not exists (select 1 from raw.quarantine_done as done
                   where done.batch_no = rows.batch_no and done.row_no = rows.row_no)""",
            {"batch": before.batch_no},
        ).fetchall()
        return {(f.row_no, f.error_code, f.column_name, f.found) for f in outcome.findings} != {tuple(row) for row in rows}

    def _lookups(self) -> dict[str, Landed]:
        """For each lookup the file of that kind that landed last."""
        found = {}
        for lookup in self._feed.lookups:
            landed = [
                path
                for path in (self._settings.landing_dir / self._profile.source_id).glob("*/*__*")
                if _is_lookup(path, lookup.files)
            ]
            if landed:
                newest = max(landed, key=lambda path: (path.stat().st_mtime_ns, path.name))
                found[lookup.name] = Landed(newest.name.partition("__")[2], newest, sha256_of(newest), newest.stat().st_size)
        return found

    def _mark(self, run_id: str, new_batch_no: int, batch_nos: Sequence[int]) -> None:
        if batch_nos:
            self._insert_marks(run_id, new_batch_no, batch_nos)

    def _insert_marks(self, run_id: str, new_batch_no: int, batch_nos: Sequence[int]) -> None:
        self._connection.executemany(
            "insert or ignore into raw.replays values (?, ?, ?, ?)",
            [(number, new_batch_no, run_id, self._utc_now()) for number in batch_nos],
        )

    def _utc_now(self) -> datetime:
        return self._clock.now().replace(tzinfo=None)


def _is_lookup(path: Path, pattern: str) -> bool:
    return fits(path.name.partition("__")[2], pattern.rpartition("/")[2])


__all__ = ["CANNOT_BE_READ", "Readable", "plan_readings", "plan_replay", "replay"]
