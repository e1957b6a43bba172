"""Partners' own XML as rows: one element per record, columns by paths relative to it. Read as a stream, so that a file may be larger than memory.

record_path = "/export/order/line"     columns: "sku", "qty/@unit", "../@number", "../customer/name"
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import duckdb
from lxml import etree

from ingestion.archives import CountedGzip
from ingestion.decoding import Decoded, literal, quoted
from ingestion.documents.xml_reading import CHUNK_BYTES, PARSER_OPTIONS, Limits, XmlRefused, check_xml
from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile

STREAM_LIMITS = Limits(size_bytes=None, elements=None)
ROWS_PER_BATCH = 20_000


def decode_xml(
    connection: duckdb.DuckDBPyConnection, landed: Landed, feed: FeedProfile, needed: Sequence[str], work: Path
) -> Decoded:
    """Create the view `decoded`. Raises InputRefusedError ING-207 (no such elements), ING-212 (not XML that is read), ING-631, ING-632."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = work / "decoded.parquet"
    schema = pa.schema([("_row_no", pa.int32()), *((name, pa.string()) for name in needed)])
    count, has_value = 0, dict.fromkeys(needed, False)
    try:
        with _opened(landed) as source:
            check_xml(iter(lambda: source.read(CHUNK_BYTES), b""), STREAM_LIMITS)
        with pq.ParquetWriter(target, schema) as writer, _opened(landed) as source:
            for batch in _batches(_records(source, feed, needed)):
                columns: dict[str, Any] = {"_row_no": range(count + 1, count + len(batch) + 1)}
                for index, name in enumerate(needed):
                    columns[name] = [row[index] for row in batch]
                    has_value[name] = has_value[name] or any(value is not None for value in columns[name])
                writer.write_table(
                    pa.table({name: pa.array(values, schema.field(name).type) for name, values in columns.items()}, schema)
                )
                count += len(batch)
    except XmlRefused as refused:
        raise _refused(landed, refused) from None
    except etree.XMLSyntaxError as error:
        raise _refused(landed, XmlRefused("ING-601", error.lineno or 1, str(error.msg), "well-formed XML")) from None
    if not count or (needed and not any(has_value.values())):
        found = f"{count} elements {feed.record_path}" + (f" without {', '.join(needed)}" if count else "")
        raise refuse("ING-207", landed.file_name, found=found, expected=f"elements {feed.record_path} with {', '.join(needed)}",
                     next_step="Send the file with the agreed elements, or have the profile changed. Nothing was loaded.")  # fmt: skip
    names = "".join(f", {quoted(name)}" for name in needed)
    connection.execute(f"create or replace temp view decoded as select _row_no{names} from read_parquet({literal(str(target))})")
    return Decoded(dict.fromkeys(needed, "VARCHAR"), ())


def _refused(landed: Landed, refused: XmlRefused) -> Exception:
    finding = refused.finding
    return refuse("ING-212", landed.file_name, found=f"{finding.found} at {finding.place} ({finding.code})", expected=finding.expected,
                  next_step="Mend the file and send it again. Nothing of it was loaded.")  # fmt: skip


@contextmanager
def _opened(landed: Landed) -> Iterator[IO[bytes] | CountedGzip]:
    try:
        with CountedGzip(landed.path, landed.file_name) if landed.file_name.endswith(".gz") else landed.path.open("rb") as source:
            yield source
    except (EOFError, gzip.BadGzipFile) as error:
        raise refuse("ING-203", landed.file_name, found=f"a damaged or cut-off gzip file ({error})", expected="a whole gzip file",
                     next_step="Send the file again. Nothing of it was loaded.") from error  # fmt: skip


def _records(source: object, feed: FeedProfile, needed: Sequence[str]) -> Iterator[list[str | None]]:
    """The columns of every record, in order."""
    namespaces = dict(feed.namespaces)
    steps = [_step(step, namespaces) for step in (feed.record_path or "").split("/") if step]
    paths = [etree.XPath(name, namespaces=namespaces) for name in needed]
    looks_back = any(name.startswith("..") for name in needed)
    opened: list[str] = []
    for event, element in etree.iterparse(source, events=("start", "end"), **PARSER_OPTIONS):
        if event == "start":
            opened.append(element.tag)
            continue
        on_path = len(opened) <= len(steps) and all(map(_fits, opened, steps))
        if on_path and len(opened) == len(steps):
            yield [_value(path(element)) for path in paths]
        outside = len(opened) <= len(steps)
        opened.pop()
        # what no path can ask for again is let go, so that memory does not grow with the file
        if on_path or (outside and not looks_back):
            _let_go(element)


def _let_go(element: Any) -> None:
    element.clear()
    before = element.getprevious()
    while before is not None and before.tag == element.tag:
        element.getparent().remove(before)
        before = element.getprevious()


def _step(step: str, namespaces: dict[str, str]) -> str:
    """A step of the record's path: `{uri}name` with a prefix, else a local name that fits in any namespace."""
    prefix, _, name = step.rpartition(":")
    return f"{{{namespaces[prefix]}}}{name}" if prefix else name


def _fits(tag: str, step: str) -> bool:
    return tag == step or (step[0] != "{" and tag.rpartition("}")[2] == step)


def _value(found: Any) -> str | None:
    """Text of what an XPath gives: the first node, or the value itself; None for nothing."""
    if isinstance(found, list):
        if not found:
            return None
        found = found[0]
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return format(found, "g") if found == found else None
    text = str(found) if isinstance(found, str) else "".join(found.itertext())
    return text.strip() or None


def _batches(rows: Iterator[list[str | None]]) -> Iterator[list[list[str | None]]]:
    while batch := list(islice(rows, ROWS_PER_BATCH)):
        yield batch
