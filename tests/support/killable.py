"""A pipeline in a process of its own that a test may kill at any moment: forked from a server that has imported everything already."""

from __future__ import annotations

import logging
import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import structlog

from core.clock import FixedClock, random_id
from core.settings import Settings
from core.warehouse.reader import Serving
from core.warehouse.served import SERVED
from loyalty import active_programmes
from pipeline import Pipeline, Service, hold_lease, load_sources
from pipeline.inbox import waiting_files
from tests.support.instances import HEADER, OPERATOR, Instance, order_rows

HANG_SECONDS = 300
KILLS_PER_ROUND = 5


def drain(home: str, moment: str) -> None:
    """Serve until the inbox is empty and everything is published."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings, clock = Settings(home=Path(home), threads=2, memory_limit_gib=1), FixedClock(datetime.fromisoformat(moment))
    with hold_lease(settings, clock, random_id, "pipeline") as lease:
        sources = load_sources(settings)
        pipeline = Pipeline(settings, clock, random_id, active_programmes(settings.root))
        service = Service(settings, clock, random_id, pipeline, lambda: sources, lease, chance=lambda: 0.0)
        while service.has_work or any(waiting_files(source, time.time()) for source in sources):
            service.tick()
            clock.moment += timedelta(seconds=1)  # back-offs end
            time.sleep(0.01)


def server() -> ForkServerContext:
    """Forks children from a clean process without threads, connections or files open."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.support.killable", "dbt.cli.main", "dbt.adapters.duckdb", "duckdb", "pyarrow", "great_expectations"]
    )
    return context


def start(context: ForkServerContext, instance: Instance) -> ForkServerProcess:
    """Begin to drain the instance's inbox."""
    child = context.Process(target=drain, args=(str(instance.home), instance.clock.now().isoformat()), daemon=True)
    child.start()
    return child


def deliver(instance: Instance, number: int) -> None:
    """What arrives in one round: new orders, corrections of earlier ones, a shop that was unknown, and a file that is refused."""
    instance.put(f"orders_{number}_a.csv", HEADER + order_rows(f"K{number}-", 40))
    corrected = order_rows(f"K{number - 1}-" if number else "A", 15).replace(".50", ".70")
    instance.put(f"orders_{number}_b.csv", HEADER + corrected + f"L{number},1,N{number},2026-05-02,S1,3,9.00\n")
    instance.put(f"parties_{number}.csv", f"no,kind,name\nN{number - 1},retailer,New {number - 1}\n")
    instance.put(f"orders_{number}_c.csv", "order,line\nbroken,1\n")


@dataclass(frozen=True, slots=True)
class Loop:
    """What a loop did."""

    kills: int
    rounds: int


def kill_loop(instance: Instance, kills_wanted: int, seed: int, look: Callable[[], None]) -> Loop:
    """Deliver rounds. The first is left alone and says how long a run takes; runs of the others are killed at random moments of that
    time, a few per round, until one is left to end. `look` is called after every kill."""
    context, chance = server(), random.Random(seed)
    kills = rounds = 0
    whole_s = 0.0
    while kills < kills_wanted or not rounds:
        deliver(instance, rounds)
        left = min(KILLS_PER_ROUND, kills_wanted - kills) if rounds else 0
        rounds += 1
        while True:
            began = time.monotonic()
            child = start(context, instance)
            child.join(chance.uniform(0.02, whole_s) if left else HANG_SECONDS)
            if child.exitcode is not None:
                assert child.exitcode == 0
                whole_s = time.monotonic() - began
                break
            assert left, "a run that is left alone hangs"
            child.kill()
            child.join()
            kills, left = kills + 1, left - 1
            look()
    return Loop(kills, rounds)


def unbroken(instance: Instance, rounds: int) -> None:
    """The same rounds, each drained without a kill."""
    context = server()
    for number in range(rounds):
        deliver(instance, number)
        child = start(context, instance)
        child.join(HANG_SECONDS)
        assert child.exitcode == 0


WHEN_AND_NUMBERS = frozenset({"run_no", "recorded_at", "last_recorded_at", "transfer_id", "journal_id", "lot_id"})
"""Times and numbers that are given as things come: they may differ between two histories that say the same."""


READ_AGAIN = frozenset({"fct_batches", "fct_quarantined_rows", "fct_document_findings"})
"""What each reading of a file brought: a file that a killed run had loaded is read again, and says so."""


def sorted_rows(instance: Instance) -> dict[str, list[str]]:
    """Every published relation as sorted texts of its rows, without times and numbers that are given as things come."""
    serving = Serving(instance.settings.warehouse_dir)
    try:
        reader = serving.reader(OPERATOR)
        found = {}
        for served in SERVED.values():
            if served.name in READ_AGAIN:
                continue
            names = [name for name, _ in served.columns if name not in WHEN_AND_NUMBERS]
            found[served.name] = sorted(repr(row) for row in reader.rows(f"select {', '.join(names)} from {served.name}"))
        return found
    finally:
        serving.close()
