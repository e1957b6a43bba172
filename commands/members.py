"""`dreiklang loyalty preview | statement | merge | split | expire | close-period`: one member, or one day, of one programme."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from sqlalchemy import Engine

from commands.loyalty import loyalty_app
from commands.people import party_id_of
from core.clock import SystemClock
from core.errors import ConfigurationError, InputRefusedError
from core.scope import Role
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.published import published_marts
from loyalty import Basket, BasketLine, Programme, active_programmes, preview, statement
from loyalty.campaigns.running import earning_campaigns
from loyalty.caps import CapRoom
from loyalty.expiring import keep_house
from loyalty.merging import merge_members, split_members
from loyalty.periods import close_period
from loyalty.standing import tier_answer

__all__ = ["loyalty_app"]

ProgrammeOption = Annotated[
    str | None, typer.Option("--programme", help="Id of an active programme; needed when there are several.")
]
Member = Annotated[str, typer.Argument(help="The retailer's number in the master.")]


@loyalty_app.command("statement")
def show_statement(member: Member, programme: ProgrammeOption = None, limit: Annotated[int, typer.Option(min=1)] = 30) -> None:
    """What a retailer has, when it expires, its tier, and its newest entries with their reasons."""
    settings, chosen, store = open_programme(programme)
    party_id = party_id_of(settings, Role.RETAILER, member)
    booked = statement(store, chosen, party_id, SystemClock(), limit=limit)
    for balance in booked.balances:
        typer.echo(f"{balance.points_usable:,} usable, {balance.points_pending:,} pending, {balance.points_held:,} held, {balance.points_debt:,} debt; "
                   f"{balance.points_expiring_30d:,} expire within 30 days")  # fmt: skip
    answer = tier_answer(store, chosen, party_id, SystemClock())
    view = answer.outlook if answer else None
    if view is not None:
        typer.echo(f"Tier {view.tier}" + (f" until {view.valid_until}" if view.valid_until else "") +
                   (f"; {view.points_to_next:,} status points to {view.next_tier}" if view.next_tier else ""))  # fmt: skip
    for entry in booked.entries:
        typer.echo(f"{entry.dated_at.date()}  {entry.kind:<9} {entry.points:>9,} {entry.document_no or '':<20} {entry.rule_id or '':<18} {entry.explanation}")  # fmt: skip
    if not booked.entries:
        typer.echo("No entries yet.")


@loyalty_app.command("preview")
def show_preview(
    member: Member,
    line: Annotated[
        list[str], typer.Option("--line", help="PRODUCT_NUMBER=QUANTITY=NET_AMOUNT, e.g. AG0012=6=59.94; repeat it.")
    ],
    distributor: Annotated[str | None, typer.Option(help="The distributor's number in the master.")] = None,
    programme: ProgrammeOption = None,
) -> None:
    """What a basket would earn, rule by rule, campaigns included; what is missing to a bonus, and what caps leave."""
    settings, chosen, store = open_programme(programme)
    party_id = party_id_of(settings, Role.RETAILER, member)
    seller = party_id_of(settings, Role.DISTRIBUTOR, distributor) if distributor else 0
    with published_marts(settings) as marts:
        products = {str(ref): int(product_id) for ref, product_id in
                    marts.execute("select product_ref, product_id from mart.dim_product where product_ref is not null").fetchall()}  # fmt: skip
        lines = [_line(text, products) for text in line]
        found = preview(marts, store, chosen, Basket(party_id, seller, chosen.money_currency, lines), SystemClock(),
                        earning_campaigns(store, chosen))  # fmt: skip
    typer.echo(f"{found.points:,} points, {found.status_points:,} status points" + (f", tier {found.tier}" if found.tier else ""))
    for one in found.rules:
        missing = [
            f"{one.missing_quantity} units" if one.missing_quantity else "",
            f"{one.missing_cents / 100:,.2f}" if one.missing_cents else "",
        ]
        text = f"; missing to {one.bonus_points:,} bonus points: {' and '.join(filter(None, missing))}" if any(missing) else ""
        cut = f"; a cap leaves {one.points:,} of {one.asked_points:,}" if one.cut_by is not None else ""
        left = "".join(f"; {_cap_name(cap)}: {cap.left_points:,} of {cap.limit_points:,} points left" for cap in one.caps)
        typer.echo(
            f"  {one.rule.title_en}: {one.points or one.status_points:,}"
            + (f" ({one.reason})" if one.reason else "")
            + text
            + cut
            + left
        )


@loyalty_app.command("merge")
def merge(member: Member, into: Annotated[str, typer.Argument(help="Number of the retailer that takes it in.")],
          reason: Annotated[str, typer.Option(help="Why; kept for ever.")]) -> None:  # fmt: skip
    """Make a retailer part of another: their lots are one purse. `split` undoes it."""
    settings = Settings.load()
    parties = [party_id_of(settings, Role.RETAILER, one) for one in (member, into)]
    merge_members(_store(settings), parties[0], parties[1], reason, SystemClock())
    typer.echo(f"{member} is part of {into} now.")


@loyalty_app.command("split")
def split(member: Member, reason: Annotated[str, typer.Option(help="Why; kept for ever.")]) -> None:
    """Undo a merge: the retailer's own lots are its own again."""
    settings = Settings.load()
    split_members(_store(settings), party_id_of(settings, Role.RETAILER, member), reason, SystemClock())
    typer.echo(f"{member} stands alone again.")


