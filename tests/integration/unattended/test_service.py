"""The unattended pipeline: it picks up, publishes, retries, puts aside, tells people, and never runs twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ingestion.groups as groups
import pipeline.service as service_module
from core.clock import random_id
from core.errors import ConfigurationError, ConflictError, IntegrityError, RetriableError
from core.settings import Settings
from core.store import open_store
from core.warehouse.reader import Serving
from ingestion.connectors.folder import DeliveredFolder
from ingestion.loader import FileOutcome, LoadTask
from ingestion.refusals import Scope
from ingestion.replay_requests import ask_replay, replay_requests, take_replay_back
from pipeline import dead_letters, hold_lease, load_sources, revive
from pipeline.lease import read_lease
from tests.integration.faults.cases import lines_profile
from tests.support.instances import HEADER, LINES, OPERATOR, Instance, order_rows, profile_of
from tests.support.serving_pipeline import add_source, alerts, later, service_of

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]


def break_reading_of(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Reading that file fails from now on, for no reason of its content."""
    whole = groups.stage_file

    def stage(connection: object, task: LoadTask) -> FileOutcome:
        if task.landed.file_name == name:
            raise error
        return whole(connection, task)  # type: ignore[arg-type]

    monkeypatch.setattr(groups, "stage_file", stage)


def test_files_are_picked_up_together_published_once_and_put_away(instance: Instance) -> None:
    add_source(instance)
    with service_of(instance) as service:
        service.tick()  # heals what an earlier process may have left
        for n in range(3):
            instance.put(f"orders_{n + 1}.csv", HEADER + order_rows(f"B{n}-", 20))
        before = instance.generation()
        result = service.tick()
        assert result is not None
        assert (instance.generation(), instance.orders("B")) == (before + 1, 60)
        assert sorted(path.name for path in (instance.inbox / ".read").iterdir()) == [
            "orders_1.csv",
            "orders_2.csv",
            "orders_3.csv",
        ]
        points = service.tick()
        assert points is not None, "the points of what was published at once follow when nothing waits"
        assert points.points_posted
        assert service.tick() is None
        later(instance, seconds=120)
        service.tick()
        assert not list((instance.inbox / ".read").iterdir())
    instance.check()


def test_a_file_that_is_still_written_waits_and_a_late_writer_loses_nothing(instance: Instance) -> None:
    add_source(instance, quiet_seconds=60)
    path = instance.put("orders_1.csv", HEADER + order_rows("B", 10))
    os.utime(path, (instance.clock.now().timestamp(), instance.clock.now().timestamp()))
    with service_of(instance) as service:
        service.tick()
        assert instance.orders("B") == 0
        later(instance, seconds=61)
        service.tick()
        assert instance.orders("B") == 10
        with (instance.inbox / ".read" / "orders_1.csv").open("a") as writer:
            writer.write(order_rows("BB", 5))
        later(instance, seconds=61)
        service.tick()
        later(instance, seconds=61)
        service.tick()
        assert instance.orders("BB") == 5
        assert instance.orders("B") == 15


def test_a_poison_file_becomes_a_dead_letter_and_the_queue_moves_on(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("P", 5))
    instance.put("orders_2.csv", HEADER + order_rows("B", 5))
    with service_of(instance) as service, monkeypatch.context() as broken:
        break_reading_of(broken, "orders_1.csv", ValueError("inside the reader"))
        service.tick()
        assert instance.orders("B") == 5
        for _ in range(2):
            assert not dead_letters(instance.settings)
            service.tick()  # too early: the back-off holds
            later(instance, seconds=30)
            service.tick()
        letters = dead_letters(instance.settings)
        assert [(one.file_name, one.failures, one.error) for one in letters] == [
            ("orders_1.csv", 3, "ValueError: inside the reader")
        ]
        assert not (instance.inbox / "orders_1.csv").exists()
        assert alerts(instance) == ["dead_letter"]
    assert len(instance.events_of("dead_letter")) == 1
    revive(instance.settings, letters[0])
    with service_of(instance) as service:
        service.tick()
    assert instance.orders("P") == 5
    assert not dead_letters(instance.settings)


def test_failures_are_remembered_over_a_restart(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("P", 5))
    break_reading_of(monkeypatch, "orders_1.csv", ValueError("x"))
    for _ in range(3):
        with service_of(instance) as service:
            service.tick()
        later(instance, seconds=30)
    assert [one.failures for one in dead_letters(instance.settings)] == [3]


