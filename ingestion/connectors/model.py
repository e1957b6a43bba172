"""The one interface of all transports.

    transport.fetch(pull) --> Item(name, path, cursors) --> land --> decode --> load --+
        ^                                                                             | one transaction
        +---- since: where each stream stands <---- raw.cursors <---------------------+

A transport yields items and writes nothing but files below `pull.work`. What it has to remember is text per *stream* (a file's
name, a query, a resource of an API), handed out with the item and given back as `since` once the item's rows are stored. So a
run that dies meets the same items again, and one that ended does not.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Protocol

from core.clock import Clock, SystemClock
from core.errors import ConfigurationError
from ingestion.profiles.model import FeedProfile, Profile

Cursors = Mapping[str, str]
"""Stream -> where it stands. What the text means is the transport's own affair."""

NO_CURSORS: Cursors = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One whole file on this machine. `name` is what the partner calls it (a relative path with `/`).

    feed_no           the profile's feed it was fetched for; None: every feed whose `files` pattern fits the name
    is_key_snapshot   holds the keys of all rows that exist at the source, not rows (`ingestion.deletions`)
    cursors           where streams stand when its rows are stored
    """

    name: str
    path: Path
    cursors: Cursors = field(default_factory=lambda: NO_CURSORS)
    feed_no: int | None = None
    is_key_snapshot: bool = False

    def is_for(self, feed_no: int, feed: FeedProfile) -> bool:
        """Whether that feed of the profile reads this item."""
        if self.feed_no is not None:
            return self.feed_no == feed_no
        return bool(feed.files) and fits(self.name, feed.files)


@dataclass(frozen=True, slots=True)
class Pull:
    """What a transport is told. `source` overrides where the profile says the delivery lies; `work` is an empty folder."""

    profile: Profile
    source: Path | None
    inbox_dir: Path
    work: Path
    since: Cursors = field(default_factory=lambda: NO_CURSORS)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    clock: Clock = field(default_factory=SystemClock)

    def wants(self, name: str) -> bool:
        """Whether a feed or a lookup of the profile reads a file of that name."""
        return any(fits(name, pattern) for pattern in self.patterns())

    def patterns(self) -> list[str]:
        """The file patterns of all feeds and lookups, and of archives that hold such files."""
        feeds = self.profile.feeds
        lookups = [lookup.files for feed in feeds for lookup in feed.lookups]
        return [feed.files for feed in feeds if feed.files] + lookups + list(self.profile.archives)

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return self.clock.now()

    def secret(self, variable: str) -> str:
        """The value of an environment variable that the profile names. Raises ConfigurationError ING-104."""
        value = self.environment.get(variable, "")
        if not value:
            raise ConfigurationError(
                "ING-104", where=f"source {self.profile.source_id}", found=f"no environment variable {variable}",
                expected="the value that the profile takes from it",
                next_step="Set the variable; it is read, never stored and never logged.",
            )  # fmt: skip
        return value


class Transport(Protocol):
    """Brings a delivery's bytes. Built from options without touching anything outside."""

    brings_all: bool
    """True: every pull brings the whole delivery, so that one without a file is worth a word."""

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """Items in a stable order, oldest first. Raises RetriableError or ConfigurationError ING-1xx, ING-4xx; items yielded
        before that stand."""
        ...

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """These items' rows and cursors are stored: what lies about of them may go."""
        ...


def cursors_of(items: Sequence[Item]) -> Cursors:
    """Where each stream stands after the items' rows: of several items of a stream the last one says."""
    return {stream: text for item in items if not item.is_key_snapshot for stream, text in item.cursors.items()}


def fits(name: str, pattern: str) -> bool:
    """Whether a relative name fits a pattern as `Path.glob` reads it: `*` stays within a folder, `**/` is any number of them."""
    if pattern.startswith("**/"):
        return fits(PurePosixPath(name).name, pattern[3:]) if "/" not in pattern[3:] else fnmatch.fnmatchcase(name, pattern[3:])
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True))


def is_unfinished(name: str) -> bool:
    """Hidden and temporary files are left alone."""
    last = PurePosixPath(name).name
    return last.startswith((".", "~")) or last.endswith((".tmp", ".part", ".filepart", ".crdownload"))


__all__ = ["NO_CURSORS", "Cursors", "Item", "Pull", "Transport", "fits", "is_unfinished"]
