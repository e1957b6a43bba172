"""What people ask between two runs: a source is due when somebody asked something of its refused rows, also without a new file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.errors import DreiklangError
from core.settings import Settings
from core.store import migrate, open_store
from ingestion.replay_requests import newest_wishes

log = structlog.get_logger("dreiklang.pipeline")

LOOK_SECONDS = 1.0
"""How often the store is asked."""


class Wishes:
    """Knows which sources' people asked for something since the source ran last. A store that does not answer has no wishes.

    `seconds` is a count that only rises."""

    def __init__(self, settings: Settings, seconds: Callable[[], float]) -> None:
        self._settings, self._seconds = settings, seconds
        self._store: Engine | None = None
        self._looked_s = float("-inf")
        self._newest: dict[str, tuple[int, int]] = {}
        self._met: dict[str, tuple[int, int]] = {}

    def look(self, source_ids: Sequence[str]) -> None:
        """Ask the store about these sources, at most once a second. What was asked before the process began is met by the first runs."""
        if self._seconds() - self._looked_s < LOOK_SECONDS:
            return
        self._looked_s = self._seconds()
        try:
            if self._store is None:
                store = open_store(self._settings.resolved_store_url())
                migrate(store)
                self._store = store
            self._newest = newest_wishes(self._store, source_ids)
        except (SQLAlchemyError, DreiklangError, OSError) as error:
            log.warning("wishes_unknown", found=type(error).__name__)

    def has_any(self, source_id: str) -> bool:
        """Whether somebody asked something that no run of the source has met."""
        return self._newest.get(source_id) != self._met.get(source_id)

    def known(self) -> dict[str, tuple[int, int]]:
        """What is asked by now; hand it to `met` when a run that began after it has ended."""
        return dict(self._newest)

    def met(self, source_id: str, known: dict[str, tuple[int, int]]) -> None:
        """A run of the source did what was asked until then."""
        if source_id in known:
            self._met[source_id] = known[source_id]
