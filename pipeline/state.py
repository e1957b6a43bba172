"""What the unattended pipeline remembers between two runs and over its own death: `pipeline/state.json` in the home directory.

What was loaded is known by the warehouse; here stands only who is to be tried when, and what people were told.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from pipeline.lease import write_atomically

log = structlog.get_logger("dreiklang.pipeline")


@dataclass(slots=True)
class Attempts:
    """Failures in a row of one source, file or run. Moments are ISO 8601 in UTC."""

    failures: int = 0
    next_attempt_at: str | None = None
    error: str | None = None

    @property
    def next_at(self) -> datetime | None:
        """When to try again; None at once."""
        return datetime.fromisoformat(self.next_attempt_at) if self.next_attempt_at else None


@dataclass(slots=True)
class SourceState:
    """One source: its attempts, when it last began, when it last brought rows, and whether people were told of its silence."""

    attempts: Attempts = field(default_factory=Attempts)
    last_began_at: str | None = None
    last_data_at: str | None = None
    is_silent: bool = False
    is_failing: bool = False

    @property
    def began_at(self) -> datetime | None:
        """When it was last read."""
        return datetime.fromisoformat(self.last_began_at) if self.last_began_at else None

    @property
    def data_at(self) -> datetime | None:
        """When it last brought rows."""
        return datetime.fromisoformat(self.last_data_at) if self.last_data_at else None


@dataclass(slots=True)
class State:
    """Everything remembered. `files` is keyed by path; `has_unpublished` says that a run ended before its publish."""

    sources: dict[str, SourceState] = field(default_factory=dict)
    files: dict[str, Attempts] = field(default_factory=dict)
    run: Attempts = field(default_factory=Attempts)
    has_unpublished: bool = True

    def of(self, source_id: str) -> SourceState:
        """A source's state; made when it is new."""
        return self.sources.setdefault(source_id, SourceState())


class StateFile:
    """Reads and writes the state, whole or not at all. A file that cannot be read is put aside: forgetting it loses no data."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "state.json"
        self._written = ""

    def load(self) -> State:
        """The state as it was last saved; an empty one when there is none."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return State(
                {name: SourceState(**{**one, "attempts": Attempts(**one["attempts"])}) for name, one in found["sources"].items()},
                {path: Attempts(**one) for path, one in found["files"].items()},
                Attempts(**found["run"]), bool(found["has_unpublished"]),
            )  # fmt: skip
        except FileNotFoundError:
            return State()
        except (ValueError, TypeError, KeyError) as error:
            self._path.replace(self._path.with_suffix(".unreadable"))
            log.warning("state_unreadable", found=type(error).__name__)
            return State()

    def save(self, state: State) -> None:
        """Keep it, when it changed."""
        text = json.dumps(asdict(state), indent=1)
        if text != self._written:
            write_atomically(self._path, text)
            self._written = text
