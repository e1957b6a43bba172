"""`dreiklang pipeline`, `dead-letters`, `alerts`, and the promises of `dreiklang freshness`."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from commands.reports import PATIENCE_SECONDS, Row
from core.clock import Clock, SystemClock, random_id
from core.errors import ConfigurationError, InputRefusedError
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import own_warehouse
from ingestion.intake import list_layouts
from loyalty import active_programmes
from pipeline import DeadLetter, Pipeline, Service, Source, dead_letters, hold_lease, load_sources, revive
from pipeline.described import DescribedSources
from pipeline.learned import LearnedSources
from pipeline.sources import SOURCES_DIR

RUN_COLUMNS = (
    "run_no", "status", "started_at", "seconds", "sources", "files", "rows_read", "rows_accepted", "rows_quarantined",
    "rows_duplicate", "published_generation", "message",
)  # fmt: skip
RUNS_SQL = """
select runs.run_no, runs.status, runs.started_at, round(date_diff('millisecond', runs.started_at, runs.finished_at) / 1000.0, 1) as seconds,
    runs.profiles, count(batches.batch_no) as files, coalesce(sum(rows_read), 0)::bigint, coalesce(sum(rows_accepted), 0)::bigint,
    coalesce(sum(rows_quarantined), 0)::bigint, coalesce(sum(rows_duplicate), 0)::bigint, runs.published_generation, runs.message
from raw.runs as runs left join raw.batches as batches using (run_id)
group by all order by runs.run_no desc limit {last}
"""


def serve_pipeline(settings: Settings, console: Console) -> None:
    """Run the unattended pipeline until SIGTERM or SIGINT. Raises ConflictError PIPE-201 when one runs already."""
    clock = SystemClock()
    described = DescribedSources(settings, clock)
    store = open_store(settings.resolved_store_url())
    migrate(store)
    if not described() and not list_layouts(store):
        raise ConfigurationError(
            "PIPE-302", where=str(settings.root / SOURCES_DIR), found="no source", expected="one TOML file per source, or a confirmed layout",
            next_step="Write one as docs/unattended.md shows, then start again.",
        )  # fmt: skip
    with hold_lease(settings, clock, random_id, "pipeline") as lease:
        pipeline = Pipeline(settings, clock, random_id, active_programmes(settings.root))
        learned = LearnedSources(store, settings, clock)
        sources = partial(_known_now, described, learned)
        service = Service(settings, clock, random_id, pipeline, sources, lease)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        names = ", ".join([*(source.source_id for source in described()), "what people teach"])
        console.print(
            f"Running {names} until interrupted. Events go to {settings.root / 'logs' / 'events.jsonl'}.", highlight=False
        )
        service.serve()
    store.dispose()
    console.print("Stopped. What was not published is taken up at the next start.")


def _known_now(described: DescribedSources, learned: LearnedSources) -> tuple[Source, ...]:
    """The sources at this moment."""
    by_hand = described()
    return (*by_hand, *learned(by_hand))


def run_rows(settings: Settings, last: int) -> list[Row]:
    """One row per run, newest first; `seconds` is None while it runs."""
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS) as connection:
        rows = connection.execute(RUNS_SQL.format(last=int(last))).fetchall()
    return [dict(zip(RUN_COLUMNS, row, strict=True)) for row in rows]


def run_in_words(row: Row) -> list[str]:
    """One run."""
    took = "" if row["seconds"] is None else f" in {row['seconds']} s"
    lines = [f"run {row['run_no']} {row['started_at']}: {row['status']}{took}, generation {row['published_generation']}"]
    lines.append(
        f"    {row['files']} files of {row['sources'] or 'no source'}: {row['rows_read']:,} read = {row['rows_accepted']:,} accepted + "
        f"{row['rows_quarantined']:,} quarantined + {row['rows_duplicate']:,} known already"
    )
    return lines + ([f"    {row['message']}"] if row["message"] else [])


def promise_rows(settings: Settings, clock: Clock) -> list[Row]:
    """One row per source and feed that has a promise: age of its newest row in minutes, and whether the promise is kept."""
    sources = load_sources(settings)
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS) as connection:
        found = connection.execute(
            """select source_id, feed, max(finished_at) from raw.batches where status = 'loaded' and rows_read > 0 group by all"""
        ).fetchall()
    newest = {(str(source_id), str(feed)): at for source_id, feed, at in found}
    now = clock.now().replace(tzinfo=None)
    return [
        _promise(source, feed, minutes, newest, now)
        for source in sources
        for feed, minutes in source.settings.fresh_within_minutes.items()
    ]


def _promise(source: Source, feed: str, minutes: float, newest: dict[tuple[str, str], datetime], now: datetime) -> Row:
    at = newest.get((source.source_id, feed))
    age = None if at is None else round((now - at).total_seconds() / 60, 1)
    status = "nothing_yet" if age is None else ("kept" if age <= minutes else "broken")
    return {"source_id": source.source_id, "feed": feed, "promised_minutes": minutes, "age_minutes": age, "status": status}


def promise_in_words(row: Row) -> list[str]:
    """Feed, age, promise, verdict."""
    age = "nothing arrived yet" if row["age_minutes"] is None else f"newest row {row['age_minutes']} minutes old"
    return [f"  {row['feed']}: {age}, promised within {row['promised_minutes']:g}: {str(row['status']).replace('_', ' ')}"]


def letter_rows(settings: Settings) -> list[Row]:
    """One row per dead letter, oldest first."""
    return [{name: getattr(letter, name) for name in DeadLetter.__slots__} for letter in dead_letters(settings)]


def letter_in_words(row: Row) -> list[str]:
    """One dead letter."""
    return [
        f"{row['letter_id']} {row['source_id']} {row['file_name']}: failed {row['failures']} times",
        f"    {row['error']}",
        f"    put aside {row['moved_at']}",
    ]


def retry_letters(settings: Settings, wanted: Sequence[str], console: Console) -> None:
    """Put dead letters back into their folder; all of them when none is named. Raises InputRefusedError CLI-202."""
    letters = {letter.letter_id: letter for letter in dead_letters(settings)}
    unknown = sorted(set(wanted) - letters.keys())
    if unknown:
        raise InputRefusedError(
            "CLI-202", where="dreiklang dead-letters --retry", found=", ".join(unknown), expected="ids that `dreiklang dead-letters` lists",
            next_step="List them and try again.",
        )  # fmt: skip
    for letter_id in wanted or list(letters):
        path: Path = revive(settings, letters[letter_id])
        console.print(f"{letters[letter_id].file_name} is back at {path} and will be read again.", highlight=False)


def alert_rows(settings: Settings, last: int) -> list[Row]:
    """What people were told, newest first."""
    path = settings.root / "alerts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in reversed(lines[-last:])]


def alert_in_words(row: Row) -> list[str]:
    """One alert."""
    return [f"{row['at']} {row['alert']}: {row['message']}"]


def exit_when_broken(rows: Sequence[Row]) -> None:
    """Exit code 4 when a promise is broken: nothing is lost, and it may be kept again."""
    if any(row["status"] == "broken" for row in rows):
        raise typer.Exit(4)
