"""Loading, as a share of a bare DuckDB load of the same rows into a typed table with the same checks, in the same run.

    python -m tests.benchmarks.throughput FOLDER [lines] [--no-memory]

Ours: hash and keep the bytes, decode, map, check, tell new from known, store with counts, all from `load_delivery`. Bare: one statement that reads the
file with declared types into the very columns that ours stores, and computes keys and checks; then the bad rows and the doubled keys, within the
file and against what is stored; one transaction, one checkpoint. It keeps no copy of the bytes. PostgreSQL: bare is an ADBC reader that is streamed
into that same statement. Each side runs three times in turn; the best of each counts. Memory: a CSV file ten times the memory limit, and the
peak of the process that loads it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import structlog

from core.clock import SystemClock
from core.settings import Settings
from core.warehouse.owner import engine_config
from ingestion.contracts import FEEDS, TECHNICAL_COLUMNS
from ingestion.demo import generate_load
from ingestion.jobs import load_delivery, prepare
from ingestion.profiles import Profile
from tests.benchmarks.measure import Measured, as_json
from tests.support.databases import start_postgres

ROUNDS = 3
URL_VARIABLE = "DREIKLANG_BENCH_PARTNER_URL"
MEMORY_LIMIT_GIB = 0.25
BYTES_TOO_MANY = 10
COLUMNS: dict[str, Any] = {
    "leg": {"const": "sell_through"}, "document_no": "order_no", "line_no": "line_no", "seller": {"const": "load"}, "buyer": "customer",
    "ordered_on": "ordered", "product": "sku", "quantity": "qty", "net_amount": "net", "line_kind": {"const": "order"},
    "line_status": {"const": "confirmed"},
}  # fmt: skip
TYPES = "{'order_no': 'VARCHAR', 'line_no': 'VARCHAR', 'customer': 'VARCHAR', 'ordered': 'DATE', 'sku': 'VARCHAR', 'qty': 'DECIMAL(18,3)', 'net': 'DECIMAL(18,2)'}"
QUERY = "select order_no, line_no, customer, ordered, sku, qty, net from lines"
READS = {
    "sql": "(select * replace (cast(qty as decimal(18, 3)) as qty, cast(net as decimal(18, 2)) as net), row_number() over () as file_row_number from streamed)",
    "parquet": "read_parquet('{file}', file_row_number = true)",
    "csv": "(select *, row_number() over () as file_row_number from read_csv('{file}', auto_detect = false, header = true, columns = "
    + TYPES
    + ", delim = ',', store_rejects = true))",
}
BARE = """
begin;
insert into lines
    select 1 as batch_no, cast(file_row_number as integer) as row_no, current_timestamp::timestamp as recorded_at,
        hash('load', 'sell_through', order_no, line_no, 'load', 'load') as row_key, 0::bigint as version, 'load' as source_id,
        'sell_through' as leg, nullif(trim(order_no), '') as document_no, nullif(trim(cast(line_no as varchar)), '') as line_no,
        cast(hash('load', 'sell_through', order_no, 'load', 'load') >> 1 as bigint) as document_id,
        'load' as seller_scheme, 'load' as seller_ref, case when customer is not null then 'load' end as buyer_scheme,
        nullif(trim(customer), '') as buyer_ref, cast(ordered as date) as ordered_on, null::timestamp as ordered_at, 'UTC' as source_zone,
        case when sku is not null then 'load' end as product_scheme, nullif(trim(sku), '') as product_ref, cast(qty as decimal(18, 3)) as quantity,
        null::varchar as unit, cast(net * 100 as bigint) as net_amount_cents, cast(0 as smallint) as net_amount_subcents, 'EUR' as currency,
        null::date as promised_on, 'order' as line_kind, 'confirmed' as line_status,
        case when order_no is null then 1 when line_no is null then 2 when customer is null then 3 when ordered is null then 4
            when ordered > current_date + 1 then 5 when sku is null then 6 when qty is null then 7 when qty <= 0 then 8 when net is null then 9
            else 0 end as finding
    from {read};
create temp table bad as select * from lines where finding > 0;
create temp table doubled as
    select row_key from lines group by row_key having count(*) > 1
    union select row_key from lines where batch_no < 1 and row_key in (select row_key from lines where batch_no = 1);
