"""Sites that are files on other machines: SFTP, S3, and fsspec's memory and folder."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec

from ingestion.profiles import Profile
from tests.contract.sites import SECRET, Line, Site, csv_of, profile_with
from tests.support.http_server import LoopbackServer
from tests.support.sftp import SftpServer


@dataclass
class SftpSite:
    """A folder on an SFTP server, with password or key."""

    folder: Path
    with_key: bool
    source: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    host_key: str = ""

    def __post_init__(self) -> None:
        import io

        self.server = SftpServer(self.folder, "partner", SECRET)
        key = io.StringIO()
        self.server.client_key.write_private_key(key)
        self.environment |= {"SFTP_PASSWORD": SECRET, "SFTP_KEY": key.getvalue()}
        self.host_key = self.server.fingerprint
        self.port = self.server.port

    def profile(self) -> Profile:
        login = {"key_variable": "SFTP_KEY"} if self.with_key else {"password_variable": "SFTP_PASSWORD"}
        return profile_with({
            "kind": "sftp", "host": "127.0.0.1", "port": self.port, "user": "partner", "host_key": self.host_key, "stable_seconds": 0,
            "timeout_seconds": 3, "attempts": 2, **login,
        }, files="**/*.csv")  # fmt: skip

    def misconfigured(self) -> Profile:
        if self.with_key:
            self.host_key = "SHA256:" + "A" * 43
        else:
            self.environment["SFTP_PASSWORD"] = f"not {SECRET}"
        return self.profile()

    def publish(self, name: str, lines: list[Line]) -> None:
        path = self.folder / "out" / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(csv_of(lines))

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        self.server.breaks_after = items
        yield
        self.server.breaks_after = None

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        yield
        self.port = self.server.port

    @contextmanager
    def stalling(self) -> Iterator[None]:
        self.server.stall_seconds = 5.0
        yield
        self.server.stall_seconds = 0.0

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()


@dataclass
class ObjectSite:
    """Objects below a prefix, written and read through fsspec."""

    url: str
    options: dict[str, Any]
    files: Any
    source: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    stalled: LoopbackServer | None = None

    def profile(self) -> Profile:
        return profile_with({"kind": "object", "url": self.url, **self.options})

    def misconfigured(self) -> Profile:
        if "key_variable" in self.options:
            self.environment["S3_SECRET"] = ""
            return self.profile()
        self.url += "/no/such/folder"
        return self.profile()

    def publish(self, name: str, lines: list[Line]) -> None:
        self.files.pipe_file(f"{self.url}/{name}.csv", csv_of(lines).encode())

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        from ingestion.connectors.objects import _Objects

        fetched = 0
        known = _Objects.fetch

        def breaks(remote: Any, name: str, target: Path) -> None:
            nonlocal fetched
            fetched += 1
            if fetched > items:
                raise ConnectionResetError
            known(remote, name, target)

        _Objects.fetch = breaks  # type: ignore[method-assign]
        yield
        _Objects.fetch = known  # type: ignore[method-assign]

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        known = dict(self.options), self.url
        if "endpoint" in self.options:
            self.options["endpoint"] = "http://127.0.0.1:1"
        else:
            self.url += "-moved"
        yield
        self.options, self.url = known

    @contextmanager
    def stalling(self) -> Iterator[None]:
        from tests.support.http_server import Answered, Asked

        def wait(_: Asked) -> Answered:
            time.sleep(3)
            return Answered(500)

        known = dict(self.options)
        server = LoopbackServer(wait)
        self.options |= {"endpoint": server.url, "timeout_seconds": 0.5, "attempts": 1}
        yield
        self.options = known
        server.stop()


def sftp_with_password(root: Path, needed: dict[str, Any]) -> Site:
    """SFTP with a password."""
    folder = root / "server"
    folder.mkdir()
    return SftpSite(folder, with_key=False)


def sftp_with_key(root: Path, needed: dict[str, Any]) -> Site:
    """SFTP with a private key."""
    folder = root / "server"
    folder.mkdir()
    return SftpSite(folder, with_key=True)


def s3_site(root: Path, needed: dict[str, Any]) -> Site:
    """A bucket of the session's S3 server."""
    endpoint = needed["s3"]
    bucket = f"b{uuid4().hex}"
    options = {
        "endpoint": endpoint,
        "region": "eu-central-1",
        "key_id_variable": "S3_KEY",
        "key_variable": "S3_SECRET",
        "attempts": 2,
    }
    files = fsspec.filesystem(
        "s3",
        key="known",
        secret=SECRET,
        client_kwargs={"endpoint_url": endpoint, "region_name": "eu-central-1"},
        skip_instance_cache=True,
    )
    files.mkdir(bucket)
    return ObjectSite(f"s3://{bucket}/in", options, files, environment={"S3_KEY": "known", "S3_SECRET": SECRET})


def memory_site(root: Path, needed: dict[str, Any]) -> Site:
    """fsspec's memory."""
    files = fsspec.filesystem("memory")
    url = f"memory://{uuid4().hex}"
    files.mkdir(url)
    return ObjectSite(url, {}, files)


def file_site(root: Path, needed: dict[str, Any]) -> Site:
    """A folder through fsspec."""
    folder = root / "objects"
    folder.mkdir()
    return ObjectSite(f"file://{folder}", {}, fsspec.filesystem("file"))
