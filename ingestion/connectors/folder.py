"""Folders: the delivery that a command names, and the folder that a partner keeps writing to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.errors import ConfigurationError
from ingestion.connectors.model import Item, Pull, is_unfinished
from ingestion.profiles.model import Profile
from ingestion.profiles.transport import FolderOptions


def folder_of(profile: Profile, source: Path | None, inbox_dir: Path, path: str | None = None) -> Path:
    """The delivery's folder. Raises ConfigurationError ING-103 when it is not there."""
    folder = source or (Path(path).expanduser() if path else inbox_dir / profile.source_id)
    if not folder.exists():
        raise ConfigurationError(
            "ING-103", where=f"source {profile.source_id}", found=f"no folder {folder}", expected="the partner's files",
            next_step="Check --source, or create the folder and put the files there.",
        )  # fmt: skip
    return folder


def files_below(folder: Path, patterns: Sequence[str]) -> dict[str, Path]:
    """Relative name -> file, for every pattern, in the order of names; hidden and temporary files are left alone."""
    found = {path for pattern in dict.fromkeys(patterns) for path in folder.glob(pattern) if path.is_file()}
    return {path.relative_to(folder).as_posix(): path for path in sorted(found) if not is_unfinished(path.name)}


class DeliveredFolder:
    """A whole delivery in a folder: every file, every time. Bytes that were loaded before are known by their sha256."""

    brings_all = True

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """Every file that a feed or lookup names, in the order of names. Raises ConfigurationError ING-103."""
        folder = folder_of(pull.profile, pull.source, pull.inbox_dir)
        for name, path in files_below(folder, pull.patterns()).items():
            yield Item(name, path)

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """The files are the partner's."""


class FolderTransport:
    """A folder that is watched: what is new or changed since the last pull, as soon as it is whole."""

    brings_all = False

    def __init__(self, options: FolderOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options = options
        self._sleep = sleep

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """New and changed files that are whole, in the order of names. Raises ConfigurationError ING-103."""
        folder = folder_of(pull.profile, pull.source, pull.inbox_dir, self._options.path)
        seen = {name: (path, _fingerprint(path)) for name, path in files_below(folder, pull.patterns()).items()}
        news = {
            name: (path, mark)
            for name, (path, mark) in seen.items()
            if mark is not None and pull.since.get(f"file:{name}") != mark and self._is_marked(path)
        }
        if self._options.complete_marker is None and any(self._is_young(path) for path, _ in news.values()):
            self._sleep(self._options.stable_seconds)
        for name, (path, mark) in news.items():
            if _fingerprint(path) == mark:
                yield Item(name, path, {f"file:{name}": mark})

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """The files are the partner's."""

    def _is_marked(self, path: Path) -> bool:
        marker = self._options.complete_marker
        return marker is None or (not path.name.endswith(marker) and path.with_name(path.name + marker).exists())

    def _is_young(self, path: Path) -> bool:
        """Changed a moment ago, or, by a clock that jumped, in the future."""
        try:
            return time.time() - path.stat().st_mtime < self._options.stable_seconds
        except OSError:
            return True


def _fingerprint(path: Path) -> str | None:
    """Size and time of change; None when the file has gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return f"{stat.st_size}:{stat.st_mtime_ns}"


__all__ = ["DeliveredFolder", "FolderTransport", "files_below", "folder_of"]
