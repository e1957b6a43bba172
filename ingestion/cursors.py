"""Cursors: where each stream of a source stands. Written in the transaction that stores the rows they speak of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb


def read_cursors(connection: duckdb.DuckDBPyConnection, source_id: str) -> dict[str, str]:
    """Stream -> cursor of a source."""
    rows = connection.execute(
        "select stream, position from raw.cursors where source_id = $source", {"source": source_id}
    ).fetchall()
    return {str(stream): str(position) for stream, position in rows}


def write_cursors(connection: duckdb.DuckDBPyConnection, source_id: str, cursors: Mapping[str, str], now: datetime) -> None:
    """Move streams on; an empty text forgets a stream. Runs inside the caller's transaction; `now` is naive UTC."""
    if not cursors:
        return
    connection.execute(
        """delete from raw.cursors where source_id = $source and stream in (select unnest($streams::varchar[]))""",
        {"source": source_id, "streams": list(cursors)},
    )
    kept = {stream: position for stream, position in cursors.items() if position}
    connection.execute(
        """insert into raw.cursors select $source, unnest($streams::varchar[]), unnest($positions::varchar[]), $now""",
        {"source": source_id, "streams": list(kept), "positions": list(kept.values()), "now": now},
    )


def forget_cursors(connection: duckdb.DuckDBPyConnection, source_id: str, streams: list[str]) -> None:
    """Let streams begin anew. Runs inside the caller's transaction."""
    connection.execute(
        "delete from raw.cursors where source_id = $source and stream in (select unnest($streams::varchar[]))",
        {"source": source_id, "streams": streams},
    )


__all__ = ["forget_cursors", "read_cursors", "write_cursors"]
