"""Layouts that a person has confirmed: kept in the store, found again by fingerprint, withdrawn with one step.

A confirmed layout is a feed of a profile, and a run reads it as such: there is one way to load, learned or written by hand.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from glob import escape
from pathlib import Path

from sqlalchemy import Connection, Engine, Row, func, select

from core.clock import Clock
from core.errors import InputRefusedError
from core.store import reading, writing
from ingestion.connectors.folder import files_below
from ingestion.intake.sniffing import fingerprint, sniff
from ingestion.intake.tables import intake_layouts
from ingestion.profiles.model import FeedProfile, Profile


@dataclass(frozen=True, slots=True)
class LearnedLayout:
    """A confirmed layout: files of a source with this fingerprint are read as `feed`. `profile` has that one feed."""

    layout_no: int
    source_id: str
    fingerprint: str
    file_name: str
    profile: Profile
    recorded_at: datetime
    actor: str | None

    @property
    def feed(self) -> FeedProfile:
        """How such a file is read."""
        return self.profile.feeds[0]


@dataclass(frozen=True, slots=True)
class LearnedDelivery:
    """What lies in a learned source's folder: a profile for the files that are known (without feeds when there are none), and the names of
    those that wait for a mapping."""

    profile: Profile
    folder: Path
    waiting: tuple[str, ...]


def confirm_layout(
    engine: Engine,
    profile: Profile,
    feed: FeedProfile,
    layout_fingerprint: str,
    file_name: str,
    clock: Clock,
    *,
    actor: str | None = None,
) -> int:
    """Remember how files of this layout are read; returns the layout's number. A later confirmation of the same layout replaces it."""
    alone = profile.model_copy(update={"feeds": (feed,)})
    with writing(engine) as connection:
        return _record(connection, alone, layout_fingerprint, file_name, 0, clock, actor)


def forget_layout(
    engine: Engine, layout_no: int, clock: Clock, *, actor: str | None = None, source_id: str | None = None
) -> None:
    """Withdraw a layout; files of it wait again. With `source_id` only one of that source. Raises InputRefusedError ING-644."""
    with writing(engine) as connection:
        found = next((one for one in _current(connection, source_id) if one.layout_no == layout_no), None)
        if found is None:
            raise InputRefusedError("ING-644", where=f"layout {layout_no}", found="no such layout", expected="one that is listed",
                                    next_step="Look at `dreiklang intake list`.")  # fmt: skip
        _record(connection, found.profile, found.fingerprint, found.file_name, 1, clock, actor)


def list_layouts(engine: Engine, source_id: str | None = None) -> list[LearnedLayout]:
    """Layouts that count now, by source and name."""
    with reading(engine) as connection:
        return _current(connection, source_id)


def learned_deliveries(engine: Engine, inbox_dir: Path) -> list[LearnedDelivery]:
    """Every learned source with what lies in its folder below the inbox now, ready to run."""
    by_source: dict[str, list[LearnedLayout]] = {}
    for layout in list_layouts(engine):
        by_source.setdefault(layout.source_id, []).append(layout)
    found = []
    for source_id, layouts in by_source.items():
        folder = inbox_dir / source_id
        files = list(files_below(folder, ["*"]).values()) if folder.is_dir() else []
        found.append(_delivery(layouts, folder, files))
    return found


def is_of_layout(path: Path, layout: LearnedLayout) -> bool:
    """Whether a file has the layout: its header, read as the layout says, has the same fingerprint."""
    feed = layout.feed
    if feed.format != "csv":
        try:
            seen = sniff(path)
        except InputRefusedError:
            return False
        return seen.format == feed.format and seen.fingerprint == layout.fingerprint
    try:
        with (
            gzip.open(path, "rt", encoding=_with_mark(feed.encoding), newline="") if path.name.endswith(".gz")
            else path.open(encoding=_with_mark(feed.encoding), newline="")
        ) as handle:  # fmt: skip
            header = next(csv.reader(handle, delimiter=feed.delimiter, quotechar=feed.quote), [])
    except (OSError, EOFError, UnicodeError, csv.Error):
        return False
    return fingerprint("csv", feed.delimiter, tuple(name.strip() for name in header)) == layout.fingerprint


def _with_mark(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _delivery(layouts: Sequence[LearnedLayout], folder: Path, files: Sequence[Path]) -> LearnedDelivery:
    feeds, waiting = [], []
    for file in files:
        known = [layout for layout in layouts if is_of_layout(file, layout)]
        feeds += [layout.feed.model_copy(update={"files": escape(file.name)}) for layout in known]
        if not known:
            waiting.append(file.name)
    newest = max(layouts, key=lambda layout: layout.layout_no).profile
    return LearnedDelivery(newest.model_copy(update={"feeds": tuple(feeds)}), folder, tuple(waiting))


def _current(connection: Connection, source_id: str | None) -> list[LearnedLayout]:
    newest = select(func.max(intake_layouts.c.layout_no)).group_by(
        intake_layouts.c.source_id, intake_layouts.c.fingerprint, intake_layouts.c.feed
    )
    query = select(intake_layouts).where(intake_layouts.c.layout_no.in_(newest), intake_layouts.c.is_withdrawn == 0)
    if source_id is not None:
        query = query.where(intake_layouts.c.source_id == source_id)
    rows = connection.execute(query.order_by(intake_layouts.c.source_id, intake_layouts.c.file_name, intake_layouts.c.layout_no))
    return [_layout(row) for row in rows]


def _layout(row: Row[tuple[object, ...]]) -> LearnedLayout:
    profile = Profile.model_validate_json(row.profile)
    return LearnedLayout(int(row.layout_no), row.source_id, row.fingerprint, row.file_name, profile, row.recorded_at, row.actor)


def _record(
    connection: Connection,
    profile: Profile,
    layout_fingerprint: str,
    file_name: str,
    is_withdrawn: int,
    clock: Clock,
    actor: str | None,
) -> int:
    made = connection.execute(intake_layouts.insert().values(
        source_id=profile.source_id, fingerprint=layout_fingerprint, feed=profile.feeds[0].feed, file_name=file_name[:200],
        profile=profile.model_dump_json(exclude_defaults=True), is_withdrawn=is_withdrawn, recorded_at=clock.now(), actor=actor,
    ))  # fmt: skip
    key = made.inserted_primary_key
    return int(key[0]) if key is not None else 0
