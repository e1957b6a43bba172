"""What partners pushed: files in the source's folder, each with its row in the store before it is visible (room `inbox`).

JSON messages, one record each, are landed many as one file of JSON lines, in the order of their arrival: a file per message would cost
a batch per message. Files whose rows are stored are removed; their bytes lie in the landing folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from ingestion.connectors.folder import files_below
from ingestion.connectors.model import Item, Pull
from ingestion.profiles.transport import InboxOptions

BYTES_PER_FILE = 64 << 20
FORGET = ""


class InboxTransport:
    """The source's inbox folder, emptied as its rows are stored."""

    brings_all = False

    def __init__(self, options: InboxOptions) -> None:
        self._options = options

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """New messages in the order of arrival. Files that were stored by a run that died before it could remove them go now."""
        folder = _folder(pull)
        found = files_below(folder, pull.patterns()) if folder.is_dir() else {}
        for name in list(found):
            if f"message:{name}" in pull.since:
                found.pop(name).unlink(missing_ok=True)
        gone = {stream: FORGET for stream in pull.since if stream.startswith("message:")}
        for number, members in enumerate(self._bundles(pull, list(found.items()))):
            cursors = gone | {f"message:{name}": "stored" for name, _ in members}
            gone = {}
            (first, path), *others = members
            if others or _is_line(pull, first):
                path = pull.work / f"{number:05d}-{first}"
                _write_lines(path, [member for _, member in members])
            yield Item(first, path, cursors)

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """Remove the files of stored messages."""
        for item in items:
            for stream, position in item.cursors.items():
                if position != FORGET:
                    (_folder(pull) / stream.removeprefix("message:")).unlink(missing_ok=True)

    def _bundles(self, pull: Pull, found: list[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
        """Neighbours that the same feeds read as JSON lines stay together, within the limits; any other file is alone."""
        for (is_line, _), members in groupby(found, lambda pair: (_is_line(pull, pair[0]), _readers(pull, pair[0]))):
            bundle: list[tuple[str, Path]] = []
            size = 0
            for member in members:
                size += member[1].stat().st_size
                if bundle and (not is_line or len(bundle) >= self._options.messages_per_file or size > BYTES_PER_FILE):
                    yield bundle
                    bundle, size = [], member[1].stat().st_size
                bundle.append(member)
            yield bundle


def _folder(pull: Pull) -> Path:
    return pull.source or pull.inbox_dir / pull.profile.source_id


def _readers(pull: Pull, name: str) -> tuple[int, ...]:
    return tuple(feed_no for feed_no, feed in enumerate(pull.profile.feeds) if Item(name, Path()).is_for(feed_no, feed))


def _is_line(pull: Pull, name: str) -> bool:
    return all(pull.profile.feeds[feed_no].format == "jsonl" for feed_no in _readers(pull, name)) and not name.endswith(".gz")


def _write_lines(path: Path, members: Sequence[Path]) -> None:
    """One message a line. Line breaks outside JSON texts are blanks, and inside them they cannot stand: nothing of the content changes.

    A message that is several lines of JSON already (`.jsonl`) keeps them.
    """
    with path.open("wb") as out:
        for member in members:
            body = member.read_bytes()
            if member.suffix != ".jsonl":
                body = body.replace(b"\r", b" ").replace(b"\n", b" ")
            out.write(body if body.endswith(b"\n") else body + b"\n")


__all__ = ["InboxTransport"]
