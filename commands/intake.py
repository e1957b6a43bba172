"""`dreiklang intake`: an unknown file is proposed a mapping, a person confirms it once, and the next file of that layout needs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from core.clock import SystemClock
from core.errors import ConfigurationError, InputRefusedError
from core.settings import Settings
from core.store import migrate, open_store
from pipeline import Delivery

intake_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

SourceOption = Annotated[
    str, typer.Option("--source", help="The source's id: small letters, digits, _. Its inbox folder has this name.")
]
FeedOption = Annotated[str | None, typer.Option(help="A feed of docs/data-contracts.md; the one that fits best when not given.")]
AnswersOption = Annotated[
    list[str] | None, typer.Option("--answer", help="key=value for a question, e.g. const.leg=sell_through. Repeat.")
]
ColumnsOption = Annotated[
    list[str] | None, typer.Option("--column", help="contract column=column of the file; nothing after = leaves it out. Repeat.")
]


@intake_app.command()
def propose(file: Path, feed: FeedOption = None) -> None:
    """Look at a file and say how it could be read: columns with reasons, and what a person has to answer. Writes nothing."""
    from ingestion.intake import propose as make_proposal
    from ingestion.intake import sniff

    _need_file(file)
    _show(make_proposal(sniff(file), feed))


@intake_app.command()
def confirm(
    file: Path,
    source: SourceOption,
    title: Annotated[str | None, typer.Option(help="The source's name on pages; its id when not given.")] = None,
    zone: Annotated[
        str, typer.Option("--time-zone", help="IANA name of the zone in which the source keeps its times.")
    ] = "Europe/Berlin",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of amounts that name none.")] = "EUR",
    feed: FeedOption = None,
    answer: AnswersOption = None,
    column: ColumnsOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is kept.")] = False,
) -> None:
    """Confirm how files of this layout are read, after a trial that shows what would be loaded. Exit code 3 when something is open."""
    from pydantic import ValidationError

    from ingestion.intake import answered, confirm_layout, sniff, try_layout
    from ingestion.intake import propose as make_proposal
    from ingestion.profiles import Profile

    _need_file(file)
    proposal = make_proposal(sniff(file), feed, chosen={name: value or None for name, value in _pairs(column)})
    feed_profile = answered(proposal, dict(_pairs(answer)))
    try:
        profile = Profile(source_id=source, title=title or source, time_zone=zone, currency=currency, feeds=(feed_profile,))
    except ValidationError as error:
        raise InputRefusedError("ING-643", where=f"source {source}", found="; ".join(str(one["msg"]) for one in error.errors()),
                                expected="an id, a time zone and a currency as the help says", next_step="Correct the options.") from error  # fmt: skip
    _show(proposal)
    trial = try_layout(file, profile, feed_profile, SystemClock())
    out = Console()
    out.print(f"Trial: {trial.status}; {trial.rows_read:,} rows read, {trial.rows_accepted:,} would be accepted, "
              f"{trial.rows_quarantined:,} quarantined, {trial.rows_duplicate:,} duplicate.", highlight=False)  # fmt: skip
    for finding in trial.findings[:5]:
        out.print(f"  {finding.error_code} {finding.message}", markup=False, highlight=False)
    if trial.status != "loaded":
        raise InputRefusedError("ING-645", where=f"the trial of {file.name}", found=trial.message or trial.status, expected="a file that can be loaded",
                                next_step="Change the answers or columns and try again. Nothing was kept.")  # fmt: skip
    if not yes and not typer.confirm("Read files of this layout so from now on?"):
        out.print("Nothing was kept.")
        return
    with _store() as (settings, store):
        number = confirm_layout(store, profile, feed_profile, proposal.layout.fingerprint, file.name, SystemClock())
    out.print(
        f"Kept as layout {number}. Put files into {settings.inbox_dir / source} and start `dreiklang run --learned`.",
        highlight=False,
        soft_wrap=True,
    )


@intake_app.command("list")
def list_command() -> None:
    """Layouts that are known."""
    from ingestion.intake import list_layouts

    with _store() as (_, store):
        layouts = list_layouts(store)
    table = Table("layout", "source", "feed", "learned from", "confirmed")
    for one in layouts:
        table.add_row(str(one.layout_no), one.source_id, one.feed.feed, one.file_name, f"{one.recorded_at:%Y-%m-%d %H:%M} UTC")
    Console().print(table if layouts else "No layout is known yet. `dreiklang intake confirm FILE --source NAME` teaches one.")


@intake_app.command()
def forget(layout: int) -> None:
    """Withdraw a layout; files of it wait for a mapping again. What they brought stays."""
    from ingestion.intake import forget_layout

    with _store() as (_, store):
        forget_layout(store, layout, SystemClock())
    Console().print(f"Layout {layout} is withdrawn.")


def learned(settings: Settings, console: Console) -> list[Delivery]:
    """What lies in the inbox of learned sources, as deliveries; files of layouts nobody has confirmed are named and wait."""
    from ingestion.intake import learned_deliveries

    with _store() as (_, store):
        found = learned_deliveries(store, settings.inbox_dir)
    for one in found:
        for name in one.waiting:
            console.print(
                f"{one.profile.source_id}: {name} has a layout that nobody has confirmed; it waits.", style="yellow", markup=False
            )
    return [Delivery(one.profile, one.folder) for one in found if one.profile.feeds]


def _show(proposal: object) -> None:
    from ingestion.intake import REASONS, Proposal

    if not isinstance(proposal, Proposal):
        raise TypeError("a Proposal is shown")
    out = Console()
    layout = proposal.layout
    out.print(
        f"{layout.file_name}: {layout.format}, {len(layout.columns)} columns, layout {layout.fingerprint} -> feed {proposal.feed}",
        highlight=False,
    )
    table = Table("contract column", "from", "sure", "why", "such as")
    for one in proposal.columns:
        origin = (
            one.mapping.get("column")
            or " x ".join(one.mapping.get("product_of", ()))
            or " | ".join(one.mapping.get("columns", ()))
        )
        table.add_row(
            one.column,
            str(origin),
            str(one.score),
            "; ".join(REASONS[reason] for reason in one.reasons),
            ", ".join(one.samples[:3]),
        )
    out.print(table)
    questions = Table("to answer", "question", "choices", "usual answer")
    for question in proposal.questions:
        questions.add_row(
            question.key, question.text, ", ".join(question.choices), "OPEN" if question.default is None else question.default
        )
    if proposal.questions:
        out.print(questions)
    if proposal.unused:
        out.print(f"Not used: {', '.join(proposal.unused)}", markup=False, highlight=False)


def _pairs(options: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    for option in options or ():
        key, mark, value = option.partition("=")
        if not mark:
            raise ConfigurationError(
                "CLI-103", where="the command line", found=option, expected="key=value", next_step="Write key=value."
            )
        yield key.strip(), value.strip()


def _need_file(file: Path) -> None:
    if not file.is_file():
        raise ConfigurationError(
            "ING-103", where="the command line", found=f"no file {file}", expected="a partner's file", next_step="Check the path."
        )


@contextmanager
def _store() -> Iterator[tuple[Settings, Engine]]:
    settings = Settings.load()
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        yield settings, store
    finally:
        store.dispose()
