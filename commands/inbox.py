"""`dreiklang inbox-keys`: the secrets with which partners sign what they push."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from core.clock import SystemClock, random_id
from core.settings import Settings
from core.store import migrate, open_store
from inbox.keys import GRACE_HOURS, add_key, list_keys, revoke_keys, rotate_key, seal_of

inbox_keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Source = Annotated[str, typer.Argument(help="The source_id of the partner's profile.")]
TOLD_ONCE = "This is the only time it is shown. Give it to the partner on a safe way."


def _store(settings: Settings) -> Engine:
    store = open_store(settings.resolved_store_url())
    migrate(store)
    return store


@inbox_keys_app.command("add")
def add(source: Source) -> None:
    """Make the first secret of a source and print it once."""
    settings = Settings.load()
    seal = seal_of(settings.inbox_key)
    typer.echo(add_key(_store(settings), source, seal, SystemClock(), random_id))
    typer.echo(TOLD_ONCE, err=True)


@inbox_keys_app.command("rotate")
def rotate(
    source: Source,
    grace_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old secret still works.")] = GRACE_HOURS,
) -> None:
    """Make a new secret and print it once; the old one still works for a while, so that nothing is refused meanwhile."""
    settings = Settings.load()
    seal = seal_of(settings.inbox_key)
    typer.echo(rotate_key(_store(settings), source, seal, SystemClock(), random_id, grace_hours=grace_hours))
    typer.echo(f"{TOLD_ONCE} The old one works for {grace_hours} more hours.", err=True)


@inbox_keys_app.command("revoke")
def revoke(
    source: Source, key: Annotated[str | None, typer.Option(help="Only this key; all of the source when not given.")] = None
) -> None:
    """End secrets at once; messages signed with them are refused from the next second on."""
    ended = revoke_keys(_store(Settings.load()), source, SystemClock(), key)
    typer.echo(f"{ended} secret{'' if ended == 1 else 's'} of {source} ended.")


@inbox_keys_app.command("list")
def show() -> None:
    """Every key and its state, never its secret."""
    table = Table("source", "key", "made", "works until", "state")
    for key in list_keys(_store(Settings.load()), SystemClock()):
        until = f"{key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
        table.add_row(key.source_id, key.key_id, f"{key.created_at:%Y-%m-%d %H:%M} UTC", until, key.state)
    Console().print(table)
