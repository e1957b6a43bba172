"""Faults 24 and 27: a disk and a memory that are really full, and a file that is much larger than memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from core.settings import Settings
from pipeline import Delivery, Part
from tests.integration.faults.cases import fault
from tests.support.instances import HEADER, ORDERS_READ, QUIET, Instance, order_rows, profile_of
from tests.support.streamed import LIMIT_MIB, write_wide

ROOT = Path(__file__).resolve().parents[3]
TIMES = 10
ROWS = 80_000


@contextmanager
def disk_of(mib: int) -> Iterator[Path | None]:
    """A file system of that size in memory; None where nobody may mount one."""
    place = Path(tempfile.mkdtemp(prefix="dreiklang-disk-"))
    mounted = shutil.which("mount") and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", place], capture_output=True, check=False
    ).returncode  # fmt: skip
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=False)
        place.rmdir()


@fault(24, "a disk that is really full", Part.WHOLE)
def real_disk_full(instance: Instance, _: pytest.MonkeyPatch) -> None:
    used = sum(path.stat().st_size for path in instance.home.rglob("*") if path.is_file()) >> 20
    with disk_of(used + 4) as place:
        if place is None:
            pytest.skip("mounting a small file system needs root; the case with an injected error stands for it")
        moved = replace(instance, home=place / "home", events=instance.events)
        shutil.copytree(instance.home, moved.home)
        generation = moved.generation()
        wide = HEADER.replace("net\n", "net,note\n") + order_rows("F", 5_000).replace("\n", f",{'x' * 1_000}\n")
        try:
            moved.put("orders_1.csv", wide[: 2 << 20])
            (moved.inbox / "orders_1.csv").write_text(wide)
        except OSError:
            (moved.inbox / "orders_1.csv").write_text(wide[: wide.rindex("\n", 0, 2_500_000) + 1])
        with pytest.raises((OSError, duckdb.Error)) as full:
            moved.run()
        assert "space" in str(full.value).lower(), full.value
        assert moved.raw("select count(*) from raw.batches where file_name = 'orders_1.csv'") == [(0,)], (
            "no file is blamed for it"
        )
        assert (moved.generation(), moved.orders("A"), moved.orders("F")) == (generation, ORDERS_READ, 0)
        assert len(moved.events_of("run_failed")) == 1
        subprocess.run(["mount", "-o", "remount,size=512m", place], check=True)
        moved.run()
        assert moved.orders("F") > 0, "with room again the next run brings it"


@fault(24, "a memory that is really full", Part.WHOLE)
def real_memory_full(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = HEADER.replace("net\n", "net,note\n") + order_rows("F", 6_000).replace("\n", f",{'x' * 4_000}\n")
    instance.put("orders_1.csv", wide)
    generation = instance.generation()
    with monkeypatch.context() as poor:
        poor.setattr(Instance, "settings", property(lambda self: with_memory(self, 16)))
        with pytest.raises(duckdb.OutOfMemoryException):
            instance.pipeline().run([Delivery(profile_of(), instance.inbox)], QUIET, data_docs=False, quick_gate=True)
    assert [event["code"] for event in instance.events_of("run_failed")] == ["OutOfMemoryException"]
    assert instance.raw("select count(*) from raw.batches where file_name = 'orders_1.csv'") == [(0,)], "no file is blamed for it"
    assert (instance.generation(), instance.orders("F")) == (generation, 0)
    instance.run()
    assert instance.orders("F") == 6_000


def with_memory(instance: Instance, mib: int) -> Settings:
    """Settings of an instance that has hardly any memory."""
    return Settings(home=instance.home, threads=2).model_copy(update={"memory_limit_gib": mib / 1024})


@fault(27, "a file ten times the memory is streamed")
def larger_than_memory(instance: Instance, _: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="dreiklang-large-") as work, nullcontext(Path(work) / "large") as folder:
        folder.mkdir()
        write_wide(folder / "orders_large.csv", ROWS, TIMES * LIMIT_MIB * (1 << 20) // ROWS)
        assert (folder / "orders_large.csv").stat().st_size > TIMES * LIMIT_MIB * (1 << 20)
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.streamed", str(instance.home), str(folder)], cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["status"], told["accepted"]) == ("loaded", ROWS), told
    assert told["peak_mib"] - told["before_mib"] < 3 * LIMIT_MIB, told
    instance.run()
    assert instance.orders("W") == ROWS
    shutil.rmtree(instance.settings.landing_dir / "partner", ignore_errors=True)
