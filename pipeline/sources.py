"""The sources of the unattended pipeline: one TOML file each below `sources/` in the home directory.

profile = "nordwind.toml"            a shipped profile's name, or a path as seen from this file
folder = "/srv/sftp/nordwind"        where its files arrive; `inbox/<source_id>` when not given
schedule = "watch"                   or "every 300 seconds", or a cron expression in the profile's time zone
expected_every_hours = 26            silence for longer raises an alert
fresh_within_minutes = { order_lines = 15 }     the promise per feed
quiet_seconds = 2.0                  a file that changed since is still being written
keep_files = false                   true leaves read files where they are
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import ConfigurationError
from core.settings import Settings
from ingestion.contracts import FEEDS
from ingestion.profiles import Profile, load_profile
from pipeline.schedule import WATCH, is_schedule

SOURCES_DIR = "sources"

ASKED = "every 5 seconds"
"""How often a transport is asked whose source says "watch"; what is pushed to the HTTP inbox is read when it is there."""


class SourceSettings(BaseModel):
    """What one file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str
    folder: Path | None = None
    schedule: str = WATCH
    expected_every_hours: float | None = Field(None, gt=0)
    fresh_within_minutes: dict[str, float] = Field(default_factory=dict)
    quiet_seconds: float = Field(2.0, ge=0)
    keep_files: bool = False

    @field_validator("schedule")
    @classmethod
    def _says_when(cls, text: str) -> str:
        if not is_schedule(text):
            raise ValueError(f'{text!r} is neither "watch" nor "every N seconds" nor a cron expression')
        return text

    @field_validator("fresh_within_minutes")
    @classmethod
    def _known_feeds(cls, promises: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(promises) - set(FEEDS))
        if unknown:
            raise ValueError(f"no feed {', '.join(unknown)}; the feeds are {', '.join(FEEDS)}")
        return promises


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the pipeline runs it. `folder` is None for a source that is read from a system, not from files.

    `pushed_to` is where the HTTP inbox puts what a partner pushes; None for every other transport. `described_in`: the files that say all this.
    """

    profile: Profile
    settings: SourceSettings
    folder: Path | None
    pushed_to: Path | None = None
    described_in: tuple[Path, ...] = ()

    @property
    def source_id(self) -> str:
        """The profile's source."""
        return self.profile.source_id

    @property
    def is_inbox(self) -> bool:
        """Whether files arrive in a folder of ours (a learned source has no feed while it is empty); otherwise a transport is asked, which knows itself what is new."""
        return self.profile.transport is None and (not self.profile.feeds or any(feed.files for feed in self.profile.feeds))

    @property
    def schedule(self) -> str:
        """When it is due. What cannot be watched is asked every few seconds instead."""
        return self.settings.schedule if self.is_inbox or self.settings.schedule != WATCH else ASKED


def load_sources(settings: Settings) -> tuple[Source, ...]:
    """All sources by name of their file. Raises ConfigurationError PIPE-301, or what a profile raises."""
    folder = settings.root / SOURCES_DIR
    sources = tuple(_load(path, settings) for path in sorted(folder.glob("*.toml")))
    doubled = sorted({s.source_id for s in sources if sum(s.source_id == other.source_id for other in sources) > 1})
    if doubled:
        raise _wrong(folder, f"the source {', '.join(doubled)} in two files")
    return sources


def _load(path: Path, settings: Settings) -> Source:
    try:
        found = SourceSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, str(error)) from error
    except ValidationError as error:
        words = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise _wrong(path, words) from error
    own = path.parent / found.profile if found.profile.endswith(".toml") else None
    profile = load_profile(own or found.profile)
    inbox = settings.inbox_dir / profile.source_id if any(feed.files for feed in profile.feeds) else None
    is_pushed = profile.transport is not None and profile.transport.kind == "inbox"
    folder = found.folder or (inbox if profile.transport is None else None)
    return Source(profile, found, folder, inbox if is_pushed else None, (path, own) if own else (path,))


def _wrong(path: Path, found: str) -> ConfigurationError:
    return ConfigurationError(
        "PIPE-301", where=f"{path.parent.name}/{path.name}", found=found, expected="a source as docs/unattended.md describes it",
        next_step="Mend the named keys and start again. Nothing was started.",
    )  # fmt: skip
