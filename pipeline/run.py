"""A run, composed: land -> load -> facts -> award points -> ledger as one more source -> points -> gate -> publish.

Each step commits its own work and can be repeated: loading knows bytes it has seen, the models replace the rows they
touch, awards know their cause. A run that dies is healed by the next one; until then the last published generation is served.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from core.clock import Clock, Ids
from core.errors import IntegrityError
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import own_warehouse
from core.warehouse.pointer import current_generation
from core.warehouse.publish import stage_generation
from core.warehouse.transform import Transformer, changed_feeds, is_rest_pending, prepare_transform, record_transform
from ingestion.jobs import LoadReport, Progress, prepare, pull_delivery
from ingestion.matching import apply_merges, propose_matches
from ingestion.profiles import Profile
from ingestion.quality import run_gate, run_quick_gate, write_controls
from ingestion.quality import warm_up as warm_up_gate
from ingestion.refusals import Scope
from ingestion.repairing import apply_repairs
from ingestion.replay_requests import carry_out_replays
from ingestion.replaying import replay
from loyalty import Programme
from pipeline.awards import USUAL_HOOKS, AwardHooks, award_points_of_run, prepare_ledger_copy

log = structlog.get_logger("dreiklang.pipeline")

STEPS = ("load", "facts", "awards", "rest", "gate", "publish")
"""Names of the steps, in order, as progress reports them."""


class Part(StrEnum):
    """How much of a run is wanted now, for runs that follow each other within seconds (ADR 0039)."""

    WHOLE = "whole"
    ORDERS = "orders"
    """News is published without its points and without what is said about its source."""
    AWARDS = "awards"
    """Points of what is published are posted; nothing is published."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One partner's delivery: what describes it and where it lies (None: where the profile says). `skip` is left alone.

    With `replay` nothing is fetched: what was refused before, within that scope, is read again.
    """

    profile: Profile
    source: Path | None
    skip: frozenset[Path] = frozenset()
    replay: Scope | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did. `generation` is what readers see now; `published` says whether this run made it.

    `rest_pending`: points, and what is said about sources, were left to a later run.
    """

    run_id: str
    run_no: int
    loads: tuple[LoadReport, ...]
    points_posted: int
    generation: int | None
    published: bool
    rest_pending: bool = False

    @property
    def refused(self) -> tuple[str, ...]:
        """What did not get in: files that were refused or held, and sources that brought no file, in words."""
        files = [
            f"{outcome.status} {outcome.file_name} ({outcome.feed}): {outcome.error_message}"
            for load in self.loads
            for outcome in load.outcomes
            if outcome.status in ("rejected", "held")
        ]
        failed = [
            f"failed {failure.path.name} ({failure.feed}): {failure.error}" for load in self.loads for failure in load.failures
        ]
        stopped = [str(load.failure) for load in self.loads if load.failure]
        nothing = [
            f"{load.source_id} brought no file that its profile names"
            for load in self.loads
            if load.is_missing and not load.failure
        ]
        return tuple(files + failed + stopped + nothing)

    @property
    def may_be_tried_again(self) -> bool:
        """Whether a source stopped answering or a file failed for a reason that may pass."""
        return any(load.failure or load.failures for load in self.loads)


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where progress goes: `step` at the start of each step, `files` while a delivery is loaded."""

    step: Callable[[str], None]
    files: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class _Haste:
    """Whether the gate writes its documents, whether plain SQL is enough for it, and what may follow later."""

    docs: bool
    quick: bool
    part: Part


class Pipeline:
    """Runs deliveries through to a published generation. Keep one object for many runs: dbt stays warm."""

    def __init__(
        self, settings: Settings, clock: Clock, ids: Ids, programmes: Sequence[Programme], hooks: AwardHooks = USUAL_HOOKS
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._programmes = tuple(programmes)
        self._hooks = hooks
        self.transformer = Transformer(settings)

    def run(
        self, deliveries: Sequence[Delivery], reporting: Reporting, *, data_docs: bool = True, quick_gate: bool = False,
        part: Part = Part.WHOLE,
    ) -> RunResult:  # fmt: skip
        """Load, transform, award, check, publish. Raises DreiklangError; what was published before stays published.

        For runs that follow each other within seconds: with `quick_gate` the gate's expectations are checked in SQL alone, and a run
        may do a `part`. What cannot be left to a later run is done nevertheless; `rest_pending` of the result says what was.
        """
        with own_warehouse(self._settings) as connection:
            prepare(connection)
            run_id, run_no = self._begin(connection, deliveries)
            try:
                result = self._steps(connection, deliveries, reporting, run_id, run_no, _Haste(data_docs, quick_gate, part))
            except BaseException as error:
                self._end(connection, run_id, "failed", None, str(error))
                log.error("run_failed", run_id=run_id, code=getattr(error, "code", type(error).__name__))
                raise
            self._end(connection, run_id, "published" if result.published else "unchanged", result.generation, None)
            log.info("run_ended", run_id=run_id, generation=result.generation, published=result.published)
            return result

    def _steps(
        self, connection: Any, deliveries: Sequence[Delivery], reporting: Reporting, run_id: str, run_no: int, haste: _Haste
    ) -> RunResult:
        reporting.step("load")
        loads = self._load(connection, deliveries, reporting, run_id, quick=haste.quick)
        full = prepare_transform(connection, self._settings, run_no, all_books=not haste.quick)
        generation = current_generation(self._settings.warehouse_dir)
        has_news = full or generation is None or self._has_news(connection)
        is_pending = is_rest_pending(connection)
        must_follow = has_news or is_pending
        if not must_follow and not self._programmes:
            return RunResult(run_id, run_no, loads, 0, generation, published=False)
        changed = changed_feeds(connection)
        if has_news:
            reporting.step("facts")
            self.transformer.build_facts(None if full else changed)
        if haste.part is Part.ORDERS and has_news and not full and "parties" not in changed:
            return self._publish(connection, reporting, haste, RunResult(run_id, run_no, loads, 0, None, True, rest_pending=True))
        reporting.step("awards")
        posted, is_news = award_points_of_run(connection, self._settings, self._programmes, self._clock, self._hooks, full=full)
        if haste.part is Part.AWARDS and is_pending and not has_news:
            return RunResult(run_id, run_no, loads, posted, generation, published=False, rest_pending=True)
        if (
            not must_follow and not posted
        ):  # time and people may move points: a condition is met, a case is decided, something expires
            return RunResult(run_id, run_no, loads, 0, generation, published=False)
        reporting.step("rest")
        has_points = full or is_news or is_pending or "parties" in changed  # a run that only awarded may have gone before
        if has_points or must_follow:
            self.transformer.build_rest(points=has_points, derived=must_follow, full=full)
        if self._programmes and not has_points:
            self.transformer.check_books()
        return self._publish(connection, reporting, haste, RunResult(run_id, run_no, loads, posted, None, published=True))

    def _publish(self, connection: Any, reporting: Reporting, haste: _Haste, result: RunResult) -> RunResult:
        reporting.step("gate")
        generation = self._check_and_publish(connection, reporting, haste)
        record_transform(connection, result.run_no, is_whole=not result.rest_pending)
        return replace(result, generation=generation)

    def _load(
        self, connection: Any, deliveries: Sequence[Delivery], reporting: Reporting, run_id: str, *, quick: bool
    ) -> tuple[LoadReport, ...]:
        """Load, and beside it parse the models and import the library of the gate that will be asked: both take seconds and need no data."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm-up") as beside:
            needed = [self.transformer.warm_up, *([] if quick else [warm_up_gate])]
            preparations = [beside.submit(prepare_it) for prepare_it in needed]
            loads = [self._load_one(connection, d, reporting, run_id) for d in deliveries]
            loads += self._as_people_decided(connection, deliveries, run_id)
            if any(o.rows_accepted for load in loads for o in load.outcomes if o.feed in ("parties", "party_aliases")):
                propose_matches(connection)
        for preparation in preparations:
            preparation.result()
        return tuple(loads)

    def _load_one(self, connection: Any, delivery: Delivery, reporting: Reporting, run_id: str) -> LoadReport:
        settings, clock = self._settings, self._clock
        if delivery.replay is not None:
            return replay(connection, delivery.profile, settings, clock, run_id, delivery.replay)
        return pull_delivery(
            connection, delivery.profile, delivery.source, settings, clock, run_id, reporting.files, delivery.skip
        )

    def _as_people_decided(self, connection: Any, deliveries: Sequence[Delivery], run_id: str) -> list[LoadReport]:
        """What people asked for rows that these sources' files had refused, and which parties they said are one."""
        store = open_store(self._settings.resolved_store_url())
        try:
            migrate(store)
            reports = [
                carry_out(connection, store, d.profile, self._settings, self._clock, run_id)
                for d in deliveries
                for carry_out in (apply_repairs, carry_out_replays)
            ]
            apply_merges(connection, store, self._clock, run_id)
        finally:
            store.dispose()
        return [report for report in reports if report.outcomes]

    def _check_and_publish(self, connection: Any, reporting: Reporting, haste: _Haste) -> int:
        """The gate decides by a small copy of figures, so the next generation is written beside it and only then pointed to."""
        with TemporaryDirectory(prefix="dreiklang-gate-") as work, ThreadPoolExecutor(max_workers=1) as beside:
            controls = Path(work) / "gate.duckdb"
            write_controls(connection, controls)
            staging = beside.submit(stage_generation, connection, self._settings)
            found = run_quick_gate(controls) if haste.quick else run_gate(controls, self._settings, docs=haste.docs)
            staged = staging.result()
        if not found.success:
            staged.discard()
            raise IntegrityError(
                "PIPE-101", where="the quality gate", found="; ".join(found.failed), expected="every expectation to hold",
                next_step=f"Nothing was published. Open {self._settings.reports_dir / 'quality'} and mend the cause.",
            )  # fmt: skip
        reporting.step("publish")
        return staged.publish()

    @staticmethod
    def _has_news(connection: Any) -> bool:
        row = connection.execute(
            """select exists (select 1 from raw.batches, raw.transform_state
               where batch_no > since_batch and status <> 'same_file')
            or exists (select 1 from raw.replays inner join raw.runs using (run_id)
               where run_no > (select coalesce(max(run_no), 0) from raw.transformed))"""
        ).fetchone()
        return bool(row[0])

    def _begin(self, connection: Any, deliveries: Sequence[Delivery]) -> tuple[str, int]:
        prepare_ledger_copy(connection)
        connection.execute(
            "update raw.runs set status = 'interrupted', message = 'the process ended before the run did' where status = 'running'"
        )
        run_id = self._ids()
        profiles = ", ".join(delivery.profile.source_id for delivery in deliveries)
        connection.execute(
            """insert into raw.runs (run_id, run_no, profiles, started_at, status)
               select $id, coalesce(max(run_no), 0) + 1, $profiles, $now, 'running' from raw.runs""",
            {"id": run_id, "profiles": profiles, "now": self._utc_now()},
        )
        row = connection.execute("select run_no from raw.runs where run_id = $id", {"id": run_id}).fetchone()
        return run_id, int(row[0])

    def _end(self, connection: Any, run_id: str, status: str, generation: int | None, message: str | None) -> None:
        connection.execute(
            """update raw.runs set finished_at = $now, status = $status, published_generation = $generation, message = $message
               where run_id = $id""",
            {"now": self._utc_now(), "status": status, "generation": generation, "message": message, "id": run_id},
        )

    def _utc_now(self) -> Any:
        return self._clock.now().replace(tzinfo=None)