commit;
checkpoint;
"""
"""Every column that ours stores, the same keys and checks, doubled keys within the file and against what is stored, in one transaction."""


def table_of_ours() -> str:
    """The typed table that ours fills, with a column for the check that failed."""
    names = {
        "_batch_no": "batch_no",
        "_row_no": "row_no",
        "_recorded_at": "recorded_at",
        "_row_key": "row_key",
        "_version": "version",
    }
    columns = TECHNICAL_COLUMNS + FEEDS["order_lines"].sql_columns()
    return f"create table lines ({', '.join(f'{names.get(name, name)} {kind}' for name, kind in columns)}, finding integer)"


def profile_of(kind: str) -> Profile:
    """Order lines of one file, or of one query."""
    feed: dict[str, Any] = {"feed": "order_lines", "files": f"*.{kind}", "format": kind, "columns": COLUMNS}
    if kind != "sql":
        return Profile.model_validate({"source_id": "load", "title": "Load", "feeds": [feed]})
    transport = {"kind": "sql", "url_variable": URL_VARIABLE, "driver": "adbc"}
    feed |= {"files": "", "query": QUERY}
    return Profile.model_validate({"source_id": "load", "title": "Load", "transport": transport, "feeds": [feed]})


def _config(settings: Settings) -> dict[str, Any]:
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    return dict(engine_config(settings))


def ours(folder: Path, kind: str, home: Path) -> int:
    """Load a folder or a query into a fresh warehouse; gives the rows that were accepted."""
    settings = Settings(home=home)
    with duckdb.connect(str(home / "ours.duckdb"), config=_config(settings)) as connection:
        prepare(connection)
        source = None if kind == "sql" else folder
        report = load_delivery(connection, profile_of(kind), source, settings, SystemClock(), "run")
        connection.execute("checkpoint")
    return sum(outcome.rows_accepted for outcome in report.outcomes)


def bare(folder: Path, kind: str, home: Path) -> int:
    """The same by hand."""
    with duckdb.connect(str(home / "bare.duckdb"), config=_config(Settings(home=home))) as connection:
        connection.execute(table_of_ours())
        if kind == "sql":
            with adbc.connect(os.environ[URL_VARIABLE].replace("+psycopg", "")) as partner, partner.cursor() as cursor:
                cursor.execute(QUERY)
                connection.register("streamed", cursor.fetch_record_batch())
                _run_bare(connection, READS[kind])
        else:
            _run_bare(connection, READS[kind].replace("{file}", str(next(folder.glob(f"*.{kind}")))))
        row = connection.execute("select count(*) from lines where finding = 0").fetchone()
    return int(row[0]) if row else 0


def _run_bare(connection: duckdb.DuckDBPyConnection, read: str) -> None:
    for statement in BARE.replace("{read}", read).split(";\n"):
        if statement.strip():
            connection.execute(statement)


def fill_postgres(url: str, parquet: Path) -> None:
    """A partner's table with the lines of the file."""
    with adbc.connect(url.replace("+psycopg", "")) as partner, partner.cursor() as cursor:
        cursor.execute(
            "create table lines (order_no text, line_no text, customer text, ordered date, sku text, qty numeric(12,3), net numeric(12,2))"
        )
        with duckdb.connect() as connection:
            text = "order_no, cast(line_no as varchar) line_no, customer, cast(ordered as date) ordered, sku, cast(qty as double) qty, cast(net as double) net"
            cursor.execute(
                "create table loaded (order_no text, line_no text, customer text, ordered date, sku text, qty float8, net float8)"
            )
            found = connection.execute(f"select {text} from read_parquet('{parquet}')").to_arrow_reader(100_000)
            cursor.adbc_ingest("loaded", found, mode="append")
        cursor.execute(
            "insert into lines select order_no, line_no, customer, ordered, sku, qty::numeric, round(net::numeric, 2) from loaded"
        )
        cursor.execute("drop table loaded")
        partner.commit()


def postgres(work: Path, parquet: Path, lines: int) -> list[Measured]:
    """A query of a PostgreSQL server of the machine's own, through ADBC on both sides."""
    servers = start_postgres()
    server = next(servers)
    try:
        os.environ[URL_VARIABLE] = server.database("postgres")
        fill_postgres(os.environ[URL_VARIABLE], parquet)
        return ratio("sql", parquet.parent, work, lines, "PostgreSQL", "bare ADBC read")
    finally:
        next(servers, None)


