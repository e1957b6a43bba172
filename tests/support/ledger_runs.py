"""Seeded lives of ledgers, one after the other: `python -m tests.support.ledger_runs FIRST_SEED RUNS STEPS`.

Exits with 1 at the first disagreement, naming seed and step.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import loyalty
from tests.support.ledger_bench import Template, random_run

MEMORY = Path("/dev/shm")  # noqa: S108
"""A file system in memory, where there is one: what is proved is arithmetic, and durability has its own tests."""


def main() -> int:
    """Run them and say what was done."""
    first, runs, steps = (int(word) for word in sys.argv[1:4])
    expected = os.environ.get("DREIKLANG_MUTATED")
    if expected and Path(loyalty.__file__).parent != Path(expected):
        raise RuntimeError(f"the package under test is {loyalty.__file__}, not {expected}")
    template, done, started = Template(MEMORY if MEMORY.is_dir() else None), Counter[str](), time.monotonic()
    try:
        for seed in range(first, first + runs):
            done += random_run(template, seed, steps)
    except AssertionError as error:
        print(error)
        return 1
    finally:
        template.close()
    named = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
    print(f"{sum(done.values())} operations in {time.monotonic() - started:.0f} s, ledger and auditor agree: {named}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
