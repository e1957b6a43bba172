"""Publish: marts of the warehouse become `serve-<gen>.duckdb`, then the pointer moves.

Small relations are written anew, sorted as pages read them. A large incremental relation is carried over by
copying the previous generation's file and replacing the rows that the runs since then touched (`run_no`); when those
are more than `REBUILD_SHARE` of it, or the file has grown by half, it is written anew and sorted too.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from core.errors import IntegrityError
from core.warehouse.pointer import (
    current_generation,
    drop_old_generations,
    generation_path,
    highest_generation,
    point_to,
)  # fmt: skip
from core.warehouse.served import SERVED, Served

REBUILD_SHARE = 0.05
"""From this share of touched rows on, sorting everything anew is worth more than a quick copy."""

MART = "mart"
"""Schema of the warehouse that holds what is published."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published generation: rows per relation, and whether large relations were carried over."""

    generation: int
    rows: dict[str, int]
    carried_over: bool


def publish(connection: duckdb.DuckDBPyConnection, warehouse_dir: Path, run_no: int) -> Published:
    """Write the next generation from schema `mart` and point readers to it.

    Raises IntegrityError WH-301 when a mart does not have the published columns. Nothing is published then.
    """
    previous = current_generation(warehouse_dir)
    generation = highest_generation(warehouse_dir) + 1
    building = warehouse_dir / f"serve-{generation:06d}.building"
    building.unlink(missing_ok=True)
    since_run = _published_run(generation_path(warehouse_dir, previous) if previous else None, connection)
    carried_over = previous is not None and since_run is not None and _worth_carrying(connection, since_run)
    if carried_over and previous is not None:
        shutil.copyfile(generation_path(warehouse_dir, previous), building)
    connection.execute(f"attach '{building}' as serve")
    try:
        rows = {
            served.name: _write(connection, served, since_run if carried_over and served.incremental_key else None)
            for served in SERVED.values()
        }
        connection.execute(
            "create or replace table serve.main.publication as select $run::integer as run_no",
            {"run": run_no},
        )
        connection.execute("checkpoint serve")
    except BaseException:
        connection.execute("detach serve")
        building.unlink(missing_ok=True)
        raise
    connection.execute("detach serve")
    _sync(building)
    building.rename(generation_path(warehouse_dir, generation))
    point_to(warehouse_dir, generation)
    drop_old_generations(warehouse_dir)
    return Published(generation, rows, carried_over)


def _write(connection: duckdb.DuckDBPyConnection, served: Served, since_run: int | None) -> int:
    _check_columns(connection, served)
    target, source = f"serve.main.{served.name}", f"{MART}.{served.name}"
    columns = ", ".join(name for name, _ in served.columns)
    if since_run is None:
        order = f" order by {', '.join(served.sort)}" if served.sort else ""
        connection.execute(f"create or replace table {target} as select {columns} from {source}{order}")
    else:
        key = served.incremental_key
        connection.execute(
            f"delete from {target} where {key} in (select {key} from {source} where run_no > $since)",
            {"since": since_run},
        )
        order = ", ".join(served.sort)
        connection.execute(
            f"insert into {target} ({columns}) select {columns} from {source} where run_no > $since order by {order}",
            {"since": since_run},
        )
    row = connection.execute(f"select count(*) from {target}").fetchone()
    return int(row[0]) if row else 0


def _check_columns(connection: duckdb.DuckDBPyConnection, served: Served) -> None:
    found = connection.execute(
        "select column_name, data_type from information_schema.columns where table_schema = $schema and table_name = $name",
        {"schema": MART, "name": served.name},
    ).fetchall()
    missing = set(served.columns) - {(str(name), str(data_type)) for name, data_type in found}
    if missing:
        raise IntegrityError(
            "WH-301", where=f"{MART}.{served.name}", found=f"columns {sorted(found)}", expected=f"also {sorted(missing)}",
            next_step="Bring the model and core/warehouse/served.py together, then run again.",
        )  # fmt: skip


def _published_run(path: Path | None, connection: duckdb.DuckDBPyConnection) -> int | None:
    if path is None or not path.exists():
        return None
    connection.execute(f"attach '{path}' as previous (read_only)")
    try:
        row = connection.execute("select run_no from previous.main.publication").fetchone()
        return int(row[0]) if row else None
    finally:
        connection.execute("detach previous")


def _worth_carrying(connection: duckdb.DuckDBPyConnection, since_run: int) -> bool:
    largest = max(
        (served for served in SERVED.values() if served.incremental_key),
        key=lambda s: _rows(connection, s.name),
    )
    touched = _rows(connection, largest.name, since_run)
    return touched <= REBUILD_SHARE * _rows(connection, largest.name)


def _rows(connection: duckdb.DuckDBPyConnection, name: str, since_run: int | None = None) -> int:
    condition = "true" if since_run is None else f"run_no > {since_run}"
    row = connection.execute(f"select count(*) from {MART}.{name} where {condition}").fetchone()
    return int(row[0]) if row else 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
