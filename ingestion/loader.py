"""Files of one feed: each is decoded, mapped and checked into `incoming`; then a group of them is settled in one transaction.

    file --decode, map, check--> incoming --tell new from known--> raw.<feed>, raw.batches, raw.quarantine

Nothing is stored before the group is settled, so a run that dies loses whole files only and meets them again. Small files share a
group because one statement over many rows uses all cores, and one over few does not.
rows read = accepted + quarantined + duplicates, for each file, always.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from core.errors import InputRefusedError
from ingestion.completeness import USUAL_SHARE_MIN, check_owner, check_totals, gained_columns, read_manifest, usual_rows
from ingestion.contracts import FEEDS, TECHNICAL_COLUMNS, Feed
from ingestion.decoding import Decoded, decode, literal, quoted, raw_text_of
from ingestion.documents.shelf import Shelf
from ingestion.expressions import Check, Mapped, constant_columns, map_column, quantity_checks
from ingestion.findings import Finding
from ingestion.landing import Landed
from ingestion.lookups import join_lookups
from ingestion.profiles.model import Condition, FeedProfile, Mapping, Profile
from ingestion.rereading import Rereading, leave_out

HELD_SHARE = 0.01
HELD_ROWS = 10
"""A file with more than this share of bad rows, and at least this many, is held: nothing of it is loaded."""

FINDINGS_STORED_MAX = 10_000
"""Findings kept per file; the count is always whole."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file for one feed. Dates are event dates of accepted rows.

    `row_layout` is JSON: `columns` of a record in their order, and the `delimiter` between them in delimited text (null elsewhere).
    """

    batch_no: int
    source_id: str
    feed: str
    file_name: str
    status: str
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    rows_corrected: int = 0
    first_event_on: date | None = None
    last_event_on: date | None = None
    error_code: str | None = None
    error_message: str | None = None
    findings: tuple[Finding, ...] = ()
    row_layout: str | None = None


@dataclass(frozen=True, slots=True)
class LoadTask:
    """One file of one feed, and when it is recorded (UTC, naive). `again`: it was read before, and refused in part or as a whole."""

    profile: Profile
    feed: FeedProfile
    landed: Landed
    lookups: dict[str, Landed]
    batch_no: int
    recorded_at: datetime
    shelf: Shelf
    delivered: Path | None = None
    again: Rereading | None = None

    @property
    def contract(self) -> Feed:
        """The feed's contract."""
        return FEEDS[self.feed.feed]

    def outcome(self, status: str) -> FileOutcome:
        """An outcome of this task with nothing counted yet."""
        return FileOutcome(self.batch_no, self.profile.source_id, self.feed.feed, self.landed.file_name, status)


def begin_group(connection: duckdb.DuckDBPyConnection, contract: Feed, feed: FeedProfile, profile: Profile) -> None:
    """An empty `incoming` for a feed, with `_finding`, the number of the failed check; and `incoming_rows`, the same rows as they are stored.

    What the profile says once for all rows does not stand in `incoming`: it is written once, when the rows are stored (ADR 0033).
    """
    constant = constant_columns(contract, feed, profile) | {"source_id": literal(profile.source_id)}
    every = TECHNICAL_COLUMNS + contract.sql_columns()
    own = ", ".join(f"{name} {sql_type}" for name, sql_type in every if name not in constant)
    connection.execute(f"create or replace table scratch.incoming ({own}, _finding integer)")
    rows = ", ".join(f"cast({constant.get(name, name)} as {sql_type}) as {name}" for name, sql_type in every)
    connection.execute(f"create or replace temp view incoming_rows as select {rows} from scratch.incoming")


def stage_file(connection: duckdb.DuckDBPyConnection, task: LoadTask) -> FileOutcome:
    """Put a landed file's good rows into `incoming`. A file that cannot be taken is an outcome, not an error.

    `rows_accepted` counts what is staged: duplicates are found when the group is settled.
    """
    with TemporaryDirectory(prefix="dreiklang-") as name:
        try:
            decoded = decode(connection, task.landed, task.feed, needed_columns(task.feed), Path(name), task.shelf)
            check_owner(connection, task.profile.source_id, task.landed.file_name, task.feed)
            stated = decoded.stated or read_manifest(task.landed, task.delivered or task.landed.path, task.feed)
            rows = int(connection.execute("select count(*) from decoded").fetchall()[0][0]) if stated else 0
            check_totals(connection, task.landed.file_name, rows + len(decoded.findings), stated)
            if task.feed.format == "csv":
                warning = gained_columns(connection, task.profile.source_id, task.feed, list(decoded.types))
                decoded = replace(decoded, warning=decoded.warning or warning)
            if task.feed.lookups:
                decoded = join_lookups(connection, decoded, task.feed, task.lookups)
            return _stage_decoded(connection, task, decoded)
        except InputRefusedError as refusal:
            message = f"{refusal.detail.found}; expected {refusal.detail.expected}. {refusal.detail.next_step}"
            return replace(task.outcome("rejected"), error_code=refusal.code, error_message=message[:2000])


