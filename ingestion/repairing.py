"""Refused rows are repaired in place: what a person corrects is loaded by the next run of the source, as a small file of its own.

    page --ask--> store: quarantine_actions --next run--> parquet of text columns --the same profile, the same checks--> raw.<feed>

A repaired row that is wrong again stands in quarantine again, under the file that the repair made. Nothing is edited: the
refused row stays as it came, marked with what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlalchemy import Connection, Engine, Row, func, select

from core.clock import Clock
from core.errors import InputRefusedError
from core.settings import Settings
from core.store import reading, writing
from ingestion.intake.tables import quarantine_actions
from ingestion.jobs import FileOutcome, LoadReport, load_delivery
from ingestion.profiles.model import FeedProfile, Profile

VALUE_CHARS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """The row that an action is about, as `fct_quarantined_rows` has it."""

    source_id: str
    feed: str
    file_name: str
    batch_no: int
    row_no: int


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done with a row: repair, dismiss, or (take_back) nothing."""

    action_no: int
    kind: str
    row: RefusedRow
    repaired: Mapping[str, str]


def ask_repair(
    engine: Engine,
    row: RefusedRow,
    columns: Sequence[str],
    repaired: Mapping[str, str],
    clock: Clock,
    *,
    actor: str | None = None,
) -> int:
    """Ask for a row to be loaded with these values; returns the action's number. Raises InputRefusedError ING-646.

    `columns` are those of the row; `repaired` gives a text for some or all of them, an empty one for no value.
    """
    strangers = sorted(set(repaired) - set(columns))
    too_long = sorted(name for name, value in repaired.items() if len(value) > VALUE_CHARS_MAX)
    if not columns or strangers or too_long:
        raise InputRefusedError(
            "ING-646", where=f"row {row.row_no} of {row.file_name}", found=", ".join(strangers or too_long) or "a row without columns",
            expected=f"values for the columns {', '.join(columns)}, of at most {VALUE_CHARS_MAX} characters",
            next_step="Repair the named columns, or correct the file and send it again.",
        )  # fmt: skip
    whole = {name: repaired.get(name, "") for name in columns}
    with writing(engine) as connection:
        return _record(connection, "repair", row, json.dumps(whole, ensure_ascii=False), "", clock, actor)


def ask_dismiss(engine: Engine, row: RefusedRow, reason: str, clock: Clock, *, actor: str | None = None) -> int:
    """Give a row up, with a reason."""
    with writing(engine) as connection:
        return _record(connection, "dismiss", row, None, reason, clock, actor)


def take_back(engine: Engine, row: RefusedRow, clock: Clock, *, actor: str | None = None) -> int:
    """Undo what was asked for a row, as long as no run has done it."""
    with writing(engine) as connection:
        return _record(connection, "take_back", row, None, "", clock, actor)


def asked(engine: Engine, source_ids: Sequence[str]) -> dict[tuple[int, int], Action]:
    """(batch_no, row_no) -> what was last asked for that row, of these sources; rows taken back are left out."""
    with reading(engine) as connection:
        return {(one.row.batch_no, one.row.row_no): one for one in _newest(connection, source_ids) if one.kind != "take_back"}


def apply_repairs(
    connection: duckdb.DuckDBPyConnection, store: Engine, profile: Profile, settings: Settings, clock: Clock, run_id: str
) -> LoadReport:
    """Do what was asked for rows of this source and is not done yet. Runs again without effect."""
    done = {int(row[0]) for row in connection.execute("select action_no from raw.quarantine_done").fetchall()}
    waiting = [one for one in asked(store, [profile.source_id]).values() if one.action_no not in done]
    for one in waiting:
        if one.kind == "dismiss":
            _mark(connection, [one], None, clock)
    groups: dict[tuple[str, int], list[Action]] = {}
    for one in waiting:
        if one.kind == "repair":
            groups.setdefault((one.row.feed, one.row.batch_no), []).append(one)
    outcomes: list[FileOutcome] = []
    for actions in groups.values():
        feed = _feed_of(profile, actions[0].row)
        if feed is not None:
            report = _load(connection, profile, feed, actions, settings, clock, run_id)
            _mark(connection, actions, report.outcomes[0].batch_no, clock)
            outcomes += report.outcomes
    return LoadReport(profile.source_id, tuple(outcomes), len(outcomes))


def _feed_of(profile: Profile, row: RefusedRow) -> FeedProfile | None:
    """How files like that one are read; a repaired file is read as the one that it repairs. None: not by this profile."""
    name = row.file_name
    while name.startswith("repair-") and name.endswith(".parquet"):
        name = name.removesuffix(".parquet").split("-", 2)[2]
    readable = [feed for feed in profile.feeds if feed.feed == row.feed and not feed.lookups]
    return next((feed for feed in readable if feed.format == "sql" or fnmatch(name, feed.files)), None)


def _load(
    connection: duckdb.DuckDBPyConnection, profile: Profile, feed: FeedProfile, actions: Sequence[Action], settings: Settings,
    clock: Clock, run_id: str,
) -> LoadReport:  # fmt: skip
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = actions[0]
    name = f"repair-{first.action_no}-{first.row.file_name}.parquet"
    columns = list(dict.fromkeys(column for one in actions for column in one.repaired))
    table = pa.table({column: pa.array([one.repaired.get(column) or None for one in actions], pa.string()) for column in columns})
    repaired = feed.model_copy(update={"format": "parquet", "files": escape(name), "query": ""})
    alone = profile.model_copy(update={"feeds": (repaired,), "constants": ()})
    with TemporaryDirectory(prefix="dreiklang-repair-") as work:
        pq.write_table(table, Path(work) / name)
        return load_delivery(connection, alone, Path(work), settings, clock, run_id)


def _mark(connection: duckdb.DuckDBPyConnection, actions: Sequence[Action], new_batch_no: int | None, clock: Clock) -> None:
    connection.executemany(
        "insert or replace into raw.quarantine_done values (?, ?, ?, ?, ?, ?)",
        [
            (one.row.batch_no, one.row.row_no, one.action_no, one.kind, new_batch_no, clock.now().replace(tzinfo=None))
            for one in actions
        ],
    )


def _newest(connection: Connection, source_ids: Sequence[str]) -> list[Action]:
    newest = select(func.max(quarantine_actions.c.action_no)).group_by(quarantine_actions.c.batch_no, quarantine_actions.c.row_no)
    rows = connection.execute(
        select(quarantine_actions)
        .where(quarantine_actions.c.action_no.in_(newest), quarantine_actions.c.source_id.in_(list(source_ids)))
        .order_by(quarantine_actions.c.action_no)
    )
    return [_action(row) for row in rows]


def _action(row: Row[tuple[object, ...]]) -> Action:
    refused = RefusedRow(row.source_id, row.feed, row.file_name, int(row.batch_no), int(row.row_no))
    return Action(int(row.action_no), row.kind, refused, json.loads(row.repaired_row) if row.repaired_row else {})


def _record(
    connection: Connection, kind: str, row: RefusedRow, repaired: str | None, reason: str, clock: Clock, actor: str | None
) -> int:
    made = connection.execute(quarantine_actions.insert().values(
        kind=kind, source_id=row.source_id, feed=row.feed, file_name=row.file_name[:200], batch_no=row.batch_no, row_no=row.row_no,
        repaired_row=repaired, reason=reason[:300], recorded_at=clock.now(), actor=actor,
    ))  # fmt: skip
    key = made.inserted_primary_key
    return int(key[0]) if key is not None else 0
