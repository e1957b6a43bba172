"""One site per test, for every connector in the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.listed import SITES
from tests.contract.sites import Listed, Site
from tests.support.databases import Server, start_postgres
from tests.support.loading import Loading, loading


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL server for the session."""
    yield from start_postgres()


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
