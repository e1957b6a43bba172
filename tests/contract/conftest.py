"""One site per test, for every connector in the list."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.listed import SITES
from tests.contract.sites import Listed, Site
from tests.support.databases import Server, start_postgres
from tests.support.loading import Loading, loading


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL server for the session."""
    yield from start_postgres()


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """One S3 server for the session, in a process of its own so that its memory is not ours: its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/moto-api/", timeout=1)
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=sorted(SITES))
def listed(request: pytest.FixtureRequest) -> Listed:
    """Every connector of the list."""
    return SITES[str(request.param)]


@pytest.fixture
def site(listed: Listed, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The partner's system, empty; stopped at the end."""
    made = listed.make(tmp_path, {name: request.getfixturevalue(name) for name in listed.needs})
    yield made
    getattr(made, "stop", lambda: None)()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Loading]:
    """An empty warehouse in memory."""
    with loading(tmp_path / "ours") as site:
        yield site
