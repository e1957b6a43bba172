"""The unattended pipeline: one long-lived process that reads sources when they are due and publishes what they bring.

    tick: which sources are due? --> one run for all of them --> what failed waits and is tried again --> who is silent?

It never ends because of a partner. A file that fails again and again becomes a dead letter; a source that does not answer waits longer
each time; a run that fails leaves the published generation alone and is tried again. What was loaded is known by the warehouse, so
a kill at any point costs nothing but the work of that run.
"""

from __future__ import annotations

import contextlib
import gc
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from core.clock import Clock, Ids
from core.errors import DreiklangError
from core.settings import Settings
from ingestion.jobs import Progress
from pipeline.alerts import Alerts
from pipeline.inbox import DeadLetter, ReadFiles, Signature, bury, newest_message, signature_of, waiting_files
from pipeline.lease import Lease
from pipeline.run import Delivery, Part, Pipeline, Reporting, RunResult
from pipeline.schedule import ATTEMPTS_MAX, WATCH, back_off, may_try, next_due
from pipeline.sources import Source
from pipeline.state import Attempts, State, StateFile
from pipeline.wishes import Wishes

log = structlog.get_logger("dreiklang.pipeline")

TICK_SECONDS = 0.2
"""How often folders and schedules are looked at."""

SWEEP_SECONDS = 10.0
"""How often read files and silent partners are looked at."""

TRIES_PER_FILE = 3
"""A file that fails this often in a row with the same error becomes a dead letter."""

DEATHS_PER_FILE = 10
"""So does one over which the process died this often: most deaths have other causes than the file that was open."""

SOMEBODY_LOOKS, LOOK_SECONDS = "WH-101", 0.5
"""A command that reads the warehouse holds it for a moment; that is no failure, the run is tried again so much later."""

STOP_SECONDS = 20.0
"""After a request to stop, a load that still reads files is abandoned this much later; short runs end by themselves."""

PROCESS_DIED = "ProcessDied"

FULL_GATE_SECONDS = 900.0
"""Great Expectations judges the first run and then one run in so many seconds; the others are judged by the same list in SQL."""

REST_SECONDS = 90.0
"""While orders keep coming, points and what is said about sources are published by one run in so many seconds, which reads no source; the runs
between publish the orders alone (ADR 0039)."""

AWARDS_SECONDS = 5.0
"""Meanwhile points are posted, and not yet published, by one short run in so many seconds: no order waits for long awards."""


class StopRequestedError(BaseException):
    """The process is to end; what was not settled is rolled back and read again at the next start."""


@dataclass(slots=True)
class _Due:
    """What one run is to read: sources with their files as they were seen."""

    deliveries: list[Delivery]
    files: dict[str, dict[Path, Signature]]
    sources: list[Source]


