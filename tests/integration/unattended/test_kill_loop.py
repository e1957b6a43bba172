"""kill -9 at random moments of runs: readers always see a whole generation, and the end equals an unbroken history, row by row."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.instances import Instance, Template, profile_of
from tests.support.killable import kill_loop, sorted_rows, unbroken
from tests.support.serving_pipeline import add_source

pytestmark = pytest.mark.integration
KILLS = int(os.environ.get("DREIKLANG_TEST_KILLS", "5"))
"""`make nightly` asks for more."""


def test_killed_runs_end_in_an_unbroken_runs_marts(template: Template, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "whole").mkdir()
    broken, whole = template.copy(tmp_path / "broken"), template.copy(tmp_path / "whole")
    for one in (broken, whole):
        add_source(one, profile_of())
    seen: list[int] = []

    def look(instance: Instance = broken) -> None:
        seen.append(instance.generation())
        lines, per_order = instance.rows("select (select count(*) from fct_order_lines), (select sum(lines) from fct_orders)")[0]
        assert lines == per_order, "no reader sees half a generation"

    loop = kill_loop(broken, KILLS, seed=20261125, look=look)
    assert loop.kills >= KILLS
    unbroken(whole, loop.rounds)
    assert seen == sorted(seen)
    found, expected = sorted_rows(broken), sorted_rows(whole)
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert broken.raw(
        "select count(*) from raw.batches where rows_read <> rows_accepted + rows_quarantined + rows_duplicate"
    ) == [(0,)]
    print(f"{loop.kills} kills in {loop.rounds} rounds, generations {seen[0]} to {broken.generation()}")
