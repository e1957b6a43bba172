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
class StagedGeneration:
    """A copy of the marts that nobody reads yet."""

    generation: int
    building: Path
    warehouse_dir: Path

    def publish(self) -> int:
        """Point readers to it; gives its number."""
        self.building.rename(generation_path(self.warehouse_dir, self.generation))
        point_to(self.warehouse_dir, self.generation)
        drop_old_generations(self.warehouse_dir)
        return self.generation

    def discard(self) -> None:
        """Forget it."""
        self.building.unlink(missing_ok=True)


def stage_generation(connection: duckdb.DuckDBPyConnection, settings: Settings) -> StagedGeneration:
    """Copy the marts to a file of the next generation; nothing may write them meanwhile.

    Raises IntegrityError WH-301 when a mart does not have exactly the published columns.
    """
    _check_columns(connection)
    generation = highest_generation(settings.warehouse_dir) + 1
    staged = StagedGeneration(generation, settings.warehouse_dir / f"serve-{generation:06d}.building", settings.warehouse_dir)
    connection.execute("force checkpoint mart")
    connection.execute("detach mart")
    try:
        shutil.copyfile(settings.marts_path, staged.building)
        _sync(staged.building)
    except BaseException:
        staged.discard()
        raise
    finally:
        attach_marts(connection, settings)
    return staged


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
