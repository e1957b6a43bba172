"""What the gate looks at: small tables of figures that are copied out of the warehouse, so that a gate costs the same at any size.

`control_totals`: one row per source and feed: rows that were accepted, rows they should have become (versions of one key count
once), rows of the mart, and for order lines the net amount on both sides.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

CONTROL_TOTALS = """
create or replace table gate.control_totals as
with landed as (
    select source_id, count(*) as rows_stored, count(*) - count(distinct _row_key) as rows_superseded,
        cast(sum(net_amount_cents) as bigint) as net_stored_cents
    from raw.order_lines
    where _row_key in (select _row_key from raw.corrected_keys where feed = 'order_lines')
    group by source_id
), accepted as (
    select source_id, cast(sum(rows_accepted) as bigint) as rows_accepted
    from raw.batches where feed = 'order_lines' group by source_id
), marts as (
    select source_id, count(*) as rows_in_mart, count(*) filter (quantity is null or ordered_on is null) as rows_incomplete,
        count(*) filter (net_amount_subcents not between -50 and 50) as rows_bad_subcents
    from mart.fct_order_lines group by source_id
)
select accepted.source_id, accepted.rows_accepted - coalesce(landed.rows_superseded, 0) as rows_expected,
    coalesce(marts.rows_in_mart, 0) as rows_in_mart,
    accepted.rows_accepted - coalesce(landed.rows_superseded, 0) - coalesce(marts.rows_in_mart, 0) as rows_missing,
    coalesce(marts.rows_incomplete, 0) as rows_incomplete, coalesce(marts.rows_bad_subcents, 0) as rows_bad_subcents
from accepted left join landed using (source_id) left join marts using (source_id)
"""

BATCHES = """
create or replace table gate.batches as
select batch_no, source_id, feed, file_name, status,
    rows_read - rows_accepted - rows_quarantined - rows_duplicate as rows_unaccounted
from raw.batches
"""

COPIES = {
    "dim_party": "select party_id, kind, name from mart.dim_party",
    "dim_product": "select product_id, name, category from mart.dim_product",
    "rpt_feed_summary": "select source_id, feed, leg, currency, documents, lines, lines_unknown_party, lines_unknown_product"
    " from mart.rpt_feed_summary",
    "point_books": """
        select (select count(*) from mart.fct_point_lots where points_earned <> points_pending + points_available + points_held
                + points_redeemed + points_expired + points_cancelled + points_reversed + points_settled) as lots_not_adding_up,
            (select coalesce(sum(points_issued - points_redeemed - points_expired - points_reversed), 0) from mart.rpt_programme_liability)
            - (select coalesce(sum(points.points_pending + points.points_available + points.points_held - points.points_debt), 0)
               from mart.rpt_member_points as points inner join raw.ledger_programmes as programmes
               on points.programme_id = programmes.programme_id and points.currency = programmes.currency) as points_unexplained""",
    "rpt_member_points": "select member_id, programme_id, points_available, points_debt from mart.rpt_member_points",
}


def write_controls(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the gate's tables to a small database file of their own."""
    connection.execute(f"attach '{path}' as gate")
    try:
        connection.execute(CONTROL_TOTALS)
        connection.execute(BATCHES)
        for name, sql in COPIES.items():
            connection.execute(f"create or replace table gate.{name} as {sql}")
    finally:
        connection.execute("detach gate")
