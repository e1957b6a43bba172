"""Object storage through fsspec: S3 and what speaks like it, and the same interface over a folder or memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ingestion.connectors.model import Item, Pull
from ingestion.connectors.remote import Info, as_ours, copy_stream, fetch_new
from ingestion.profiles.remote import ObjectOptions

SECONDS_MAX = 3_600.0
"""One object may take this long."""


class ObjectTransport:
    """Objects below a prefix: what is new or changed since the last pull. Objects are whole as soon as they are listed."""

    brings_all = False

    def __init__(self, options: ObjectOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options, self._sleep = options, sleep

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """New and changed objects, in the order of names. Raises RetriableError ING-402, ConfigurationError ING-103, ING-104, ING-405."""
        where = f"source {pull.profile.source_id}"
        with as_ours(where, (PermissionError, *_no_credentials(self._options))):
            yield from fetch_new(_Objects(self._options, pull), pull, self._sleep)

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """The objects are the partner's."""


class _Objects:
    """A bucket, folder or memory behind one interface."""

    stable_seconds = 0.0

    def __init__(self, options: ObjectOptions, pull: Pull) -> None:
        import fsspec

        kind, _, _ = options.url.partition("://")
        self._files = fsspec.filesystem(kind, **(_s3(options, pull) if kind == "s3" else {}))
        self._is_bucket = kind == "s3"
        self._root = self._files._strip_protocol(options.url).rstrip("/")

    def files(self) -> dict[str, Info]:
        """Every object below the prefix. Raises FileNotFoundError without bucket or folder."""
        self._files.invalidate_cache()
        if self._is_bucket:
            self._files.ls(self._root.split("/")[0])
        elif not self._files.exists(self._root):
            raise FileNotFoundError
        found = self._files.find(self._root, detail=True)
        return {str(path)[len(self._root) :].lstrip("/"): info for path, info in found.items() if not str(path).endswith("/")}

    def info(self, name: str) -> Info:
        """ETag or time, asked anew."""
        self._files.invalidate_cache()
        found: Info = self._files.info(f"{self._root}/{name}")
        return found

    def fetch(self, name: str, target: Path) -> None:
        """Copy an object in pieces."""
        with self._files.open(f"{self._root}/{name}", "rb", cache_type="readahead", block_size=4 << 20) as source:
            copy_stream(source, target, time.monotonic() + SECONDS_MAX)


def _s3(options: ObjectOptions, pull: Pull) -> dict[str, Any]:
    login: dict[str, Any] = {"anon": True}
    if options.key_id_variable and options.key_variable:
        login = {"key": pull.secret(options.key_id_variable), "secret": pull.secret(options.key_variable)}
    client = ({"region_name": options.region} if options.region else {}) | (
        {"endpoint_url": options.endpoint} if options.endpoint else {}
    )
    return login | {
        "client_kwargs": client, "skip_instance_cache": True, "use_listings_cache": False,
        "config_kwargs": {
            "connect_timeout": min(10.0, options.timeout_seconds), "read_timeout": options.timeout_seconds,
            "retries": {"max_attempts": options.attempts - 1, "mode": "standard"},
        },
    }  # fmt: skip


def _no_credentials(options: ObjectOptions) -> tuple[type[Exception], ...]:
    if not options.url.startswith("s3"):
        return ()
    from botocore.exceptions import NoCredentialsError

    return (NoCredentialsError,)


__all__ = ["ObjectTransport"]
