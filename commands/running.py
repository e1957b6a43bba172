"""A run with a progress bar on stderr, and what it did in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ingestion.jobs import Progress as FileProgress
from pipeline import STEPS, Delivery, Pipeline, Reporting, RunResult

STEP_TEXTS = {
    "load": "Loading files",
    "facts": "Building facts",
    "awards": "Awarding points",
    "rest": "Building points and quality",
    "gate": "Checking",
    "publish": "Publishing",
}


def log_to_file(path: Path) -> None:
    """Structured events of this process go to `path`, one JSON object per line, with the moment in UTC.

    The file is made when there is a first event to write.
    """

    @lru_cache(maxsize=1)
    def logger(*_: object) -> structlog.WriteLogger:
        path.parent.mkdir(parents=True, exist_ok=True)
        return structlog.WriteLogger(path.open("a", encoding="utf-8", buffering=1))

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=logger,
        cache_logger_on_first_use=False,
    )


def run_deliveries(pipeline: Pipeline, deliveries: Sequence[Delivery], console: Console, *, data_docs: bool) -> RunResult:
    """Run the deliveries, show progress on `console`, and say what was published."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=len(STEPS))

        def on_step(step: str) -> None:
            bar.update(task, description=STEP_TEXTS[step], completed=STEPS.index(step))

        def on_file(progress: FileProgress) -> None:
            bar.update(task, description=f"{STEP_TEXTS['load']}: {progress.source_id} {progress.feed} {progress.file_name}")

        result = pipeline.run(deliveries, Reporting(on_step, on_file), data_docs=data_docs)
    _say(result, console)
    return result


def _say(result: RunResult, console: Console) -> None:
    outcomes = [outcome for load in result.loads for outcome in load.outcomes]
    read, accepted, quarantined, duplicate = (
        sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate")
    )
    if outcomes:  # a run for what people did reads no files
        console.print(
            f"{len(outcomes)} files read: {read:,} rows, {accepted:,} accepted, {quarantined:,} quarantined, {duplicate:,} known already."
        )
    for words in result.refused:
        console.print(words, style="yellow", markup=False, highlight=False)
    if result.published:
        console.print(f"Published generation {result.generation}; {result.points_posted:,} point transfers are new.")
    else:
        console.print(f"Nothing new: generation {result.generation} stays published.")
