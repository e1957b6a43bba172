"""The command `dreiklang`. It reads settings, composes the rooms and prints; decisions live elsewhere."""

from __future__ import annotations

import atexit
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.documents import documents_app
from commands.events import loyalty_app
from commands.inbox import inbox_keys_app
from commands.intake import intake_app, learned
from commands.people import users_app
from commands.reports import (
    batch_in_words,
    batch_rows,
    freshness_in_words,
    freshness_rows,
    health_checks,
    print_rows,
    quarantine_rows,
    quarantined_in_words,
    summary_in_words,
    summary_rows,
)
from commands.running import log_to_file, run_deliveries
from commands.unattended_app import add_unattended_commands
from core.clock import SystemClock, random_id
from core.errors import ConfigurationError, DreiklangError, InputRefusedError, RetriableError
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Serving

app = typer.Typer(
    name="dreiklang", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="""Partner analytics and loyalty for three-tier channels.

    A day with it: `dreiklang run --profile NAME --source FOLDER` loads a partner's delivery and publishes; `dreiklang
    summary` says what is published; `dreiklang runs` what each file brought; `dreiklang serve` shows it to people.

    All state lives under DREIKLANG_HOME (default: data/). Exit codes: 0 published or done, 2 configuration, 3 input
    refused, 4 try again later, 5 somebody else is at it, 6 not allowed, 7 the books do not add up, 1 anything else.""",
)  # fmt: skip
app.add_typer(users_app, name="users", help="People who log in.")
app.add_typer(intake_app, name="intake", help="Unknown files: propose a mapping, confirm it once.")
app.add_typer(documents_app, name="documents", help="Messages of EDI and XML that partners sent.")
app.add_typer(inbox_keys_app, name="inbox-keys", help="Secrets with which partners sign what they push to the inbox.")
app.add_typer(loyalty_app, name="loyalty", help="The points programme and its ledger.")

console = Console(stderr=True)
"""Progress and messages go to stderr, so that stdout stays for what scripts read."""

