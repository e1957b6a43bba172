"""Instances that look alike, published once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.clock import FixedClock
from tests.conftest import NOW
from tests.support.lookalikes import TRADES, Lookalikes, build_lookalikes


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
