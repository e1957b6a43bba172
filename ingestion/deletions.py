"""Rows that disappeared at the source: found by comparing keys, written as one more version that takes their effect back.

A row that is gone has no version of its own to tell us so. Its last version is repeated with what it says set to nothing (`GONE`):
an order line is cancelled, a delivery or invoice line carries zero. So every figure that read it is corrected by the same models
that read any other correction, and history keeps both versions. Fault 36 of the list of faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import duckdb

from ingestion.contracts import FEEDS, TECHNICAL_COLUMNS, Feed
from ingestion.decoding import literal
from ingestion.expressions import map_column
from ingestion.loader import FileOutcome, LoadTask, keys_sql, where_sql
from ingestion.profiles.model import FeedProfile
from ingestion.profiles.model import Mapping as ColumnMapping

GONE: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "parties": {"status": "'inactive'"},
    "orders": {"status": "'cancelled'"},
    "order_lines": {"line_status": "'cancelled'"},
    "order_confirmations": {"status": "'rejected'", "confirmed_quantity": "0"},
    "deliveries": {"quantity": "0"},
    "invoices": {"quantity": "0", "net_amount_cents": "0", "net_amount_subcents": "0"},
    "returns": {"quantity": "0", "net_amount_cents": "0", "net_amount_subcents": "0"},
    "sell_through": {"quantity": "0", "net_amount_cents": "0", "net_amount_subcents": "0"},
    "sell_out": {"quantity": "0", "net_amount_cents": "0", "net_amount_subcents": "0"},
    "stock": {"on_hand_quantity": "0", "in_transit_quantity": "0"},
})  # fmt: skip
"""Feed -> what its stored columns say once the row is gone. Feeds that are not named here keep their rows."""

HELD_ROWS = 10
"""A comparison that would take away more than the profile's `deletions_share_max` of the known rows, and at least this many, is held:
an empty answer of a database that is being restored must not cancel a year of orders."""


def key_columns(feed: FeedProfile) -> list[str]:
    """The source's own columns that a row's key and the profile's conditions are made of."""
    contract = FEEDS[feed.feed]
    names: list[str] = []
    for name in [column.name for column in contract.key] + list(feed.document_key):
        mapping = feed.mapping(name) or ColumnMapping(const="")
        names += [mapping.column] if mapping.column else list(mapping.columns)
    return list(dict.fromkeys(names + [condition.column for condition in feed.where]))


def settle_deletions(
    connection: duckdb.DuckDBPyConnection, task: LoadTask, types: dict[str, str], *, batch_file: str
) -> FileOutcome | None:
    """Compare the view `decoded`, the keys that exist, with the rows that `batch_file` brought. Runs inside the caller's transaction.

    None when nothing is gone. Rows that were gone and exist again are forgotten as deletions; the caller reads them anew.
    """
    contract = task.contract
    if contract.name not in GONE:
        return None
    _fill_existing(connection, task, types)
    scope = {"source": task.profile.source_id, "feed": contract.name, "file": batch_file}
    rows = f"""select rows_of_feed._row_key from raw.{contract.name} as rows_of_feed
               where rows_of_feed._batch_no in
                   (select batch_no from raw.batches where source_id = $source and feed = $feed and file_name = $file)
               except select _row_key from raw.deletions where source_id = $source and feed = $feed"""
    known = _count(connection, f"select count(*) from ({rows})", scope)
    connection.execute(f"create or replace temp table gone_keys as ({rows}) except select _row_key from existing_keys", scope)
    gone = _count(connection, "select count(*) from gone_keys", {})
    share_max = task.feed.changes.deletions_share_max if task.feed.changes else 1.0
    if gone >= HELD_ROWS and gone > share_max * known:
        message = (
            f"{gone} of {known} rows are missing at the source, more than {share_max:.0%}; nothing was cancelled. "
            "Check the source; if the rows are really gone, raise changes.deletions_share_max in the profile for one run."
        )
        return replace(task.outcome("held"), error_code="ING-411", error_message=message)
    if not gone:
        return None
    _write_last_versions(connection, task, contract)
    return replace(task.outcome("loaded"), rows_read=gone, rows_accepted=gone, rows_corrected=gone)


def revived(connection: duckdb.DuckDBPyConnection, task: LoadTask) -> int:
    """Forget deletions whose keys exist again (`existing_keys` of `settle_deletions`). Gives their number."""
    scope = {"source": task.profile.source_id, "feed": task.contract.name}
    condition = "source_id = $source and feed = $feed and _row_key in (select _row_key from existing_keys)"
    count = _count(connection, f"select count(*) from raw.deletions where {condition}", scope)
    if count:
        connection.execute(f"delete from raw.deletions where {condition}", scope)
    return count


def _fill_existing(connection: duckdb.DuckDBPyConnection, task: LoadTask, types: dict[str, str]) -> None:
    contract, feed = task.contract, task.feed
    names = list(dict.fromkeys([column.name for column in contract.key] + list(feed.document_key)))
    stored = [pair for name in names for pair in map_column(contract.column(name), contract, feed, task.profile, types).stored]
    connection.execute(
        f"""create or replace temp table existing_keys as
            with mapped as (
                select {literal(task.profile.source_id)} as source_id, {", ".join(f"{sql} as {name}" for name, sql in stored)}
                from (select *, now()::timestamp as _now from decoded){where_sql(feed.where)}
            )
            select distinct _row_key from (select {keys_sql(contract, feed)} from mapped)"""
    )


def _write_last_versions(connection: duckdb.DuckDBPyConnection, task: LoadTask, contract: Feed) -> None:
    recorded = task.recorded_at
    gone = GONE[contract.name]
    replaced = {"_batch_no": str(task.batch_no), "_row_no": "cast(row_number() over (order by latest._row_key) as integer)",
                "_recorded_at": "$now", **gone}  # fmt: skip
    columns = TECHNICAL_COLUMNS + contract.sql_columns()
    selected = ", ".join(
        f"cast({replaced[name]} as {kind}) as {name}" if name in replaced else f"latest.{name}" for name, kind in columns
    )
    connection.execute(
        f"""insert into raw.{contract.name} ({", ".join(name for name, _ in columns)})
            select {selected} from (
                select * from raw.{contract.name} where _row_key in (select _row_key from gone_keys)
                qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1) as latest""",
        {"now": recorded},
    )
    connection.execute(
        "insert or ignore into raw.corrected_keys select $feed, _row_key from gone_keys", {"feed": contract.name}
    )  # fmt: skip
    connection.execute(
        "insert into raw.deletions select $source, $feed, _row_key, $batch, $now from gone_keys",
        {"source": task.profile.source_id, "feed": contract.name, "batch": task.batch_no, "now": recorded},
    )


def _count(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]) -> int:
    return int(connection.execute(sql, dict(parameters)).fetchall()[0][0])


__all__ = ["GONE", "key_columns", "revived", "settle_deletions"]
