"""`dreiklang replay`: what was refused is read again, now or with the next run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from glob import escape

import typer
from rich.console import Console

from commands.reports import PATIENCE_SECONDS, Row, need_warehouse, print_rows
from commands.running import run_deliveries
from core.clock import SystemClock, random_id
from core.errors import InputRefusedError
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import own_warehouse
from ingestion.intake.layouts import is_of_layout, list_layouts
from ingestion.jobs import prepare
from ingestion.profiles import Profile, list_profiles, load_profile
from ingestion.refusals import Refusal, Scope, landed_file, open_refusals
from ingestion.replay_requests import ask_replay
from ingestion.replaying import CANNOT_BE_READ, Readable, plan_readings
from loyalty import active_programmes
from pipeline import Delivery, Pipeline, hold_lease, load_sources


@dataclass(frozen=True, slots=True)
class Planned:
    """A source with what would be read, and the profile for it; None when nobody knows one."""

    source_id: str
    profile: Profile | None
    readings: Sequence[Readable]


def replay_refused(
    settings: Settings, console: Console, sources: Sequence[str], profiles: Sequence[str], scope: Scope, *, dry_run: bool, later: bool,
    as_json: bool, docs: bool,
) -> None:  # fmt: skip
    """Do what the options say. Raises InputRefusedError CLI-203 when a source's profile is not known, exits with 3 when files are left that are refused or held."""
    plans = _plans(settings, sources, profiles, scope)
    if dry_run:
        print_rows([row for plan in plans for row in _rows(plan)], in_words, as_json=as_json)
        return
    if later:
        _ask(settings, plans, scope, console)
        return
    unknown = [plan.source_id for plan in plans if plan.profile is None]
    if unknown:
        raise InputRefusedError(
            "CLI-203", where="dreiklang replay", found=f"no profile of {', '.join(unknown)}", expected="a profile for every source that is read again",
            next_step="Name it with --profile, or leave the source out with --source.",
        )  # fmt: skip
    deliveries = [Delivery(plan.profile, None, replay=scope) for plan in plans if plan.profile is not None and plan.readings]
    if not deliveries:
        console.print("Nothing that was refused is open.")
        return
    for reading in (one for plan in plans for one in plan.readings if one.problem):
        words = f"{reading.refusal.file_name} (batch {reading.refusal.batch_no}) stays as it is: {CANNOT_BE_READ[str(reading.problem)]}."
        console.print(words, style="yellow", markup=False, highlight=False)
    with hold_lease(settings, SystemClock(), random_id, "replay"):
        pipeline = Pipeline(settings, SystemClock(), random_id, active_programmes(settings.root))
        run_deliveries(pipeline, deliveries, console, data_docs=docs)
    left = [one.refusal for plan in _plans(settings, sources, profiles, scope) for one in plan.readings]
    whole = sum(one.status != "loaded" for one in left)
    rows = sum(one.rows_open for one in left if one.status == "loaded")
    console.print(f"Still open: {whole:,} files that are refused or held, {rows:,} rows or messages of others.", highlight=False)
    if whole:
        raise typer.Exit(InputRefusedError.exit_code)


def in_words(row: Row) -> list[str]:
    """One file that would be read."""
    what = f"{row['rows_open']:,} rows or messages are open" if row["status"] == "loaded" else f"{row['status']} as a whole"
    code = f", {row['error_code']}" if row["error_code"] else ""
    lines = [f"#{row['batch_no']} {row['source_id']} {row['feed']} {row['file_name']}: {what}{code}"]
    return lines + ([f"    cannot be read again: {row['problem']}"] if row["problem"] else [])


def _rows(plan: Planned) -> list[Row]:
    rows = []
    for one in plan.readings:
        row: Row = {
            name: getattr(one.refusal, name)
            for name in ("batch_no", "source_id", "feed", "file_name", "status", "error_code", "rows_open")
        }
        problem = None if one.problem is None else CANNOT_BE_READ[one.problem]
        rows.append(
            row
            | {"problem": problem if plan.profile is not None else "no profile of the source is known: name it with --profile"}
        )
    return rows


def _plans(settings: Settings, sources: Sequence[str], profiles: Sequence[str], scope: Scope) -> list[Planned]:
    need_warehouse(settings)
    named = {profile.source_id: profile for profile in map(load_profile, profiles)}
    wanted = [*sources] or [*named]
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS) as connection:
        prepare(connection)
        found = connection.execute(
            "select distinct source_id from raw.batches where not starts_with(source_id, '_') order by 1"
        ).fetchall()
        refusals = {
            source_id: open_refusals(connection, source_id, scope)
            for source_id in (str(row[0]) for row in found)
            if not wanted or source_id in wanted
        }
    plans = []
    for source_id, of_source in refusals.items():
        if of_source:
            profile = named.get(source_id) or _known_profile(settings, source_id, of_source)
            readings = plan_readings(of_source, profile, settings) if profile else [Readable(one) for one in of_source]
            plans.append(Planned(source_id, profile, readings))
    return plans


def _known_profile(settings: Settings, source_id: str, refusals: Sequence[Refusal]) -> Profile | None:
    """The profile of a source: as the unattended pipeline reads it, as it was learned, or as it is shipped."""
    for source in load_sources(settings):
        if source.source_id == source_id:
            return source.profile
    return _learned(settings, source_id, refusals) or next(
        (profile for profile in map(load_profile, list_profiles()) if profile.source_id == source_id), None
    )


def _learned(settings: Settings, source_id: str, refusals: Sequence[Refusal]) -> Profile | None:
    """The layouts that people confirmed, each for the refused files that have it."""
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        layouts = list_layouts(store, source_id)
    finally:
        store.dispose()
    if not layouts:
        return None
    files = {one.file_name: landed for one in refusals if (landed := landed_file(one, settings.landing_dir)) is not None}
    feeds = tuple(
        layout.feed.model_copy(update={"files": escape(name)})
        for name, landed in files.items() for layout in layouts if is_of_layout(landed.path, layout)
    )  # fmt: skip
    newest = max(layouts, key=lambda layout: layout.layout_no).profile
    return newest.model_copy(update={"feeds": feeds})


def _ask(settings: Settings, plans: Sequence[Planned], scope: Scope, console: Console) -> None:
    """Leave requests in the store: one per source, or one per file where files are named."""
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        for plan in plans:
            scopes = [scope]
            if scope.batch_nos or scope.file_names:
                scopes = [Scope(frozenset({one.refusal.batch_no}), frozenset(), scope.error_code) for one in plan.readings]
            for one in scopes:
                number = ask_replay(store, plan.source_id, replace(one, file_names=frozenset()), SystemClock())
                console.print(
                    f"{plan.source_id}: request {number} is carried out by the next run of the source.", highlight=False
                )
    finally:
        store.dispose()
    if not plans:
        console.print("Nothing that was refused is open.")
