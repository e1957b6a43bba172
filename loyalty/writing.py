"""Bulk inserts of plain tuples: the driver's own executemany, without a dictionary and a conversion per row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Connection, Table

POSTING_LOCK = 7_401_312
"""PostgreSQL advisory lock: writers share it, whoever needs a gapless view of ids (export, seal) takes it alone."""


@lru_cache(maxsize=50_000)
def stored(moment: datetime | None, is_sqlite: bool) -> object:
    """A moment as the database keeps it: naive UTC; SQLite keeps text."""
    if moment is None:
        return None
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(" ", "microseconds") if is_sqlite else naive


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows whose values stand in the order of the table's columns, moments as `stored` gives them."""
    if not rows:
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names = [column.name for column in table.columns]
    sql = f"insert into {table.name} ({', '.join(names)}) values ({', '.join([mark] * len(names))})"
    connection.exec_driver_sql(sql, list(rows))


def request_hash(*parts: object) -> str:
    """A hash of what was asked for, kept beside the idempotency key."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
