"""All of Iowa from parquet to a published generation, 10,000 new lines on top of it, and the pages' queries on it."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import structlog

from core.clock import SystemClock, random_id, random_token
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from dashboards import runtime
from dashboards.queries import QUERIES, read
from ingestion.profiles import load_profile
from pipeline import Delivery, Pipeline, Reporting
from portal import SessionLimits
from tests.benchmarks.measure import Measured, as_json

NEW_LINES = 10_000
QUIET = Reporting(step=lambda _: None)


def bare(source: Path, work: Path) -> float:
    """Seconds of the hand-written SQL, in a process of its own."""
    os.sync()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bare_iowa", str(source), str(work)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def new_lines(source: Path, folder: Path, number: int) -> Path:
    """A delivery of 10,000 lines that follow the last month: the same stores and items under new invoice numbers."""
    target = folder / f"new-{number}" / "sales"
    target.mkdir(parents=True)
    newest = sorted((source / "sales").glob("*.parquet"))[-1]
    duckdb.connect().execute(
        f"""copy (select * replace (invoice_number || '-N{number}' as invoice_number) from read_parquet('{newest}') limit {NEW_LINES})
            to '{target / f"sales_new_{number}.parquet"}' (format parquet)"""
    )
    for name in ("products.parquet", "stores.parquet"):
        (target.parent / name).symlink_to(source / name)
    return target.parent


def page_queries(settings: Settings) -> list[Measured]:
    """Every query of every page, for the busiest party of each role, warm."""
    serving = Serving(settings.warehouse_dir)
    store = open_store(settings.resolved_store_url())
    migrate(store)
    runtime.install(runtime.Runtime(settings, store, serving, SystemClock(), random_token, SessionLimits.of(settings)))
    operator = serving.reader(Scope.of(Role.OPERATOR))
    times: list[tuple[float, str]] = []
    for role in (Role.MANUFACTURER, Role.DISTRIBUTOR, Role.RETAILER):
        column = f"{role}_id"
        rows = operator.rows(f"select {column} from fct_order_lines where {column} > 0 group by 1 order by count(*) desc limit 1")
        scope = Scope.of(role, int(str(rows[0][0])))
        document = (
            operator.rows(f"select max(document_no) from fct_orders where {column} = {rows[0][0]}")
            if role is Role.RETAILER
            else None
        )
        for query in QUERIES.values():
            if role in query.roles:
                filters = {"leg": "sell_through", "document_no": str(document[0][0]) if document else None}
                read(query, scope, filters)
                best = min(_seconds(lambda q=query, s=scope, f=filters: read(q, s, f)) for _ in range(3))  # type: ignore[misc]
                times.append((best, query.name))
    slowest = sorted(times, reverse=True)
    print(*(f"  {seconds * 1000:7.1f} ms  {name}" for seconds, name in slowest), sep="\n", file=sys.stderr)
    middle = slowest[len(slowest) // 2][0] * 1000
    return [
        Measured(f"slowest page query at 14.4 million lines ({slowest[0][1]})", slowest[0][0] * 1000, "ms", 20),
        Measured("median page query", middle, "ms", 20),
    ]


def _seconds(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def main(source: Path, work: Path) -> None:
    """Print the figures as one line of JSON."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    bare_s = bare(source, work)
    settings = Settings(home=work / "home")
    pipeline = Pipeline(settings, SystemClock(), random_id, [])
    profile = load_profile("iowa")
    os.sync()  # nobody pays for what another has not written yet
    ours_s = _seconds(lambda: pipeline.run([Delivery(profile, source)], QUIET))
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    bare_s = (bare_s + bare(source, work)) / 2  # before and after, so that a machine that slows down slows both
    on_top = []
    for number in range(3):
        folder = new_lines(source, work, number)
        on_top.append(_seconds(lambda f=folder: pipeline.run([Delivery(profile, f)], QUIET)))  # type: ignore[misc]
    rows = [
        Measured("Iowa, parquet to published: ours", ours_s, "s"),
        Measured("Iowa, the same tables in bare SQL", bare_s, "s"),
        Measured("Iowa, ours / bare", ours_s / bare_s, "times", 2.0),
        Measured("Iowa, peak memory", peak_gib, "GiB", 6),
        Measured("10,000 new lines on top, warm, slowest of three", max(on_top), "s", 5),
        *page_queries(settings),
    ]
    print(as_json(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
