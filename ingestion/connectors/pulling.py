"""A pull, cut into chunks that are loaded one after another, so that a long one needs little room and loses little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import DreiklangError
from ingestion.connectors.model import Cursors, Item, Pull, Transport, cursors_of

ITEMS_PER_CHUNK = 500
BYTES_PER_CHUNK = 512 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items that are loaded together, by the transport that brought them. `error` says why nothing follows."""

    transport: Transport
    items: tuple[Item, ...]
    error: DreiklangError | None = None

    @property
    def cursors(self) -> Cursors:
        """Where each stream stands after the chunk's rows."""
        return cursors_of(self.items)


def pull_chunks(transports: Sequence[Transport], pull: Pull) -> Iterator[Chunk]:
    """Fetch everything. What came before a failure is handed out with it: its rows and cursors are stored first.

    A profile with lookups gets each transport's items in one piece, because a lookup may be any of them.
    """
    is_whole = any(feed.lookups for feed in pull.profile.feeds)
    for transport in transports:
        items: list[Item] = []
        size = 0
        try:
            for item in transport.fetch(pull):
                items.append(item)
                size += item.path.stat().st_size if item.path.is_relative_to(pull.work) else 0
                if not is_whole and (len(items) >= ITEMS_PER_CHUNK or size >= BYTES_PER_CHUNK):
                    yield Chunk(transport, tuple(items))
                    items, size = [], 0
        except DreiklangError as error:
            yield Chunk(transport, tuple(items), error)
            return
        yield Chunk(transport, tuple(items))
