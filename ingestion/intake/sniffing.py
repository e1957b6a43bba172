"""What a file looks like: format, encoding, delimiter, header, samples, and in which styles its numbers and dates are written.

Everything here is evidence for a person, never a decision: where more than one style fits all values, all of them are given.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.decoding import literal
from ingestion.findings import refuse
from ingestion.profiles.model import Format

SAMPLE_BYTES = 4 << 20
SAMPLE_ROWS = 2_000
VALUES_KEPT = 20
DELIMITERS = (";", ",", "\t", "|")
DATE_FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
)  # fmt: skip
INSTANT_FORMATS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M",
)  # fmt: skip
"""Styles that are tried. A file with others is mapped by a person, who names the style."""

NUMBER = re.compile(r"[+-]?\d{1,3}(?:(?:[.,' ]\d{3})+|\d*)(?:[.,]\d+)?")

FittingStyles = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """One column: the first distinct values, and what they all could be. Empty tuples: not of that kind."""

    name: str
    values: tuple[str, ...]
    filled: int
    distinct: int
    is_number: bool
    date_formats: FittingStyles
    instant_formats: FittingStyles


@dataclass(frozen=True, slots=True)
class Layout:
    """What the file looks like. `encodings`, `decimals` (decimal and thousands mark) hold every choice that fits, the likeliest first.

    `fingerprint` is the same for every file of this layout: format, delimiter and header, whatever the rows say.
    """

    file_name: str
    format: Format
    fingerprint: str
    columns: tuple[ColumnSample, ...]
    rows_seen: int
    encodings: tuple[str, ...] = ("utf-8",)
    delimiter: str = ","
    sheet: str | None = None
    decimals: tuple[tuple[str, str], ...] = ((".", ""),)


def sniff(path: Path) -> Layout:
    """Look at a file. Raises InputRefusedError ING-641 for one that is no table: nothing to propose."""
    with path.open("rb") as handle:
        head = handle.read(4)
    if head == b"PAR1":
        return _parquet(path)
    if head[:2] == b"PK":
        return _workbook(path)
    content = _beginning(path)
    encodings = _encodings(content)
    text = content.decode("utf-8-sig" if encodings[0] == "utf-8" else encodings[0], errors="ignore")
    if text.lstrip().startswith("{"):
        return _json_lines(path, text)
    if text.lstrip()[:1] in ("<", "[") or text.startswith(("UNA", "UNB", "ISA")):
        raise _no_table(path, "a document of its own format, not a table")
    return _delimited(path, text, encodings)


def fingerprint(file_format: str, delimiter: str, header: tuple[str, ...]) -> str:
    """The layout's name: 16 figures of a hash over what does not change from one file to the next."""
    names = "\x1f".join(sorted(name.strip().casefold() for name in header))
    return hashlib.sha256(f"{file_format}\x1e{delimiter}\x1e{names}".encode()).hexdigest()[:16]


