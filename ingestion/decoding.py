"""Formats: a landed file becomes the temporary view `decoded`, one row per record, with `_row_no` and the file's own columns.

Text formats give text; parquet and database extracts keep their types. What cannot be read at all is refused as a whole
(InputRefusedError); single records that cannot be read are returned as findings.
"""

from __future__ import annotations

import codecs
import csv
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.archives import CountedGzip
from ingestion.documents.registry import FORMATS
from ingestion.findings import Finding, refuse
from ingestion.landing import CHUNK_BYTES, Landed
from ingestion.machine import is_machine_fault
from ingestion.profiles.model import FeedProfile
from ingestion.trailers import Stated, take_trailer

if TYPE_CHECKING:
    from ingestion.documents.shelf import Shelf

LINE_BYTES_MAX = 8 << 20
BUFFER_BYTES = 2 * LINE_BYTES_MAX
"""What the reader of text holds at a time; without a word of ours it would be sixteen longest lines."""

REJECTS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the view `decoded` holds: column names with their DuckDB types, and records that could not be read.

    `duplicates` counts rows that were left out because they were taken before. `by_message`: what is refused was refused a message
    at a time, so it never holds back the others of the file.
    """

    types: dict[str, str]
    findings: tuple[Finding, ...]
    warning: str | None = None
    duplicates: int = 0
    by_message: bool = False
    stated: Stated | None = None


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def decode(
    connection: duckdb.DuckDBPyConnection, landed: Landed, feed: FeedProfile, needed: Sequence[str], work: Path, shelf: Shelf
) -> Decoded:
    """Create the view `decoded`. `needed` are the columns that the profile names; `shelf` keeps parsed documents of the run.

    Raises InputRefusedError ING-2xx.
    """
    if landed.size_bytes == 0:
        raise refuse("ING-201", landed.file_name, found="an empty file (0 bytes)", expected="at least a header line",
                     next_step="Send the file again; it may have been cut off on its way.")  # fmt: skip
    if feed.format in FORMATS:
        from ingestion.documents.decoding import decode_documents

        return decode_documents(connection, landed, feed, needed, shelf)
    if feed.format == "xml":
        from ingestion.xml_rows import decode_xml

        return decode_xml(connection, landed, feed, needed, work)
    if feed.format in ("parquet", "sql"):
        return _decode_parquet(connection, landed, needed)
    if feed.format == "xlsx":
        return _decode_xlsx(connection, landed, feed, needed)
    text = _as_utf8(landed, feed, work)
    if feed.format == "jsonl":
        return _decode_jsonl(connection, landed, text, feed, needed)
    if feed.format == "json":
        return _decode_json(connection, landed, text, feed, needed)
    text, stated = take_trailer(landed, text, feed, work)
    return replace(_decode_csv(connection, landed, text, feed, needed), stated=stated)


def _decode_parquet(connection: duckdb.DuckDBPyConnection, landed: Landed, needed: Sequence[str]) -> Decoded:
    source = f"read_parquet({literal(str(landed.path))}, file_row_number = true)"
    try:
        described = connection.execute(f"describe select * from {source}").fetchall()
    except duckdb.Error as error:
        if is_machine_fault(error):
            raise
        raise refuse("ING-202", landed.file_name, found=str(error).splitlines()[0], expected="a whole parquet file",
                     next_step="Send the file again; it may have been cut off on its way.") from error  # fmt: skip
    types = {str(row[0]): str(row[1]) for row in described if row[0] != "file_row_number"}
    _check_header(landed, list(types), needed)
    columns = "".join(f", {quoted(name)}" for name in types if name in needed)
    connection.execute(
        f"create or replace temp view decoded as select cast(file_row_number + 1 as integer) as _row_no{columns} from {source}"
    )
    return Decoded({name: t for name, t in types.items() if name in needed}, ())


def _as_utf8(landed: Landed, feed: FeedProfile, work: Path) -> Path:
    """The file as plain UTF-8 text without byte order mark; the landed path itself when it is that already."""
    is_gzip = landed.file_name.endswith(".gz")
    plain_utf8 = codecs.lookup(feed.encoding).name == "utf-8"
    if plain_utf8 and not is_gzip and not _begins_with_mark(landed.path):
        return landed.path
    target = work / "decoded.txt"
    decoder = codecs.getincrementaldecoder("utf-8-sig" if plain_utf8 else feed.encoding)()
    try:
        with (
            CountedGzip(landed.path, landed.file_name) if is_gzip else landed.path.open("rb") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            while chunk := source.read(CHUNK_BYTES):
                out.write(decoder.decode(chunk).removeprefix("\ufeff"))
            out.write(decoder.decode(b"", final=True))
    except (EOFError, OSError, zlib.error) as error:
        if is_machine_fault(error):
            raise
        raise refuse("ING-203", landed.file_name, found=f"a damaged or cut-off gzip file ({error})", expected="a whole gzip file",
                     next_step="Send the file again. Nothing of it was loaded.") from error  # fmt: skip
    except UnicodeError as error:
        raise refuse("ING-204", landed.file_name, found=f"bytes that are not {feed.encoding} ({error})",
                     expected=f"text in {feed.encoding}, as agreed",
                     next_step="Export the file in the agreed encoding, or have the profile changed.") from error  # fmt: skip
    return target


def _begins_with_mark(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(3).startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _decode_csv(
    connection: duckdb.DuckDBPyConnection, landed: Landed, text: Path, feed: FeedProfile, needed: Sequence[str]
) -> Decoded:
    header = _csv_header(landed, text, feed)
    _check_header(landed, header, needed, feed.delimiter)
    columns = "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header) + "}"
    connection.execute(
        "drop table if exists reject_scans; drop table if exists reject_errors; drop table if exists scratch.decoded_text"
    )
    try:
        connection.execute(
            f"""create table scratch.decoded_text as select row_number() over () as _record_no, * from read_csv({literal(str(text))},
                auto_detect = false, header = true, columns = {columns}, delim = {literal(feed.delimiter)},
                quote = {literal(feed.quote)}, escape = {literal(feed.quote)}, strict_mode = true, store_rejects = true,
                rejects_limit = {REJECTS_MAX}, max_line_size = {LINE_BYTES_MAX}, buffer_size = {BUFFER_BYTES}, all_varchar = true, null_padding = false)"""
        )
    except duckdb.Error as error:
        if is_machine_fault(error):
            raise
        raise refuse("ING-205", landed.file_name, found=str(error).splitlines()[0],
                     expected=f"records separated by line ends, columns by '{feed.delimiter}'",
                     next_step="Check quotes and delimiter of the export and send the file again.") from error  # fmt: skip
    rejects = connection.execute(
        "select distinct line, csv_line, error_type::varchar from reject_errors order by line"
    ).fetchall()
    lines: dict[int, tuple[str, str]] = {}
    for line, raw, kind in rejects:
        lines.setdefault(int(line), (str(raw or ""), str(kind)))
    starts = sorted(lines)
    _numbered_view(connection, starts)
    findings = tuple(
        Finding(
            line - 1,
            line,
            None,
            "ING-301",
            raw[:200],
            f"{len(header)} columns separated by '{feed.delimiter}' ({kind.lower()})",
            raw,
        )
        for line, (raw, kind) in sorted(lines.items())
    )
    return Decoded(dict.fromkeys(header, "VARCHAR"), findings)


def _numbered_view(connection: duckdb.DuckDBPyConnection, reject_lines: Sequence[int]) -> None:
    """Number records as they stand in the file: refused lines before a record count too."""
    if not reject_lines:
        connection.execute(
            """create or replace temp view decoded as
               select cast(_record_no as integer) as _row_no, * exclude (_record_no) from scratch.decoded_text"""
        )
        return
    # the k-th refused line (from 0) at physical line n is the (n - 1)-th record, so n - 2 - k good records stand before it
    after_records = [line - 2 - index for index, line in enumerate(reject_lines)]
    connection.execute(
        """create or replace temp table shifts as
           select after_record, max(shift) as shift from (
               select unnest($after::bigint[]) as after_record, unnest($shift::bigint[]) as shift
               union all select -1, 0) group by after_record""",
        {"after": after_records, "shift": list(range(1, len(after_records) + 1))},
    )
    connection.execute(
        """create or replace temp view decoded as
           select cast(text._record_no + shifts.shift as integer) as _row_no, text.* exclude (_record_no)
           from scratch.decoded_text as text asof join shifts on text._record_no > shifts.after_record"""
    )


def _csv_header(landed: Landed, text: Path, feed: FeedProfile) -> list[str]:
    with text.open(encoding="utf-8", newline="", errors="replace") as handle:
        try:
            header = next(csv.reader(handle, delimiter=feed.delimiter, quotechar=feed.quote))
        except (StopIteration, csv.Error) as error:
            raise refuse("ING-201", landed.file_name, found="no header line", expected="column names in the first line",
                         next_step="Export the file with its header and send it again.") from error  # fmt: skip
    return [name.strip() for name in header]


def _check_header(landed: Landed, header: Sequence[str], needed: Sequence[str], delimiter: str | None = None) -> None:
    """Columns are known by name, never by place. Raises InputRefusedError ING-206, ING-207."""
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise refuse("ING-206", landed.file_name, found=f"the column {', '.join(doubled)} twice", expected="each column once",
                     next_step="Export the file again with each column once.")  # fmt: skip
    missing = [name for name in needed if name not in header]
    if not missing:
        return
    found = f"the columns {', '.join(header)}"
    if delimiter and len(header) == 1:
        found = f"one column '{header[0][:80]}'; '{delimiter}' does not seem to be what separates columns here"
    raise refuse("ING-207", landed.file_name, found=found, expected=f"also the column {', '.join(missing)}",
                 next_step="Send the file with the agreed columns and delimiter, or have the profile changed. Nothing was loaded.")  # fmt: skip


def _decode_jsonl(
    connection: duckdb.DuckDBPyConnection, landed: Landed, text: Path, feed: FeedProfile, needed: Sequence[str]
) -> Decoded:
    connection.execute("drop table if exists scratch.decoded_text")
    try:
        connection.execute(
            f"""create table scratch.decoded_text as select row_number() over () as _record_no, line from read_csv({literal(str(text))},
                auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '',
                max_line_size = {LINE_BYTES_MAX}, buffer_size = {BUFFER_BYTES})"""
        )
    except duckdb.Error as error:
        if is_machine_fault(error):
            raise
        raise refuse("ING-205", landed.file_name, found=str(error).splitlines()[0], expected="one JSON object per line",
                     next_step="Send the file again as JSON lines.") from error  # fmt: skip
    bad = connection.execute(
        "select _record_no, line from scratch.decoded_text where not coalesce(json_valid(line), false) order by 1 limit $most",
        {"most": REJECTS_MAX},
    ).fetchall()
    findings = tuple(
        Finding(int(no), int(no), None, "ING-302", str(line or "")[:200], "a whole JSON object on one line", str(line or ""))
        for no, line in bad
    )
    return _json_view(connection, landed, feed, needed, findings)


def _decode_json(
    connection: duckdb.DuckDBPyConnection, landed: Landed, text: Path, feed: FeedProfile, needed: Sequence[str]
) -> Decoded:
    """One document; its records are the list at `items`, or the document itself."""
    content = text.read_text(encoding="utf-8")
    path = "$" + (f".{feed.items}" if feed.items else "")
    found = connection.execute("select json_valid($content)", {"content": content}).fetchall()[0][0]
    kind = (
        connection.execute("select json_type($content, $path)", {"content": content, "path": path}).fetchall()
        if found
        else [("",)]
    )
    if kind[0][0] != "ARRAY":
        raise refuse("ING-205", landed.file_name, found="no whole JSON document" if not found else f"no list at '{feed.items}'",
                     expected=f"one JSON document with its records in a list{f' at {feed.items}' if feed.items else ''}",
                     next_step="Send the document again as agreed, or have the profile changed.")  # fmt: skip
    connection.execute(
        """create or replace table scratch.decoded_text as
           select generate_subscripts(records, 1) as _record_no, unnest(records)::varchar as line
           from (select json_extract($content::json, $path) as records)""",
        {"content": content, "path": f"{path}[*]"},
    )
    return _json_view(connection, landed, feed, needed, ())


def _json_view(
    connection: duckdb.DuckDBPyConnection, landed: Landed, feed: FeedProfile, needed: Sequence[str], findings: tuple[Finding, ...]
) -> Decoded:
    """The view `decoded` over the JSON texts in `decoded_text`: a row per record, or per item of the lists that `explode` names."""
    paths = feed.explode_paths
    rows = "select _record_no, line::json as item0 from scratch.decoded_text where coalesce(json_valid(line), false)"
    for level, path in enumerate(paths, 1):
        rows = f"select *, unnest(json_extract(item{level - 1}, {literal(f'$.{path}[*]')})) as item{level} from ({rows})"
    number = "row_number() over ()" if paths else "_record_no"
    selected = "".join(f", {_json_value(name, paths)} as {quoted(name)}" for name in needed)
    connection.execute(
        f"create or replace temp view decoded as select cast({number} as integer) as _row_no{selected} from ({rows})"
    )
    known = connection.execute(f"select count(*) from ({rows})").fetchone()
    if needed and known and known[0]:
        found = connection.execute(
            "select " + ", ".join(f"count({quoted(name)})" for name in needed) + " from decoded"
        ).fetchone()
        if found and not any(found):
            keys = connection.execute(
                "select json_keys(line::json) from scratch.decoded_text where json_valid(line) limit 1"
            ).fetchone()
            raise refuse("ING-207", landed.file_name, found=f"objects with {', '.join(keys[0]) if keys else 'nothing'}",
                         expected=f"the names {', '.join(needed)}",
                         next_step="Send objects with the agreed names, or have the profile changed.")  # fmt: skip
    return Decoded(dict.fromkeys(needed, "VARCHAR"), findings)


def _json_value(name: str, paths: Sequence[str]) -> str:
    """The text at a name, which begins with the path of the list whose item it belongs to."""
    for level in range(len(paths), 0, -1):
        prefix = ".".join(paths[:level]) + "."
        if name.startswith(prefix):
            return f"json_extract_string(item{level}, {literal('$.' + name[len(prefix) :])})"
    return f"json_extract_string(item0, {literal('$.' + name)})"


def _decode_xlsx(connection: duckdb.DuckDBPyConnection, landed: Landed, feed: FeedProfile, needed: Sequence[str]) -> Decoded:
    import pyarrow as pa

    from ingestion.workbooks import read_sheet

    header, rows = read_sheet(landed, feed)
    _check_header(landed, header, needed)
    wanted = [index for index, name in enumerate(header) if name in needed]
    table = pa.table(
        {
            "_row_no": pa.array(range(1, len(rows) + 1), pa.int32()),
            **{header[index]: pa.array([row[index] for row in rows], pa.string()) for index in wanted},
        }
    )
    connection.register("decoded_sheet", table)
    connection.execute("create or replace table scratch.decoded_text as select * from decoded_sheet")
    connection.unregister("decoded_sheet")
    connection.execute("create or replace temp view decoded as select * from scratch.decoded_text")
    return Decoded({header[index]: "VARCHAR" for index in wanted}, ())


def raw_text_of(row: Sequence[object], names: Sequence[str]) -> str:
    """A refused record of a format without lines, as JSON."""
    return json.dumps(dict(zip(names, row, strict=True)), default=str, ensure_ascii=False)
