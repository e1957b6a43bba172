"""Apply every mutation to a copy of the package, one after the other, and show that the proofs turn red. Exits with 1 if one survives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.ledger import BENCH, MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
SEEDS, STEPS = 60, 120
SECONDS = 900


def main() -> int:
    """Run all, or those whose number is given."""
    chosen = [int(word) for word in sys.argv[1:]] or range(len(MUTATIONS))
    survived = []
    for number in chosen:
        mutation, started = MUTATIONS[number], time.monotonic()
        said = run(mutation)
        verdict = "found" if said else "SURVIVED"
        print(f"{number:3} {verdict:8} {time.monotonic() - started:5.0f} s  {mutation.breaks}: {said[:150]}", flush=True)
        if not said:
            survived.append(number)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} found")
    return 1 if survived else 0


def run(mutation: Mutation) -> str:
    """What the proof says of a mutated copy; empty when it finds nothing. Raises RuntimeError when the proof could not run at all."""
    with tempfile.TemporaryDirectory(prefix="dreiklang-mutation-") as name:
        folder = Path(name)
        for entry in ROOT.iterdir():
            if entry.name in ("loyalty", "tests"):
                shutil.copytree(entry, folder / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif not entry.name.startswith("."):
                (folder / entry.name).symlink_to(entry)
        target = folder / "loyalty" / mutation.path
        target.write_text(target.read_text(encoding="utf-8").replace(mutation.before, mutation.after), encoding="utf-8")
        command = [sys.executable, "-m", "tests.support.ledger_runs", "0", str(SEEDS), str(STEPS)]
        if mutation.found_by != BENCH:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", mutation.found_by]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "DREIKLANG_MUTATED": str(folder / "loyalty")}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("seed ", "FAILED", "E  "))]
    if not lines:
        raise RuntimeError(f"the proof did not run: {done.stdout[-500:]} {done.stderr[-1500:]}")
    return lines[0]


if __name__ == "__main__":
    sys.exit(main())