def test_a_source_that_does_not_answer_waits_longer_each_time_and_others_go_on(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(instance)
    instance.put("orders_1.csv", HEADER + order_rows("B", 5))
    down = RetriableError("ING-401", where="x", found="y", expected="z", next_step="w")
    with service_of(instance) as service:
        with monkeypatch.context() as broken:
            broken.setattr(DeliveredFolder, "fetch", lambda *_: (_ for _ in ()).throw(down))
            for _ in range(9):
                service.tick()
                service.tick()
                later(instance, seconds=301)
            state = json.loads((instance.home / "pipeline" / "state.json").read_text())
            assert state["sources"]["partner"]["attempts"]["failures"] == 9
            assert alerts(instance) == ["source_fails"]
        service.tick()
        assert alerts(instance) == ["source_fails", "source_answers_again"]
    assert instance.orders("B") == 5


def test_a_run_that_fails_is_repeated_and_the_old_version_served(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    before = instance.generation()
    with service_of(instance) as service:
        with monkeypatch.context() as broken:
            error = IntegrityError("WH-302", where="x", found="y", expected="z", next_step="w")
            broken.setattr("pipeline.run.award_points_of_run", lambda *_, **__: (_ for _ in ()).throw(error))
            instance.put("orders_1.csv", HEADER + order_rows("B", 5))
            assert service.tick() is None
            assert service.tick() is None
        assert (instance.generation(), instance.orders("B")) == (before, 0)
        assert instance.events_of("run_will_be_repeated")[0]["failures"] == 1
        later(instance, seconds=10)
        service.tick()
    assert (instance.generation(), instance.orders("B")) == (before + 1, 5)


def test_silence_is_told_once_and_cleared_once(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance, expected_every_hours=24)
    hook = instance.home / "told.jsonl"
    monkeypatch.setenv("DREIKLANG_ALERT_COMMAND", f"sh -c 'cat >> {hook}; echo >> {hook}'")
    monkeypatch.setattr(service_module, "SWEEP_SECONDS", 0.0)
    with service_of(instance) as service:
        service.tick()
        for _ in range(3):
            later(instance, hours=13)
            service.tick()
        assert alerts(instance) == ["partner_silent"]
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        service.tick()
    assert alerts(instance) == ["partner_silent", "partner_heard_again"]
    told = [json.loads(line)["alert"] for line in hook.read_text().splitlines() if line]
    assert told == alerts(instance)


def test_a_lease_is_held_by_one_and_a_dead_ones_is_taken_over(instance: Instance) -> None:
    code = f"""
import sys, time
from core.clock import SystemClock, random_id
from core.settings import Settings
from core.store import open_store
from pipeline import hold_lease
with hold_lease(Settings(home={str(instance.home)!r}), SystemClock(), random_id, "pipeline"):
    print("held", flush=True); time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConflictError) as taken, hold_lease(instance.settings, instance.clock, random_id, "run"):
            pass
        assert taken.value.code == "PIPE-201"
        assert str(other.pid) in taken.value.detail.found
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert other.stdout is not None
        other.stdout.close()
    with hold_lease(instance.settings, instance.clock, random_id, "run") as lease:
        assert lease.record.pid == os.getpid()
    assert [event["dead_pid"] for event in instance.events_of("lease_taken_over")] == [other.pid]
    record = read_lease(instance.home / "pipeline" / "lease.json")
    assert record is not None
    assert record.released


@pytest.mark.parametrize(("key", "value", "found"), [
    ("schedule", "now and then", "neither"), ("fresh_within_minutes", {"ordrs": 5}, "no feed ordrs"), ("folde", "x", "folde"),
])  # fmt: skip
def test_a_wrong_source_file_is_named(instance: Instance, key: str, value: object, found: str) -> None:
    add_source(instance, **{key: value})
    with pytest.raises(ConfigurationError) as wrong:
        load_sources(instance.settings)
    assert wrong.value.code == "PIPE-301"
    assert found in wrong.value.detail.found


def command(instance: Instance, *words: str) -> subprocess.Popen[str]:
    """The command on that instance."""
    environment = {"PATH": os.environ["PATH"], "DREIKLANG_HOME": str(instance.home)}
    program = Path(sys.executable).parent / "dreiklang"
    return subprocess.Popen([program, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_runs_refuses_a_second_and_stops_when_asked(instance: Instance) -> None:
    add_source(instance, fresh_within_minutes={"order_lines": 60, "returns": 5})
    instance.put("orders_1.csv", HEADER + order_rows("B", 5))
    running = command(instance, "pipeline")
    try:
        deadline = time.monotonic() + 120
        while instance.orders("B") < 5 and time.monotonic() < deadline and running.poll() is None:
            time.sleep(0.2)
        assert instance.orders("B") == 5
        second = command(instance, "pipeline")
        _, said = second.communicate(timeout=60)
        assert second.returncode == ConflictError.exit_code
        assert "PIPE-201" in said
        runs = command(instance, "runs", "--by-run", "--json")
        newest = json.loads(runs.communicate(timeout=60)[0])[0]
        assert newest["status"] in ("published", "unchanged")
        promised = command(instance, "freshness", "--promises", "--json")
        rows = {row["feed"]: row["status"] for row in json.loads(promised.communicate(timeout=60)[0])}
        assert rows == {"order_lines": "kept", "returns": "nothing_yet"}
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    events = [json.loads(line)["event"] for line in (instance.home / "logs" / "events.jsonl").read_text().splitlines()]
    assert events[0] == "pipeline_started"
    assert events[-1] == "pipeline_stopped"
    assert Serving(Settings(home=instance.home).warehouse_dir).reader(OPERATOR).rows("select 1") == [(1,)]


def test_what_people_ask_of_refused_rows_is_done_without_a_new_file(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.wishes.LOOK_SECONDS", 0.0)
    known = {"line_kind": {"column": "kind", "values": {"O": "order"}}}
    mended = {"line_kind": {"column": "kind", "values": {"O": "order", "P": "order"}}}
    header = HEADER.replace("net\n", "net,kind\n")
    rows = order_rows("R", 300).replace("\n", ",O\n") + order_rows("Q", 2).replace("\n", ",P\n")
    add_source(instance, lines_profile(known))
    store = open_store(instance.settings.resolved_store_url())
    with service_of(instance) as service:
        instance.put("orders_1.csv", header + rows)
        service.tick()
        assert (instance.orders("R"), instance.orders("Q")) == (300, 0)
        number = ask_replay(store, "partner", Scope(), instance.clock)
        assert service.tick() is not None, "the request makes the source due"
        assert service.tick() is None, "and is met by one run"
        assert (instance.orders("Q"), replay_requests(store, ["partner"])[0].status) == (0, "done")
    add_source(instance, lines_profile(mended))
    with service_of(instance) as service:
        service.tick()
        before = instance.generation()
        taken_back = ask_replay(store, "partner", Scope(error_code="ING-303"), instance.clock)
        assert ask_replay(store, "partner", Scope(error_code="ING-303"), instance.clock) == taken_back > number
        [waiting] = [one for one in replay_requests(store, ["partner"]) if one.status == "waiting"]
        take_replay_back(store, waiting, instance.clock)
        service.tick()
        assert (instance.orders("Q"), instance.generation()) == (0, before)
        ask_replay(store, "partner", Scope(), instance.clock)
        service.tick()
        assert (instance.orders("R"), instance.orders("Q")) == (300, 2)
        service.tick()
    done = replay_requests(store, ["partner"])[0]
    assert (done.status, done.files_read, done.files_changed, done.rows_accepted, done.rows_refused) == ("done", 1, 1, 2, 0)
    assert instance.generation() == before + 2, "the orders, then what is said about their file"
    refused = "select distinct resolution from fct_quarantined_rows where file_name = 'orders_1.csv'"
    assert instance.rows(refused) == [("replay",)]
    store.dispose()
    instance.check()


def test_what_is_pushed_is_read_at_once_and_what_nobody_reads_wakes_nobody(instance: Instance) -> None:
    """Between two looks at other systems lie five seconds; a message in the inbox does not wait for them."""
    push = {
        "feed": "order_lines", "files": "*.json", "format": "jsonl",
        "columns": LINES,
    }  # fmt: skip
    add_source(instance, profile_of(push, transport={"kind": "inbox"}))
    with service_of(instance) as service:
        service.tick()
        assert service.tick() is None, "nothing lies there, whatever the schedule says"
        later(instance, seconds=60)
        assert service.tick() is None
        names, values = HEADER.strip().split(","), order_rows("P", 2).splitlines()
        for number, row in enumerate(values):
            message = json.dumps(dict(zip(names, row.split(","), strict=True)))
            (instance.inbox / f"{number:017d}-msg_{number}.json").write_text(message, encoding="utf-8")
            assert service.tick() is not None, "the clock did not move"
            assert instance.orders("P") == number + 1
            assert service.tick() is not None, "its points follow"
        (instance.inbox / f"{9:017d}-msg_9.pdf").write_bytes(b"%PDF")
        assert service.tick() is not None
        assert service.tick() is None, "a file that no feed reads is looked at on the schedule, not all the time"
        later(instance, seconds=6)
        assert service.tick() is not None
