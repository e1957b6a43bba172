"""What the contract tests need to know of a partner's system: one `Site` per transport and format. A new connector joins `SITES`.

A site holds order lines. `publish` adds a batch of them the way the partner would (a file, a page, rows), oldest first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ingestion.profiles import Profile
from tests.support.loading import COLUMNS

Line = tuple[str, int]
"""Order number and quantity."""

SECRET = "hunter2-secret-value"
"""Every password, key and token of the sites holds this text, so that it can be looked for."""


class Site(Protocol):
    """One partner's system, empty at first."""

    source: Path | None
    environment: dict[str, str]

    def profile(self) -> Profile:
        """The profile that reads it."""
        ...

    def misconfigured(self) -> Profile:
        """The same with an option that cannot work."""
        ...

    def publish(self, name: str, lines: list[Line]) -> None:
        """Add lines; `name` tells what was added where the system knows names."""
        ...

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        """The system breaks after so many items of a pull."""
        ...

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Nobody answers."""
        ...

    @contextmanager
    def stalling(self) -> Iterator[None]:
        """It takes the connection and then says nothing for longer than the profile's time limit."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A site in the list. `kind`: the transport it tries; `remembers`: known items are not fetched again; `has_names`: items carry
    the partner's names; `can_stall`: it can keep one waiting; `can_break`: a pull is several items that travel; `is_local`: our own folder, which cannot be away or misnamed; `large_lines` of `padding` make an
    item larger than `memory_max` bytes; `is_missing_configuration`: being unreachable is the operator's mistake."""

    kind: str
    make: Callable[[Path, dict[str, Any]], Site]
    remembers: bool = True
    has_names: bool = True
    can_stall: bool = True
    can_break: bool = True
    is_local: bool = False
    is_missing_configuration: bool = False
    needs: tuple[str, ...] = ()
    large_lines: int = 60_000
    padding: int = 400
    memory_max: int = 12 << 20


def profile_with(transport: dict[str, Any] | None, **feed: Any) -> Profile:
    """A profile of order lines over a transport."""
    settings = {"feed": "order_lines", "files": "*.csv", "columns": COLUMNS, **feed}
    content: dict[str, Any] = {"source_id": "partner", "title": "Partner", "feeds": [settings]}
    return Profile.model_validate(content | ({"transport": transport} if transport else {}))


def csv_of(lines: list[Line]) -> str:
    """The lines as a partner's CSV file."""
    rows = "".join(f"{number},1,C1,2026-05-01,S1,{quantity},10.00\n" for number, quantity in lines)
    return "order,line,customer,date,sku,qty,net\n" + rows


@dataclass
class FolderSite:
    """A folder; a transport of kind folder, or none at all."""

    source: Path | None
    options: dict[str, Any] | None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        assert self.source is not None
        return self.source

    def profile(self) -> Profile:
        return profile_with(self.options)

    def misconfigured(self) -> Profile:
        self.source = self.folder / "no such folder"
        return self.profile()

    def publish(self, name: str, lines: list[Line]) -> None:
        path = self.folder / f"{name}.csv"
        path.write_text(csv_of(lines))
        long_ago = time.time() - 3600
        os.utime(path, (long_ago, long_ago))

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        raise NotImplementedError
        yield

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        hidden = self.folder.with_name("moved away")
        self.folder.rename(hidden)
        yield
        hidden.rename(self.folder)

    @contextmanager
    def stalling(self) -> Iterator[None]:
        raise NotImplementedError
        yield


def delivered_folder(root: Path, needed: dict[str, Any]) -> Site:
    """What `--source` names."""
    folder = root / "delivery"
    folder.mkdir()
    return FolderSite(folder, None)


def watched_folder(root: Path, needed: dict[str, Any]) -> Site:
    """A folder that is watched."""
    folder = root / "watched"
    folder.mkdir()
    return FolderSite(folder, {"kind": "folder", "stable_seconds": 0.05})
