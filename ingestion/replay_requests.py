"""Replays that people ask for: kept in the store, carried out by the next run of the source, and answered with what came of them.

page, command --ask--> store: replay_actions --next run--> ingestion.replaying --done--> store: replay_actions
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlalchemy import Connection, Engine, Row, func, select

from core.clock import Clock
from core.settings import Settings
from core.store import reading, writing
from ingestion.intake.tables import quarantine_actions, replay_actions
from ingestion.jobs import LoadReport
from ingestion.profiles.model import Profile
from ingestion.refusals import EVERYTHING, Scope
from ingestion.replaying import replay


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A request and how it stands: `waiting`, `taken_back` or `done`, then with the files read and changed, and rows. Moments are in UTC."""

    request_no: int
    source_id: str
    scope: Scope
    status: str
    recorded_at: datetime
    files_read: int = 0
    files_changed: int = 0
    rows_accepted: int = 0
    rows_refused: int = 0


def ask_replay(engine: Engine, source_id: str, scope: Scope, clock: Clock, *, actor: str | None = None) -> int:
    """Ask for a replay; gives the request's number. One that waits already for the same is not asked for twice."""
    for one in replay_requests(engine, [source_id]):
        if one.status == "waiting" and one.scope == scope:
            return one.request_no
    with writing(engine) as connection:
        return _record(connection, "replay", None, source_id, scope, clock, actor)


def take_replay_back(engine: Engine, request: ReplayRequest, clock: Clock, *, actor: str | None = None) -> None:
    """Undo a request that no run has carried out; one that is done stays done."""
    with writing(engine) as connection:
        _record(connection, "take_back", request.request_no, request.source_id, EVERYTHING, clock, actor)


def replay_requests(engine: Engine, source_ids: Sequence[str]) -> list[ReplayRequest]:
    """Every request for these sources, the newest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(replay_actions).where(replay_actions.c.source_id.in_(list(source_ids))).order_by(replay_actions.c.action_no)
        ).fetchall()
    ends: dict[int, Row[tuple[object, ...]]] = {}
    for row in rows:
        if row.request_no is not None:
            ends.setdefault(int(row.request_no), row)
    return [_request(row, ends.get(int(row.action_no))) for row in reversed(rows) if row.kind == "replay"]


def carry_out_replays(
    connection: duckdb.DuckDBPyConnection, store: Engine, profile: Profile, settings: Settings, clock: Clock, run_id: str
) -> LoadReport:
    """Do what was asked for this source. A run that dies before it could write `done` does it again, which changes nothing."""
    reports = []
    for one in reversed(replay_requests(store, [profile.source_id])):
        if one.status == "waiting":
            report = replay(connection, profile, settings, clock, run_id, one.scope)
            reports.append(report)
            with writing(store) as written:
                _record(written, "done", one.request_no, profile.source_id, EVERYTHING, clock, None, report)
    outcomes = tuple(outcome for report in reports for outcome in report.outcomes)
    return LoadReport(profile.source_id, outcomes, sum(report.files for report in reports), brings_all=False)


def newest_wishes(engine: Engine, source_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Source -> numbers of the last thing asked for its refused rows and of its last replay request: what changes when somebody asks."""
    found: dict[str, list[int]] = {}
    replays = select(replay_actions.c.source_id, func.max(replay_actions.c.action_no)).where(replay_actions.c.kind != "done")
    with reading(engine) as connection:
        for place, query, table in (
            (0, select(quarantine_actions.c.source_id, func.max(quarantine_actions.c.action_no)), quarantine_actions), (1, replays, replay_actions),
        ):  # fmt: skip
            for source_id, number in connection.execute(
                query.where(table.c.source_id.in_(list(source_ids))).group_by(table.c.source_id)
            ):
                found.setdefault(str(source_id), [0, 0])[place] = int(number)
    return {source_id: (numbers[0], numbers[1]) for source_id, numbers in found.items()}


def _request(row: Row[tuple[object, ...]], end: Row[tuple[object, ...]] | None) -> ReplayRequest:
    batches = frozenset() if row.batch_no is None else frozenset({int(row.batch_no)})
    scope = Scope(batches, frozenset(), row.error_code)
    if end is None:
        return ReplayRequest(int(row.action_no), row.source_id, scope, "waiting", row.recorded_at)
    if end.kind == "take_back":
        return ReplayRequest(int(row.action_no), row.source_id, scope, "taken_back", end.recorded_at)
    counts = (int(end.files_read or 0), int(end.files_changed or 0), int(end.rows_accepted or 0), int(end.rows_refused or 0))
    return ReplayRequest(int(row.action_no), row.source_id, scope, "done", end.recorded_at, *counts)


def _record(
    connection: Connection, kind: str, request_no: int | None, source_id: str, scope: Scope, clock: Clock, actor: str | None,
    report: LoadReport | None = None,
) -> int:  # fmt: skip
    made = connection.execute(replay_actions.insert().values(
        kind=kind, request_no=request_no, source_id=source_id, batch_no=next(iter(scope.batch_nos), None), error_code=scope.error_code,
        files_read=report.files if report else None, files_changed=len(report.outcomes) if report else None,
        rows_accepted=sum(o.rows_accepted for o in report.outcomes) if report else None,
        rows_refused=sum(o.rows_quarantined for o in report.outcomes) if report else None,
        recorded_at=clock.now(), actor=actor,
    ))  # fmt: skip
    key = made.inserted_primary_key
    return int(key[0]) if key is not None else 0


__all__ = ["ReplayRequest", "ask_replay", "carry_out_replays", "newest_wishes", "replay_requests", "take_replay_back"]
