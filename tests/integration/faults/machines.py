"""Faults 21 to 27, 32 to 34 and 37: machines."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator

import duckdb
import pytest

import core.warehouse.publish as publish
import ingestion.groups as groups
from core.clock import random_id
from core.errors import ConflictError, IntegrityError, RetriableError
from core.warehouse.reader import Serving
from ingestion.connectors.folder import DeliveredFolder
from ingestion.connectors.model import Item, Pull
from pipeline import Part, dead_letters, hold_lease
from tests.integration.faults.cases import fault
from tests.support.instances import HEADER, OPERATOR, Instance, order_rows
from tests.support.killable import HANG_SECONDS, server, start
from tests.support.serving_pipeline import add_source, later, service_of

DOWN = RetriableError("ING-401", where="a source", found="no answer", expected="an answer", next_step="Try again.")


@fault(21, "a source goes down mid-pull")
def source_down(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    for n in range(3):
        instance.put(f"orders_{n}.csv", HEADER + order_rows(f"D{n}-", 5))
    whole = DeliveredFolder.fetch

    def breaks(self: DeliveredFolder, pull: Pull) -> Iterator[Item]:
        yield next(iter(whole(self, pull)))
        raise DOWN

    with service_of(instance) as service:
        with monkeypatch.context() as broken:
            broken.setattr(DeliveredFolder, "fetch", breaks)
            service.tick()
            assert instance.orders("D") == 5, "what came before is published"
            assert instance.events_of("source_will_be_retried")[0]["failures"] == 1
            assert service.tick() is None, "the wait holds"
        later(instance, seconds=5)
        service.tick()
    assert instance.orders("D") == 15


@fault(23, "kill -9 while a run works", Part.WHOLE)
def killed(instance: Instance, _: pytest.MonkeyPatch) -> None:
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("K", 50))
    context = server()
    child = start(context, instance)
    child.join(1.0)
    child.kill()
    child.join()
    assert instance.orders("K") in (0, 50)
    child = start(context, instance)
    child.join(HANG_SECONDS)
    assert child.exitcode == 0
    assert instance.orders("K") == 50
    instance.events.append({"event": "killed"})


@fault(24, "disk full while publishing", Part.WHOLE)
def disk_full(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.put("orders_1.csv", HEADER + order_rows("F", 5))
    generation = instance.generation()
    with monkeypatch.context() as full:
        full.setattr(
            publish.shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device"))
        )
        with pytest.raises(OSError, match="No space"):
            instance.run()
    assert [event["code"] for event in instance.events_of("run_failed")] == ["OSError"]
    assert (instance.generation(), instance.orders("F")) == (generation, 0)
    instance.check()
    instance.run()
    assert instance.orders("F") == 5


@fault(24, "memory full while loading", Part.WHOLE)
def memory_full(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.put("orders_1.csv", HEADER + order_rows("F", 5))
    with monkeypatch.context() as full:
        error = duckdb.OutOfMemoryException("could not allocate")
        full.setattr(groups, "stage_file", lambda *_: (_ for _ in ()).throw(error))
        with pytest.raises(duckdb.OutOfMemoryException):
            instance.run()
    assert len(instance.events_of("run_failed")) == 1
    assert instance.raw("select count(*) from raw.batches where file_name = 'orders_1.csv'") == [(0,)]
    instance.run()
    assert instance.orders("F") == 5


@fault(25, "two runs at once and a dead run's lease", Part.WHOLE)
def two_runs(instance: Instance, _: pytest.MonkeyPatch) -> None:
    with hold_lease(instance.settings, instance.clock, random_id, "pipeline"):
        with pytest.raises(ConflictError) as taken_by, hold_lease(instance.settings, instance.clock, random_id, "run"):
            pass
        assert taken_by.value.code == "PIPE-201"
    context = server()
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("K", 5))
    child = start(context, instance)
    lease = instance.home / "pipeline" / "lease.json"
    while child.exitcode is None and f'"pid": {child.pid}' not in lease.read_text(encoding="utf-8"):
        child.join(0.02)
    child.kill()
    child.join()
    with hold_lease(instance.settings, instance.clock, random_id, "run"):
        pass
    assert [event["dead_pid"] for event in instance.events_of("lease_taken_over")] in ([child.pid], [])


@fault(26, "the clock jumps")
def clock_jumps(instance: Instance, _: pytest.MonkeyPatch) -> None:
    add_source(instance)
    with service_of(instance) as service:
        for n, days in enumerate((0, 400, -800)):
            later(instance, days=days)
            instance.put(f"orders_{n}.csv", HEADER + f"J1,1,C1,2025-01-01,S1,{n + 1},5.00\n")
            service.tick()
            assert instance.rows("select quantity::integer from fct_order_lines where document_no = 'J1'") == [(n + 1,)]
    numbers = [
        row[0]
        for row in instance.raw("select batch_no from raw.batches where starts_with(file_name, 'orders_') order by batch_no")
    ]
    assert numbers == sorted(set(numbers))
    later(instance, days=400)


@fault(32, "a backfill of two years leaves pages undisturbed", Part.WHOLE)
def backfill(instance: Instance, _: pytest.MonkeyPatch) -> None:
    months = [f"20{24 + n // 12}-{n % 12 + 1:02d}-15" for n in range(24)]
    for n, day in enumerate(months):
        instance.put(f"orders_{n:02d}.csv", HEADER + order_rows(f"H{n}-", 20, day))
    seen = reading_while(instance, lambda: instance.run())
    assert {lines for _, lines in seen} <= {400, 400 + 24 * 20}
    by_month = instance.rows(
        "select count(*) from rpt_reseller_activity where leg = 'sell_through' and month_on < date '2026-01-01' and lines > 0"
    )
    assert by_month[0][0] == 24 * 20
    assert instance.orders("H") == 480


@fault(33, "a model fails half way", Part.WHOLE)
def model_fails(instance: Instance, _: pytest.MonkeyPatch) -> None:
    instance.put("orders_1.csv", HEADER + order_rows("M", 5))
    generation = instance.generation()
    instance.raw("alter table raw.quarantine_done rename column done_at to gone")
    with pytest.raises(IntegrityError) as failed:
        instance.run()
    assert failed.value.code == "WH-302"
    assert (instance.generation(), instance.orders("M")) == (generation, 0)
    assert [event["code"] for event in instance.events_of("run_failed")] == ["WH-302"]
    instance.raw("alter table raw.quarantine_done rename column gone to done_at")
    instance.run()
    assert instance.orders("M") == 5


def reading_while(instance: Instance, work: object) -> set[tuple[int, int]]:
    """What a reader saw while something ran: (generation, order lines), each pair from one reader."""
    seen: set[tuple[int, int]] = set()
    done = threading.Event()
    serving = Serving(instance.settings.warehouse_dir)

    def read() -> None:
        while not done.is_set():
            reader = serving.reader(OPERATOR)
            lines = int(str(reader.rows("select count(*) from fct_order_lines")[0][0]))
            orders = int(str(reader.rows("select sum(lines)::bigint from fct_orders")[0][0]))
            seen.add((reader.data_version, lines if lines == orders else -1))
            done.wait(0.02)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        work()  # type: ignore[operator]
    finally:
        done.set()
        reading.join()
        serving.close()
    return seen


@fault(34, "a reader during publish", Part.WHOLE)
def reader_during_publish(instance: Instance, _: pytest.MonkeyPatch) -> None:
    instance.put("orders_1.csv", HEADER + order_rows("P", 5))
    seen = reading_while(instance, lambda: instance.run())
    per_generation: dict[int, set[int]] = {}
    for generation, lines in seen:
        per_generation.setdefault(generation, set()).add(lines)
    assert all(len(lines) == 1 for lines in per_generation.values())
    assert {lines for lines in per_generation.values() for lines in lines} <= {400, 405}


@fault(37, "a poison message becomes a dead letter")
def poison(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("P", 5))
    instance.put("orders_2.csv", HEADER + order_rows("B", 5))
    whole = groups.stage_file
    monkeypatch.setattr(
        groups,
        "stage_file",
        lambda c, t: whole(c, t) if t.landed.file_name != "orders_1.csv" else (_ for _ in ()).throw(KeyError("x")),
    )
    with service_of(instance) as service:
        for _ in range(3):
            service.tick()
            later(instance, seconds=60)
    assert instance.orders("B") == 5
    assert [one.file_name for one in dead_letters(instance.settings)] == ["orders_1.csv"]
    assert len(instance.events_of("dead_letter")) == 1
