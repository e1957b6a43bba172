"""Where rows lie between decoding and storing: `scratch`, a database beside the warehouse, in memory or, for a large file, on disk.

Rows on disk cost a sixth more processor time and no memory. Those in memory can mostly be moved out by the engine, but not all of each: their
small parts, such as the marks of empty values, stay, and a file of ten times the memory limit fills it with them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from core.settings import Settings

PACKED_FACTOR = 10
"""How much larger than the file its rows are in formats that compress."""

SHARE_IN_MEMORY = 8
"""Rows go to disk when they are larger than this part of the memory limit."""

PACKED = ("parquet", "sql", "xlsx")


def waits_on_disk(settings: Settings, path: Path, file_format: str) -> bool:
    """Whether a file's rows are better kept on disk until they are stored."""
    is_packed = file_format in PACKED or path.name.endswith(".gz")
    size_bytes = path.stat().st_size * (PACKED_FACTOR if is_packed else 1)
    return size_bytes * SHARE_IN_MEMORY > settings.memory_limit_gib * 2**30


def open_scratch(connection: duckdb.DuckDBPyConnection, path: Path | None = None) -> None:
    """An empty `scratch`, in place of the one before. `path`: the file it lies in; None: memory."""
    connection.execute("detach database if exists scratch")
    connection.execute(f"attach '{path or ':memory:'}' as scratch")


def begin_scratch(connection: duckdb.DuckDBPyConnection, settings: Settings, *, on_disk: bool) -> None:
    """An empty `scratch` for a group of files. One process writes the warehouse, so what a run that died left is nobody's: it goes."""
    end_scratch(connection, settings)
    if on_disk:
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    open_scratch(connection, scratch_path(settings) if on_disk else None)


def end_scratch(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Forget it, and free its disk."""
    connection.execute("detach database if exists scratch")
    path = scratch_path(settings)
    for left in (path, path.with_name(f"{path.name}.wal")):
        left.unlink(missing_ok=True)


def scratch_path(settings: Settings) -> Path:
    """The file for rows of large files."""
    return settings.warehouse_dir / "scratch.duckdb"