def settle_group(
    connection: duckdb.DuckDBPyConnection, contract: Feed, feed: FeedProfile, staged: Sequence[FileOutcome]
) -> list[FileOutcome]:
    """Store what `incoming` brings that is new. Runs inside the caller's transaction; gives the final outcomes."""
    known = _mark_known(connection, contract, feed)
    names = ", ".join(name for name, _ in TECHNICAL_COLUMNS + contract.sql_columns())
    keep = " where (_batch_no, _row_no) not in (select (_batch_no, _row_no) from known_rows where is_known)" if known else ""
    connection.execute(f"insert into raw.{contract.name} ({names}) select {names} from incoming_rows{keep}")
    days = _event_days(connection, contract)
    settled = []
    for outcome in staged:
        duplicate, corrected = known.get(outcome.batch_no, (0, 0))
        first, last = days.get(outcome.batch_no, (None, None))
        settled.append(
            replace(
                outcome, rows_accepted=outcome.rows_accepted - duplicate, rows_duplicate=outcome.rows_duplicate + duplicate,
                rows_corrected=corrected, first_event_on=first, last_event_on=last,
            )
        )  # fmt: skip
    return settled


def needed_columns(feed: FeedProfile) -> list[str]:
    """The file's own columns that the profile names, lookups' columns left out."""
    names: list[str] = []
    for name in [column.name for column in FEEDS[feed.feed].columns] if feed.is_documents else feed.columns:
        mapping = feed.mapping(name) or Mapping(const="")
        names += [mapping.column] if mapping.column else [*mapping.columns, *mapping.product_of]
        names += [mapping.scheme_column] if mapping.scheme_column else []
    names += [condition.column for condition in feed.where] + [lookup.left for lookup in feed.lookups]
    names += [feed.version_column] if feed.version_column else []
    names += list(feed.ordinal_within)
    prefixes = tuple(f"{lookup.name}." for lookup in feed.lookups)
    return list(dict.fromkeys(n for n in names if not (prefixes and n.startswith(prefixes))))


def _stage_decoded(connection: duckdb.DuckDBPyConnection, task: LoadTask, decoded: Decoded) -> FileOutcome:
    contract = task.contract
    mapped = {c.name: map_column(c, contract, task.feed, task.profile, decoded.types) for c in contract.columns}
    checks = [check for one in mapped.values() for check in one.checks] + quantity_checks(contract, task.feed, mapped)
    _fill_incoming(connection, task, mapped, checks, decoded.types)
    if task.again is not None:
        left_out, findings = leave_out(connection, contract.name, task.batch_no, task.again, decoded.findings)
        decoded = replace(decoded, findings=findings, duplicates=decoded.duplicates + left_out)
    of_file = f"_batch_no = {task.batch_no}"
    read, bad = _one(connection, f"select count(*), count(*) filter (_finding > 0) from scratch.incoming where {of_file}")
    findings = decoded.findings + _findings(connection, task, checks, decoded) if bad else decoded.findings
    rows_read, rows_bad = read + len(decoded.findings) + decoded.duplicates, bad + len(decoded.findings)
    warning = decoded.warning or ("The file has a header and no rows." if rows_read == 0 else None)
    base = replace(
        task.outcome("loaded"),
        rows_read=rows_read,
        findings=findings,
        error_message=warning,
        row_layout=_row_layout(task, decoded),
    )
    is_held = rows_bad >= HELD_ROWS and rows_bad > HELD_SHARE * rows_read and not decoded.by_message
    if rows_bad and (rows_bad == rows_read or is_held):
        connection.execute(f"delete from scratch.incoming where {of_file}")
        what = "messages or rows" if decoded.by_message else "rows"
        message = f"{rows_bad} of {rows_read} {what} are wrong, more than {HELD_SHARE:.0%}; first: {findings[0].message}"
        return replace(base, status="held", rows_quarantined=rows_read, error_code="ING-210", error_message=message[:2000])
    usual = usual_rows(connection, task.profile.source_id, task.feed.feed) if task.feed.is_steady else None
    if usual is not None and rows_read < USUAL_SHARE_MIN * usual:
        connection.execute(f"delete from scratch.incoming where {of_file}")
        message = f"{rows_read} rows, fewer than half of the usual {usual:g}; expected a whole file. Send it again, or have `is_steady` taken out of the profile."
        return replace(base, status="held", rows_quarantined=rows_read, error_code="ING-221", error_message=message, findings=())
    if bad:
        connection.execute(f"delete from scratch.incoming where {of_file} and _finding > 0")
    return replace(base, rows_accepted=read - bad, rows_quarantined=rows_bad, rows_duplicate=decoded.duplicates)


