"""Instances that look alike, published once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.clock import FixedClock
from core.scope import Role
from tests.conftest import NOW
from tests.support.lookalikes import TRADES, Lookalikes, build_lookalikes
from tests.support.web import Web, serving

PEOPLE = {Role.MANUFACTURER: ("QG1", "QG2"), Role.DISTRIBUTOR: ("D1", "D2"), Role.RETAILER: ("R1", "R2", "RX")}
"""Whose people log in."""


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookalikes]:
    """Both channels."""
    instance = build_lookalikes(tmp_path_factory.mktemp("both"), TRADES, FixedClock(NOW))
    yield instance
    instance.serving.close()


@pytest.fixture(scope="session")
def first_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookalikes]:
    """The first channel, as if the other did not exist."""
    instance = build_lookalikes(tmp_path_factory.mktemp("alone"), [t for t in TRADES if t.distributor == "D1"], FixedClock(NOW))
    yield instance
    instance.serving.close()


@pytest.fixture(scope="session")
def web(both: Lookalikes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Both channels, served, with a person of each party."""
    with serving(both.settings, tmp_path_factory.mktemp("web")) as served:
        for role, refs in PEOPLE.items():
            for ref in refs:
                served.add_person(f"{ref.lower()}@quell.example", role, both.party_id(ref))
        yield served
