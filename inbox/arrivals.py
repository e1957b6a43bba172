"""Messages become files: many at a time, because one disk flush and one transaction serve a hundred as well as one.

    .incoming/<file>.tmp  --fsync-->  inbox_deliveries (one transaction)  --rename-->  inbox/<source>/<file>  --fsync folder-->  answered

A message is recorded before it is visible, so a file in the folder always has its row, and the same id never arrives twice. A process that
dies between the two left a row and a hidden file: the next one brings the file to its place before it takes anything new.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import Connection, Engine, select, tuple_

from core.clock import Clock
from core.errors import ConflictError, InputRefusedError, RetriableError
from core.store import reading, writing
from inbox.tables import inbox_deliveries
from ingestion.redaction import message_without_secrets

log = structlog.get_logger("dreiklang.inbox")

MESSAGES_PER_BATCH = 200
WRITERS = 8
"""Flushes that run at once; the disk joins them."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message whose signature is right. `ending` is that of its file, `.json` for example."""

    source_id: str
    webhook_id: str
    body: bytes = field(repr=False)
    ending: str
    taken: Future[str] = field(default_factory=Future, repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one message."""
        return (self.source_id, self.webhook_id)

    @property
    def sha256(self) -> str:
        """Hash of the body."""
        return hashlib.sha256(self.body).hexdigest()


class Arrivals:
    """The one writer of the inbox folders. `take` from any thread; the future holds the body's sha256 once the bytes are safe."""

    def __init__(self, inbox_dir: Path, store: Engine, clock: Clock) -> None:
        self._dir, self._store, self._clock = inbox_dir, store, clock
        self._hidden = inbox_dir / ".incoming"
        self._queue: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        self._last_us = 0
        self._lock: IO[str] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Own the folders, finish what a dead process began. Raises ConflictError ING-426 when another process has them."""
        self._hidden.mkdir(parents=True, exist_ok=True)
        self._lock = (self._hidden / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ConflictError(
                "ING-426", where=str(self._dir), found="another process that serves this inbox", expected="one at a time",
                next_step="Stop the other one, or give this one a home of its own.",
            ) from error  # fmt: skip
        self._recover()
        self._thread = threading.Thread(target=self._work, name="inbox-arrivals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued and give the folders back."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        if self._lock is not None:
            self._lock.close()

    def take(self, arrival: Arrival) -> Future[str]:
        """Queue a message. The future raises InputRefusedError ING-422 (id used for another body) or RetriableError ING-425."""
        self._queue.put(arrival)
        return arrival.taken

    def _work(self) -> None:
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="inbox-write") as writers:
            while (first := self._queue.get()) is not None:
                batch = [first]
                ends = False
                while len(batch) < MESSAGES_PER_BATCH and not self._queue.empty():
                    more = self._queue.get()
                    if more is None:
                        ends = True
                        break
                    batch.append(more)
                self._settle(batch, writers)
                if ends:
                    return

    def _settle(self, batch: Sequence[Arrival], writers: ThreadPoolExecutor) -> None:
        try:
            news = self._store_batch(batch, writers)
        except Exception as error:  # noqa: BLE001
            log.error("inbox_failed", messages=len(batch), cause=type(error).__name__)
            refusal = error if isinstance(error, RetriableError) else RetriableError(
                "ING-425", where="the inbox", found=f"a disk or store that takes nothing ({type(error).__name__})",
                expected="bytes that are safe", next_step="Send the message again with the same id; nothing was taken.",
            )  # fmt: skip
            for arrival in batch:
                if not arrival.taken.done():
                    arrival.taken.set_exception(refusal)
            return
        log.info("inbox_taken", messages=len(news), repeated=len(batch) - len(news))

    def _store_batch(self, batch: Sequence[Arrival], writers: ThreadPoolExecutor) -> list[Arrival]:
        """Make the batch safe and answer it. Gives the messages that are new."""
        with reading(self._store) as connection:
            known = _known(connection, batch)
        news: dict[tuple[str, str], Arrival] = {}
        for arrival in batch:
            if arrival.key not in known:
                news.setdefault(arrival.key, arrival)
        named = [(arrival, self._name(arrival)) for arrival in news.values()]
        list(writers.map(lambda pair: _write(self._hidden / f"{pair[1]}.tmp", pair[0].body), named))
        if named:
            now = self._clock.now()
            with writing(self._store) as connection:
                connection.execute(inbox_deliveries.insert(), [_row(arrival, name, now) for arrival, name in named])
            self._reveal([(arrival.source_id, name) for arrival, name in named])
        hashes = known | {key: arrival.sha256 for key, arrival in news.items()}
        for arrival in batch:
            _answer(arrival, hashes[arrival.key])
        return list(news.values())

    def _reveal(self, files: Sequence[tuple[str, str]]) -> None:
        """Rename into place and flush the folders, the hidden one too."""
        for source_id, name in files:
            (self._dir / source_id).mkdir(exist_ok=True)
            (self._hidden / f"{name}.tmp").replace(self._dir / source_id / name)
        for folder in {self._dir / source_id for source_id, _ in files} | {self._hidden, self._dir}:
            _flush_folder(folder)

    def _name(self, arrival: Arrival) -> str:
        """Names sort in the order of arrival, whatever the clock does meanwhile."""
        self._last_us = max(self._last_us + 1, int(self._clock.now().timestamp() * 1_000_000))
        return f"{self._last_us:017d}-{arrival.webhook_id.replace(':', '_')}{arrival.ending}"

    def _recover(self) -> None:
        """Files of recorded messages go to their place; what was never recorded was never answered, and goes."""
        left = {path.name.removesuffix(".tmp"): path for path in self._hidden.glob("*.tmp")}
        with reading(self._store) as connection:
            rows = connection.execute(
                select(inbox_deliveries.c.source_id, inbox_deliveries.c.file_name).where(
                    inbox_deliveries.c.file_name.in_(list(left))
                )
            ).fetchall()
        self._reveal([(str(source_id), str(name)) for source_id, name in rows])
        for name in set(left) - {str(row.file_name) for row in rows}:
            left[name].unlink(missing_ok=True)


def _known(connection: Connection, batch: Sequence[Arrival]) -> dict[tuple[str, str], str]:
    table = inbox_deliveries.c
    rows = connection.execute(
        select(table.source_id, table.webhook_id, table.body_sha256).where(
            tuple_(table.source_id, table.webhook_id).in_(list({arrival.key for arrival in batch}))
        )
    )
    return {(row.source_id, row.webhook_id): row.body_sha256 for row in rows}


def _row(arrival: Arrival, name: str, now: datetime) -> dict[str, object]:
    return {
        "source_id": arrival.source_id, "webhook_id": arrival.webhook_id, "body_sha256": arrival.sha256,
        "size_bytes": len(arrival.body), "file_name": name, "received_at": now,
    }  # fmt: skip


def _answer(arrival: Arrival, sha256: str) -> None:
    if sha256 == arrival.sha256:
        arrival.taken.set_result(sha256)
        return
    arrival.taken.set_exception(
        InputRefusedError(
            "ING-422", where=f"message {arrival.webhook_id}", found="another body than the first one with this id",
            expected="one body per id", next_step="Send a new message with a new id.",
        )
    )  # fmt: skip


def _write(path: Path, body: bytes) -> None:
    """On the disk, without the secrets that a cXML message carries: signature and sha256 are those of what came."""
    with path.open("wb") as handle:
        handle.write(message_without_secrets(body))
        handle.flush()
        os.fsync(handle.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["Arrival", "Arrivals"]
