"""The sources that files describe, as they are now: a profile that somebody mends is read with the next look, without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from core.clock import Clock
from core.errors import DreiklangError
from core.settings import Settings
from pipeline.alerts import Alerts
from pipeline.inbox import Signature, signature_of
from pipeline.sources import SOURCES_DIR, Source, load_sources

log = structlog.get_logger("dreiklang.pipeline")

LOOK_SECONDS = 1.0
"""How often the files are looked at."""


class DescribedSources:
    """Asked by the service at each tick. While the files are wrong the sources stay as they were, and people are told once.

    Raises what `load_sources` raises when they are wrong from the start.
    """

    def __init__(self, settings: Settings, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._seconds = settings, seconds
        self._alerts = Alerts(settings, clock)
        self._wrong: str | None = None
        self._looked_s = seconds()
        self._found = load_sources(settings)
        self._seen = self._signatures()

    def __call__(self) -> tuple[Source, ...]:
        """The sources by name of their file."""
        if self._seconds() - self._looked_s < LOOK_SECONDS:
            return self._found
        self._looked_s = self._seconds()
        seen = self._signatures()
        if self._wrong is not None or seen != self._seen:
            self._read_again()
            self._seen = self._signatures()
        return self._found

    def _read_again(self) -> None:
        try:
            self._found = load_sources(self._settings)
        except (DreiklangError, OSError) as error:
            words = f"The sources cannot be read and stay as they were: {error}"
            if words != self._wrong:
                self._alerts.tell("sources_wrong", None, words)
            self._wrong = words
            return
        if self._wrong is not None:
            self._wrong = None
            self._alerts.tell("sources_right_again", None, "The sources can be read again.")
        log.info("sources_read_again", sources=[source.source_id for source in self._found])

    def _signatures(self) -> dict[Path, Signature | None]:
        """What tells that a source's file, or a profile of its own, has changed."""
        files = {path for source in self._found for path in source.described_in}
        return {path: signature_of(path) for path in files.union((self._settings.root / SOURCES_DIR).glob("*.toml"))}