add_unattended_commands(app, console)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def run(
    profile: Annotated[
        list[str] | None, typer.Option(help="Name of a shipped profile, or a TOML file. Repeat for several deliveries.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="Folder with the partner's files, or URL of its database; one for each --profile, in the same order."),
    ] = None,
    with_learned: Annotated[
        bool, typer.Option("--learned", help="Also what lies in the inbox of sources whose layouts were confirmed.")
    ] = False,
    docs: Annotated[bool, typer.Option(help="Write the data docs of the quality gate.")] = True,
) -> None:
    """Load deliveries, build the marts, award points, check and publish.

    Exit code 0 only when the data of these deliveries is published; 3 when files were refused or held, or a source brought
    none: everything else is published then. `dreiklang runs` and `dreiklang quarantine` say why.
    """
    from ingestion.profiles import load_profile
    from loyalty import active_programmes
    from pipeline import Delivery, Pipeline, hold_lease

    sources, profiles = source or [], profile or []
    if (sources and len(sources) != len(profiles)) or not (profiles or with_learned):
        raise ConfigurationError(
            "CLI-101", where="dreiklang run", found=f"{len(profiles)} profiles and {len(sources)} sources",
            expected="one --source for each --profile, or --learned", next_step="Repeat --source in the order of --profile.",
        )  # fmt: skip
    deliveries = [Delivery(load_profile(name), Path(sources[index]) if sources else None) for index, name in enumerate(profiles)]
    settings = Settings.load()
    if with_learned:
        deliveries += learned(settings, console)
    pipeline = Pipeline(settings, SystemClock(), random_id, active_programmes(settings.root))
    with hold_lease(settings, SystemClock(), random_id, "run"):
        result = run_deliveries(pipeline, deliveries, console, data_docs=docs)
    if result.may_be_tried_again:
        raise typer.Exit(RetriableError.exit_code)
    if result.refused:
        raise typer.Exit(InputRefusedError.exit_code)


@app.command()
def summary(as_json: JsonFlag = False) -> None:
    """What is published: per feed and leg the documents, lines, net amount in minor units, first and last event date,
    lines with unknown party or product, quarantined rows."""
    serving = Serving(Settings.load().warehouse_dir)
    try:
        rows = summary_rows(serving.reader(Scope.of(Role.OPERATOR)))
    finally:
        serving.close()
    print_rows(rows, summary_in_words, as_json=as_json)


@app.command()
def runs(
    as_json: JsonFlag = False,
    last: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    by_run: Annotated[bool, typer.Option("--by-run", help="One entry per run instead of one per file.")] = False,
) -> None:
    """Each file that was read, newest first: accepted + quarantined + duplicates = read, and why a file was refused."""
    if by_run:
        from commands.unattended import run_in_words, run_rows

        print_rows(run_rows(Settings.load(), last), run_in_words, as_json=as_json)
        return
    print_rows(batch_rows(Settings.load(), last), batch_in_words, as_json=as_json)


@app.command()
def quarantine(
    as_json: JsonFlag = False,
    source_id: Annotated[str | None, typer.Option("--source", help="Only rows of this source.")] = None,
    last: Annotated[int, typer.Option(help="How many rows, newest first.")] = 50,
) -> None:
    """Refused rows, newest first: file, line, column, what was found, what was expected, and what to do."""
    print_rows(quarantine_rows(Settings.load(), source_id, last), quarantined_in_words, as_json=as_json)


@app.command()
def freshness(
    as_json: JsonFlag = False,
    promises: Annotated[
        bool, typer.Option("--promises", help="Per source and feed, against its `fresh_within_minutes`.")
    ] = False,
) -> None:
    """How old the newest row of each feed is: fresh, late or overdue against the promise in dbt's sources, or nothing yet.

    With --promises the exit code is 4 when a source breaks one.
    """
    if promises:
        from commands.unattended import exit_when_broken, promise_in_words, promise_rows

        rows = promise_rows(Settings.load(), SystemClock())
        print_rows(rows, promise_in_words, as_json=as_json)
        exit_when_broken(rows)
        return
    print_rows(freshness_rows(Settings.load()), freshness_in_words, as_json=as_json)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of any format; packed ones too.")],
    profile: Annotated[
        str | None, typer.Option(help="Name of a shipped profile, or a TOML file: also say what it would load.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """What files are, which messages or rows they hold, and everything found: code, place, found, expected. Writes nothing.

    Exit code 0 when nothing was found, 3 otherwise."""
    from commands.inspecting import inspect_files

    inspect_files(files, profile, as_json=as_json)


@app.command()
def profiles() -> None:
    """The shipped profiles: which partners' deliveries can be read without writing anything."""
    from ingestion.profiles import list_profiles

    for name in list_profiles():
        typer.echo(name)


@app.command()
def serve() -> None:
    """Serve what is published, until interrupted. Address and port: DREIKLANG_HOST, DREIKLANG_PORT."""
    from dashboards.server import serve as serve_pages

    settings = Settings.load()
    console.print(f"Dreiklang at http://{'localhost' if settings.host == '127.0.0.1' else settings.host}:{settings.port}")
    serve_pages(settings)


@app.command()
def inbox() -> None:
    """Serve the HTTP inbox that partners push to, until interrupted. Address and port: DREIKLANG_INBOX_HOST, DREIKLANG_INBOX_PORT."""
    from inbox import serve_inbox

    settings = Settings.load()
    console.print(f"Inbox at http://{settings.inbox_host}:{settings.inbox_port}/inbox/<source>")
    serve_inbox(settings)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same seed makes the same channel.")] = 7,
    end: Annotated[str | None, typer.Option(help="Last day of the channel, YYYY-MM-DD; yesterday when not given.")] = None,
    lines: Annotated[int | None, typer.Option(help="Instead make load data: this many order lines of one distributor.")] = None,
    then_serve: Annotated[bool, typer.Option("--serve", help="Serve the pages afterwards.")] = False,
) -> None:
    """Make a demo channel, run it through to published pages, create three people who can log in, and say how."""
    from commands.demo import make_demo, make_load

    settings = Settings.load()
    last_day = date.fromisoformat(end) if end else SystemClock().now().date() - timedelta(days=1)
    if lines is not None:
        make_load(settings, console, seed=seed, end_date=last_day, lines=lines)
        return
    make_demo(settings, console, seed=seed, end_date=last_day)
    if then_serve:
        serve()


@app.command()
def doctor() -> None:
    """Say what is missing on this machine. Exit code 2 when something is."""
    checks = health_checks(Settings.load())
    table = Table("check", "state", "what to do")
    for check in checks:
        table.add_row(check.name, "ok" if check.is_ok else "MISSING", "" if check.is_ok else check.next_step)
    Console().print(table)
    raise typer.Exit(0 if all(check.is_ok for check in checks) else 2)


def _hush() -> None:
    """Runs last of all: DuckDB's binding ends by reporting its own types as leaked once Great Expectations has used it."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def main() -> None:
    """Entry point. Errors of the family end with their code and message on stderr; events go to the instance's log."""
    atexit.register(_hush)
    try:
        log_to_file(Settings.load().root / "logs" / "events.jsonl")
        app()
    except DreiklangError as error:
        console.print(f"[bold red]{error.code}[/] {error.detail.where}: found {error.detail.found}", highlight=False)
        console.print(f"  expected: {error.detail.expected}\n  next: {error.detail.next_step}", highlight=False)
        sys.exit(error.exit_code)