def _row_layout(task: LoadTask, decoded: Decoded) -> str:
    delimiter = task.feed.delimiter if task.feed.format == "csv" else None
    return json.dumps({"columns": list(decoded.types), "delimiter": delimiter}, ensure_ascii=False)


def _event_days(connection: duckdb.DuckDBPyConnection, contract: Feed) -> dict[int, tuple[date, date]]:
    """Batch -> first and last event date of its good rows."""
    if contract.event_date is None:
        return {}
    rows = connection.execute(
        f"select _batch_no, min({contract.event_date})::date, max({contract.event_date})::date from incoming_rows group by _batch_no"
    ).fetchall()
    return {int(batch_no): (first, last) for batch_no, first, last in rows if first is not None}


def _fill_incoming(
    connection: duckdb.DuckDBPyConnection,
    task: LoadTask,
    mapped: dict[str, Mapped],
    checks: Sequence[Check],
    types: dict[str, str],
) -> None:
    """Append the file's rows to `incoming`, good and bad."""
    contract, feed = task.contract, task.feed
    stored = [pair for one in mapped.values() for pair in one.stored if pair[0] != "document_id"]
    cases = " ".join(f"when {check.condition} then {number}" for number, check in enumerate(checks, 1))
    finding = f"case {cases} else 0 end" if checks else "0"
    ordinal = ""
    if feed.ordinal_within:
        within = ", ".join(quoted(name) for name in feed.ordinal_within)
        ordinal = f", row_number() over (partition by {within} order by _row_no) as _ordinal"
    version = _version(feed, types)
    names = ", ".join(str(row[0]) for row in connection.execute("describe scratch.incoming").fetchall())
    connection.execute(
        f"""insert into scratch.incoming ({names})
            with mapped as (
                select cast({task.batch_no} as integer) as _batch_no, _row_no,
                    timestamp '{task.recorded_at.isoformat(sep=" ")}' as _recorded_at, cast({version} as bigint) as _version,
                    {literal(task.profile.source_id)} as source_id,
                    {", ".join(f"{expression} as {name}" for name, expression in stored)},
                    {finding} as _finding{ordinal}
                from (select *, timestamp '{task.recorded_at.isoformat(sep=" ")}' as _now from decoded){where_sql(feed.where)}
            ), keyed as (
                select *, {keys_sql(contract, feed)} from mapped
            )
            select {names} from keyed"""
    )


def _version(feed: FeedProfile, types: dict[str, str]) -> str:
    if feed.version_column is None:
        return "0"
    column = quoted(feed.version_column)
    if types[feed.version_column].startswith(("TIMESTAMP", "DATE")):
        return f"coalesce(epoch_us({column}::timestamp), 0)"
    return f"coalesce(try_cast({column} as bigint), 0)"


def keys_sql(contract: Feed, feed: FeedProfile) -> str:
    """`_row_key`, and `document_id` where the contract has one: hashes of the key columns within the source."""
    key = [pair[0] for column in contract.key for pair in column.sql_columns()]
    if feed.document_key:
        document = [pair[0] for name in feed.document_key for pair in contract.column(name).sql_columns()]
        key = list(dict.fromkeys([*key, *document]))
    ordinal = ", _ordinal" if feed.ordinal_within else ""
    keys = f"hash(source_id, {', '.join(key)}{ordinal}) as _row_key"
    if any(column.name == "document_id" for column in contract.columns):
        document = [name for name in key if name != "line_no"]
        keys += f", cast(hash(source_id, {', '.join(document)}) >> 1 as bigint) as document_id"
    return keys


def where_sql(conditions: Sequence[Condition]) -> str:
    parts = []
    for condition in conditions:
        column = f"cast({quoted(condition.column)} as varchar)"
        if condition.equals:
            parts.append(f"{column} in ({', '.join(literal(text) for text in condition.equals)})")
        if condition.not_equals:
            parts.append(f"{column} not in ({', '.join(literal(text) for text in condition.not_equals)})")
        if condition.starts_with is not None:
            parts.append(f"starts_with({column}, {literal(condition.starts_with)})")
        if condition.not_starts_with is not None:
            parts.append(f"not starts_with({column}, {literal(condition.not_starts_with)})")
        if condition.not_null:
            parts.append(f"{column} is not null")
    return f" where {' and '.join(parts)}" if parts else ""