@loyalty_app.command("expire")
def expire(programme: ProgrammeOption = None) -> None:
    """Write off what has expired, confirm what is due, time out holds. A run does it too; running it twice does nothing more."""
    _, chosen, store = open_programme(programme)
    done = keep_house(store, chosen, SystemClock())
    typer.echo(
        f"{done.points_expired:,} points expired, {done.lots_confirmed:,} lots confirmed, {done.holds_timed_out:,} holds timed out."
    )


@loyalty_app.command("close-period")
def close(
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Last day of the period, e.g. 2026-06-30.")],
    programme: ProgrammeOption = None,
) -> None:
    """Close the books up to and with a day: later entries about it are booked in the open period."""
    _, chosen, store = open_programme(programme)
    close_period(store, chosen, date(until.year, until.month, until.day), SystemClock())
    typer.echo(f"The books of {chosen.programme_id} are closed up to {until.date()}.")


def open_programme(programme_id: str | None) -> tuple[Settings, Programme, Engine]:
    """Settings, the programme that is meant, and the store. Raises ConfigurationError LOY-101 when it is not clear which."""
    settings = Settings.load()
    active = {one.programme_id: one for one in active_programmes(settings.root)}
    chosen = active.get(programme_id or next(iter(active), "")) if programme_id or len(active) == 1 else None
    if chosen is None:
        raise ConfigurationError(
            "LOY-101", where="--programme", found=programme_id or "none named", expected=f"one of {', '.join(active) or 'none is active yet'}",
            next_step="`dreiklang loyalty activate NAME` makes a programme one of this instance's.",
        )  # fmt: skip
    return settings, chosen, _store(settings)


def _store(settings: Settings) -> Engine:
    store = open_store(settings.resolved_store_url())
    migrate(store)
    return store


def _cap_name(cap: CapRoom) -> str:
    return f"cap {'of the campaign' if cap.is_campaign else 'of the rule'} ({cap.kind})"


def _line(text: str, products: dict[str, int]) -> BasketLine:
    reference, *numbers = text.split("=")
    try:
        quantity, amount = (Decimal(number) for number in numbers)
        return BasketLine(products[reference], quantity, int(amount * 100))
    except (ValueError, KeyError, InvalidOperation) as error:
        raise InputRefusedError(
            "CLI-204", where=f"--line {text}", found="no such product" if isinstance(error, KeyError) else "not three parts with two numbers",
            expected="PRODUCT_NUMBER=QUANTITY=NET_AMOUNT of a published product", next_step="For example --line AG0012=6=59.94.",
        ) from error  # fmt: skip