def _beginning(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as handle:
            content = handle.read(SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise _no_table(path, f"a file that cannot be read ({error})") from error
    if not content.strip():
        raise _no_table(path, "an empty file")
    return content


def _encodings(content: bytes) -> tuple[str, ...]:
    """Encodings that fit, the likeliest first. A byte order mark or valid UTF-8 beyond ASCII leaves no choice."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    try:
        content[: content.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        guessed = [str(match.encoding).replace("_", "-") for match in from_bytes(content[: 256 << 10])]
        western = ["cp1252", "iso-8859-15", "cp850"]
        fitting = [name for name in dict.fromkeys([*western, *guessed]) if _decodes(content, name)]
        return tuple(fitting[:5])
    return ("utf-8",)


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _delimited(path: Path, text: str, encodings: tuple[str, ...]) -> Layout:
    whole_lines = text if len(text) < SAMPLE_BYTES // 4 else text[: text.rfind("\n") + 1]
    best: tuple[float, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        rows = list(_first_rows(whole_lines, delimiter))
        if len(rows) < 1 or len(rows[0]) < 2:
            continue
        same_width = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if best is None or (same_width, len(rows[0])) > (best[0], len(best[2][0])):
            best = (same_width, delimiter, rows)
    if best is None or best[0] < 0.8:
        raise _no_table(path, "text without columns that stay the same from line to line")
    _, delimiter, rows = best
    header = tuple(name.strip() for name in rows[0])
    records = [dict(zip(header, row, strict=False)) for row in rows[1:] if row]
    columns = _samples(header, records)
    return Layout(path.name, "csv", fingerprint("csv", delimiter, header), columns, len(records), encodings, delimiter,
                  decimals=_decimals(columns, records))  # fmt: skip


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
    except csv.Error:
        return []
    return rows


def _workbook(path: Path) -> Layout:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
        sheet = workbook.sheet_names[0]
        cells = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=SAMPLE_ROWS + 1)
    except (CalamineError, OSError, IndexError) as error:
        raise _no_table(path, f"no workbook that can be read ({error})") from error
    if not cells or not any(str(cell).strip() for cell in cells[0]):
        raise _no_table(path, f"an empty first sheet '{sheet}'")
    header = tuple(str(cell).strip() for cell in cells[0])
    records = [{name: _cell(cell) for name, cell in zip(header, row, strict=False)} for row in cells[1:]]
    columns = _samples(header, records)
    return Layout(path.name, "xlsx", fingerprint("xlsx", "", header), columns, len(records), sheet=sheet, decimals=((".", ""),))


def _cell(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if cell.time() == datetime.min.time() else "%Y-%m-%dT%H:%M:%S")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _json_lines(path: Path, text: str) -> Layout:
    records: list[dict[str, str]] = []
    for line in text.splitlines()[:SAMPLE_ROWS]:
        try:
            record = json.loads(line)
        except ValueError:
            break
        if isinstance(record, dict):
            records.append(
                {
                    name: "" if value is None else str(value)
                    for name, value in record.items()
                    if not isinstance(value, dict | list)
                }
            )
    if not records:
        raise _no_table(path, "no JSON objects, one on each line")
    header = tuple(dict.fromkeys(name for record in records for name in record))
    columns = _samples(header, records)
    return Layout(
        path.name, "jsonl", fingerprint("jsonl", "", header), columns, len(records), decimals=_decimals(columns, records)
    )


def _parquet(path: Path) -> Layout:
    with duckdb.connect(":memory:") as connection:
        source = f"read_parquet({literal(str(path))})"
        try:
            types = {str(row[0]): str(row[1]) for row in connection.execute(f"describe select * from {source}").fetchall()}
            wanted = [name for name, kind in types.items() if kind != "BLOB"]
            names = ", ".join('"' + name.replace('"', '""') + '"' for name in wanted)
            rows = connection.execute(f"select {names} from {source} limit {SAMPLE_ROWS}").fetchall()
        except duckdb.Error as error:
            raise _no_table(path, f"no parquet file that can be read ({str(error).splitlines()[0]})") from error
    records = [{name: _cell(value) for name, value in zip(wanted, row, strict=True)} for row in rows]
    samples = []
    for sample in _samples(tuple(wanted), records):
        kind = types[sample.name]
        is_moment, is_date = kind.startswith("TIMESTAMP"), kind == "DATE"
        samples.append(ColumnSample(
            sample.name, sample.values, sample.filled, sample.distinct,
            kind.startswith(("DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UTINYINT", "USMALLINT", "UINTEGER", "HUGEINT", "UBIGINT")),
            ("%Y-%m-%d",) if is_moment or is_date else (), ("%Y-%m-%dT%H:%M:%S",) if is_moment else (),
        ))  # fmt: skip
    return Layout(path.name, "parquet", fingerprint("parquet", "", tuple(wanted)), tuple(samples), len(records))


def _samples(header: tuple[str, ...], records: list[dict[str, str]]) -> tuple[ColumnSample, ...]:
    samples = []
    for name in header:
        found = [value for record in records if (value := (record.get(name) or "").strip())]
        distinct = list(dict.fromkeys(found))
        dates, instants = _fitting(distinct, DATE_FORMATS), _fitting(distinct, INSTANT_FORMATS)
        is_number = bool(distinct) and all(NUMBER.fullmatch(value) for value in distinct)
        samples.append(ColumnSample(name, tuple(distinct[:VALUES_KEPT]), len(found), len(distinct), is_number, dates, instants))
    return tuple(samples)


def _fitting(values: list[str], formats: tuple[str, ...]) -> FittingStyles:
    """Every format in which all values can be read."""
    fitting = list(formats) if values else []
    for value in values:
        fitting = [pattern for pattern in fitting if _parses(value, pattern)]
        if not fitting:
            break
    return tuple(fitting)


def _parses(value: str, pattern: str) -> bool:
    try:
        moment = datetime.strptime(value, pattern)  # noqa: DTZ007  # a style is tried, no moment is meant
    except ValueError:
        return False
    return 1990 <= moment.year <= 2100 and (pattern != "%Y%m%d" or len(value) == 8)


def _decimals(columns: tuple[ColumnSample, ...], records: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """(decimal mark, thousands mark) that all numbers fit, the likeliest first. Only whole numbers: a point, without doubt."""
    names = [column.name for column in columns if column.is_number and not column.date_formats]
    marked = [
        value
        for record in records
        for name in names
        if (value := (record.get(name) or "").strip()) and not value.lstrip("+-").isdigit()
    ]
    if not marked:
        return ((".", ""),)
    styles = ((",", ""), (".", ""), (",", "."), (".", ","), (".", "'"), (",", " "))
    fits = {style: sum(_number_in(value, *style) for value in marked) for style in styles}
    most = max(fits.values())
    if most == 0:
        return ((".", ""), (",", ""))
    whole = [style for style in styles if fits[style] == most]
    uses = Counter({style: sum(style[0] in value for value in marked) for style in whole})
    plain = [style for style in whole if not style[1]] or whole
    needed = [style for style in whole if style in plain or (style[1] and any(style[1] in value for value in marked))]
    return tuple(sorted(needed, key=lambda style: (-uses[style], styles.index(style))))


def _number_in(value: str, decimal: str, thousands: str) -> bool:
    group = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    return re.fullmatch(rf"[+-]?(?:{group}\d+)(?:{re.escape(decimal)}\d+)?", value) is not None


def _no_table(path: Path, found: str) -> Exception:
    return refuse("ING-641", path.name, found=found, expected="a table: delimited text, XLSX, JSON lines or parquet",
                  next_step="Describe it in a profile (docs/profiles.md).")  # fmt: skip
