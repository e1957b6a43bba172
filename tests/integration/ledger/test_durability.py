"""Power cuts, full disks, restarts and backups: nothing acknowledged is lost, nothing is there by half, and a replay adds nothing.

A killed posting: tests/integration/test_store.py.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, create_engine, text

from core.clock import SystemClock
from core.errors import DreiklangError, RetriableError
from core.store import migrate, open_store
from loyalty.auditing import seal, tip, verify
from loyalty.posting import post_awards
from loyalty.redeeming import Redemption, capture, hold
from tests.support.databases import POSTGRES_DIRS, Server
from tests.support.ledger_scene import MEMBER, Scene

pytestmark = pytest.mark.integration
LONG = '{"steps": "' + "x" * 1_500 + '"}'


def _trade_for_ever(url: str, acknowledged: str) -> None:
    """Earn, hold, capture and seal, and write down what was acknowledged."""
    scene = Scene(open_store(url))
    with Path(acknowledged).open("a", encoding="ascii") as done:
        for n in range(int(os.environ.get("DREIKLANG_FIRST", "0")), 100_000):
            scene.earn(f"d{n}", 10)
            held = hold(scene.store, scene.programme, Redemption(f"k{n}", MEMBER, 4, "mug"), SystemClock(), lambda n=n: f"h{n}")  # type: ignore[misc]
            capture(scene.store, scene.programme, held.hold_id, SystemClock())
            seal(scene.store)
            done.write(f"{n}\n")
            done.flush()
            os.fsync(done.fileno())


def test_a_killed_trade_loses_nothing_acknowledged_and_leaves_no_half(store: Engine, store_url: str, tmp_path: Path) -> None:
    """kill -9 at random moments of earning, holding, capturing and sealing."""
    context, random, acknowledged = multiprocessing.get_context("spawn"), Random(7), tmp_path / "acknowledged"
    acknowledged.touch()
    for _ in range(3):
        process = context.Process(target=_trade_for_ever, args=(store_url, str(acknowledged)))
        before = acknowledged.stat().st_size
        process.start()
        while acknowledged.stat().st_size <= before + 4 and process.is_alive():
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        os.kill(int(process.pid or 0), signal.SIGKILL)
        process.join()
        scene = Scene(store)
        kinds = [entry.kind for entry in scene.entries()]
        certain = {int(line) for line in acknowledged.read_text().split()}
        counts = [kinds.count(kind) for kind in ("award", "hold", "capture")]
        assert len(certain) <= min(counts)
        assert max(counts) - min(counts) <= 1
        scene.adds_up()
    again = len(certain)
    for n in range(again):
        assert scene.earn(f"d{n}", 10).awards == 0
        held = hold(store, scene.programme, Redemption(f"k{n}", MEMBER, 4, "mug"), scene.clock, lambda: "new")
        assert capture(store, scene.programme, held.hold_id, scene.clock).hold_id == f"h{n}"
    assert [entry.kind for entry in scene.entries()].count("award") == counts[0]
    scene.adds_up()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 3 MB in memory, that every user may enter; skipped where nobody may mount one."""
    place = Path(tempfile.mkdtemp(prefix="dreiklang-disk-"))
    place.chmod(0o755)
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True).returncode
    ):
        pytest.skip("mounting a small file system needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=False)
        place.rmdir()


def _fill(scene: Scene) -> tuple[int, RetriableError]:
    """Post until the disk is full; (documents acknowledged, the refusal)."""
    for n in range(2_000):
        try:
            batch = [replace(scene.document(f"d{n}-{one}", 1), explanation=LONG) for one in range(50)]
            post_awards(scene.store, scene.programme, batch, scene.clock)
        except RetriableError as error:
            return n * 50, error
    raise AssertionError("the disk never filled")


def _is_whole(scene: Scene, acknowledged: int) -> None:
    assert len(scene.entries("award")) == acknowledged
    assert scene.usable() == acknowledged
    scene.adds_up()


def test_a_full_disk_refuses_whole_and_works_again_with_room_sqlite(small_disk: Path) -> None:
    store = open_store(f"sqlite:///{small_disk / 's.sqlite'}")
    migrate(store)
    scene = Scene(store)
    acknowledged, error = _fill(scene)
    assert error.code == "STO-101"
    assert acknowledged
    store.dispose()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    _is_whole(scene, acknowledged)
    scene.earn("after", 7)
    assert scene.usable() == acknowledged + 7
    store.dispose()


def test_a_store_that_may_not_grow_refuses_whole_and_works_again(tmp_path: Path) -> None:
    """The same for whoever cannot mount: SQLite's own limit of pages."""
    store = open_store(f"sqlite:///{tmp_path / 's.sqlite'}")
    migrate(store)
    scene = Scene(store)
    with store.connect() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count = {pages + 60}")
    acknowledged, error = _fill(scene)
    assert error.code == "STO-101"
    with store.connect() as connection:
        connection.exec_driver_sql("pragma max_page_count = 1000000")
    _is_whole(scene, acknowledged)
    scene.earn("after", 7)
    assert scene.usable() == acknowledged + 7
    store.dispose()


@pytest.mark.postgres
def test_a_full_disk_refuses_whole_and_works_again_with_room_postgresql(small_disk: Path, postgres: Server) -> None:
    """The database's tables lie on the small disk, the server's log elsewhere."""
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    data = _data_directory(postgres)
    if data is None:
        pytest.skip("the server runs elsewhere")
    inside = small_disk / "space"
    inside.mkdir()
    shutil.chown(inside, data.owner())
    name = f"small{os.getpid()}"
    admin = create_engine(postgres.database("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create tablespace {name} location '{inside}'"))
        connection.execute(text(f"create database {name} tablespace {name}"))
    store = open_store(postgres.database(name))
    try:
        migrate(store)
        scene = Scene(store)
        acknowledged, error = _fill(scene)
        assert error.code == "STO-101"
        subprocess.run(["mount", "-o", "remount,size=96m", small_disk], check=True)
        _is_whole(scene, acknowledged)
        scene.earn("after", 7)
        assert scene.usable() == acknowledged + 7
    finally:
        store.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"drop database if exists {name} with (force)"))
            connection.execute(text(f"drop tablespace {name}"))
        admin.dispose()


