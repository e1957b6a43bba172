"""A confirmed mapping is tried before it is kept: the file goes through the real loader into a warehouse in memory, and nothing stays."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from core.clock import Clock
from core.settings import Settings
from ingestion.findings import Finding
from ingestion.jobs import load_delivery, prepare
from ingestion.profiles.model import FeedProfile, Profile

ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be loaded: counts as in `FileOutcome`, the first findings, and the first rows as (column, …) and values."""

    status: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    message: str | None
    findings: tuple[Finding, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def try_layout(file: Path, profile: Profile, feed: FeedProfile, clock: Clock) -> Trial:
    """Load a copy of the file into memory as that feed. The instance is not touched."""
    alone = profile.model_copy(update={"feeds": (feed,), "constants": ()})
    with TemporaryDirectory(prefix="dreiklang-trial-") as work, duckdb.connect(":memory:") as connection:
        folder = Path(work) / "delivery"
        folder.mkdir()
        shutil.copyfile(file, folder / file.name)
        prepare(connection)
        outcome = load_delivery(connection, alone, folder, Settings(home=Path(work) / "home"), clock, "trial").outcomes[0]
        shown = connection.execute(
            f"select * exclude (_batch_no, _recorded_at, _row_key, _version, source_id) from raw.{feed.feed} order by _row_no limit {ROWS_SHOWN}"
        )
        names = tuple(str(column[0]) for column in shown.description or ())
        return Trial(
            outcome.status, outcome.rows_read, outcome.rows_accepted, outcome.rows_quarantined, outcome.rows_duplicate,
            outcome.error_message, outcome.findings[:ROWS_SHOWN], names, tuple(tuple(row) for row in shown.fetchall()),
        )  # fmt: skip
