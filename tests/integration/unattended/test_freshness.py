"""The freshness benchmark, small: no times, but nothing may be lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.freshness import build_history, measure

pytestmark = pytest.mark.integration


def test_nothing_that_arrives_meanwhile_is_lost_or_doubled(tmp_path: Path) -> None:
    settings = build_history(tmp_path / "home", 3_000)
    seen = measure(settings, seconds=4, orders_per_second=20)
    assert len(seen.pushed_s) == 80
    assert (seen.lost, seen.doubled) == (0, 0)
