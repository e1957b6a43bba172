"""All of Iowa's lines under a programme with three rules and tiers: evaluated, awarded, posted; a basket's preview; explanations again.

Works on what `iowa` left in the same folder, or loads it first.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import structlog

from core.clock import SystemClock, random_id
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import own_warehouse
from core.warehouse.published import published_marts
from ingestion.profiles import load_profile
from loyalty import Basket, BasketLine, Rule, RunningCampaign, load_programme, preview, re_evaluate, seal
from loyalty.domain.programme import Caps
from pipeline import Delivery, Pipeline, Reporting
from pipeline.awards import USUAL_HOOKS, ProgrammeAward
from tests.benchmarks.measure import Measured, as_json
from tests.benchmarks.posting import BATCH, TABLES, insert_bare

QUIET = Reporting(step=lambda _: None)
PREVIEWS = 30


def post(settings: Settings) -> tuple[float, float]:
    """(seconds to evaluate, award and post everything; seconds to seal it)."""
    programme = load_programme("iowa")
    store = open_store(settings.resolved_store_url())
    migrate(store)
    with own_warehouse(settings) as connection:
        connection.execute("create or replace table raw.awarded (programme varchar, run_no integer)")
        os.sync()
        started = time.perf_counter()
        award = ProgrammeAward(connection, store, programme, SystemClock(), USUAL_HOOKS, full=True)
        award.run()
        seconds = time.perf_counter() - started
        award.work.close()
    started = time.perf_counter()
    seal(store)
    sealed = time.perf_counter() - started
    store.dispose()
    return seconds, sealed


def bare(posted: Path, target: Path) -> tuple[float, int]:
    """(seconds of a bare executemany of the very same rows, journal entries)."""
    source = sqlite3.connect(posted)
    rows = {name: source.execute(f"select * from {name}").fetchall() for name in TABLES}
    tables = {
        name: (source.execute(f"select sql from sqlite_master where name = '{name}'").fetchone()[0], rows[name])
        for name in TABLES
    }
    source.close()
    os.sync()
    return insert_bare(target, tables, BATCH), len(rows["journal"])


def previews(settings: Settings) -> float:
    """Milliseconds of a preview of 100 lines for a member with a tier, under the programme and a campaign with two caps, in the middle of many."""
    programme, clock = load_programme("iowa"), SystemClock()
    store = open_store(settings.resolved_store_url())
    with published_marts(settings) as marts:
        products = [
            row[0] for row in marts.execute("select product_id from mart.dim_product where product_id > 0 limit 100").fetchall()
        ]
        with store.connect() as connection:
            member = connection.exec_driver_sql(
                "select member_party_id from members order by points_available desc limit 1"
            ).fetchone()
        basket = Basket(int(member[0]) if member else 1, 1, "USD", [BasketLine(int(one), Decimal(6), 12_345) for one in products])
        capped = Rule("c.push", 1, "t", "t", date(2020, 1, 1), None, Decimal(2), caps=Caps(per_member=500), campaign_id="c",
                      campaign_caps=Caps(total=10_000))  # fmt: skip
        campaigns, times = [RunningCampaign("c", (capped,))], []
        for _ in range(PREVIEWS):
            started = time.perf_counter()
            preview(marts, store, programme, basket, clock, campaigns)
            times.append(time.perf_counter() - started)
    store.dispose()
    return sorted(times)[len(times) // 2] * 1000


def main(source: Path, work: Path) -> None:
    """Print the figures as one line of JSON."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = Settings(home=work / "home")
    if not settings.marts_path.exists():
        Pipeline(settings, SystemClock(), random_id, []).run([Delivery(load_profile("iowa"), source)], QUIET, data_docs=False)
    seconds, sealed = post(settings)
    database = settings.root / "store" / "store.sqlite"
    bare_s, entries = bare(database, work / "bare-points.sqlite")
    store = open_store(settings.resolved_store_url())
    again = re_evaluate(store, load_programme("iowa"))
    store.dispose()
    print(as_json([
        Measured("Iowa, three rules and tiers: evaluated, awarded, posted", seconds, "s", 120),
        Measured("Iowa, journal entries posted", entries, "entries"),
        Measured("Iowa, a bare executemany of the same rows", bare_s, "s"),
        Measured("Iowa, points: ours / bare executemany", seconds / bare_s, "times"),
        Measured("Iowa, sealing all entries, off the posting path", sealed, "s"),
        Measured("preview of a basket of 100 lines, median", previews(settings), "ms", 30),
        Measured("explanations evaluated again that give what was posted", 100 * (1 - len(again.findings) / max(1, again.entries)), "%", 100, at_most=False),
    ]))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
