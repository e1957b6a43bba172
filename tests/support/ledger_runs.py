"""Seeded lives of ledgers beside their auditor: `python -m tests.support.ledger_runs FIRST_SEED RUNS STEPS [PROCESSES]`.

Says on the way how far it is, and exits with 1 at the first disagreement, naming seed and step.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import loyalty
from tests.support.ledger_bench import Template, random_run

MEMORY = Path("/dev/shm")  # noqa: S108
"""A file system in memory, where there is one: what is proved is arithmetic, and durability has its own tests."""
LIVES_TOGETHER = 10


def live(seeds: range, steps: int) -> Counter[str]:
    """The lives of these seeds: operations by name. Raises AssertionError at the first disagreement."""
    expected = os.environ.get("DREIKLANG_MUTATED")
    if expected and Path(loyalty.__file__).parent != Path(expected):
        raise RuntimeError(f"the package under test is {loyalty.__file__}, not {expected}")
    template, done = Template(MEMORY if MEMORY.is_dir() else None), Counter[str]()
    try:
        for seed in seeds:
            done += random_run(template, seed, steps)
    finally:
        template.close()
    return done


def together(first: int, runs: int, steps: int, processes: int) -> Iterator[Counter[str]]:
    """The same, a few lives at a time, in the order of the seeds, on as many cores as are given."""
    parts = [range(seed, min(seed + LIVES_TOGETHER, first + runs)) for seed in range(first, first + runs, LIVES_TOGETHER)]
    if processes == 1:
        yield from (live(part, steps) for part in parts)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(live, parts, [steps] * len(parts))
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    """Run them and say what was done."""
    first, runs, steps, processes = (int(word) for word in [*sys.argv[1:], "1"][:4])
    done, started, told_at = Counter[str](), time.monotonic(), time.monotonic()
    try:
        for some in together(first, runs, steps, processes):
            done += some
            if time.monotonic() - told_at > 60:
                told_at = time.monotonic()
                print(f"{sum(done.values())} of {runs * steps} operations agree, {told_at - started:.0f} s", flush=True)
    except AssertionError as error:
        print(error)
        return 1
    named = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
    print(f"{sum(done.values())} operations in {time.monotonic() - started:.0f} s, ledger and auditor agree: {named}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
