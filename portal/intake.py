"""What a distributor does with files that nobody has described yet: look, try, confirm, withdraw, send. All of it is its own source.

Who sells (on the leg sell_through, who buys on sell_in, who holds stock) is the distributor itself, whatever the file says: nobody brings
facts about another partner's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError
from sqlalchemy import Engine

from core.clock import Clock, Ids
from core.errors import AccessDeniedError, InputRefusedError
from core.scope import Role
from core.settings import Settings
from core.store import writing
from core.warehouse.reader import Reader
from ingestion.connectors.folder import files_below
from ingestion.contracts import FEEDS
from ingestion.intake import (
    LearnedLayout,
    Proposal,
    Trial,
    answered,
    confirm_layout,
    forget_layout,
    is_of_layout,
    list_layouts,
    propose,
    sniff,
    try_layout,
)
from ingestion.profiles.model import FeedProfile, PartyNumber, Profile
from ingestion.profiles.model import Mapping as ColumnMapping
from portal import audit
from portal.accounts import User, scope_of

UPLOAD_MIB_MAX = 20
"""A page takes files for a first look; what is larger arrives by a connector."""

FEEDS_OFFERED = (
    "order_lines", "deliveries", "invoices", "returns", "sell_through", "stock", "support_requests", "payments", "parties", "products",
)  # fmt: skip
"""Feeds that a distributor may teach itself. Numbers of parties (aliases) are not among them: they say who somebody is."""

OURSELVES = {"stock": "holder", "sell_through": "seller", "support_requests": "seller", "payments": "payee"}
ON_LEG = {"sell_through": "seller", "sell_in": "buyer"}
"""The column that names the distributor itself: of a feed, or of a feed with legs."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as a person gave it: the name is theirs and is not trusted."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says about a file: answers by key of the question, the zone and the currency of what names none, and the leg of the
    channel that the whole file is about, where its feed has legs."""

    said: Mapping[str, str]
    time_zone: str
    currency: str
    leg: str = "sell_through"


def source_of(user: User) -> str:
    """The one source that a distributor teaches itself. Raises AccessDeniedError ACC-303 for anybody else."""
    if user.role is not Role.DISTRIBUTOR or user.party_id is None:
        raise AccessDeniedError("ACC-303", where="new files", found=f"a {user.role}", expected="a distributor",
                                next_step="Ask your distributor.")  # fmt: skip
    return f"party_{user.party_id}"


def schemes_of(reader: Reader, user: User) -> dict[str, list[str]]:
    """Whose numbers a file may hold, as `kind` of reference (party, product) -> schemes beside the file's own.

    Parties only by public numbers and by those of the distributor's own sources: who could name a rival's numbers would read its
    customers' names. Articles also by the numbers of sources that report business with the distributor.
    """
    if reader.scope != scope_of(user):
        raise AccessDeniedError("ACC-303", where="new files", found="another scope", expected="the person's own",
                                next_step="Load the page again.")  # fmt: skip
    ours = {str(row[0]) for row in reader.rows("select distinct source_id from fct_batches")} - {source_of(user)}
    about_us = {str(row[0]) for row in reader.rows("select distinct source_id from fct_order_lines")} - {source_of(user)}
    return {
        "party": ["gln", *sorted(ours | {f"{source}:customer" for source in ours})],
        "product": ["gtin", *sorted(ours | about_us | {f"{source}:sku" for source in ours})],
    }


def has_legs(feed: str) -> bool:
    """Whether rows of the feed belong to a leg of the channel."""
    return any(column.name == "leg" for column in FEEDS[feed].columns)


def looked_at(
    user: User,
    file: UploadedFile,
    feed: str | None = None,
    leg: str = "sell_through",
    chosen: Mapping[str, str | None] | None = None,
) -> Proposal:
    """How the file could be read, around the columns that a person chose; the leg and who the distributor is are no questions.

    Raises AccessDeniedError, InputRefusedError ING-641 to ING-643.
    """
    source_of(user)
    with _on_disk(file) as path:
        found = propose(sniff(path), feed, FEEDS_OFFERED, chosen)
    given = {"leg", _our_column(found.feed, leg)}
    return replace(
        found,
        columns=tuple(one for one in found.columns if one.column not in given),
        questions=tuple(one for one in found.questions if one.key.partition(".")[2].partition(".")[0] not in given),
    )


def known_layouts(store: Engine, user: User, file: UploadedFile) -> list[LearnedLayout]:
    """Confirmed layouts of the distributor's source that the file has."""
    layouts = list_layouts(store, source_of(user))
    with _on_disk(file) as path:
        return [layout for layout in layouts if is_of_layout(path, layout)]


def tried(reader: Reader, user: User, file: UploadedFile, proposal: Proposal, answers: Answers, clock: Clock) -> Trial:
    """What would be loaded. Raises AccessDeniedError, InputRefusedError ING-643."""
    profile = _profile(reader, user, proposal, answers)
    with _on_disk(file) as path:
        return try_layout(path, profile, profile.feeds[0], clock)


def confirmed(
    settings: Settings, store: Engine, reader: Reader, user: User, file: UploadedFile, proposal: Proposal, answers: Answers, clock: Clock, ids: Ids,
) -> int:  # fmt: skip
    """Read files of this layout so from now on, this one first. Gives the layout's number. Raises InputRefusedError ING-645 when the trial fails."""
    trial = tried(reader, user, file, proposal, answers, clock)
    if trial.status != "loaded":
        raise InputRefusedError("ING-645", where=f"the trial of {file.name}", found=trial.message or trial.status,
                                expected="a file that can be loaded", next_step="Change answers or columns and try again. Nothing was kept.")  # fmt: skip
    profile = _profile(reader, user, proposal, answers)
    number = confirm_layout(store, profile, profile.feeds[0], proposal.layout.fingerprint, file.name, clock, actor=user.user_id)
    _write_down(store, user, "layout_confirmed", clock, layout=number, file=file.name)
    sent(settings, store, user, file, clock, ids)
    return number


