"""Publishing: whole generations or nothing, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import duckdb
import pytest

import pipeline.run as run_module
from core.clock import FixedClock, random_id
from core.errors import ConflictError, IntegrityError, RetriableError
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.owner import own_warehouse
from core.warehouse.pointer import current_generation, generation_path, point_to
from core.warehouse.reader import Serving
from ingestion.quality.gate import GateResult
from loyalty import active_programmes
from pipeline import Delivery, Pipeline, Reporting
from tests.conftest import NOW
from tests.support.compare import fingerprints
from tests.support.instances import parse_into
from tests.support.lookalikes import TRADES, Lookalikes, build_lookalikes, write_delivery, write_desk

pytestmark = pytest.mark.integration
OPERATOR = Scope.of(Role.OPERATOR)
QUIET = Reporting(step=lambda _: None)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Lookalikes:
    """An instance that has published once."""
    return build_lookalikes(tmp_path_factory.mktemp("first"), TRADES[:2], FixedClock(NOW))


@pytest.fixture(scope="module")
def warm(first: Lookalikes) -> Pipeline:
    """A pipeline on it that stays warm."""
    return Pipeline(first.settings, FixedClock(NOW), random_id, active_programmes(first.settings.root))


def deliver(warm: Pipeline, folder: Path, count: int) -> object:
    """Run a delivery of the first `count` trades."""
    return warm.run([Delivery(write_delivery(folder, TRADES[:count]), folder)], QUIET, data_docs=False)


def orders(instance: Lookalikes) -> int:
    """Order lines that a reader sees now."""
    return int(str(instance.serving.reader(OPERATOR).rows("select count(*) from fct_order_lines")[0][0]))


def test_a_broken_expectation_publishes_nothing_and_the_next_run_heals(
    first: Lookalikes, warm: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation, before = first.serving.data_version(), orders(first)
    with monkeypatch.context() as broken:
        broken.setattr(run_module, "run_gate", lambda *_, **__: GateResult(success=False, failed=("batches.status: not in set",)))
        with pytest.raises(IntegrityError) as stopped:
            deliver(warm, tmp_path, 3)
    assert stopped.value.code == "PIPE-101"
    assert (first.serving.data_version(), orders(first)) == (generation, before)
    deliver(warm, tmp_path, 3)
    assert first.serving.data_version() == generation + 1
    assert orders(first) == before + 3


def test_a_reader_keeps_its_generation_while_others_move_on(first: Lookalikes, warm: Pipeline, tmp_path: Path) -> None:
    reader, before = first.serving.reader(OPERATOR), orders(first)
    deliver(warm, tmp_path, 4)
    assert reader.rows("select count(*) from fct_order_lines") == [(before,)]
    assert orders(first) == before + 2
    assert first.serving.reader(OPERATOR).data_version == reader.data_version + 1


def test_roll_back_is_the_pointer(first: Lookalikes) -> None:
    current = first.serving.data_version()
    now = orders(first)
    point_to(first.settings.warehouse_dir, current - 1)
    assert orders(first) < now
    point_to(first.settings.warehouse_dir, current)
    assert orders(first) == now


def test_a_carried_over_generation_equals_one_written_anew(first: Lookalikes, warm: Pipeline, tmp_path: Path) -> None:
    found = fingerprints(first.serving.reader(OPERATOR))
    with own_warehouse(first.settings) as connection:
        connection.execute("delete from raw.transformed")
        connection.execute(
            "insert into raw.batches by name select * replace ((select max(batch_no) + 1 from raw.batches) as batch_no, 0 as rows_read, 0 as rows_accepted, 0 as rows_quarantined, 0 as rows_duplicate) from raw.batches limit 1"
        )
    deliver(warm, tmp_path, 4)
    anew = fingerprints(first.serving.reader(OPERATOR))
    moving = {"fct_order_lines", "fct_orders", "dim_source", "rpt_feed_summary", "fct_batches", "fct_sales_report_lines"}
    assert {name for name in found if found[name] != anew[name]} <= moving
    facts = fingerprints(first.serving.reader(OPERATOR), facts_only=True)
    assert facts["fct_order_lines"][0] == found["fct_order_lines"][0]


def test_the_last_three_generations_stay(first: Lookalikes) -> None:
    current = first.serving.data_version()
    kept = sorted(path.name for path in first.settings.warehouse_dir.glob("serve-*"))
    assert kept == [f"serve-{number:06d}.duckdb" for number in range(max(1, current - 2), current + 1)]


def test_a_published_file_is_read_only_and_locked(first: Lookalikes) -> None:
    path = generation_path(first.settings.warehouse_dir, first.serving.data_version())
    before = path.read_bytes()
    reader = first.serving.reader(OPERATOR)
    for sql in ("create table x as select 1", "set threads = 1", "delete from main.fct_orders"):
        with pytest.raises(Exception, match=r"WH-202|rror"):
            reader.rows(sql)
    for sql in ("set enable_external_access = true", "create table x as select 1", "select * from read_text('/etc/passwd')"):
        with pytest.raises(duckdb.Error):
            first.serving.reader(OPERATOR)._connection.cursor().execute(sql)
    assert path.read_bytes() == before


def test_nothing_published_is_said(tmp_path: Path) -> None:
    with pytest.raises(RetriableError) as nothing:
        Serving(tmp_path).reader(OPERATOR)
    assert nothing.value.code == "WH-201"


def test_the_warehouse_has_one_owner(first: Lookalikes) -> None:
    code = f"from core.settings import Settings; from core.warehouse.owner import own_warehouse\nwith own_warehouse(Settings(home={str(first.settings.root)!r})): pass"
    with own_warehouse(first.settings):
        other = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
        )
    assert "WH-101" in other.stderr
    assert ConflictError.exit_code == 5


def test_a_killed_run_ends_in_the_same_figures_as_an_unbroken_one(tmp_path: Path) -> None:
    """kill -9 in loading, in the models and near the publish; nothing half is ever seen, and the last run heals."""
    unbroken = build_lookalikes(tmp_path / "unbroken", TRADES, FixedClock(NOW), burns=False)
    folder = tmp_path / "delivery"
    profile = write_delivery(folder, TRADES)
    home, own = tmp_path / "home", {trade.distributor: trade for trade in reversed(TRADES)}
    deliveries = [(profile, folder)] + [
        (write_desk(tmp_path / name, trade), tmp_path / name) for name, trade in sorted(own.items())
    ]
    command: list[object] = [Path(sys.executable).parent / "dreiklang", "run", "--no-docs"]
    for one, source in deliveries:
        path = tmp_path / f"{one.source_id}.toml"
        path.write_text(profile_toml(one.model_dump(mode="json", exclude_none=True, exclude_defaults=True)), encoding="utf-8")
        command += ["--profile", path, "--source", source]
    for programme in (unbroken.settings.root / "programmes").iterdir():
        target = home / "programmes" / programme.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(programme.read_bytes())
    parse_into(home)
    settings = Settings(home=home)
    environment = {"PATH": os.environ["PATH"], "DREIKLANG_HOME": str(home)}
    for seconds in (1.5, 4.0, 7.0):
        process = subprocess.Popen(
            [str(part) for part in command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        generation = current_generation(settings.warehouse_dir)
        if generation is not None:
            serving = Serving(settings.warehouse_dir)
            fingerprints(serving.reader(OPERATOR))
            serving.close()
    ended = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    serving = Serving(settings.warehouse_dir)
    found, expected = (fingerprints(one.reader(OPERATOR), facts_only=True) for one in (serving, unbroken.serving))
    by_the_clock = {
        "fct_point_lots",
        "rpt_programme_liability",
        "rpt_partner_quality",
    }  # moments of posting and reading, months up to today
    assert {n: f for n, f in found.items() if n not in by_the_clock} == {
        n: f for n, f in expected.items() if n not in by_the_clock
    }
    serving.close()


def profile_toml(profile: dict[str, object]) -> str:
    """A profile as TOML, for a run from the command line."""
    import json

    def value(item: object) -> str:
        if isinstance(item, dict):
            return "{ " + ", ".join(f"{key} = {value(inner)}" for key, inner in item.items()) + " }"
        return json.dumps(item)

    lines = [f"{key} = {value(item)}" for key, item in profile.items() if key != "feeds"]
    for feed in profile["feeds"]:  # type: ignore[attr-defined]
        lines += ["[[feeds]]", *(f"{key} = {value(item)}" for key, item in feed.items())]
    text = "\n".join(lines) + "\n"
    assert tomllib.loads(text)
    return text
