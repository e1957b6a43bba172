"""The job: one partner's delivery, file by file; files of a feed are stored in groups, each in one transaction."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import structlog

from core.clock import Clock
from core.errors import ConfigurationError, DreiklangError, InputRefusedError, RetriableError
from core.settings import Settings
from ingestion.batches import log_outcomes, record_refused
from ingestion.connectors import Item, Pull, pull_chunks, transports_of
from ingestion.connectors.model import NO_CURSORS, Cursors, cursors_of, fits
from ingestion.connectors.unpacking import open_archives
from ingestion.contracts import CONTROL_TABLES, FEEDS, TECHNICAL_COLUMNS
from ingestion.cursors import read_cursors, write_cursors
from ingestion.documents.intake import DOCUMENT_TABLES, DocumentIntake
from ingestion.groups import Group, Task
from ingestion.loader import FileOutcome
from ingestion.profiles.model import FeedProfile, Mapping, Profile
from ingestion.scratch import waits_on_disk

log = structlog.get_logger("dreiklang.ingestion")

ROWS_PER_GROUP = 1_000_000
"""A group is settled when it has staged this many rows, or when its feed has no more files. A large file is a group by itself."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The file that is about to be read."""

    source_id: str
    feed: str
    file_name: str
    path: Path


@dataclass(frozen=True, slots=True)
class FileFailure:
    """A file that could not be read for a reason that is not its content's: nothing of it is loaded, it may be tried again."""

    path: Path
    feed: str
    error: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """One outcome per file and feed, in the order in which they were read; `files` counts what the partner brought.

    `brings_all`: the delivery is brought whole each time, so that none of its files is worth a word.
    `failure` is why the source could not be read to its end (what was read before is loaded).
    """

    source_id: str
    outcomes: tuple[FileOutcome, ...]
    files: int
    brings_all: bool = True
    read: tuple[Path, ...] = ()
    failures: tuple[FileFailure, ...] = ()
    failure: DreiklangError | None = None

    @property
    def is_missing(self) -> bool:
        """A delivery that should have been there and was not."""
        return self.brings_all and not self.files


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the raw schema where it is missing."""
    connection.execute("create schema if not exists raw")
    connection.execute(CONTROL_TABLES)
    connection.execute(DOCUMENT_TABLES)
    for feed in FEEDS.values():
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in TECHNICAL_COLUMNS + feed.sql_columns())
        connection.execute(f"create table if not exists raw.{feed.name} ({columns})")
    _add_new_columns(connection)


def _add_new_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """A warehouse that an earlier release made gets the columns that contracts have gained since."""
    found = connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
    ).fetchall()
    known = {(str(table), str(column)) for table, column in found}
    for feed in FEEDS.values():
        for name, sql_type in feed.sql_columns():
            if (feed.name, name) not in known:
                connection.execute(f"alter table raw.{feed.name} add column {name} {sql_type}")


def load_delivery(
    connection: duckdb.DuckDBPyConnection, profile: Profile, source: Path | None, settings: Settings, clock: Clock, run_id: str,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:  # fmt: skip
    """Load every file of a delivery. A bad file is an outcome and the others go on.

    Raises ConfigurationError when the profile or the folder is wrong, RetriableError when the source does not answer: what came
    before that is loaded, and the next run goes on behind it.
    """
    report = pull_delivery(connection, profile, source, settings, clock, run_id, progress)
    if report.failure is not None:
        raise report.failure
    return report


def pull_delivery(
    connection: duckdb.DuckDBPyConnection, profile: Profile, source: Path | None, settings: Settings, clock: Clock, run_id: str,
    progress: Callable[[Progress], None] | None = None, skip: Container[Path] = (),
) -> LoadReport:  # fmt: skip
    """The same, but without the files in `skip`, and a source that stops answering is the report's `failure`: other sources go on.

    Raises ConfigurationError.
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
    transports = transports_of(profile)
    outcomes: list[FileOutcome] = []
    read: list[Path] = []
    failure: DreiklangError | None = None
    files = 0
    with work_folder(settings) as work:
        outbox = settings.outbox_dir / profile.source_id
        documents = DocumentIntake(connection, profile.source_id, profile.switches, outbox, work, clock, run_id)
        loading = _Loading(connection, profile, settings, clock, run_id, progress, documents)
        outcomes += loading.load([Task(feed, Item(path.name, path)) for feed, path in _constants(profile, work)])
        pull = Pull(profile, source, settings.inbox_dir, work, read_cursors(connection, profile.source_id), clock=clock)
        for chunk in pull_chunks(transports, pull):
            items = [item for item in chunk.items if item.path not in skip]
            unpacked, refusals = open_archives(profile, items, work)
            outcomes += loading.refuse(refusals)
            tasks = _tasks(profile, unpacked)
            files += len(tasks) + len(refusals)
            outcomes += loading.load(tasks, cursors_of(items))
            outcomes += loading.compare_keys(items)
            chunk.transport.settled(pull, items)
            read += [item.path for item in items]
            failure = chunk.error or loading.stopped
            if failure is not None:
                log.warning("source_stopped", source=profile.source_id, code=failure.code, items=len(items))
                if isinstance(failure, ConfigurationError):
                    raise failure
                break
            for item in [*items, *unpacked]:
                if item.path.is_relative_to(work):
                    item.path.unlink(missing_ok=True)
    brings_all = all(transport.brings_all for transport in transports)
    done = tuple(path for path in dict.fromkeys(read) if path not in {one.path for one in loading.failures})
    return LoadReport(profile.source_id, tuple(outcomes), files, brings_all, done, tuple(loading.failures), failure)


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """An empty folder beside the landed files. What a run that died left there goes: one process loads at a time."""
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    for left in settings.landing_dir.glob(".pull-*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=".pull-", dir=settings.landing_dir) as work:
        yield Path(work)


def _constants(profile: Profile, work: Path) -> Iterator[tuple[FeedProfile, Path]]:
    for constant in profile.constants:
        path = work / f"{profile.source_id}-{constant.feed}-constants.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in constant.rows), encoding="utf-8")
        names = list(dict.fromkeys(name for row in constant.rows for name in row))
        columns: dict[str, Mapping | str] = {name: Mapping(column=name) for name in names}
        yield FeedProfile(feed=constant.feed, files=path.name, format="jsonl", columns=columns), path


def _tasks(profile: Profile, items: Sequence[Item]) -> list[Task]:
    """Feed by feed in the profile's order, files in the transport's."""
    tasks = []
    for feed_no, feed in enumerate(profile.feeds):
        found = ((lookup.name, next((i for i in items if fits(i.name, lookup.files)), None)) for lookup in feed.lookups)
        lookups = tuple((name, item) for name, item in found if item is not None)
        tasks += [Task(feed, item, lookups) for item in items if not item.is_key_snapshot and item.is_for(feed_no, feed)]
    return tasks


class _Loading:
    """Loads items of one delivery: files of a feed in groups, each in one transaction, the last one with the cursors."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, profile: Profile, settings: Settings, clock: Clock, run_id: str,
        progress: Callable[[Progress], None] | None, documents: DocumentIntake,
    ) -> None:  # fmt: skip
        self._connection, self._profile, self._settings, self._clock, self._run_id = connection, profile, settings, clock, run_id
        self._progress, self._documents = progress, documents
        self.failures: list[FileFailure] = []
        self.stopped: DreiklangError | None = None

    def load(self, tasks: Sequence[Task], cursors: Cursors = NO_CURSORS) -> list[FileOutcome]:
        """Load the tasks in their order. The cursors are stored with the last group, so what they pass over is stored too."""
        outcomes: list[FileOutcome] = []
        group: Group | None = None
        for task in tasks:
            if self._progress:
                self._progress(Progress(self._profile.source_id, task.feed.feed, task.item.path.name, task.item.path))
            on_disk = waits_on_disk(self._settings, task.item.path, task.feed.format)
            if group is not None and (
                group.feed is not task.feed or group.rows >= ROWS_PER_GROUP or group.waits_on_disk or on_disk
            ):
                outcomes += group.settle()
                group = None
            group = group or self._group(task.feed, waits_on_disk=on_disk)
            error = group.try_to_add(task)
            if error is not None:
                cursors = self._failed(task, error, cursors)
        if group is not None:
            return outcomes + group.settle(cursors, is_last=True)
        if cursors:
            write_cursors(self._connection, self._profile.source_id, cursors, self._clock.now().replace(tzinfo=None))
        return outcomes

    def _failed(self, task: Task, error: str, cursors: Cursors) -> Cursors:
        """Note the failure; gives the cursors without those that would pass over the item.

        A file is met again by its name. What cannot be asked for singly, such as a page, stops the source instead.
        """
        item = task.item
        if all(stream.startswith("file:") for stream in item.cursors):
            self.failures.append(FileFailure(item.path, task.feed.feed, error))
            return {stream: text for stream, text in cursors.items() if stream not in item.cursors}
        self.stopped = RetriableError(
            "ING-409", where=f"source {self._profile.source_id}, {item.name}", found=error, expected="a part that can be read",
            next_step="Nothing behind it is read; the next run tries again.",
        )  # fmt: skip
        return {}

    def compare_keys(self, items: Sequence[Item]) -> list[FileOutcome]:
        """Find deleted rows with the key snapshots among the items, each in one transaction with its cursor."""
        outcomes = []
        for item in items:
            if item.is_key_snapshot and item.feed_no is not None:
                outcomes += self._group(self._profile.feeds[item.feed_no]).settle_deletions(item)
        return outcomes

    def refuse(self, refusals: Sequence[tuple[Item, InputRefusedError]]) -> list[FileOutcome]:
        """Write down archives that cannot be taken. They are not kept: nobody knows what is in them."""
        outcomes = [
            record_refused(self._connection, self._profile.source_id, item.path, refusal, self._run_id, self._clock)
            for item, refusal in refusals
        ]
        log_outcomes(outcomes)
        return outcomes

    def _group(self, feed: FeedProfile, *, waits_on_disk: bool = False) -> Group:
        connection, settings = self._connection, self._settings
        return Group(
            connection, self._profile, feed, settings, self._clock, self._run_id, self._documents, waits_on_disk=waits_on_disk
        )


__all__ = ["FileFailure", "FileOutcome", "LoadReport", "Progress", "load_delivery", "prepare"]