def timed(load: Callable[[Path, str, Path], int], folder: Path, kind: str, work: Path, lines: int) -> float:
    """Seconds of one load into a fresh home; asserts that every row came."""
    home = work / f"{load.__name__}-{kind}-{time.monotonic_ns()}"
    home.mkdir(parents=True)
    os.sync()
    began = time.perf_counter()
    assert load(folder, kind, home) == lines
    seconds = time.perf_counter() - began
    subprocess.run(["rm", "-rf", home], check=True)
    return seconds


def ratio(kind: str, folder: Path, work: Path, lines: int, name: str | None = None, what: str = "bare DuckDB") -> list[Measured]:
    """Our rate as a share of the bare one."""
    name = name or kind
    pairs = [(timed(ours, folder, kind, work, lines), timed(bare, folder, kind, work, lines)) for _ in range(ROUNDS)]
    ours_s, bare_s = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    return [
        Measured(f"{name}, {lines:,} lines: ours", lines / ours_s / 1e6, "M rows/s"),
        Measured(f"{name}, {lines:,} lines: {what}", lines / bare_s / 1e6, "M rows/s"),
        Measured(f"{name}: ours / bare", bare_s / ours_s, "share", 0.6, at_most=False),
    ]


def memory(work: Path) -> list[Measured]:
    """A CSV file ten times the memory limit, loaded by a process of its own."""
    folder = work / "large"
    folder.mkdir(parents=True)
    bytes_wanted = int(MEMORY_LIMIT_GIB * BYTES_TOO_MANY * 2**30)
    row = "printf('L%09d,1,C%05d,2026-05-01,S%05d,%d,%d.50', i, i % 2000, i % 500, i % 20 + 1, i % 900)"
    with duckdb.connect() as connection:
        connection.execute(
            f'copy (select {row} as "order_no,line_no,customer,ordered,sku,qty,net" from range({bytes_wanted // 43}) t(i)) '
            f"to '{folder / 'orders.csv'}' (format csv, quote '', header true, delimiter '\t')"
        )
    code = "from tests.benchmarks.throughput import load_large; import sys; load_large(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"the large file was not loaded: {(done.stderr.splitlines() or ['no word'])[-1]}", file=sys.stderr)
        return [Measured("a file of ten times the memory limit: loaded", 0, "", 1, at_most=False)]
    rows, peak_gib, size_gib = json.loads(done.stdout.splitlines()[-1])
    return [
        Measured("a file of ten times the memory limit: its size", size_gib, "GiB"),
        Measured("a file of ten times the memory limit: rows loaded", rows / 1e6, "M rows"),
        Measured(f"a file of ten times the memory limit ({MEMORY_LIMIT_GIB} GiB): peak of the process", peak_gib, "GiB", 1.0),
    ]


def load_large(folder: str) -> None:
    """Load it under the small limit, and print rows, peak memory and size."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    home = Path(folder) / "home"
    settings = Settings(home=home, memory_limit_gib=MEMORY_LIMIT_GIB)
    with duckdb.connect(str(home.parent / "large.duckdb"), config=_config(settings)) as connection:
        prepare(connection)
        report = load_delivery(connection, profile_of("csv"), Path(folder), settings, SystemClock(), "run")
    assert [outcome.status for outcome in report.outcomes] == ["loaded"], report.outcomes
    size_gib = (Path(folder) / "orders.csv").stat().st_size / 2**30
    # of this program alone: what getrusage says begins with the peak of the one that started it
    (peak_kib,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(json.dumps([report.outcomes[0].rows_accepted, int(peak_kib) / 2**20, size_gib]))


def main(work: Path, lines: int) -> None:
    """Print the figures as one line of JSON."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = generate_load(work / "throughput", lines=lines, seed=7, end_date=date(2026, 6, 30)).sources[0].folder
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_parquet('{folder}/*.parquet')) to '{work}/all.parquet' (format parquet, compression zstd)"
        )
        connection.execute(f"copy (from read_parquet('{work}/all.parquet')) to '{work}/all.csv' (format csv, header true)")
    for path in folder.glob("*.parquet"):
        path.unlink()
    rows = []
    for kind in ("parquet", "csv"):
        (work / kind).mkdir()
        (work / f"all.{kind}").rename(work / kind / f"all.{kind}")
        rows += ratio(kind, work / kind, work, lines)
    rows += postgres(work, work / "parquet" / "all.parquet", lines)
    if "--no-memory" not in sys.argv:
        rows += memory(work)
    print(as_json(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3_000_000)
