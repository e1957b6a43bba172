"""Files that did not get in, whole or in part, and are open still: what a replay reads again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path, PurePosixPath

import duckdb

from ingestion.archives import BETWEEN
from ingestion.batches import NOT_KEPT
from ingestion.connectors.model import fits
from ingestion.landing import Landed, landed_place
from ingestion.loader import FINDINGS_STORED_MAX
from ingestion.profiles.model import FeedProfile, Profile
from ingestion.rereading import Rereading

_OF_QUERY = re.compile(r"-(\d+)\.parquet$")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which refusals are meant; nothing said means all. `error_code`: of the file, or of one of its rows."""

    batch_nos: frozenset[int] = frozenset()
    file_names: frozenset[str] = frozenset()
    error_code: str | None = None


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The newest reading of a file by a feed, with refusals that are open. `older` are readings of the same bytes, open as well.

    `rows_open` counts refused rows or messages that nobody settled; of a file that was refused or held it is every row read.
    `arrived_no`: the batch in which these bytes were met first.
    """

    batch_no: int
    source_id: str
    feed: str
    file_name: str
    status: str
    error_code: str | None
    rows_open: int
    sha256: str
    landed_path: Path
    file_bytes: int
    arrived_no: int
    older: tuple[int, ...]
    is_open: bool = True

    @property
    def is_kept(self) -> bool:
        """Whether its bytes were landed; archives that were refused are not."""
        return self.landed_path != NOT_KEPT


OPEN_SQL = """
with open_rows as (
    select rows.batch_no, count(distinct rows.row_no) as rows_open, list(distinct rows.error_code) as codes
    from raw.quarantine as rows
    where rows.source_id = $source and not exists (
        select 1 from raw.quarantine_done as done where done.batch_no = rows.batch_no and done.row_no = rows.row_no)
    group by rows.batch_no
), readings as (
    select batches.*, coalesce(open_rows.rows_open, 0) as open_count, coalesce(open_rows.codes, []) as codes,
        (batches.status in ('rejected', 'held') or open_rows.batch_no is not null)
        and batches.batch_no not in (select replays.batch_no from raw.replays as replays) as is_open,
        min(batches.batch_no) over same_bytes as arrived_no,
        row_number() over (same_bytes order by batches.batch_no desc) as recency
    from raw.batches as batches left join open_rows using (batch_no)
    where batches.source_id = $source and batches.status <> 'same_file' window same_bytes as (partition by feed, sha256)
), wanted as (
    select distinct feed, sha256 from readings
    where is_open and (len($batches) = 0 or list_contains($batches::integer[], batch_no))
        and (len($names) = 0 or list_contains($names::varchar[], file_name))
        and ($code is null or error_code = $code or list_contains(codes, $code))
)
select max(case when recency = 1 then batch_no end), feed, max(case when recency = 1 then file_name end),
    max(case when recency = 1 then status end), max(case when recency = 1 then error_code end),
    max(case when recency = 1 then case when status = 'loaded' then open_count else rows_read end end), sha256,
    max(case when recency = 1 then landed_path end), max(case when recency = 1 then file_bytes end), any_value(arrived_no),
    list(batch_no order by batch_no) filter (is_open and recency > 1), bool_or(is_open and recency = 1)
