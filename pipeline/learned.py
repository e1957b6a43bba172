"""Sources that people taught: whoever confirmed a layout need not write a file for the pipeline, nor need the next file anybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from core.clock import Clock
from core.settings import Settings
from ingestion.intake import learned_deliveries
from pipeline.alerts import Alerts
from pipeline.inbox import signature_of
from pipeline.sources import Source, SourceSettings

USUAL = SourceSettings(profile="learned")

LOOK_SECONDS = 1.0
"""How often layouts and folders are looked at anew."""


class LearnedSources:
    """Asked by the service at each tick. Gives every learned source but those that somebody describes by hand."""

    def __init__(self, store: Engine, settings: Settings, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store, self._settings, self._clock, self._seconds = store, settings, clock, seconds
        self._alerts = Alerts(settings, clock)
        self._told: set[tuple[str, str]] = set()
        self._found: tuple[Source, ...] = ()
        self._looked_s = float("-inf")

    def __call__(self, described: Sequence[Source] = ()) -> tuple[Source, ...]:
        """The sources that are not `described`, with the files that lie there now. A file whose layout nobody has confirmed waits, and people are told once."""
        if self._seconds() - self._looked_s < LOOK_SECONDS:
            return self._found
        self._looked_s = self._seconds()
        taken = {source.source_id for source in described}
        deliveries = [
            one for one in learned_deliveries(self._store, self._settings.inbox_dir) if one.profile.source_id not in taken
        ]
        for one in deliveries:
            for name in one.waiting:
                if (one.profile.source_id, name) in self._told or self._is_young(one.folder / name):
                    continue
                self._told.add((one.profile.source_id, name))
                words = f"{name} of {one.profile.source_id} has a layout that nobody has confirmed; it waits."
                self._alerts.tell("layout_unknown", one.profile.source_id, words)
        self._found = tuple(Source(one.profile, USUAL, one.folder) for one in deliveries)
        return self._found

    def _is_young(self, path: Path) -> bool:
        """Whether somebody may still be writing it."""
        found = signature_of(path)
        return found is None or self._clock.now().timestamp() - found[1] / 1e9 < USUAL.quiet_seconds
