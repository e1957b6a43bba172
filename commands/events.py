"""`dreiklang loyalty events | undo-event`: what a distributor recorded for rewards, and taking it back."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.loyalty import loyalty_app
from commands.members import ProgrammeOption, open_programme
from commands.people import party_id_of
from core.clock import SystemClock
from core.scope import Role
from loyalty.gamification import events_of_distributor, undo_event

__all__ = ["loyalty_app"]

Distributor = Annotated[str, typer.Argument(help="The distributor's number in the master.")]


@loyalty_app.command("events")
def list_events(distributor: Distributor, programme: ProgrammeOption = None) -> None:
    """Trainings and months of good data that a distributor recorded, newest first, with their ids."""
    settings, chosen, store = open_programme(programme)
    recorded = events_of_distributor(store, chosen, party_id_of(settings, Role.DISTRIBUTOR, distributor))
    for one in recorded:
        typer.echo(
            f"{one.event_id}  {one.occurred_on}  {one.event:<14} {one.title}" + ("  (taken back)" if one.is_undone else "")
        )
    if not recorded:
        typer.echo("No events recorded yet.")


@loyalty_app.command("undo-event")
def undo(distributor: Distributor, event_id: Annotated[str, typer.Argument(help="As `events` lists it.")], programme: ProgrammeOption = None) -> None:  # fmt: skip
    """Take a recorded event back; the next run reverses its points. Twice does nothing more."""
    settings, chosen, store = open_programme(programme)
    party_id = party_id_of(settings, Role.DISTRIBUTOR, distributor)
    one = undo_event(store, chosen, party_id, event_id, SystemClock(), actor="command")
    typer.echo(f"{one.title} of {one.occurred_on} is taken back; the next run reverses its points.")
