"""Freshness: orders arrive in the inbox of a running pipeline; how long until a `Reader` sees each, and is any lost or doubled?

    python -m tests.benchmarks.freshness FOLDER [--lines 10000000] [--seconds 60] [--orders-per-second 200]

The history is load data with masters; the pipeline is the command `dreiklang pipeline` in a process of its own. Orders have two lines and
arrive in files, five a second, each written under a temporary name and renamed.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

import structlog

from core.clock import SystemClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Serving
from ingestion.demo import generate_load
from ingestion.profiles import load_profile
from loyalty import load_programme
from pipeline import Delivery, Pipeline, Reporting
from tests.benchmarks.measure import Measured, as_json

FILES_PER_SECOND = 5
LINES_PER_ORDER = 2
HANG_SECONDS = 300
COLUMNS = """columns = { leg = { const = "sell_through" }, document_no = "order_no", line_no = "line_no", seller = { const = "load" }, buyer = "customer", ordered_on = "ordered", product = "sku", quantity = "qty", net_amount = "net", line_kind = { const = "order" }, line_status = { const = "confirmed" } }"""
PROFILE = f"""
source_id = "load"
title = "Load data"
[[feeds]]
feed = "parties"
files = "parties.csv"
columns = {{ party_ref = "no", kind = "kind", name = "name" }}
[[feeds]]
feed = "products"
files = "products.csv"
columns = {{ product_ref = "no", name = "name", category = "category", manufacturer = "maker", list_price = "price" }}
[[feeds]]
feed = "order_lines"
files = "orders_*.parquet"
format = "parquet"
{COLUMNS}
[[feeds]]
feed = "order_lines"
files = "push_*.csv"
{COLUMNS}
"""
PROGRAMME = """
programme_id = "load"
version = 1
title_de = "Punkte"
title_en = "Points"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
[[rules]]
rule_id = "units"
version = 1
title_de = "Punkte je Stück"
title_en = "Points per unit"
points_per_unit = "3"
valid_from = {today}
expires_after_months = 24
"""


@dataclass(slots=True)
class Seen:
    """Moments (monotonic seconds) at which orders were pushed and first seen, and what was seen in the end."""

    pushed_s: dict[str, float] = field(default_factory=dict)
    seen_s: dict[str, float] = field(default_factory=dict)
    rows: int = 0
    runs: int = 0

    @property
    def lost(self) -> int:
        """Orders that never appeared."""
        return len(self.pushed_s.keys() - self.seen_s.keys())

    @property
    def doubled(self) -> int:
        """Lines more than were pushed."""
        return self.rows - LINES_PER_ORDER * len(self.seen_s)

    @property
    def ages_s(self) -> list[float]:
        """How old each order was when it was first seen."""
        return sorted(self.seen_s[order] - at for order, at in self.pushed_s.items() if order in self.seen_s)


def build_history(home: Path, lines: int) -> Settings:
    """An instance with that many order lines published, and the source file of the unattended pipeline."""
    settings = Settings(home=home)
    today = SystemClock().now().date()
    folder = (
        generate_load(settings.inbox_dir, lines=lines, seed=7, end_date=date.fromordinal(today.toordinal() - 1)).sources[0].folder
    )
    parties = "".join(f"C{n:05d},retailer,Shop {n}\n" for n in range(2000))
    (folder / "parties.csv").write_text(
        f"no,kind,name\nload,distributor,Load GmbH\nM1,manufacturer,Maker\n{parties}", encoding="utf-8"
    )
    products = "".join(f"S{n:05d},Item {n},Group {n % 10},M1,{n % 40 + 1}.00\n" for n in range(500))
    (folder / "products.csv").write_text(f"no,name,category,maker,price\n{products}", encoding="utf-8")
    (settings.root / "programmes").mkdir(parents=True)
    programme = settings.root / "programmes" / "load.toml"
    programme.write_text(PROGRAMME.format(today=today), encoding="utf-8")
    (settings.root / "sources").mkdir()
    (settings.root / "load.toml").write_text(PROFILE, encoding="utf-8")
    source = 'profile = "../load.toml"\nquiet_seconds = 0\n'
    (settings.root / "sources" / "load.toml").write_text(source, encoding="utf-8")
    pipeline = Pipeline(settings, SystemClock(), random_id, [load_programme(str(programme))])
    pipeline.run([Delivery(load_profile(settings.root / "load.toml"), folder)], Reporting(step=lambda _: None), data_docs=False)
    for file in folder.iterdir():
        file.unlink()
    return settings


def push(folder: Path, seen: Seen, seconds: float, orders_per_second: int, today: date) -> None:
    """Write files at a steady pace; a late file does not slow those behind it."""
    began = time.monotonic()
    number = 0
    for file_no in range(int(seconds * FILES_PER_SECOND)):
        time.sleep(max(0.0, began + file_no / FILES_PER_SECOND - time.monotonic()))
        orders = [f"F{number + n}" for n in range(max(1, orders_per_second // FILES_PER_SECOND))]
        number += len(orders)
        rows = "".join(
            f"{order},{line},C{int(order[1:]) % 2000:05d},{today},S{(int(order[1:]) + line) % 500:05d},{line},{line}.50\n"
            for order in orders
            for line in range(1, LINES_PER_ORDER + 1)
        )
        part = folder / f"push_{file_no:06d}.csv.part"
        part.write_text("order_no,line_no,customer,ordered,sku,qty,net\n" + rows, encoding="utf-8")
        part.rename(part.with_suffix(""))
        seen.pushed_s |= dict.fromkeys(orders, time.monotonic())


def watch(serving: Serving, seen: Seen, is_done: Callable[[], bool]) -> None:
    """Look at what is published until everything pushed was seen or too much time has passed."""
    version, give_up_s = -1, None
    while True:
        if is_done():
            give_up_s = give_up_s or time.monotonic() + HANG_SECONDS
            if not seen.lost or time.monotonic() > give_up_s:
                return
        reader = serving.reader(Scope.of(Role.OPERATOR))
        if reader.data_version != version:
            version = reader.data_version
            seen.runs += 1
            found = reader.rows(
                "select document_no, count(*) from fct_order_lines where starts_with(document_no, 'F') group by 1"
            )
            now_s = time.monotonic()
            for order, _ in found:
                seen.seen_s.setdefault(str(order), now_s)
            seen.rows = sum(int(str(lines)) for _, lines in found)
        time.sleep(0.02)


def measure(settings: Settings, *, seconds: float, orders_per_second: int) -> Seen:
    """Run the pipeline, push, watch, stop."""
    seen, serving = Seen(), Serving(settings.warehouse_dir)
    first = serving.data_version()
    folder = settings.inbox_dir / "load"
    environment = {**os.environ, "DREIKLANG_HOME": str(settings.root)}
    code = "import sys; sys.argv = ['dreiklang', 'pipeline']; from cli import main; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2]
    )
    try:
        _warm_up(folder, serving, first, running)
        pusher = threading.Thread(target=push, args=(folder, seen, seconds, orders_per_second, SystemClock().now().date()))
        pusher.start()
        watch(serving, seen, lambda: not pusher.is_alive())
        pusher.join()
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(HANG_SECONDS)
        serving.close()
    return seen


def _warm_up(folder: Path, serving: Serving, first: int, running: subprocess.Popen[Any]) -> None:
    """One order through, so that everything is imported and parsed as in a process that has run for a while."""
    for number in range(2):
        part = folder / f"push_warm_{number}.csv.part"
        part.write_text(
            f"order_no,line_no,customer,ordered,sku,qty,net\nWARM{number},1,C00001,{SystemClock().now().date()},S00001,1,1.00\n",
            encoding="utf-8",
        )
        part.rename(part.with_suffix(""))
        give_up_s = time.monotonic() + HANG_SECONDS
        while serving.data_version() <= first + number and running.poll() is None and time.monotonic() < give_up_s:
            time.sleep(0.05)


def figures(seen: Seen, lines: int, orders_per_second: int) -> list[Measured]:
    """What was found."""
    ages = seen.ages_s
    at = quantiles(ages, n=100)
    what = f"{orders_per_second} orders/s over {lines:,} lines"
    return [
        Measured(f"freshness, median, {what}", at[49], "s"),
        Measured(f"freshness, 95th percentile, {what}", at[94], "s", 5),
        Measured(f"freshness, slowest, {what}", ages[-1], "s"),
        Measured("orders pushed", len(seen.pushed_s), "orders"),
        Measured("generations published meanwhile", seen.runs, ""),
        Measured("orders lost", seen.lost, "orders", 0),
        Measured("lines doubled", seen.doubled, "lines", 0),
    ]


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--orders-per-second", type=int, default=200)
    said = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = build_history(said.folder / "freshness", said.lines)
    seen = measure(settings, seconds=said.seconds, orders_per_second=said.orders_per_second)
    print(as_json(figures(seen, said.lines, said.orders_per_second)))


if __name__ == "__main__":
    main()
