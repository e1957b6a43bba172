"""The one process that writes the warehouse."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow

from core.errors import ConflictError
from core.settings import Settings

LOOK_AGAIN_SECONDS = 0.02
"""An unattended pipeline frees the warehouse between two runs for not much longer."""


def engine_config(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings for the writing process. dbt opens the same file in the same process and must say the same."""
    return {
        "memory_limit": f"{settings.memory_limit_gib}GiB",
        "threads": str(settings.threads or os.cpu_count() or 2),
        "temp_directory": str(settings.warehouse_dir / "tmp"),
        "preserve_insertion_order": "false",
    }


@contextmanager
def own_warehouse(settings: Settings, *, patience_s: float = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, with the marts attached as `mart`.

    Raises ConflictError WH-101 when another process has it, and has not freed it within `patience_s` seconds.
    """
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    give_up_s = time.monotonic() + patience_s
    while True:
        try:
            connection = duckdb.connect(str(settings.warehouse_path), config=engine_config(settings))
            break
        except duckdb.IOException as error:
            if time.monotonic() < give_up_s:
                time.sleep(LOOK_AGAIN_SECONDS)
                continue
            raise ConflictError(
                "WH-101", where=str(settings.warehouse_path), found="another process that has the warehouse open",
                expected="one run at a time", next_step="Wait until the other run has ended, then start again.",
            ) from error  # fmt: skip
    try:
        attach_marts(connection, settings)
        yield connection
    finally:
        connection.close()


def attach_marts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the marts' file known as `mart`; it is made when it is not there."""
    connection.execute(f"attach if not exists '{settings.marts_path}' as mart")


def start_marts_anew(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """An empty file for the marts, so that a full build leaves no gaps of earlier ones in it."""
    connection.execute("detach database if exists mart")
    settings.marts_path.unlink(missing_ok=True)
    Path(f"{settings.marts_path}.wal").unlink(missing_ok=True)
    attach_marts(connection, settings)


def append_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[object, ...]]
) -> None:
    """Append rows to a table, all or none. `columns` are (name, DuckDB type) in the order of the values; moments are naive UTC.

    Rows travel as one Arrow table: a statement per row takes a thousand times as long.
    """
    names = [name for name, _ in columns]
    values = pyarrow.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))
    connection.register("appended_rows", values)
    try:
        casts = ", ".join(f"cast({name} as {sql_type})" for name, sql_type in columns)
        connection.execute(f"insert into {table} ({', '.join(names)}) select {casts} from appended_rows")
    finally:
        connection.unregister("appended_rows")
