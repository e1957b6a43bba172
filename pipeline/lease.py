"""The lease: one process at a time works on an instance; a second says who does, and leaves.

    lease.lock   held by the kernel for the living process, free the moment that it dies, however it dies
    lease.json   who that is, since when, and its last sign of life; "released" when it left in good order

A record that was never released belongs to a process that died: the next one takes over, says so, and its first run heals.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from core.clock import Clock, Ids
from core.errors import ConflictError
from core.settings import Settings

log = structlog.get_logger("dreiklang.pipeline")

HEARTBEAT_SECONDS = 5.0
"""A sign of life is written at most this often."""


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """What the file says. Moments are ISO 8601 in UTC."""

    owner_id: str
    pid: int
    host: str
    command: str
    started_at: str
    heartbeat_at: str
    released: bool = False


class Lease:
    """Held by this process. `beat` is its sign of life."""

    def __init__(self, path: Path, record: LeaseRecord, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self.record = record

    def beat(self) -> None:
        """Write a sign of life when the last one is old enough; a clock that went back counts as old."""
        now = self._clock.now()
        age_s = (now - datetime.fromisoformat(self.record.heartbeat_at)).total_seconds()
        if not 0 <= age_s < HEARTBEAT_SECONDS:
            self._write(replace(self.record, heartbeat_at=now.isoformat()))

    def _write(self, record: LeaseRecord) -> None:
        self.record = record
        write_atomically(self._path, json.dumps(asdict(record)))


@contextmanager
def hold_lease(settings: Settings, clock: Clock, ids: Ids, command: str) -> Iterator[Lease]:
    """Hold the instance's lease. Raises ConflictError PIPE-201 when a living process has it."""
    folder = settings.root / "pipeline"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lease.json"
    with (folder / "lease.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _taken(path) from None
        before = read_lease(path)
        if before is not None and not before.released:
            log.warning(
                "lease_taken_over", dead_owner=before.owner_id, dead_pid=before.pid, last_heartbeat_at=before.heartbeat_at
            )
        now = clock.now().isoformat()
        lease = Lease(path, LeaseRecord(ids(), os.getpid(), socket.gethostname(), command, now, now), clock)
        lease._write(lease.record)
        try:
            yield lease
        finally:
            lease._write(replace(lease.record, heartbeat_at=clock.now().isoformat(), released=True))


def read_lease(path: Path) -> LeaseRecord | None:
    """The record, or None when there is none that can be read."""
    try:
        return LeaseRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_atomically(path: Path, text: str) -> None:
    """The whole text or the one before, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _taken(path: Path) -> ConflictError:
    record = read_lease(path)
    who = (
        "another process"
        if record is None
        else f"`dreiklang {record.command}` as process {record.pid} on {record.host} since {record.started_at}, last sign of life {record.heartbeat_at}"
    )
    return ConflictError(
        "PIPE-201", where="the lease of this instance", found=who, expected="one process that loads and publishes",
        next_step="Nothing was started. Put files into the inbox of the running one, or stop it first; a dead one's lease is free at once.",
    )  # fmt: skip
