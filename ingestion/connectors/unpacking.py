"""Archives among a delivery's items become their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from core.errors import InputRefusedError
from ingestion.archives import unpack
from ingestion.connectors.model import Item, fits
from ingestion.profiles.model import Profile

log = structlog.get_logger("dreiklang.ingestion")


def open_archives(profile: Profile, items: Sequence[Item], work: Path) -> tuple[list[Item], list[tuple[Item, InputRefusedError]]]:
    """The items with every archive (as `archives` of the profile names them) replaced by its files, and the archives refused.

    A file of an archive is known by its path within it, and lands as `<archive>!<path>`.
    """
    found: list[Item] = []
    refused: list[tuple[Item, InputRefusedError]] = []
    for item in items:
        if item.feed_no is not None or not any(fits(item.name, pattern) for pattern in profile.archives):
            found.append(item)
            continue
        try:
            unpacked = unpack(item.path, item.name, _free(work))
        except InputRefusedError as refusal:
            refused.append((item, refusal))
        else:
            files = [Item(name, path, item.cursors) for name, path in unpacked]
            wanted = [feed.files for feed in profile.feeds] + [lookup.files for feed in profile.feeds for lookup in feed.lookups]
            unread = [file.name for file in files if not any(fits(file.name, pattern) for pattern in wanted if pattern)]
            if unread:
                log.warning(
                    "archive_files_unread", source=profile.source_id, archive=item.name, files=unread[:20], count=len(unread)
                )
            found += files
    return found, refused


def _free(work: Path) -> Path:
    """A folder that is not there yet."""
    number = 0
    while (folder := work / f"archive-{number}").exists():
        number += 1
    return folder
