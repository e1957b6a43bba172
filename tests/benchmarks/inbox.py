"""Orders pushed to the inbox, beside the same bytes made safe without it: one file, one flush and one transaction each."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import httpx
from pydantic import SecretStr

from core.clock import SystemClock, random_id
from core.settings import Settings
from core.store import migrate, open_store
from inbox import add_key
from inbox.keys import seal_of
from tests.benchmarks.measure import Measured, as_json
from tests.support.inbox import SEAL, running_inbox, signed

MESSAGES = 4_000
PARTNERS = 16
BODY = '{"order": "A1", "line": "1", "customer": "C1", "date": "2026-05-01", "sku": "S1", "qty": 2, "net": "10.00"}'


def ours(home: Path) -> tuple[float, float]:
    """Seconds for all messages, and the 95th percentile of one answer in milliseconds."""
    store = open_store(Settings(home=home).resolved_store_url())
    migrate(store)
    secret = add_key(store, "partner", seal_of(SecretStr(SEAL)), SystemClock(), random_id)
    store.dispose()
    waits: list[float] = []

    def push(address: str, worker: int) -> None:
        with httpx.Client(base_url=address, timeout=30) as client:
            for number in range(MESSAGES // PARTNERS):
                name = f"w{worker}_{number}"
                headers = signed(secret, name, BODY)
                began = time.perf_counter()
                answer = client.post("/inbox/partner", content=BODY, headers=headers)
                waits.append(time.perf_counter() - began)
                assert answer.status_code == 202, answer.text

    with running_inbox(home) as running:
        threads = [threading.Thread(target=push, args=(running.address, worker)) for worker in range(PARTNERS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
    arrived = len(list((home / "inbox" / "partner").glob("*.json")))
    assert arrived == MESSAGES, arrived
    return seconds, sorted(waits)[int(len(waits) * 0.95)] * 1000


def bare(folder: Path) -> float:
    """Seconds to write, flush and record the same bodies one after another."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "store.sqlite", isolation_level=None)
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table d (id text primary key, sha text)")
    started = time.perf_counter()
    for number in range(MESSAGES):
        with (folder / f"{number}.json").open("w") as handle:
            handle.write(BODY)
            handle.flush()
            os.fsync(handle.fileno())
        connection.execute("insert into d values (?, ?)", (str(number), "x"))
    return time.perf_counter() - started


def main(work: Path) -> None:
    """Measure and print one JSON line."""
    seconds, p95_ms = ours(work / "inbox-home")
    simple = bare(work / "inbox-bare")
    print(
        as_json(
            [
                Measured("inbox: signed orders answered, 16 partners at once", MESSAGES / seconds, "per s", 200, at_most=False),
                Measured("inbox: one answer, 95th percentile", p95_ms, "ms", 500),
                Measured("inbox: time against flush and transaction one by one", seconds / simple, "ratio", 1.0),
            ]
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
