"""The commands of unattended operation, as `cli.py` offers them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from commands.reports import print_rows
from core.settings import Settings

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]

SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="Only this source. Repeat for several; all when not given.")
]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option("--profile", help="Read with this profile: a shipped one's name, or a TOML file. Otherwise the one in `sources/`, the learned "
                                   "layouts, or the shipped profile of the source."),
]  # fmt: skip
BatchOption = Annotated[
    list[int] | None, typer.Option("--batch", help="Only this file, by its number in `dreiklang runs`. Repeat for several.")
]
FileOption = Annotated[list[str] | None, typer.Option("--file", help="Only files of this name. Repeat for several.")]
CodeOption = Annotated[
    str | None,
    typer.Option("--code", help="Only files that were refused, or have rows refused, for this cause, ING-303 for example."),
]


def add_unattended_commands(app: typer.Typer, console: Console) -> None:
    """Add `pipeline`, `dead-letters`, `alerts` and `replay`."""

    @app.command()
    def pipeline() -> None:
        """Run unattended: read the sources in `sources/` when they are due and publish what they bring, until SIGTERM.

        One process per instance; a second one says who runs and ends with exit code 5.
        """
        from commands.unattended import serve_pipeline

        serve_pipeline(Settings.load(), console)

    @app.command("dead-letters")
    def dead_letters(
        as_json: JsonFlag = False,
        retry: Annotated[bool, typer.Option("--retry", help="Put them back into their folder.")] = False,
        only: Annotated[list[str] | None, typer.Option("--id", help="Only this one. Repeat for several.")] = None,
    ) -> None:
        """Files that failed again and again for no fault of their content, with the reason; they wait here and nothing else waits for them."""
        from commands.unattended import letter_in_words, letter_rows, retry_letters

        settings = Settings.load()
        if retry:
            retry_letters(settings, only or [], console)
            return
        print_rows(
            [row for row in letter_rows(settings) if not only or row["letter_id"] in only], letter_in_words, as_json=as_json
        )

    @app.command()
    def alerts(as_json: JsonFlag = False, last: Annotated[int, typer.Option(help="How many, newest first.")] = 50) -> None:
        """What people were told: silent partners, sources that do not answer, dead letters, runs that fail; newest first."""
        from commands.unattended import alert_in_words, alert_rows

        print_rows(alert_rows(Settings.load(), last), alert_in_words, as_json=as_json)

    @app.command()
    def replay(
        source: SourceOption = None,
        profile: ProfileOption = None,
        batch: BatchOption = None,
        file: FileOption = None,
        code: CodeOption = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be read; write nothing.")] = False,
        later: Annotated[
            bool, typer.Option("--later", help="Leave it to the next run of the source, such as one of `dreiklang pipeline`.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON instead of words.")] = False,
        docs: Annotated[bool, typer.Option(help="Write the data docs of the quality gate.")] = True,
    ) -> None:
        """Read again what was refused, after a profile was mended: rows and messages in quarantine, held and rejected files.

        What is good now gets in, what is stored already counts as known, and the old refusals are marked as replayed. Twice changes nothing.
        Exit code 3 when a file is still refused or held as a whole."""
        from commands.replaying import replay_refused
        from ingestion.refusals import Scope

        scope = Scope(frozenset(batch or ()), frozenset(file or ()), code)
        replay_refused(
            Settings.load(), console, source or [], profile or [], scope, dry_run=dry_run, later=later, as_json=as_json, docs=docs
        )
