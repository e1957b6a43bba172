"""`dreiklang loyalty`: programmes and the ledger from the command line of the instance."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from core.errors import IntegrityError
from core.settings import Settings
from core.store import migrate, open_store
from loyalty import Programme, active_programmes, describe, load_programme
from loyalty import verify as verify_books
from loyalty.files import LIBRARY
from portal.audit import verify_audit

loyalty_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def activate_programme(settings: Settings, name_or_path: str) -> Programme:
    """Check a programme and make it one of this instance's; the next run awards by it."""
    programme = load_programme(name_or_path)
    source = Path(name_or_path) if name_or_path.endswith(".toml") else LIBRARY / f"{name_or_path}.toml"
    target = settings.root / "programmes" / f"{programme.programme_id}.toml"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return programme


@loyalty_app.command("activate")
def activate(programme: Annotated[str, typer.Argument(help="Name of a shipped programme, or a TOML file.")]) -> None:
    """Make a programme one of this instance's. The next run awards what orders earn under it."""
    typer.echo(describe(activate_programme(Settings.load(), programme), "en"))


@loyalty_app.command("terms")
def terms(language: Annotated[str, typer.Option(help="de or en.")] = "en") -> None:
    """The terms of the active programmes as text."""
    for programme in active_programmes(Settings.load().root):
        typer.echo(describe(programme, "de" if language == "de" else "en"))


@loyalty_app.command("verify")
def verify() -> None:
    """Check that the books add up: hash chain, lots, balances, audit log. Exit code 7 at the first broken promise."""
    store = open_store(Settings.load().resolved_store_url())
    migrate(store)
    report = verify_books(store)
    with store.connect() as connection:
        findings = [*report.findings, *verify_audit(connection)]
    if findings:
        raise IntegrityError(
            "LOY-301", where="the ledger", found="; ".join(findings[:20]), expected="books that add up",
            next_step="Stop posting, keep the file as it is, and restore the last backup whose chain tip is known.",
        )  # fmt: skip
    typer.echo(
        f"The books add up: {report.entries:,} entries ({report.sealed:,} sealed), {report.transfers:,} transfers, "
        f"{report.members:,} members."
    )
