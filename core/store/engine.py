"""Opening the store so that concurrent writers are safe on both databases.

SQLite: write-ahead log, synchronous=FULL (an acknowledged posting survives a power cut), `recursive_triggers` (else INSERT OR
REPLACE slips past the append-only triggers), and every transaction that writes begins as BEGIN IMMEDIATE.
PostgreSQL: READ COMMITTED with conditional updates and row locks where services authorise.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import RetriableError

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another before it gives up."""


def open_store(url: str) -> Engine:
    """An engine for the store at that SQLAlchemy URL. Creates the directory of a SQLite file, nothing else."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: committed when the block ends, rolled back when it raises.

    Raises RetriableError STO-101 when the store cannot be reached or stays locked; nothing was written then.
    """
    with _reachable(), engine.connect().execution_options(dreiklang_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads. Raises RetriableError STO-101 when the store cannot be reached."""
    with _reachable(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _reachable() -> Iterator[None]:
    """The driver's text may hold the URL with its password, so it goes no further than the cause's class."""
    try:
        yield
    except OperationalError as error:
        raise RetriableError(
            "STO-101", where="the store", found=f"no answer ({type(error.orig).__name__})", expected="a database that can be written",
            next_step="Check DREIKLANG_STORE_URL, that the database runs and that its disk has room; then try again.",
        ) from None  # fmt: skip


def _prepare_sqlite(dbapi_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    if isinstance(dbapi_connection, sqlite3.Connection):
        dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Switch the file to its write-ahead log. SQLite refuses this at once, without its busy timeout, while another opens the
    same new file, so the waiting is done here."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("dreiklang_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
