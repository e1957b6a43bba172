"""A group: files of one feed that are landed, staged and stored together, in one transaction.

`waits_on_disk`: their rows are kept on disk until they are stored (`ingestion.scratch`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import structlog

from core.clock import Clock
from core.errors import DreiklangError
from core.settings import Settings
from ingestion.batches import log_outcomes, next_batch_no, record
from ingestion.connectors import Item
from ingestion.connectors.model import NO_CURSORS, Cursors
from ingestion.contracts import FEEDS
from ingestion.cursors import forget_cursors, write_cursors
from ingestion.decoding import decode
from ingestion.deletions import key_columns, revived, settle_deletions
from ingestion.documents.intake import DocumentIntake
from ingestion.landing import Landed, land, land_companion
from ingestion.loader import FileOutcome, LoadTask, begin_group, settle_group, stage_file
from ingestion.machine import is_machine_fault
from ingestion.profiles.model import FeedProfile, Profile
from ingestion.scratch import begin_scratch, end_scratch

log = structlog.get_logger("dreiklang.ingestion")


@dataclass(frozen=True, slots=True)
class Task:
    """One item that one feed reads, with the items it looks things up in."""

    feed: FeedProfile
    item: Item
    lookups: tuple[tuple[str, Item], ...] = ()


class Group:
    """Files of one feed that are settled together."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        profile: Profile,
        feed: FeedProfile,
        settings: Settings,
        clock: Clock,
        run_id: str,
        documents: DocumentIntake,
        *,
        waits_on_disk: bool = False,
    ) -> None:
        self.feed, self.waits_on_disk = feed, waits_on_disk
        self.rows = 0
        self._documents = documents
        self._connection, self._profile, self._settings, self._clock, self._run_id = connection, profile, settings, clock, run_id
        self._staged: list[tuple[FileOutcome, Landed, datetime]] = []
        self._next_batch_no = next_batch_no(connection)
        begin_scratch(connection, settings, on_disk=waits_on_disk)
        begin_group(connection, FEEDS[feed.feed], feed, profile)

    def try_to_add(self, task: Task) -> str | None:
        """Land and stage a file. A failure that is the file's own, and neither its content's nor the machine's, is given in words."""
        batch_no = self._next_batch_no
        try:
            self.add(task)
        except Exception as error:
            if is_machine_fault(error) or isinstance(error, DreiklangError):
                raise
            self._connection.execute(f"delete from scratch.incoming where _batch_no >= {batch_no}")
            log.error(
                "file_failed",
                source=self._profile.source_id,
                feed=self.feed.feed,
                file=task.item.name,
                found=type(error).__name__,
            )
            return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"
        return None

    def add(self, item: Task) -> None:
        """Land a file and stage its rows."""
        landing, source_id = self._settings.landing_dir, self._profile.source_id
        landed = land(item.item.path, landing, source_id)
        if self.feed.manifest:
            land_companion(item.item.path, landed, self.feed.manifest)
        started_at = self._clock.now().replace(tzinfo=None)
        lookups = {name: land(found.path, landing, source_id) for name, found in item.lookups}
        task = LoadTask(
            self._profile, self.feed, landed, lookups, self._next_batch_no, started_at, self._documents.shelf, item.item.path
        )
        self._next_batch_no += 1
        outcome = self._seen_before(task) or stage_file(self._connection, task)
        self._documents.meet(landed, self.feed.format)
        self.rows += outcome.rows_accepted
        self._staged.append((outcome, landed, started_at))

    def settle(self, cursors: Cursors = NO_CURSORS, *, is_last: bool = False) -> list[FileOutcome]:
        """Store the group, and cursors with it, in one transaction; nothing of it is stored when that fails.

        The last group of a chunk books its documents too: what the cursors pass over is booked and answered.
        """
        with self._transaction():
            outcomes = settle_group(
                self._connection, FEEDS[self.feed.feed], self.feed, [outcome for outcome, _, _ in self._staged]
            )
            for outcome, (_, landed, started_at) in zip(outcomes, self._staged, strict=True):
                record(self._connection, outcome, landed, self._run_id, started_at, self._clock)
            if is_last:
                self._documents.settle()
            write_cursors(self._connection, self._profile.source_id, cursors, self._utc_now())
        end_scratch(self._connection, self._settings)
        log_outcomes(outcomes)
        return outcomes

    def settle_deletions(self, item: Item) -> list[FileOutcome]:
        """Compare the keys that exist at the source with the rows known from the same query, and store what is gone."""
        landed = land(item.path, self._settings.landing_dir, self._profile.source_id)
        started_at = self._utc_now()
        task = LoadTask(self._profile, self.feed, landed, {}, self._next_batch_no, started_at, self._documents.shelf)
        decoded = decode(self._connection, landed, self.feed, key_columns(self.feed), item.path.parent, self._documents.shelf)
        with self._transaction():
            outcome = settle_deletions(self._connection, task, decoded.types, batch_file=item.name)
            if outcome is not None:
                record(self._connection, outcome, landed, self._run_id, started_at, self._clock)
            if revived(self._connection, task):
                forget_cursors(self._connection, self._profile.source_id, [f"query:{self.feed.feed}:{item.feed_no}"])
            write_cursors(self._connection, self._profile.source_id, item.cursors, self._utc_now())
        outcomes = [] if outcome is None else [outcome]
        log_outcomes(outcomes)
        return outcomes

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise

    def _utc_now(self) -> datetime:
        return self._clock.now().replace(tzinfo=None)

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
