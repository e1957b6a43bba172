"""A site that pushes: files as the HTTP inbox leaves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.profiles import Profile
from tests.contract.sites import Line, Site, profile_with


@dataclass
class InboxSite:
    """One JSON message per line of an order."""

    source: Path | None
    environment: dict[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def folder(self) -> Path:
        """The source's folder."""
        assert self.source is not None
        return self.source

    def profile(self) -> Profile:
        return profile_with({"kind": "inbox"}, files="*.json", format="jsonl")

    def misconfigured(self) -> Profile:
        raise NotImplementedError

    def publish(self, name: str, lines: list[Line]) -> None:
        for number, quantity in lines:
            self.count += 1
            order = {
                "order": number,
                "line": "1",
                "customer": "C1",
                "date": "2026-05-01",
                "sku": "S1",
                "qty": quantity,
                "net": "10.00",
            }
            (self.folder / f"{self.count:05d}-{name[:40]}.json").write_text(json.dumps(order, indent=1))

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        raise NotImplementedError
        yield

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        raise NotImplementedError
        yield

    @contextmanager
    def stalling(self) -> Iterator[None]:
        raise NotImplementedError
        yield


def inbox_site(root: Path, needed: dict[str, Any]) -> Site:
    """A folder as the inbox fills it."""
    folder = root / "inbox" / "partner"
    folder.mkdir(parents=True)
    return InboxSite(folder)
