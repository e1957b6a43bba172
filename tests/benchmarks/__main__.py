"""`make bench`: what the product promises about speed and memory, as ratios against the bare engine in the same run.

Iowa's figures need the real data set (DREIKLANG_REAL_DATA, or ../shared/data); without it the demo's load data stands in for the posting only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Measured, table
from tests.support.real_data import REAL_DATA

ROOT = Path(__file__).resolve().parents[2]


def in_own_process(name: str, *arguments: str) -> list[Measured]:
    """Run one benchmark in a process of its own, so that memory is its own too."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return [Measured(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def main() -> None:
    """Run every benchmark and print one table."""
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="dreiklang-bench-") as work:
        iowa = REAL_DATA / "iowa_liquor"
        if iowa.exists():
            rows += in_own_process("iowa", str(iowa), work)
            rows += in_own_process("iowa_points", str(iowa), work)
        else:
            print(f"Iowa is left out: no data set at {iowa}; set DREIKLANG_REAL_DATA to the folder that holds iowa_liquor.")
        rows += in_own_process("throughput", work)
        rows += in_own_process("edi")
        rows += in_own_process("posting", work)
        rows += in_own_process("freshness", work)
        rows += in_own_process("inbox", work)
    print(table(rows))


if __name__ == "__main__":
    main()
