"""Freshness: orders are pushed to the HTTP inbox beside a running pipeline; how long until a `Reader` sees each, and is any lost or doubled?

    python -m tests.benchmarks.freshness FOLDER [--lines 10000000] [--seconds 60] [--orders-per-second 200]

The history is load data with masters; the pipeline is the command `dreiklang pipeline`, the inbox the command `dreiklang inbox`, each in a process
of its own. Ten signed messages a second arrive, each with its share of the orders as JSON lines; an order has two lines. An order's age counts from the
moment before its message is sent.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import structlog
from pydantic import SecretStr

from core.clock import SystemClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from inbox import add_key
from inbox.keys import seal_of
from ingestion.demo import generate_load
from ingestion.profiles import load_profile
from loyalty import load_programme
from pipeline import Delivery, Pipeline, Reporting
from tests.benchmarks.measure import Measured, as_json
from tests.support.inbox import SEAL, running_inbox, signed

ROOT = Path(__file__).resolve().parents[2]

MESSAGES_PER_SECOND = 10
SENDERS = 4
SOURCE = "push"
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
"""
PUSH_PROFILE = f"""
source_id = "{SOURCE}"
title = "Pushed orders"
[transport]
kind = "inbox"
[[feeds]]
feed = "order_lines"
files = "*.jsonl"
format = "jsonl"
columns = {{ leg = {{ const = "sell_through" }}, document_no = "order_no", line_no = "line_no", seller = {{ const = "load", scheme = "load" }}, buyer = {{ column = "customer", scheme = "load" }}, ordered_on = "ordered", product = {{ column = "sku", scheme = "load" }}, quantity = "qty", net_amount = "net", line_kind = {{ const = "order" }}, line_status = {{ const = "confirmed" }} }}
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
    (settings.root / "push.toml").write_text(PUSH_PROFILE, encoding="utf-8")
    (settings.root / "sources" / "push.toml").write_text('profile = "../push.toml"\n', encoding="utf-8")
    pipeline = Pipeline(settings, SystemClock(), random_id, [load_programme(str(programme))])
    pipeline.run([Delivery(load_profile(settings.root / "load.toml"), folder)], Reporting(step=lambda _: None), data_docs=False)
    for file in folder.iterdir():
        file.unlink()
    return settings


class Partner:
    """Pushes signed messages; one that is not taken is sent again with the same id, as the specification asks."""

    def __init__(self, address: str, secret: str) -> None:
        self._secret = secret
        self._client = httpx.Client(base_url=address, timeout=30)

    def send(self, message: str, body: str) -> None:
        """Push a message until it is taken."""
        give_up_s = time.monotonic() + HANG_SECONDS
        while time.monotonic() < give_up_s:
            try:
                headers = signed(self._secret, message, body, content_type="application/x-ndjson")
                if self._client.post(f"/inbox/{SOURCE}", content=body, headers=headers).status_code == 202:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{message} was never taken")

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def order_lines(order: str, number: int, today: date) -> str:
    """The order as JSON lines."""
    return "".join(
        f'{{"order_no": "{order}", "line_no": "{line}", "customer": "C{number % 2000:05d}", "ordered": "{today}", '
        f'"sku": "S{(number + line) % 500:05d}", "qty": {line}, "net": "{line}.50"}}\n'
        for line in range(1, LINES_PER_ORDER + 1)
    )


def push(partner: Partner, seen: Seen, seconds: float, orders_per_second: int, today: date) -> None:
    """Send messages at a steady pace, several at a time; a late one does not slow those behind it."""
    began = time.monotonic()
    per_message = max(1, orders_per_second // MESSAGES_PER_SECOND)

    def send(message_no: int, numbers: range) -> None:
        body = "".join(order_lines(f"F{number}", number, today) for number in numbers)
        partner.send(f"msg_{message_no}", body)

    with ThreadPoolExecutor(SENDERS) as senders:
        sent = []
        for message_no in range(int(seconds * MESSAGES_PER_SECOND)):
            time.sleep(max(0.0, began + message_no / MESSAGES_PER_SECOND - time.monotonic()))
            numbers = range(message_no * per_message, (message_no + 1) * per_message)
            seen.pushed_s |= dict.fromkeys((f"F{number}" for number in numbers), time.monotonic())
            sent.append(senders.submit(send, message_no, numbers))
        for one in sent:
            one.result()


def watch(serving: Serving, seen: Seen, today: date, is_done: Callable[[], bool]) -> None:
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
                "select document_no, count(*) from fct_order_lines where ordered_on = $today and starts_with(document_no, 'F') group by 1",
                {"today": today},
            )
            now_s = time.monotonic()
            for order, _ in found:
                seen.seen_s.setdefault(str(order), now_s)
            seen.rows = sum(int(str(lines)) for _, lines in found)
        time.sleep(0.02)


def measure(settings: Settings, *, seconds: float, orders_per_second: int) -> Seen:
    """Run pipeline and inbox, push, watch, stop."""
    seen, serving = Seen(), Serving(settings.warehouse_dir)
    first = serving.data_version()
    store = open_store(settings.resolved_store_url())
    migrate(store)
    secret = add_key(store, SOURCE, seal_of(SecretStr(SEAL)), SystemClock(), random_id)
    store.dispose()
    environment = {**os.environ, "DREIKLANG_HOME": str(settings.root)}
    code = "import sys; sys.argv = ['dreiklang', 'pipeline']; from cli import main; main()"
    with running_inbox(settings.root) as inbox:
        partner = Partner(inbox.address, secret)
        running = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL, cwd=ROOT)
        try:
            _warm_up(partner, serving, first, running)
            today = SystemClock().now().date()
            pusher = threading.Thread(target=push, args=(partner, seen, seconds, orders_per_second, today))
            pusher.start()
            watch(serving, seen, today, lambda: not pusher.is_alive())
            pusher.join()
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(HANG_SECONDS)
            partner.close()
            serving.close()
    return seen


def _warm_up(partner: Partner, serving: Serving, first: int, running: subprocess.Popen[Any]) -> None:
    """Orders through, so that everything is imported and parsed as in a process that has run for a while."""
    for number in range(3):
        partner.send(f"warm_{number}", order_lines(f"WARM{number}", number, SystemClock().now().date()))
        give_up_s = time.monotonic() + HANG_SECONDS
        while serving.data_version() <= first + number and running.poll() is None and time.monotonic() < give_up_s:
            time.sleep(0.05)


def figures(seen: Seen, lines: int, orders_per_second: int) -> list[Measured]:
    """What was found."""
    ages = seen.ages_s
    at = quantiles(ages, n=100)
    what = f"{orders_per_second} orders/s, {lines / 1e6:g} M lines"
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
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--orders-per-second", type=int, default=200)
    said = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = build_history(said.folder / "freshness", said.lines)
    seen = measure(settings, seconds=said.seconds, orders_per_second=said.orders_per_second)
    print(as_json(figures(seen, said.lines, said.orders_per_second)))


if __name__ == "__main__":
    main()
