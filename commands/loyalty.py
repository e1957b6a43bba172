"""`dreiklang loyalty`: programmes and the ledger from the command line of the instance."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from core.errors import IntegrityError
from core.settings import Settings
from core.store import migrate, open_store
from loyalty import Programme, active_programmes, describe, load_programme, re_evaluate
from loyalty import verify as verify_books
from loyalty.anchoring import ANCHORS, last_anchor
from loyalty.auditing import rebuild as rebuild_caches
from loyalty.campaigns.running import with_campaigns
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
    _print_terms(activate_programme(Settings.load(), programme), None)


@loyalty_app.command("check")
def check(file: Annotated[Path, typer.Argument(help="A programme's TOML file.")]) -> None:
    """Check a programme: every finding with its line and reason, or its terms in both languages. Exit code 2 with findings."""
    programme = load_programme(_as_toml(file))
    typer.echo(
        f"{file}: valid. {len(programme.rules)} rules, {len(programme.tiers)} tiers, {len(programme.challenges)} challenges.\n"
    )
    _print_terms(programme, None)


@loyalty_app.command("terms")
def terms(
    programme: Annotated[str | None, typer.Argument(help="A shipped programme or a TOML file; default: the active ones.")] = None,
    language: Annotated[str | None, typer.Option(help="de or en; default: both.")] = None,
) -> None:
    """The terms as members read them, in German and English."""
    chosen = [load_programme(programme)] if programme else active_programmes(Settings.load().root)
    for one in chosen:
        _print_terms(one, language)


@loyalty_app.command("verify")
def verify(
    anchor: Annotated[
        Path | None, typer.Option(help="The file of anchors; default: the instance's own, when there is one.")
    ] = None,
) -> None:
    """Check that the books add up: hash chain and its anchor, lots, balances, audit log. Exit code 7 at the first broken promise."""
    settings = Settings.load()
    store = _store(settings)
    known = last_anchor(anchor or settings.root / ANCHORS)
    report = verify_books(store, known)
    with store.connect() as connection:
        findings = [*report.findings, *verify_audit(connection)]
    if findings:
        raise IntegrityError(
            "LOY-301", where="the ledger", found="; ".join(findings[:20]), expected="books that add up",
            next_step="Stop posting, keep the file as it is, and restore the last backup whose chain tip is known.",
        )  # fmt: skip
    typer.echo(
        f"The books add up: {report.entries:,} entries ({report.sealed:,} sealed), {report.transfers:,} transfers, "
        f"{report.members:,} members. " + (f"The anchor at entry {known.journal_id:,} holds." if known else "No anchor yet.")
    )
    for programme in active_programmes(settings.root):
        again = re_evaluate(store, with_campaigns(store, programme))
        typer.echo(f"{programme.programme_id}: {again.entries:,} explanations evaluated again, {len(again.findings):,} differ.")
        for finding in again.findings[:20]:
            typer.echo(f"  {finding}")


@loyalty_app.command("rebuild")
def rebuild() -> None:
    """Write every cached figure anew from the transfers. The books themselves are not touched."""
    typer.echo(f"{rebuild_caches(_store(Settings.load())):,} cached figures were wrong; all are written anew.")


def _store(settings: Settings) -> Engine:
    store = open_store(settings.resolved_store_url())
    migrate(store)
    return store


def _as_toml(file: Path) -> str:
    return str(file if file.suffix == ".toml" else file.with_suffix(".toml"))


def _print_terms(programme: Programme, language: str | None) -> None:
    for one in ("de", "en"):
        if language in (None, one):
            typer.echo(describe(programme, "de" if one == "de" else "en") + "\n")
