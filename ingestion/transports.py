"""Transports: where a delivery's bytes come from. Folders give files; databases are read into parquet extracts, so that
everything after is one path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import ConfigurationError, RetriableError
from ingestion.profiles.model import FeedProfile, Profile

BATCH_ROWS = 50_000


def files_of(profile: Profile, feed_files: str, folder: Path) -> list[Path]:
    """The files of a feed in the order of their names; hidden and temporary ones are left alone."""
    found = sorted(path for path in folder.glob(feed_files) if path.is_file() and not path.name.startswith((".", "~")))
    return [path for path in found if path.suffix not in (".tmp", ".part")]


def folder_of(profile: Profile, source: Path | None, inbox_dir: Path) -> Path:
    """The delivery's folder. Raises ConfigurationError ING-103 when it is not there."""
    folder = source or inbox_dir / profile.source_id
    if not folder.exists():
        raise ConfigurationError(
            "ING-103", where=f"source {profile.source_id}", found=f"no folder {folder}", expected="the partner's files",
            next_step="Check --source, or create the folder and put the files there.",
        )  # fmt: skip
    return folder


def database_url(profile: Profile, source: Path | None) -> str:
    """The SQLAlchemy URL: of a SQLite file given as source, else out of the environment variable that the profile names."""
    if source is not None:
        path = source if source.is_file() else next(iter(sorted(source.glob("*.sqlite")) + sorted(source.glob("*.db"))), None)
        if path is None:
            raise ConfigurationError(
                "ING-103", where=f"source {profile.source_id}", found=f"no SQLite file at {source}", expected="the partner's database",
                next_step="Check --source.",
            )  # fmt: skip
        return f"sqlite:///{path.resolve()}"
    url = os.environ.get(profile.url_variable or "")
    if not url:
        raise ConfigurationError(
            "ING-104", where=f"source {profile.source_id}", found="no database URL",
            expected=f"an SQLAlchemy URL in the environment variable {profile.url_variable}",
            next_step="Set the variable; it is read, never stored and never logged.",
        )  # fmt: skip
    return url


def extract(url: str, feed: FeedProfile, target: Path) -> Path:
    """Write the query's rows to a parquet file, all read in one transaction. Raises RetriableError ING-401.

    Every value of a column that mixes types becomes text, as the database shows it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    target.parent.mkdir(parents=True, exist_ok=True)
    writer: pq.ParquetWriter | None = None
    try:
        for names, rows in _batches(url, feed.query):
            columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
            table = pa.table({name: _array(values, pa) for name, values in columns.items()})
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    return target


def _array(values: list[object], pa: object) -> object:
    from decimal import Decimal

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str} or len(kinds) != 1 or kinds & {Decimal, float}:
        # money never passes through binary fractions: numbers go on as the text that the database shows
        return pa.array([None if v is None else str(v) for v in values], pa.string())  # type: ignore[attr-defined]
    return pa.array(values)  # type: ignore[attr-defined]


def _batches(url: str, query: str) -> Iterator[tuple[list[str], list[tuple[object, ...]]]]:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            result = connection.execution_options(stream_results=True).execute(text(query))
            names = list(result.keys())
            empty = True
            for rows in result.partitions(BATCH_ROWS):
                empty = False
                yield names, [tuple(row) for row in rows]
            if empty:
                yield names, []
    except SQLAlchemyError as error:
        raise RetriableError(
            "ING-401", where="a partner's database", found=type(error).__name__, expected="an answer to the profile's query",
            next_step="Check that the database runs and the query's tables exist; the next run tries again.",
        ) from None  # fmt: skip
    finally:
        engine.dispose()
