"""Rows of a large file wait on disk until they are stored; what is stored is the same as of rows that wait in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestion import scratch
from tests.support.loading import HEADER, loading

pytestmark = pytest.mark.integration
GOOD = "".join(f"A{number},1,C1,2026-05-01,S{number % 7},{number % 5 + 1},10.00\n" for number in range(3000))
FILES = {
    "a.csv": HEADER + GOOD,
    "b.csv": HEADER + "A1,1,C1,2026-05-01,S1,2,10.00\nB1,1,C1,no day,S1,2,10.00\nB2,1,C1\n" + GOOD.replace("A", "B2-"),
    "c.csv": HEADER + "A5,1,C1,2026-05-02,S9,1,12.50\n",
}
STORED = (
    "select * exclude (_recorded_at) from raw.order_lines order by all",
    "select batch_no, row_no, error_code, found, raw_text from raw.quarantine order by all",
    "select batch_no, file_name, status, rows_read, rows_accepted, rows_duplicate, rows_corrected from raw.batches order by all",
    "select * from raw.corrected_keys order by all",
)


def _stored(root: Path) -> tuple[list[Any], bool]:
    with loading(root) as warehouse:
        for name, text in FILES.items():
            (warehouse.folder / name).write_text(text, encoding="utf-8")
        warehouse.load()
        return [warehouse.rows(query) for query in STORED], scratch.scratch_path(warehouse.settings).exists()


def test_rows_that_wait_on_disk_are_stored_as_those_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory, _ = _stored(tmp_path / "memory")
    opened: list[Path | None] = []
    open_scratch = scratch.open_scratch

    def watched(connection: Any, path: Path | None = None) -> None:
        opened.append(path)
        open_scratch(connection, path)

    monkeypatch.setattr(scratch, "open_scratch", watched)
    monkeypatch.setattr(scratch, "SHARE_IN_MEMORY", 1e9)
    on_disk, is_left = _stored(tmp_path / "disk")
    assert on_disk == in_memory
    assert [path.name for path in opened if path] == ["scratch.duckdb"] * 3, "each large file by itself"
    assert not is_left, "the disk is free again"
    assert in_memory[1], "the case holds refused rows"
    assert [row[-1] for row in in_memory[2]] == [0, 0, 1], (
        "the first version of a row corrects nothing, also in the group of the second"
    )


def test_what_a_killed_run_left_on_disk_goes_with_the_next_file(tmp_path: Path) -> None:
    with loading(tmp_path) as warehouse:
        left = scratch.scratch_path(warehouse.settings)
        left.parent.mkdir(parents=True)
        left.write_bytes(b"half of something")
        (warehouse.folder / "a.csv").write_text(FILES["a.csv"], encoding="utf-8")
        warehouse.load()
        assert warehouse.lines() == 3000
        assert not left.exists()
