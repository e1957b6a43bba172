"""`dreiklang users`: accounts from the command line of the instance."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from core.clock import SystemClock, random_id
from core.errors import InputRefusedError
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from portal import NewUser, create_user, disable_user, list_users, set_password_by_operator

users_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Password = Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")]


def _store() -> Engine:
    store = open_store(Settings.load().resolved_store_url())
    migrate(store)
    return store


def party_id_of(settings: Settings, role: Role, party_ref: str) -> int:
    """The internal id of a partner by its number in the master. Raises InputRefusedError CLI-201."""
    serving = Serving(settings.warehouse_dir)
    try:
        rows = serving.reader(Scope.of(Role.OPERATOR)).rows(
            "select party_id from dim_party where party_ref = $ref and kind = $kind", {"ref": party_ref, "kind": str(role)}
        )
    finally:
        serving.close()
    if len(rows) != 1:
        raise InputRefusedError(
            "CLI-201", where="--party", found=f"{len(rows)} published partners of kind {role} with number {party_ref!r}",
            expected="exactly one", next_step="Check number and role; the partner's master has to be published first.",
        )  # fmt: skip
    return int(str(rows[0][0]))


@users_app.command("add")
def add(
    email: Annotated[str, typer.Option(help="Address to log in with.")],
    name: Annotated[str, typer.Option(help="Name as it is shown.")],
    role: Annotated[
        Literal["manufacturer", "distributor", "retailer"], typer.Option(help="manufacturer, distributor or retailer.")
    ],
    party: Annotated[str, typer.Option(help="The partner's number in the master, as `dim_party.party_ref` has it.")],
    password: Password,
    language: Annotated[Literal["de", "en"], typer.Option(help="de or en.")] = "en",
) -> None:
    """Make an account for a person of a partner."""
    settings = Settings.load()
    new = NewUser(email, name, Role(role), party_id_of(settings, Role(role), party), password, language)
    user = create_user(_store(), new, SystemClock(), random_id)
    typer.echo(f"{user.email} can log in now.")


@users_app.command("disable")
def disable(email: str) -> None:
    """Disable an account; its sessions end with their next request."""
    disable_user(_store(), email, SystemClock())
    typer.echo(f"{email} cannot log in any more.")


@users_app.command("password")
def password_command(email: str, password: Password) -> None:
    """Set a new password and end the account's sessions."""
    set_password_by_operator(_store(), email, password, SystemClock())
    typer.echo(f"{email} has a new password.")


@users_app.command("list")
def show() -> None:
    """Every account."""
    store = _store()
    table = Table("e-mail", "name", "role", "status", "language")
    for user in list_users(store):
        table.add_row(user.email, user.display_name, str(user.role), user.status, user.language)
    Console().print(table)
