"""The commands of unattended operation, as `cli.py` offers them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from commands.reports import print_rows
from core.settings import Settings

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def add_unattended_commands(app: typer.Typer, console: Console) -> None:
    """Add `pipeline`, `dead-letters` and `alerts`."""

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
