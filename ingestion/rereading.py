"""Which rows of a file that is read again are news: what was settled when it came first, or was overtaken since, is left out.

A file that was refused in part and is read again must not undo anything. Left out, and counted as duplicates, are
    rows that were taken or known already when the file was read first, and rows that a person repaired or gave up;
    rows whose key came again, in the same or a higher version, later in the file or in a file that arrived later, or disappeared at the source.
A file arrived when its bytes were met first, however often they were read since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ingestion.findings import Finding


@dataclass(frozen=True, slots=True)
class Rereading:
    """A file's second reading. `arrived_no` is the batch in which its bytes were met first, `batch_nos` all of them for this feed.

    `only_rows`: the rows that were refused, where that is known and rows keep their numbers; None: any row may be news.
    `settled_rows`: rows that a person repaired or gave up.
    """

    arrived_no: int
    batch_nos: tuple[int, ...]
    only_rows: frozenset[int] | None
    settled_rows: frozenset[int]

    def is_news(self, row_no: int) -> bool:
        """Whether that row was refused and nobody has settled it since."""
        return row_no not in self.settled_rows and (self.only_rows is None or row_no in self.only_rows)


def leave_out(
    connection: duckdb.DuckDBPyConnection, feed: str, batch_no: int, again: Rereading, findings: Sequence[Finding]
) -> tuple[int, tuple[Finding, ...]]:
    """Take rows that are no news out of `incoming` and of the findings. Gives how many rows that were, and the findings left."""
    of_file = f"_batch_no = {int(batch_no)}"
    before = _count(connection, of_file)
    if again.only_rows is not None:
        connection.execute(
            f"delete from scratch.incoming where {of_file} and _row_no not in (select unnest($rows::integer[]))",
            {"rows": sorted(again.only_rows)},
        )
    connection.execute(
        f"delete from scratch.incoming where {of_file} and _row_no in (select unnest($rows::integer[]))",
        {"rows": sorted(again.settled_rows)},
    )
    connection.execute(
        f"""with arrivals as (
                select batch_no, min(batch_no) over (partition by source_id, feed, sha256) as arrived_no from raw.batches where feed = $feed
            ), overtaken as (
                select stored._row_key, max(stored._version) as _version from raw.{feed} as stored
                inner join arrivals on stored._batch_no = arrivals.batch_no
                where arrivals.arrived_no > $arrived and stored._row_key in (select _row_key from scratch.incoming)
                group by stored._row_key
            ), taken as (
                select _row_key, _row_no, _version from raw.{feed} where list_contains($batches::integer[], _batch_no)
            )
            delete from scratch.incoming where {of_file} and (
                exists (select 1 from overtaken where overtaken._row_key = incoming._row_key and overtaken._version >= incoming._version)
                or exists (select 1 from taken where taken._row_key = incoming._row_key and taken._row_no >= incoming._row_no
                           and taken._version >= incoming._version))""",
        {"feed": feed, "arrived": again.arrived_no, "batches": list(again.batch_nos)},
    )
    kept = tuple(finding for finding in findings if finding.is_message or again.is_news(finding.row_no))
    return before - _count(connection, of_file) + len(findings) - len(kept), kept


def _count(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    return int(connection.execute(f"select count(*) from scratch.incoming where {condition}").fetchall()[0][0])
