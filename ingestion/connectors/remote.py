"""Files on other machines, through fsspec: list, leave out what is known, fetch one after another.

A file is known by its name with its ETag, or with size and time of change. Each one that was fetched carries its own cursor, so a connection
that breaks costs the file it broke in and no other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from core.errors import ConfigurationError, DreiklangError, RetriableError
from ingestion.connectors.model import Item, Pull, is_unfinished
from ingestion.landing import CHUNK_BYTES, safe_name

Info = Mapping[str, Any]


class Remote(Protocol):
    """What differs between kinds of remote files."""

    stable_seconds: float

    def files(self) -> dict[str, Info]:
        """Relative name -> what the system tells of a file."""
        ...

    def info(self, name: str) -> Info:
        """The same of one file, asked anew."""
        ...

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file here, in pieces."""
        ...


def fetch_new(remote: Remote, pull: Pull, sleep: Callable[[float], None]) -> Iterator[Item]:
    """New and changed files that are whole, in the order of names."""
    found = {name: mark_of(info) for name, info in sorted(remote.files().items()) if pull.wants(name) and not is_unfinished(name)}
    news = {name: mark for name, mark in found.items() if pull.since.get(f"file:{name}") != mark}
    if news and remote.stable_seconds:
        sleep(remote.stable_seconds)
    for number, (name, mark) in enumerate(news.items()):
        folder = pull.work / f"{number:06d}"
        folder.mkdir()
        path = folder / safe_name(name.rpartition("/")[2])
        with contextlib.suppress(FileNotFoundError):
            if remote.stable_seconds and mark_of(remote.info(name)) != mark:
                continue
            remote.fetch(name, path)
            # what changed while it was read comes whole with the next pull
            if mark_of(remote.info(name)) == mark:
                yield Item(name, path, {f"file:{name}": mark})


def mark_of(info: Info) -> str:
    """What a file is known by."""
    etag = info.get("ETag") or info.get("etag")
    changed = info.get("LastModified") or info.get("mtime") or info.get("created") or ""
    moment = changed.timestamp() if isinstance(changed, datetime) else changed
    return str(etag) if etag else f"{info.get('size')}:{moment}"


def copy_stream(source: Any, target: Path, deadline: float) -> None:
    """In pieces, until the deadline (monotonic seconds). Raises TimeoutError."""
    with target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            out.write(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError


@contextlib.contextmanager
def as_ours(where: str, refused: tuple[type[Exception], ...] = (PermissionError,)) -> Iterator[None]:
    """Errors of libraries become ours, by their class alone: their texts may hold addresses with secrets."""
    try:
        yield
    except (DreiklangError, GeneratorExit, KeyboardInterrupt):
        raise
    except refused as error:
        raise ConfigurationError(
            "ING-405", where=where, found=f"a refusal ({type(error).__name__})", expected="credentials that may read what the profile asks for",
            next_step="Check the account and the environment variables that [transport] names.",
        ) from None  # fmt: skip
    except FileNotFoundError:
        raise ConfigurationError(
            "ING-103", where=where, found="no such folder or bucket", expected="the partner's files",
            next_step="Check path or url in [transport].",
        ) from None  # fmt: skip
    except Exception as error:  # noqa: BLE001
        raise RetriableError(
            "ING-402", where=where, found=f"no answer, or a broken connection ({type(error).__name__})", expected="the partner's files",
            next_step="Check that the server runs and can be reached; the next run goes on behind the files that came.",
        ) from None  # fmt: skip


__all__ = ["Info", "Remote", "as_ours", "copy_stream", "fetch_new", "mark_of"]