from readings inner join wanted using (feed, sha256) group by feed, sha256 order by 10, 1
"""


def open_refusals(connection: duckdb.DuckDBPyConnection, source_id: str, scope: Scope = EVERYTHING) -> list[Refusal]:
    """Refusals of a source that are open, in the order in which the files arrived first."""
    rows = connection.execute(
        OPEN_SQL,
        {"source": source_id, "batches": sorted(scope.batch_nos), "names": sorted(scope.file_names), "code": scope.error_code},
    ).fetchall()
    return [
        Refusal(int(row[0]), source_id, row[1], row[2], row[3], row[4], int(row[5]), row[6], Path(row[7]), int(row[8]), int(row[9]),
                tuple(row[10] or ()), bool(row[11]))
        for row in rows
    ]  # fmt: skip


def feed_for(profile: Profile, feed_name: str, file_name: str) -> FeedProfile | None:
    """How the profile, as it is now, reads a file of that name for that feed; what a repair made is read as parquet. None: not at all."""
    name, is_repair = file_name, False
    while name.startswith("repair-") and name.endswith(".parquet"):
        name, is_repair = name.removesuffix(".parquet").split("-", 2)[2], True
    named = [(number, feed) for number, feed in enumerate(profile.feeds) if feed.feed == feed_name]
    fitting = [feed for number, feed in named if _reads(number, feed, name)] or [feed for _, feed in named if len(named) == 1]
    if not fitting or (is_repair and fitting[0].lookups):
        return None
    if is_repair:
        return fitting[0].model_copy(update={"format": "parquet", "files": escape(file_name), "query": ""})
    return fitting[0]


def _reads(number: int, feed: FeedProfile, name: str) -> bool:
    """Whether a feed reads files of that name: as the partner calls it, within its archive, or by the number of its query."""
    if feed.format == "sql":
        found = _OF_QUERY.search(name)
        return found is not None and int(found[1]) == number
    inner = name.partition(BETWEEN)[2].replace(BETWEEN, "/")
    plain = PurePosixPath(feed.files).name
    return fits(name, feed.files) or fnmatchcase(name, plain) or bool(inner and fits(inner, feed.files))


def landed_file(refusal: Refusal, landing_dir: Path) -> Landed | None:
    """The bytes as they landed, also when the home has moved since; None when they are gone."""
    moved = landed_place(landing_dir, refusal.source_id, refusal.sha256, refusal.file_name)
    found = next((path for path in (refusal.landed_path, moved) if path.is_file()), None)
    return None if found is None else Landed(refusal.file_name, found, refusal.sha256, found.stat().st_size)


def rereading_of(connection: duckdb.DuckDBPyConnection, refusal: Refusal, *, by_message: bool) -> Rereading:
    """What of the file is settled. Rows of documents keep no numbers, so only messages can be told there."""
    rows = connection.execute(
        """select distinct rows.row_no, done.batch_no is not null from raw.quarantine as rows
           left join raw.quarantine_done as done on rows.batch_no = done.batch_no and rows.row_no = done.row_no
           where rows.batch_no = $batch and not starts_with(coalesce(rows.column_name, ''), 'message ')""",
        {"batch": refusal.batch_no},
    ).fetchall()
    readings = connection.execute(
        "select batch_no from raw.batches where source_id = $source and feed = $feed and sha256 = $sha order by batch_no",
        {"source": refusal.source_id, "feed": refusal.feed, "sha": refusal.sha256},
    ).fetchall()
    is_whole = refusal.status == "loaded" and not by_message and len(rows) < FINDINGS_STORED_MAX
    return Rereading(
        refusal.arrived_no, tuple(int(row[0]) for row in readings),
        frozenset(int(row[0]) for row in rows) if is_whole else None, frozenset(int(row[0]) for row in rows if row[1]),
    )  # fmt: skip


def messages_given_up(connection: duckdb.DuckDBPyConnection, batch_nos: Sequence[int]) -> frozenset[int]:
    """Numbers of the messages of a file that people gave up."""
    rows = connection.execute(
        """select distinct regexp_extract(rows.column_name, '^message (\\d+),', 1) from raw.quarantine as rows
           inner join raw.quarantine_done as done on rows.batch_no = done.batch_no and rows.row_no = done.row_no
           where list_contains($batches::integer[], rows.batch_no) and starts_with(rows.column_name, 'message ')""",
        {"batches": list(batch_nos)},
    ).fetchall()
    return frozenset(int(row[0]) for row in rows if row[0])


__all__ = ["EVERYTHING", "Refusal", "Scope", "feed_for", "landed_file", "messages_given_up", "open_refusals", "rereading_of"]
