"""Loads a folder with little memory, in a process of its own, and says how much memory that took: `python -m tests.support.streamed HOME FOLDER`."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from core.clock import SystemClock
from core.settings import Settings
from core.warehouse.owner import own_warehouse
from ingestion.jobs import load_delivery, prepare
from ingestion.profiles import Profile
from tests.support.instances import HEADER, LINES, order_rows

LIMIT_MIB = 64
"""What the warehouse may use. An instance may not be set so low; a test that fills the disk with gigabytes helps nobody."""


def profile() -> Profile:
    """Order lines with a note that nobody reads."""
    feed = {"feed": "order_lines", "files": "orders*.csv", "columns": LINES}
    return Profile.model_validate({"source_id": "partner", "title": "Partner", "time_zone": "Europe/Berlin", "feeds": [feed]})


def write_wide(path: Path, rows: int, note_bytes: int, prefix: str = "W") -> None:
    """A file of order lines whose bytes are mostly notes."""
    note = "".join(chr(97 + n * 7 % 26) for n in range(note_bytes))
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER.replace("net\n", "net,note\n"))
        for number, row in enumerate(order_rows(prefix, rows).splitlines()):
            out.write(f"{row},{number}{note}\n")


def peak_mib() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(home: str, folder: str) -> None:
    """Load a small file first, so that what libraries need is there, then the folder; print JSON."""
    settings = Settings(home=Path(home), threads=2).model_copy(update={"memory_limit_gib": LIMIT_MIB / 1024})
    small = Path(folder).with_name("small")
    small.mkdir()
    write_wide(small / "orders_small.csv", 10, 10, "T")
    with own_warehouse(settings) as connection:
        prepare(connection)
        load_delivery(connection, profile(), small, settings, SystemClock(), "small")
        before = peak_mib()
        outcome = load_delivery(connection, profile(), Path(folder), settings, SystemClock(), "large").outcomes[0]
    print(
        json.dumps(
            {
                "before_mib": before,
                "peak_mib": peak_mib(),
                "status": outcome.status,
                "accepted": outcome.rows_accepted,
                "message": outcome.error_message,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