def _mark_known(connection: duckdb.DuckDBPyConnection, contract: Feed, feed: FeedProfile) -> dict[int, tuple[int, int]]:
    """Fill `known_rows` and remember keys that have several versions now. Batch -> (rows that say what is known, corrections).

    Keys that stand in `incoming` once and are not stored, nearly all of them, are found by their hash alone; only the
    others are compared column by column.
    """
    connection.execute(
        f"""create or replace temp table candidate_keys as
            select _row_key from scratch.incoming group by _row_key having count(*) > 1
            union
            select stored._row_key from raw.{contract.name} as stored where stored._row_key in (select _row_key from scratch.incoming)"""
    )
    if not _one(connection, "select count(*) from candidate_keys")[0]:
        return {}
    content = f"row({', '.join(name for name, _ in contract.sql_columns() if name != 'document_id')})"
    latest = (
        ""
        if feed.version_column
        else ("qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1")
    )
    connection.execute(
        f"""create or replace temp table known_rows as
            with stored as (
                select _row_key, _version, 0 as is_new, _batch_no, _row_no, {content} as content from raw.{contract.name}
                where _row_key in (select _row_key from candidate_keys) {latest}
            ), both_sides as (
                select * from stored
                union all
                select _row_key, _version, 1 as is_new, _batch_no, _row_no, {content} as content from incoming_rows
                where _row_key in (select _row_key from candidate_keys)
            ), compared as (
                select *, lag(content) over same_row as before, row_number() over same_row as place,
                    row_number() over (partition by _row_key order by is_new, _batch_no, _row_no) = 1 as is_first
                from both_sides window same_row as (partition by _row_key order by _version, is_new, _batch_no, _row_no)
            )
            select _batch_no, _row_no, _row_key, is_first, place > 1 and before is not distinct from content as is_known
            from compared where is_new = 1"""
    )
    connection.execute(
        f"""insert or ignore into raw.corrected_keys
            with versions as (
                select _row_key from known_rows where not is_known
                union all
                select distinct _row_key from raw.{contract.name} where _row_key in (select _row_key from candidate_keys)
            )
            select $feed, _row_key from versions group by _row_key having count(*) > 1""",
        {"feed": contract.name},
    )
    rows = connection.execute(
        "select _batch_no, count(*) filter (is_known), count(*) filter (not is_known and not is_first) from known_rows group by _batch_no"
    ).fetchall()
    return {int(batch_no): (int(duplicates), int(corrected)) for batch_no, duplicates, corrected in rows}


def _findings(
    connection: duckdb.DuckDBPyConnection, task: LoadTask, checks: Sequence[Check], decoded: Decoded
) -> tuple[Finding, ...]:
    """The refused rows with what was found; physical lines for delimited text."""
    names = list(decoded.types)
    raw = ", ".join(quoted(name) for name in names)
    found = " ".join(f"when {number} then cast({check.found} as varchar)" for number, check in enumerate(checks, 1))
    rows = connection.execute(
        f"""select refused._row_no, refused._finding, case refused._finding {found} end, {raw}
            from (select _row_no, _finding from scratch.incoming where _batch_no = {task.batch_no} and _finding > 0) as refused
            inner join decoded on refused._row_no = decoded._row_no order by refused._row_no limit {FINDINGS_STORED_MAX}"""
    ).fetchall()
    is_text = task.feed.format == "csv"
    findings = []
    for row in rows:
        check = checks[int(row[1]) - 1]
        text = _as_line(row[3:], task.feed) if is_text else raw_text_of(row[3:], names)
        line_no = int(row[0]) + 1 if is_text else (int(row[0]) if task.feed.format == "jsonl" and not task.feed.explode else None)
        findings.append(
            Finding(
                int(row[0]),
                line_no,
                check.column_name,
                check.error_code,
                None if row[2] is None else str(row[2]),
                check.expected,
                text,
            )
        )
    return tuple(findings)


def _as_line(values: Sequence[object], feed: FeedProfile) -> str:
    """A record as it would stand in a delimited file, quoted where it has to be."""
    out = io.StringIO()
    csv.writer(out, delimiter=feed.delimiter, quotechar=feed.quote, lineterminator="").writerow(
        "" if v is None else v for v in values
    )
    return out.getvalue()


def _one(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None) -> tuple[int, ...]:
    row = (connection.execute(sql, parameters) if parameters else connection.execute(sql)).fetchone()
    return tuple(row) if row else (0, 0)