def withdrawn(store: Engine, user: User, layout_no: int, clock: Clock) -> None:
    """Files of this layout wait again; what they brought stays. Raises InputRefusedError ING-644 for a layout of somebody else."""
    forget_layout(store, layout_no, clock, actor=user.user_id, source_id=source_of(user))
    _write_down(store, user, "layout_withdrawn", clock, layout=layout_no)


def my_layouts(store: Engine, user: User) -> list[LearnedLayout]:
    """The distributor's confirmed layouts."""
    return list_layouts(store, source_of(user))


def waiting(settings: Settings, user: User) -> list[str]:
    """Names of files that no run has taken yet, in their order."""
    folder = settings.inbox_dir / source_of(user)
    return sorted(files_below(folder, ["*"])) if folder.is_dir() else []


def sent(settings: Settings, store: Engine, user: User, file: UploadedFile, clock: Clock, ids: Ids) -> str:
    """Put the file where the pipeline takes it from; it is whole before it is visible. Gives its name there."""
    folder = settings.inbox_dir / source_of(user)
    folder.mkdir(parents=True, exist_ok=True)
    name = safe_name(file.name)
    if (folder / name).exists() or (folder / ".read" / name).exists():
        name = f"{ids()[:8]}-{name}"
    hidden = folder / f".{ids()}.tmp"
    with hidden.open("wb") as handle:
        handle.write(file.content)
        handle.flush()
        os.fsync(handle.fileno())
    hidden.replace(folder / name)
    _write_down(store, user, "file_sent", clock, file=name, size=len(file.content))
    return name


def safe_name(name: str) -> str:
    """A file's name without folders, control characters and leading dots, at most 120 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return (re.sub(r"[^\w.\- ]", "_", last).lstrip(". ") or "file")[-120:]


def _profile(reader: Reader, user: User, proposal: Proposal, answers: Answers) -> Profile:
    """The mapping with the distributor as itself, and the distributor as its owner."""
    ours = _our_column(proposal.feed, answers.leg)
    given = ({"leg": answers.leg} if has_legs(proposal.feed) else {}) | ({ours: str(user.party_id)} if ours else {})
    said = dict(answers.said) | {f"const.{name}": value for name, value in given.items()}
    feed = answered(proposal, said)
    _need_own_schemes(schemes_of(reader, user), feed)
    if ours:
        columns = dict(feed.columns) | {ours: ColumnMapping(const=str(user.party_id), scheme="party")}
        feed = feed.model_copy(update={"columns": columns})
    owner = PartyNumber(scheme="party", ref=str(user.party_id))
    name = reader.rows("select name from bridge_visible_parties where party_id = $own limit 1", {"own": user.party_id})
    try:
        return Profile(
            source_id=source_of(user),
            title=str(name[0][0]) if name else source_of(user),
            owner=owner,
            time_zone=answers.time_zone,
            currency=answers.currency,
            feeds=(feed,),
        )
    except ValidationError as error:
        raise InputRefusedError("ING-643", where="the mapping", found="; ".join(str(one["msg"]) for one in error.errors()),
                                expected="a time zone and a currency", next_step="Correct them.") from error  # fmt: skip


def _need_own_schemes(schemes: Mapping[str, list[str]], feed: FeedProfile) -> None:
    """Raises AccessDeniedError ACC-303 for a mapping that reads numbers of a source that is none of the distributor's business."""
    for name in feed.columns:
        mapping = feed.mapping(name)
        kind = "product" if name == "product" else "party"
        if mapping is not None and mapping.scheme is not None and mapping.scheme not in schemes[kind]:
            raise AccessDeniedError("ACC-303", where=f"the numbers in {name}", found=f"the numbers of {mapping.scheme}",
                                    expected=f"the file's own, or one of {', '.join(schemes[kind])}", next_step="Say whose numbers they are.")  # fmt: skip


def _our_column(feed: str, leg: str) -> str | None:
    """The column in which a file of that feed would name the distributor itself."""
    if not has_legs(feed):
        return OURSELVES.get(feed)
    if leg not in ON_LEG:
        raise InputRefusedError("ING-643", where="the mapping", found=f"leg {leg}", expected=f"one of {', '.join(ON_LEG)}",
                                next_step="Say which leg the file is about.")  # fmt: skip
    return ON_LEG[leg]


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[Path]:
    if len(file.content) > UPLOAD_MIB_MAX << 20:
        raise InputRefusedError("ING-647", where=f"file {file.name}", found=f"{len(file.content) >> 20} MiB",
                                expected=f"at most {UPLOAD_MIB_MAX} MiB", next_step="Send it in parts, or by a connector.")  # fmt: skip
    with TemporaryDirectory(prefix="dreiklang-look-") as work:
        path = Path(work) / safe_name(file.name)
        path.write_bytes(file.content)
        yield path


def _write_down(store: Engine, user: User, action: str, clock: Clock, **facts: str | int) -> None:
    with writing(store) as connection:
        audit.record(connection, clock.now(), action, actor=user.user_id, party_id=user.party_id, source=source_of(user), **facts)
