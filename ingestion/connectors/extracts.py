"""Rows of a database as a parquet file: types kept, numbers exact.

Money never passes through binary fractions: decimals and floats go on as the text that the database shows, and what ADBC gives as
an opaque numeric is that text already. A column whose values are of several kinds becomes text as a whole.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import ConfigurationError, DreiklangError, RetriableError

BATCH_ROWS = 5_000
CONNECT_SECONDS = 10
SQLITE_STEPS = 100_000

Tables = Callable[[], Iterator[pa.Table]]


def write_extract(read: Tables, target: Path, watermark_column: str | None) -> object | None:
    """Write what `read` gives to a parquet file and tell the highest watermark. Raises RetriableError ING-401.

    A column that turns out to be of several kinds is written as text: everything is read a second time then.
    """
    try:
        return _write(read(), target, watermark_column, as_text=False)
    except pa.ArrowInvalid:
        return _write(read(), target, watermark_column, as_text=True)


def _write(tables: Iterator[pa.Table], target: Path, watermark_column: str | None, *, as_text: bool) -> object | None:
    highest: Any = None
    with contextlib.ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for found in tables:
            table = _texts(found) if as_text else found
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(target, table.schema, compression="zstd"))
            writer.write_table(table.cast(writer.schema))
            if watermark_column and table.num_rows:
                mark = _highest(found, watermark_column)
                highest = mark if highest is None or (mark is not None and mark > highest) else highest
    return highest  # type: ignore[no-any-return]


def _highest(table: pa.Table, column: str) -> Any:
    if column not in table.column_names:
        raise ConfigurationError(
            "ING-410", where="changes.column", found=f"the columns {', '.join(table.column_names)}", expected=f"also {column}",
            next_step="Let the query give that column.",
        )  # fmt: skip
    highest: Any = pc.max(table[column]).as_py()
    return highest


def _texts(table: pa.Table) -> pa.Table:
    return pa.table({name: [None if v is None else str(v) for v in table[name].to_pylist()] for name in table.column_names},
                    schema=pa.schema([(name, pa.string()) for name in table.column_names]))  # fmt: skip


def read_sqlalchemy(url: str, query: str, timeout_seconds: int) -> Iterator[pa.Table]:
    """The query's rows in batches, read in one transaction. Raises RetriableError ING-401."""
    from sqlalchemy import create_engine, make_url, text
    from sqlalchemy.exc import SQLAlchemyError

    with _as_ours():
        try:
            backend = make_url(url).get_backend_name()
            options = f"-c statement_timeout={timeout_seconds * 1000} -c default_transaction_read_only=on"
            arguments = {"connect_timeout": CONNECT_SECONDS, "options": options} if backend == "postgresql" else {}
            engine = create_engine(url, connect_args=arguments)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise _bad_url(error) from None
        try:
            with engine.connect() as connection:
                if backend == "sqlite":
                    _limit_sqlite(connection.connection.dbapi_connection, timeout_seconds)
                result = connection.execution_options(stream_results=True).execute(text(query))
                names = list(result.keys())
                empty = True
                for rows in result.partitions(BATCH_ROWS):
                    empty = False
                    yield pa.table({name: _array([row[index] for row in rows]) for index, name in enumerate(names)})
                if empty:
                    yield pa.table({name: pa.array([], pa.string()) for name in names})
        finally:
            engine.dispose()


def _limit_sqlite(connection: Any, timeout_seconds: int) -> None:
    """SQLite knows no time limit of its own; it asks us every so many steps whether to stop."""
    deadline = time.monotonic() + timeout_seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, SQLITE_STEPS)


def read_adbc(url: str, query: str, timeout_seconds: int) -> Iterator[pa.Table]:
    """The same through ADBC: SQLite and PostgreSQL. Raises RetriableError ING-401, ConfigurationError ING-410."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    with _as_ours():
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise _bad_url(error) from None
        backend = parsed.get_backend_name()
        if backend == "postgresql":
            from adbc_driver_postgresql import dbapi as driver

            options = f"-c statement_timeout={timeout_seconds * 1000} -c default_transaction_read_only=on"
            parsed = parsed.set(drivername="postgresql").update_query_dict(
                {"connect_timeout": str(CONNECT_SECONDS), "options": options}
            )
            # libpq reads a plus sign as itself where SQLAlchemy means a blank
            address = parsed.render_as_string(hide_password=False).replace("+", "%20")
        elif backend == "sqlite":
            from adbc_driver_sqlite import dbapi as driver

            address = parsed.database or ""
        else:
            raise ConfigurationError(
                "ING-410", where="transport.driver", found=f"adbc for {backend}", expected="SQLite or PostgreSQL",
                next_step='Say driver = "sqlalchemy".',
            )  # fmt: skip
        with driver.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            schema = pa.schema([(field.name, _kept(field.type)) for field in reader.schema])
            yield pa.table({field.name: pa.array([], field.type) for field in schema}, schema=schema)
            for batch in reader:
                yield pa.table({field.name: _exact(batch.column(index), field.type) for index, field in enumerate(schema)})


def _kept(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def _exact(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)


def _array(values: list[object]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str} or len(kinds) != 1 or kinds & {Decimal, float}:
        return pa.array([None if v is None else _shown(v) for v in values], pa.string())
    return pa.array(values)


def _shown(value: object) -> str:
    """As the database shows it; a decimal never with an exponent."""
    return format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)


@contextlib.contextmanager
def _as_ours() -> Iterator[None]:
    """Whatever a driver raises is ING-401, by its class alone: its text may hold the URL with the password."""
    try:
        yield
    except (DreiklangError, GeneratorExit, KeyboardInterrupt, pa.ArrowInvalid):
        raise
    except Exception as error:  # noqa: BLE001
        raise RetriableError(
            "ING-401", where="a partner's database", found=type(getattr(error, "orig", None) or error).__name__,
            expected="an answer to the profile's query",
            next_step="Check that the database runs and the query's tables exist; the next run tries again.",
        ) from None  # fmt: skip


def _bad_url(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        "ING-410", where="the database's URL", found=f"a text that cannot be read ({type(error).__name__})",
        expected="an SQLAlchemy URL such as postgresql+psycopg://user:…@host/database",
        next_step="Correct the environment variable that the profile names.",
    )  # fmt: skip


__all__ = ["read_adbc", "read_sqlalchemy", "write_extract"]
