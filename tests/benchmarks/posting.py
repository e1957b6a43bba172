"""Posting awards into SQLite with synchronous=FULL, beside the same rows through a bare executemany."""

from __future__ import annotations

import sqlite3
import sys
import time
from datetime import date
from pathlib import Path

from core.clock import SystemClock
from core.store import migrate, open_store
from loyalty import EvaluatedDocument, load_programme, post_awards
from tests.benchmarks.measure import Measured, as_json

DOCUMENTS = 100_000
BATCH = 5_000
TABLES = ("journal", "lots", "transfers")
Rows = list[tuple[object, ...]]


def ours(path: Path) -> float:
    """Seconds to post the documents, a transaction per batch."""
    store = open_store(f"sqlite:///{path}")
    migrate(store)
    programme = load_programme("demo")
    rule = programme.rules[0]
    started = time.perf_counter()
    for first in range(0, DOCUMENTS, BATCH):
        documents = [
            EvaluatedDocument(f"c|{n}", "s", str(n), rule, date(2026, 6, 1), ((n % 1_000 + 1, 10),), '{"points": 10}')
            for n in range(first, first + BATCH)
        ]
        post_awards(store, programme, documents, SystemClock())
    seconds = time.perf_counter() - started
    store.dispose()
    return seconds


def bare(posted: Path, target: Path) -> float:
    """Seconds to insert the very same rows of journal, lots and transfers with executemany, the same batches and durability."""
    with sqlite3.connect(posted) as source:
        tables = {
            name: (
                source.execute(f"select sql from sqlite_master where name = '{name}'").fetchone()[0],
                source.execute(f"select * from {name}").fetchall(),
            )
            for name in TABLES
        }
    return insert_bare(target, tables, BATCH)


def insert_bare(target: Path, tables: dict[str, tuple[str, Rows]], batch: int) -> float:
    """Seconds to create these tables (statement, rows) and fill them, a transaction per batch, with the store's durability."""
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    for sql, _ in tables.values():
        connection.execute(sql)
    started = time.perf_counter()
    for first in range(0, max(len(rows) for _, rows in tables.values()), batch):
        connection.execute("begin immediate")
        for name, (_, rows) in tables.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into {name} values ({marks})", rows[first : first + batch])
        connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def main(work: Path) -> None:
    """Print the figures as one line of JSON."""
    ours_s = ours(work / "ours.sqlite")
    bare_s = bare(work / "ours.sqlite", work / "bare.sqlite")
    print(as_json([
        Measured("awards posted per second, SQLite, synchronous=FULL", DOCUMENTS / ours_s, "awards/s", 10_000, at_most=False),
        Measured("posting, ours / bare executemany of the same rows", ours_s / bare_s, "times"),
    ]))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
