"""Fixtures that several parts of the suite share."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

from core.clock import FixedClock
from tests.support.demo import DemoInstance, build_demo
from tests.support.instances import Instance, Template, captured

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def pytest_configure() -> None:
    """pytest's closing line comes last: DuckDB's binding would report its own types as leaked after it."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))
    gc.set_threshold(20_000, 20, 100)  # a process that holds every library looks through millions of objects each time


class ByFile(LoadFileScheduling):
    """A file's tests stay in one process, and so do all that share a served demo and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """How tests are spread over processes."""
    return ByFile(config, log)


@pytest.fixture(autouse=True, scope="session")
def _quiet_logs() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(autouse=True)
def _main_stays() -> Iterator[None]:
    """Pages under test run as `__main__` and leave it behind; processes that a later test starts would run that page again."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon UTC of 30 June 2026."""
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoInstance]:
    """The demo channel, loaded and published once for the whole session. Treat it as read-only."""
    instance = build_demo(Path(tmp_path_factory.mktemp("demo")), end_date=date(2026, 6, 29), clock=FixedClock(NOW))
    yield instance
    instance.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A small published instance that tests copy."""
    return Template(Path(tmp_path_factory.mktemp("template")), FixedClock(NOW))


@pytest.fixture
def instance(template: Template, tmp_path: Path) -> Iterator[Instance]:
    """An instance of the test's own, published once, with its events collected."""
    copied = template.copy(tmp_path)
    release = captured(copied)
    yield copied
    release()