class Service:
    """Runs sources until it is told to stop; `sources` is asked at each tick. `pipeline` stays warm; `chance` gives numbers in [0, 1) for the jitter of back-offs, `seconds` a count
    that only rises, by which what comes once in so many seconds is measured."""

    def __init__(
        self, settings: Settings, clock: Clock, ids: Ids, pipeline: Pipeline, sources: Callable[[], Sequence[Source]], lease: Lease,
        *, chance: Callable[[], float] = random.random, seconds: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._settings, self._clock, self._ids, self._pipeline = settings, clock, ids, pipeline
        self._now_described, self._lease, self._chance, self._seconds = sources, lease, chance, seconds
        self._sources = tuple(sources())
        self._alerts = Alerts(settings, clock)
        self._read_files = ReadFiles()
        self._wishes = Wishes(settings, seconds)
        self._kept: dict[Path, Signature] = {}
        self._newest_seen: dict[str, str] = {}
        self._folder = settings.root / "pipeline"
        self._state_file = StateFile(self._folder)
        self._state: State = self._state_file.load()
        self._stop = threading.Event()
        self._stop_asked_s: float | None = None
        self._swept_s = self._full_gate_s = self._rest_s = self._awarded_s = float("-inf")
        self._is_rest_pending = self._is_warm = False
        self._blame_what_killed_the_last_one()

    @property
    def has_work(self) -> bool:
        """Whether something that was loaded is not published yet."""
        return self._state.has_unpublished

    def stop(self) -> None:
        """Ask it to end: after the run at hand, or, when that goes on for long, between two files."""
        self._stop_asked_s = self._stop_asked_s or self._seconds()
        self._stop.set()

    def serve(self) -> None:
        """Work until asked to stop."""
        log.info("pipeline_started", sources=[source.source_id for source in self._sources])
        while not self._stop.is_set():
            worked = self.tick()
            if not worked:
                self._stop.wait(TICK_SECONDS)
        self._state_file.save(self._state)
        log.info("pipeline_stopped")

    def tick(self) -> RunResult | None:
        """Look once, and run what is due. Gives what the run did; None when nothing was due or the run failed."""
        self._lease.beat()
        now = self._clock.now()
        self._sources = tuple(self._now_described())
        result = None
        self._wishes.look([source.source_id for source in self._sources])
        due = self._due(now)
        if (due.deliveries or self._state.has_unpublished) and may_try(self._state.run.next_at, now):
            result = self._run(due, now)
        if self._seconds() - self._swept_s >= SWEEP_SECONDS:
            self._swept_s = self._seconds()
            for source in self._sources:
                self._read_files.sweep(source, now.timestamp())
            self._watch_for_silence()
        self._state_file.save(self._state)
        return result

    def _due(self, now: datetime) -> _Due:
        due = _Due([], {}, [])
        for source in self._sources:
            state = self._state.of(source.source_id)
            is_retry = state.attempts.failures > 0
            if not may_try(state.attempts.next_at, now):
                continue
            has_folder = source.folder is None or source.folder.exists()
            is_asked = has_folder and self._wishes.has_any(source.source_id)  # without its folder the run would fail, for all
            is_due = self._is_due(source, state.began_at, now)
            if not (is_due or is_retry or is_asked):
                continue
            files = {path: seen for path, seen in waiting_files(source, now.timestamp()).items() if self._kept.get(path) != seen}
            ready = {path: seen for path, seen in files.items() if may_try(self._attempts_of(path).next_at, now)}
            if not ready and source.is_inbox and not is_asked:
                continue
            due.sources.append(source)
            due.files[source.source_id] = ready
            due.deliveries.append(Delivery(source.profile, source.folder, self._all_but(source, ready)))
        return due

    def _is_due(self, source: Source, began_at: datetime | None, now: datetime) -> bool:
        """By its schedule, and at once when something was pushed since a run last looked. An inbox where nothing lies is never due."""
        newest = newest_message(source)
        if source.pushed_to is not None and not newest:
            return False
        is_new = source.settings.schedule == WATCH and newest > self._newest_seen.get(source.source_id, "")
        self._newest_seen[source.source_id] = newest
        return is_new or next_due(source.schedule, source.profile.time_zone, began_at, now) <= now

    @staticmethod
    def _all_but(source: Source, ready: dict[Path, Signature]) -> frozenset[Path]:
        """What the run must leave alone now: files of an inbox that fail, or that may still be written."""
        if source.folder is None or not source.is_inbox:
            return frozenset()
        found = (path for feed in source.profile.feeds if feed.files for path in source.folder.glob(feed.files))
        return frozenset(path for path in found if path not in ready)

    def _run(self, due: _Due, now: datetime) -> RunResult | None:
        self._state.has_unpublished = True
        self._state_file.save(self._state)
        is_full = self._seconds() - self._full_gate_s >= FULL_GATE_SECONDS
        part = self._part(due)
        if self._is_rest_pending and part is not Part.ORDERS:
            due = _Due([], {}, [])  # what waits at the sources is read by the next run
        if part is not Part.ORDERS:
            self._awarded_s = float("inf")  # after a failure points wait for a whole run
        asked = self._wishes.known()
        self._is_rest_pending = False  # after a failure the next run does everything, so that no source waits for what fails
        try:
            result = self._pipeline.run(
                due.deliveries,
                Reporting(self._on_step, self._before_file),
                data_docs=is_full,
                quick_gate=not is_full,
                part=part,
            )
        except DreiklangError as error:
            self._run_failed(error.code)
            return None
        except StopRequestedError:
            log.info("run_abandoned", reason="asked to stop")
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, partners' next files must not wait for a person
            self._run_failed(type(error).__name__)
            return None
        finally:
            self._marker.unlink(missing_ok=True)
        if not self._is_warm:
            self._is_warm = True
            gc.freeze()  # libraries and the parsed project stay: they need not be searched for garbage in every run
        if is_full and result.published:
            self._full_gate_s = self._seconds()
        for source in due.sources:
            self._wishes.met(source.source_id, asked)
        self._is_rest_pending = result.rest_pending
        if not result.rest_pending:
            self._rest_s = self._seconds()
        if part is not Part.ORDERS:
            self._awarded_s = self._seconds()
        self._run_succeeded(due, result, now)
        return result

    def _part(self, due: _Due) -> Part:
        """How much the next run does: everything as soon as nothing waits, and otherwise the orders unless the rest has waited long enough."""
        now_s = self._seconds()
        if not due.deliveries or now_s - self._rest_s >= REST_SECONDS:
            return Part.WHOLE
        if self._is_rest_pending and now_s - self._awarded_s >= AWARDS_SECONDS:
            return Part.AWARDS
        return Part.ORDERS

    def _run_succeeded(self, due: _Due, result: RunResult, began_at: datetime) -> None:
        self._state.has_unpublished = result.rest_pending
        if self._state.run.failures >= ATTEMPTS_MAX:
            self._alerts.tell("runs_succeed_again", None, "Runs end in a published generation again.")
        self._state.run = Attempts()
        for source, load in zip(due.sources, result.loads, strict=False):  # what people asked for stands behind them
            self._state.of(source.source_id).last_began_at = began_at.isoformat()
            files = due.files[source.source_id]
            done = [(path, files[path]) for path in load.read if path in files]
            for failure in load.failures:
                self._file_failed(source, failure.path, failure.feed, failure.error)
            for path, _ in done:
                self._state.files.pop(str(path), None)
            if source.settings.keep_files or not source.is_inbox:
                self._kept |= dict(done)
            else:
                self._read_files.put_away(source, done, self._clock.now().timestamp())
            self._source_ended(source, load.failure.code if load.failure else None)
            if any(outcome.status == "loaded" and outcome.rows_read for outcome in load.outcomes):
                self._heard(source)

    def _run_failed(self, code: str) -> None:
        if code == SOMEBODY_LOOKS:
            self._state.run.next_attempt_at = (self._clock.now() + timedelta(seconds=LOOK_SECONDS)).isoformat()
            return
        attempts = self._failed_again(self._state.run, code)
        log.error("run_will_be_repeated", code=code, failures=attempts.failures, next_attempt_at=attempts.next_attempt_at)
        if attempts.failures == ATTEMPTS_MAX:
            self._alerts.tell(
                "runs_fail", None, f"{ATTEMPTS_MAX} runs in a row failed, the last with {code}. Pages show the last good state."
            )

    def _source_ended(self, source: Source, code: str | None) -> None:
        state = self._state.of(source.source_id)
        if code is None:
            if state.is_failing:
                state.is_failing = False
                self._alerts.tell("source_answers_again", source.source_id, f"{source.source_id} answers again.")
            state.attempts = Attempts()
            return
        attempts = self._failed_again(state.attempts, code)
        log.warning(
            "source_will_be_retried",
            source=source.source_id,
            code=code,
            failures=attempts.failures,
            next_attempt_at=attempts.next_attempt_at,
        )
        if attempts.failures >= ATTEMPTS_MAX and not state.is_failing:
            state.is_failing = True
            self._alerts.tell(
                "source_fails", source.source_id, f"{source.source_id} failed {attempts.failures} times in a row ({code})."
            )

    def _file_failed(self, source: Source, path: Path, feed: str, error: str) -> None:
        """Count it; the queue moves on, and after the last try without this file for good."""
        attempts = self._attempts_of(path)
        same = attempts.error is None or attempts.error.split(":")[0] == error.split(":")[0]
        attempts = self._failed_again(attempts if same else Attempts(), error)
        self._state.files[str(path)] = attempts
        tries = DEATHS_PER_FILE if error.startswith(PROCESS_DIED) else TRIES_PER_FILE
        if attempts.failures < tries or signature_of(path) is None:
            return
        letter = DeadLetter(
            self._ids(), source.source_id, path.name, str(path), feed, attempts.failures, error, self._clock.now().isoformat()
        )
        bury(self._settings, letter, path)
        del self._state.files[str(path)]
        log.error(
            "dead_letter", source=source.source_id, feed=feed, file=path.name, letter=letter.letter_id, failures=letter.failures
        )
        self._alerts.tell(
            "dead_letter",
            source.source_id,
            f"{path.name} failed {letter.failures} times and was put aside as {letter.letter_id}.",
        )

    def _failed_again(self, attempts: Attempts, error: str) -> Attempts:
        attempts.failures += 1
        attempts.error = error
        attempts.next_attempt_at = (self._clock.now() + back_off(attempts.failures, self._chance())).isoformat()
        return attempts

    def _attempts_of(self, path: Path) -> Attempts:
        return self._state.files.get(str(path), Attempts())

    def _heard(self, source: Source) -> None:
        state = self._state.of(source.source_id)
        state.last_data_at = self._clock.now().isoformat()
        if state.is_silent:
            state.is_silent = False
            self._alerts.tell("partner_heard_again", source.source_id, f"{source.source_id} sends again.")

    def _watch_for_silence(self) -> None:
        now = self._clock.now()
        for source in self._sources:
            state, hours = self._state.of(source.source_id), source.settings.expected_every_hours
            if state.data_at is None or state.data_at > now:
                state.last_data_at = now.isoformat()  # the wait begins when the source is first known
            elif hours is not None and not state.is_silent and now - state.data_at > timedelta(hours=hours):
                state.is_silent = True
                words = f"{source.source_id} is expected every {hours:g} hours and last sent rows at {state.last_data_at}."
                self._alerts.tell("partner_silent", source.source_id, words)

    @property
    def _marker(self) -> Path:
        return self._folder / "reading"

    def _before_file(self, progress: Progress) -> None:
        """Leave a mark of the file that is about to be read, so that one that kills the process is found out."""
        self._lease.beat()
        if self._stop_asked_s is not None and self._seconds() - self._stop_asked_s > STOP_SECONDS:
            raise StopRequestedError
        self._marker.write_text(str(progress.path), encoding="utf-8")

    def _on_step(self, step: str) -> None:
        self._lease.beat()
        if step != "load":
            self._marker.unlink(missing_ok=True)

    def _blame_what_killed_the_last_one(self) -> None:
        """A process that died while it read a file counts as a failure of that file: three deaths over one file are no chance."""
        with contextlib.suppress(FileNotFoundError):
            path = Path(self._marker.read_text(encoding="utf-8"))
            for source in self._sources:
                if source.folder is not None and path.is_relative_to(source.folder) and path.exists():
                    self._file_failed(source, path, "", f"{PROCESS_DIED}: the process ended while it read this file")
        self._marker.unlink(missing_ok=True)
        self._state_file.save(self._state)
