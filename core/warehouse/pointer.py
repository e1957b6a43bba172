"""Published generations: versioned files and one pointer, never a swap of one name.

    serve-000001.duckdb   serve-000002.duckdb   serve-000003.duckdb   CURRENT -> 3

A process that has a path open keeps reading the old file after a rename over it, so a path is never used twice.
"""

from __future__ import annotations

import os
from pathlib import Path

GENERATIONS_KEPT = 3
"""Published files that stay: readers that opened an older one finish in peace, and roll-back is the pointer."""


def generation_path(warehouse_dir: Path, generation: int) -> Path:
    """The file of that generation."""
    return warehouse_dir / f"serve-{generation:06d}.duckdb"


def current_generation(warehouse_dir: Path) -> int | None:
    """The generation that readers are to use; None while nothing was published."""
    try:
        return int((warehouse_dir / "CURRENT").read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def highest_generation(warehouse_dir: Path) -> int:
    """The highest number ever used here, published or not; 0 when there is none."""
    numbers = [int(path.name[6:12]) for path in warehouse_dir.glob("serve-??????.*") if path.name[6:12].isdigit()]
    return max([*numbers, current_generation(warehouse_dir) or 0])


def point_to(warehouse_dir: Path, generation: int) -> None:
    """Make that generation the current one, atomically and durably."""
    temporary = warehouse_dir / "CURRENT.new"
    with temporary.open("w", encoding="ascii") as handle:
        handle.write(f"{generation}\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(warehouse_dir / "CURRENT")
    directory = os.open(warehouse_dir, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def drop_old_generations(warehouse_dir: Path) -> None:
    """Delete all but the newest published generations, and what an interrupted publish left behind."""
    current = current_generation(warehouse_dir)
    if current is None:
        return
    for path in warehouse_dir.glob("serve-??????.*"):
        generation = int(path.name[6:12])
        if generation <= current - GENERATIONS_KEPT or (generation <= current and path.suffix != ".duckdb"):
            path.unlink(missing_ok=True)
