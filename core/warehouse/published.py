"""The published generation for services: its file attached read-only under the name `mart`, so that production SQL runs unchanged.

This is the operator's view: every row, every price. It serves previews, simulations, re-evaluation and detection inside loyalty;
rows for a page come through `Reader(scope)` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from core.errors import RetriableError
from core.settings import Settings
from core.warehouse.owner import engine_config
from core.warehouse.pointer import current_generation, generation_path


@contextmanager
def published_marts(settings: Settings) -> Iterator[Any]:
    """A connection of its own, in memory, with the current generation attached read-only as `mart`; temporary tables are allowed.

    It stays on that generation until the block ends. Raises RetriableError WH-201 when nothing is published.
    """
    generation = current_generation(settings.warehouse_dir)
    if generation is None:
        raise RetriableError(
            "WH-201", where="the published data", found="no generation yet", expected="a finished run",
            next_step="Run `dreiklang run` once, then try again.",
        )  # fmt: skip
    connection = duckdb.connect(":memory:", config=engine_config(settings))
    try:
        connection.execute(f"attach '{generation_path(settings.warehouse_dir, generation)}' as mart (read_only)")
        yield connection
    finally:
        connection.close()
