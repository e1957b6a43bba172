"""Load data of any size: one distributor's order lines as parquet parts, made by the engine itself and streamed to disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from ingestion.demo.generate import PROFILES, DemoManifest, DemoSource, Expected

LINES_PER_PART = 1_000_000
LINES_PER_ORDER = 5
DAYS = 3 * 365

PART = """
copy (
    select 'LD-' || (i // {per_order}) as order_no, i % {per_order} + 1 as line_no,
        'C' || lpad((hash(i // {per_order}, {seed}) % 2000)::varchar, 5, '0') as customer,
        date '{first_day}' + (((i // {per_order}) * {days}) // {orders})::integer as ordered,
        'S' || lpad((hash(i, {seed}, 1) % 500)::varchar, 5, '0') as sku,
        (hash(i, {seed}, 2) % 24 + 1)::integer as qty,
        ((hash(i, {seed}, 2) % 24 + 1) * (hash(i, {seed}, 3) % 4000 + 100) / 100.0)::decimal(12,2) as net
    from range({start}, {stop}) as numbers(i)
) to '{path}' (format parquet, compression zstd)
"""


def generate_load(
    target: Path, *, lines: int, seed: int, end_date: date, progress: Callable[[int], None] | None = None
) -> DemoManifest:
    """Write `lines` order lines in parts of a million; memory stays flat. `progress` is told the lines written so far."""
    folder = target / "load"
    folder.mkdir(parents=True, exist_ok=True)
    first_day = date.fromordinal(end_date.toordinal() - DAYS + 1)
    orders = max(1, -(-lines // LINES_PER_ORDER))
    with duckdb.connect(":memory:") as connection:
        for start in range(0, lines, LINES_PER_PART):
            stop = min(start + LINES_PER_PART, lines)
            path = folder / f"orders_{start // LINES_PER_PART:05d}.parquet"
            connection.execute(PART.format(
                per_order=LINES_PER_ORDER, seed=seed, first_day=first_day, days=DAYS, orders=orders, start=start, stop=stop, path=path,
            ))  # fmt: skip
            if progress:
                progress(stop)
        row = connection.execute(f"select sum(net * 100)::bigint from read_parquet('{folder}/orders_*.parquet')").fetchone()
    expected = {("load", "sell_through"): Expected(orders, lines, int(row[0]) if row else 0)}
    return DemoManifest((DemoSource("load", PROFILES / "load.toml", folder),), "", "load", "", expected, 0, 0)