@pytest.mark.postgres
def test_a_server_that_restarts_loses_nothing_acknowledged(postgres: Server) -> None:
    """`immediate` is what a crash is to PostgreSQL: the next start recovers from its log."""
    binaries = next((path for path in POSTGRES_DIRS if (path / "pg_ctl").exists()), None)
    data = _data_directory(postgres)
    if binaries is None or data is None:
        pytest.skip("only a server of the system's can be restarted here")
    name = f"restart{os.getpid()}"
    admin = create_engine(postgres.database("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    admin.dispose()
    store = open_store(postgres.database(name))
    migrate(store)
    scene = Scene(store)
    scene.earn("a", 100)
    scene.spend(30, "k")
    seal(store)
    owner = {"user": data.owner()} if os.getuid() == 0 else {}
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "restart"],
        check=True,
        cwd=data,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **owner,
    )  # type: ignore[call-overload]
    assert scene.usable() == 70
    assert scene.earn("a", 100).awards == 0
    scene.spend(30, "k")
    assert scene.usable() == 70
    scene.earn("b", 5)
    assert scene.usable() == 75
    scene.adds_up()
    store.dispose()


def _data_directory(server: Server) -> Path | None:
    admin = create_engine(server.database("postgres"))
    with admin.connect() as connection:
        found = Path(str(connection.execute(text("show data_directory")).scalar_one()))
    admin.dispose()
    return found if found.exists() else None


def test_a_backup_taken_while_it_is_written_to_restores_to_the_same_tip(tmp_path: Path) -> None:
    """SQLite's own online copy: the tip of the chain tells that the copy is the whole ledger up to it, and which one it is."""
    store = open_store(f"sqlite:///{tmp_path / 's.sqlite'}")
    migrate(store)
    scene = Scene(store)
    scene.earn("a", 100)
    seal(store)
    before = tip(store)
    with sqlite3.connect(tmp_path / "s.sqlite") as source, sqlite3.connect(tmp_path / "copy.sqlite") as target:
        source.backup(target)
    scene.earn("b", 50)
    seal(store)
    copy = open_store(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert tip(copy) == before != tip(store)
    assert verify(copy, before).findings == ()
    assert "anchor" in verify(copy, tip(store)).findings[0]
    restored = Scene(copy)
    assert (restored.usable(), scene.usable()) == (100, 150)
    restored.earn("b", 50)
    assert restored.usable() == 150
    for one in (store, copy):
        one.dispose()


def test_a_store_that_cannot_be_reached_is_said_so(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.sqlite'}")
    with pytest.raises(DreiklangError) as refused:
        Scene(store).earn("a", 1)
    assert refused.value.code == "STO-101"
    store.dispose()
