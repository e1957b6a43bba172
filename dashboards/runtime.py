"""What the web process holds while it runs: settings, the store, the published data, the clock. Built by the entry point."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from core.clock import Clock, Ids
from core.errors import ConfigurationError
from core.settings import Settings
from core.warehouse.reader import Serving
from portal import SessionLimits


@dataclass(frozen=True, slots=True)
class Runtime:
    """The services of one web process."""

    settings: Settings
    store: Engine
    serving: Serving
    clock: Clock
    tokens: Ids
    limits: SessionLimits


_installed: list[Runtime] = []


def install(runtime: Runtime) -> None:
    """Make these the services of this process; the page script, which Streamlit runs by path, finds them here."""
    _installed[:] = [runtime]


def current() -> Runtime:
    """The services of this process. Raises ConfigurationError SCR-101 before they are installed."""
    if not _installed:
        raise ConfigurationError(
            "SCR-101", where="the web process", found="pages without services", expected="a process started by `dreiklang serve`",
            next_step="Start the pages with `dreiklang serve`.",
        )  # fmt: skip
    return _installed[0]
