"""Publish: a copy of the marts' file becomes `serve-<gen>.duckdb`, then the pointer moves.

The models keep the marts in a file that holds nothing else, sorted as pages read them, so publishing is a check of the
promised columns, a copy, and one rename of the pointer.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from core.errors import IntegrityError
from core.settings import Settings
from core.warehouse.owner import attach_marts
from core.warehouse.pointer import drop_old_generations, generation_path, highest_generation, point_to
from core.warehouse.served import SERVED


@dataclass(frozen=True, slots=True)
class Published:
    """A published generation and the size of its file."""

    generation: int
    file_bytes: int


def publish(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Published:
    """Copy the marts to the next generation and point readers to it.

    Raises IntegrityError WH-301 when a mart does not have exactly the published columns. Nothing is published then.
    """
    _check_columns(connection)
    generation = highest_generation(settings.warehouse_dir) + 1
    building = settings.warehouse_dir / f"serve-{generation:06d}.building"
    connection.execute("force checkpoint mart")
    connection.execute("detach mart")
    try:
        shutil.copyfile(settings.marts_path, building)
        _sync(building)
        building.rename(generation_path(settings.warehouse_dir, generation))
    except BaseException:
        building.unlink(missing_ok=True)
        raise
    finally:
        attach_marts(connection, settings)
    point_to(settings.warehouse_dir, generation)
    drop_old_generations(settings.warehouse_dir)
    return Published(generation, generation_path(settings.warehouse_dir, generation).stat().st_size)


def _check_columns(connection: duckdb.DuckDBPyConnection) -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for table, column, data_type in connection.execute(
        "select table_name, column_name, data_type from information_schema.columns where table_catalog = 'mart'"
    ).fetchall():
        found.setdefault(str(table), set()).add((str(column), str(data_type)))
    for name in sorted(found.keys() | SERVED.keys()):
        promised = set(SERVED[name].columns) if name in SERVED else set()
        if found.get(name, set()) != promised:
            raise IntegrityError(
                "WH-301", where=f"mart.{name}", found=f"columns {sorted(found.get(name, set()) - promised)} that nobody promised",
                expected=f"also {sorted(promised - found.get(name, set()))}",
                next_step="Bring the model and core/warehouse/served.py together, then run again.",
            )  # fmt: skip


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
