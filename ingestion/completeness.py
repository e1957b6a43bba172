"""Whether a file is whole and its sender's own: totals that come with it, its usual size, whom it may speak for, columns it gained.

    trailer    the last line states rows and, if agreed, a sum; a file without it was cut off          ING-209
    manifest   a JSON file beside it states rows, bytes or sha256                                       ING-209
    is_steady  files of this feed are of one size: one below half of the usual is held                  ING-221
    only       values that a column may have; any other means that somebody else's data is in the file  ING-222

A parser notices none of these: a file cut at a line's end is a good file with fewer rows.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import structlog

from core.errors import InputRefusedError
from ingestion.decoding import quoted
from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile
from ingestion.trailers import Stated

log = structlog.get_logger("dreiklang.ingestion")

USUAL_FILES = 10
USUAL_FILES_MIN = 3
USUAL_SHARE_MIN = 0.5
"""A steady file is held below this share of the median rows of the last ten loaded files, once three are known."""


def read_manifest(landed: Landed, delivered: Path, feed: FeedProfile) -> Stated | None:
    """What the manifest beside the delivered file states; bytes and sha256 are compared here. Raises InputRefusedError ING-209."""
    if feed.manifest is None:
        return None
    path = delivered.with_name(delivered.name + feed.manifest)
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        rows = None if stated.get("rows") is None else int(stated["rows"])
    except (OSError, ValueError, AttributeError) as error:
        raise refuse("ING-209", landed.file_name, found=f"no manifest {path.name} that can be read", expected="a JSON object with rows, bytes or sha256",
                     next_step="Send the file together with its manifest.") from error  # fmt: skip
    for name, found in (("bytes", landed.size_bytes), ("sha256", landed.sha256)):
        if stated.get(name) not in (None, found):
            raise _differs(landed.file_name, "manifest", f"{name} {found}", stated[name])
    return Stated("manifest", rows)


def check_totals(connection: duckdb.DuckDBPyConnection, file_name: str, rows_read: int, stated: Stated | None) -> None:
    """Compare what was read with what was stated. The sum is over the file's own column in `decoded`. Raises ING-209."""
    if stated is None:
        return
    if stated.rows is not None and stated.rows != rows_read:
        raise _differs(file_name, stated.where, f"{rows_read} rows", f"{stated.rows} rows")
    if stated.total is not None and stated.total_of:
        column = quoted(stated.total_of)
        found = connection.execute(f"select sum(try_cast({column} as decimal(38, 6))) from decoded").fetchall()[0][0]
        if Decimal(found or 0) != stated.total:
            raise _differs(
                file_name, stated.where, f"a sum of {stated.total_of} of {Decimal(found or 0).normalize():f}", stated.total
            )


def _differs(file_name: str, where: str, found: str, expected: object) -> InputRefusedError:
    return refuse("ING-209", file_name, found=found, expected=f"{expected}, as its {where} states",
                  next_step="A part of the file is missing or doubled. Send it again; nothing of it was loaded.")  # fmt: skip


def usual_rows(connection: duckdb.DuckDBPyConnection, source_id: str, feed: str) -> float | None:
    """The median rows of the last loaded files of that feed; None while too few are known."""
    row = connection.execute(
        """select median(rows_read), count(*) from (select rows_read from raw.batches
           where source_id = $source and feed = $feed and status = 'loaded' order by batch_no desc limit $files)""",
        {"source": source_id, "feed": feed, "files": USUAL_FILES},
    ).fetchall()[0]
    return float(row[0]) if row[1] >= USUAL_FILES_MIN else None


def check_owner(connection: duckdb.DuckDBPyConnection, source_id: str, file_name: str, feed: FeedProfile) -> None:
    """Refuse a file in which a column names others than the profile allows. Raises InputRefusedError ING-222, with a security event."""
    for name in feed.columns:
        mapping = feed.mapping(name)
        if mapping is None or not mapping.only or mapping.column is None:
            continue
        column = f"trim(cast({quoted(mapping.column)} as varchar))"
        found = connection.execute(
            f"select count(*) from decoded where {column} is not null and {column} not in (select unnest($only))",
            {"only": list(mapping.only)},
        ).fetchall()[0][0]
        if found:
            log.warning("security", what="foreign_data", source=source_id, file=file_name, column=mapping.column, rows=found)
            raise refuse("ING-222", file_name, found=f"{found} rows that name others in {mapping.column}", expected=f"only {', '.join(mapping.only)}",
                         next_step="The whole file was refused and the operator was told. Send your own data only.")  # fmt: skip


def gained_columns(connection: duckdb.DuckDBPyConnection, source_id: str, feed: FeedProfile, header: list[str]) -> str | None:
    """A warning about columns that earlier files of this kind did not have; their bytes are kept in the landed file."""
    key = {"source": source_id, "kind": f"{feed.feed}:{feed.files}"}
    rows = connection.execute(
        "select column_name from raw.file_columns where source_id = $source and kind = $kind", key
    ).fetchall()
    known = {str(row[0]) for row in rows}
    new = [name for name in header if name not in known]
    if new:
        connection.execute(
            "insert or ignore into raw.file_columns select $source, $kind, unnest($names)", {**key, "names": new}
        )  # fmt: skip
    extra = [name for name in new if known]
    if not extra:
        return None
    log.warning("columns_gained", source=source_id, feed=feed.feed, columns=extra)
    return f"New column {', '.join(extra)}: it is kept in the landed file and not loaded, because the profile does not name it."
