"""The door between documents and the loader: the rows of one record set become the view `decoded`, refused messages become findings."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ingestion.decoding import Decoded, literal, quoted
from ingestion.documents.model import NO_KIND
from ingestion.documents.registry import format_of
from ingestion.documents.shelf import Shelf, Shelved, Verdict
from ingestion.findings import Finding
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile


def decode_documents(
    connection: duckdb.DuckDBPyConnection, landed: Landed, feed: FeedProfile, needed: Sequence[str], shelf: Shelf
) -> Decoded:
    """Create the view `decoded` of a file of documents. Raises InputRefusedError ING-203, ING-211, ING-212."""
    shelved = shelf.take(landed, feed.format)
    mine = [verdict for verdict in shelved.verdicts if _is_read(feed, verdict)]
    refused = [verdict for verdict in mine if verdict.status == "refused"]
    rows = _view(connection, shelved, feed, needed)
    findings = tuple(_finding(verdict, rows + number) for number, verdict in enumerate(refused, 1))
    duplicates = sum(verdict.rows.get(feed.record_set, 0) for verdict in mine if verdict.status == "duplicate")
    warning = None if rows or findings or duplicates else "The file holds no message for this feed."
    return Decoded(dict.fromkeys(needed, "VARCHAR"), findings, warning, duplicates, by_message=True)


def _is_read(feed: FeedProfile, verdict: Verdict) -> bool:
    """Whether this feed reads messages of that kind; one whose kind nobody can tell concerns every feed."""
    kinds = format_of(feed.format).MESSAGES
    if verdict.type_name not in kinds:
        return verdict.type_name == NO_KIND
    return feed.record_set in kinds[verdict.type_name] and (not feed.messages or verdict.type_name in feed.messages)


def _view(connection: duckdb.DuckDBPyConnection, shelved: Shelved, feed: FeedProfile, needed: Sequence[str]) -> int:
    path = shelved.files.get(feed.record_set)
    if path is None:
        nulls = "".join(f", cast(null as varchar) as {quoted(name)}" for name in needed)
        connection.execute(f"create or replace temp view decoded as select cast(null as integer) as _row_no{nulls} where false")
        return 0
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        connection.register("decoded_documents", table)
        kinds = ", ".join(literal(name) for name in feed.messages)
        only = f" where _type in ({kinds})" if kinds else ""
        given = set(table.column_names)
        columns = "".join(f", {quoted(name) if name in given else f'null::varchar as {quoted(name)}'}" for name in needed)
        connection.execute(
            f"""create or replace table scratch.decoded_text as
                select cast(row_number() over () as integer) as _row_no{columns} from decoded_documents{only}"""
        )
        connection.unregister("decoded_documents")
    connection.execute("create or replace temp view decoded as select * from scratch.decoded_text")
    row = connection.execute("select count(*) from scratch.decoded_text").fetchone()
    return int(row[0]) if row else 0


def _finding(verdict: Verdict, row_no: int) -> Finding:
    finding = verdict.finding
    assert finding is not None, "a refused message has a finding"  # noqa: S101
    more = f" ({verdict.further_findings} further findings)" if verdict.further_findings else ""
    place = f"message {verdict.message_no}, {finding.place}"
    return Finding(
        row_no, None, place, finding.code, f"{finding.found}{more}", finding.expected, verdict.raw_text, is_message=True
    )
