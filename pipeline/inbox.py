"""Folders that partners write to: which files are whole, and where files go that were read or that cannot be read.

    inbox/x.csv --read--> inbox/.read/x.csv --a minute later, unchanged--> gone (its bytes are landed)
                --fails again and again--> dead_letters/<source>/<id>/x.csv + reason.json

A writer that was slower than `quiet_seconds` goes on writing into `.read`: such a file is put back and read again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from core.settings import Settings
from ingestion.connectors.folder import files_below
from ingestion.connectors.model import is_unfinished
from ingestion.redaction import without_secrets
from pipeline.lease import write_atomically
from pipeline.sources import Source

READ_DIR = ".read"
READ_KEPT_SECONDS = 60.0
"""How long a read file is watched for a late writer."""

Signature = tuple[int, int]
"""Size in bytes and moment of the last change in nanoseconds: equal means unchanged."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A file that failed again and again, why, and where it came from."""

    letter_id: str
    source_id: str
    file_name: str
    came_from: str
    feed: str
    failures: int
    error: str
    moved_at: str


def signature_of(path: Path) -> Signature | None:
    """The file's signature; None when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def waiting_files(source: Source, now_s: float) -> dict[Path, Signature]:
    """Files of any feed that have been quiet long enough. `now_s` is seconds since the epoch, as files' times are."""
    found: dict[Path, Signature] = {}
    if source.folder is None or not source.folder.exists():
        return found
    for path in files_below(source.folder, [feed.files for feed in source.profile.feeds if feed.files]).values():
        signature = signature_of(path)
        if signature is None:
            continue
        age_s = now_s - signature[1] / 1e9
        if age_s >= source.settings.quiet_seconds or age_s < -source.settings.quiet_seconds:
            found[path] = signature
    return found


def newest_message(source: Source) -> str:
    """The name of the message that was pushed last and still lies there; empty when there is none. Names sort in the order of arrival."""
    if source.pushed_to is None:
        return ""
    try:
        with os.scandir(source.pushed_to) as found:
            return max((entry.name for entry in found if not is_unfinished(entry.name)), default="")
    except FileNotFoundError:
        return ""


class ReadFiles:
    """Files that were read, until nobody can be writing them any more."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[Signature, float]] = {}

    def put_away(self, source: Source, read: Iterable[tuple[Path, Signature]], now_s: float) -> None:
        """Move read files out of the partner's way. Files that others are joined from, and files that changed meanwhile, stay."""
        joined = {path for feed in source.profile.feeds for lookup in feed.lookups for path in _glob(source, lookup.files)}
        for path, signature in read:
            if path in joined or signature_of(path) != signature:
                continue
            target = path.parent / READ_DIR / path.name
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
            self._seen[target] = (signature, now_s)

    def sweep(self, source: Source, now_s: float) -> None:
        """Delete what was read and has not changed for a minute; put back what a late writer went on with."""
        for path in _glob(source, f"{READ_DIR}/*"):
            found = signature_of(path)
            if found is None:
                continue
            signature, since_s = self._seen.setdefault(path, (found, now_s))
            back = path.parent.parent / path.name
            if found != signature and not back.exists():
                path.replace(back)
            elif found == signature and not 0 <= now_s - since_s <= READ_KEPT_SECONDS:
                path.unlink(missing_ok=True)
            else:
                continue
            del self._seen[path]


def bury(settings: Settings, letter: DeadLetter, file: Path) -> Path:
    """Move a file to the dead letters with its reason. The reason comes first: a file never lies there without one."""
    folder = settings.root / "dead_letters" / letter.source_id / letter.letter_id
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "reason.json", json.dumps(asdict(letter), indent=1, ensure_ascii=False))
    if (redacted := without_secrets(file)) is not None:  # what we keep has no partner's secrets in it
        (folder / letter.file_name).write_bytes(redacted[1])
        file.unlink()
    else:
        shutil.move(file, folder / letter.file_name)
    return folder


def dead_letters(settings: Settings) -> list[DeadLetter]:
    """All dead letters, oldest first."""
    reasons = (settings.root / "dead_letters").glob("*/*/reason.json")
    return sorted((DeadLetter(**json.loads(path.read_text(encoding="utf-8"))) for path in reasons), key=lambda one: one.moved_at)


def revive(settings: Settings, letter: DeadLetter) -> Path:
    """Put a dead letter back where it came from, to be read again. Gives its path there."""
    folder = settings.root / "dead_letters" / letter.source_id / letter.letter_id
    target = Path(letter.came_from)
    target.parent.mkdir(parents=True, exist_ok=True)
    if (folder / letter.file_name).exists():
        shutil.move(folder / letter.file_name, target)
    shutil.rmtree(folder)
    return target


def _glob(source: Source, pattern: str) -> list[Path]:
    return sorted(source.folder.glob(pattern)) if source.folder and source.folder.exists() else []
