"""The unattended pipeline in a test's own process: a source file, a service on a clock that the test moves, a reader of alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from core.clock import FixedClock, random_id
from ingestion.profiles import Profile
from pipeline import Service, hold_lease
from pipeline.described import DescribedSources
from tests.support.instances import Instance, profile_of


def profile_toml(profile: Profile) -> str:
    """A profile as TOML."""

    def value(item: object) -> str:
        if isinstance(item, dict):
            return "{ " + ", ".join(f"{key} = {value(inner)}" for key, inner in item.items()) + " }"
        if isinstance(item, list):
            return "[" + ", ".join(value(inner) for inner in item) + "]"
        return json.dumps(item)

    found = profile.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    lines = [f"{key} = {value(item)}" for key, item in found.items() if key != "feeds"]
    for feed in found["feeds"]:
        lines += ["[[feeds]]", *(f"{key} = {value(item)}" for key, item in feed.items())]
    return "\n".join(lines) + "\n"


def add_source(instance: Instance, profile: Profile | None = None, **settings: Any) -> None:
    """A source file and its profile in the instance's home. `quiet_seconds` is 0 unless said: tests write files whole."""
    profile = profile or profile_of()
    folder = instance.home / "sources"
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    (folder / "profiles" / f"{profile.source_id}.toml").write_text(profile_toml(profile), encoding="utf-8")
    said = {"profile": f"profiles/{profile.source_id}.toml", "quiet_seconds": 0, **settings}
    lines = [
        f"{key} = {{ {', '.join(f'{k} = {v}' for k, v in value.items())} }}"
        if isinstance(value, dict)
        else f"{key} = {json.dumps(value)}"
        for key, value in said.items()
    ]
    (folder / f"{profile.source_id}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def service_of(instance: Instance) -> Iterator[Service]:
    """A service that holds the lease; the test calls `tick`. How long a slow machine takes changes nothing: its seconds are the test's clock."""
    with hold_lease(instance.settings, instance.clock, random_id, "pipeline") as lease:
        yield Service(
            instance.settings,
            instance.clock,
            random_id,
            instance.pipeline(),
            DescribedSources(instance.settings, instance.clock, seconds=count(0, 2).__next__),
            lease,
            chance=lambda: 0.0,
            seconds=lambda: instance.clock.now().timestamp(),
        )


def later(instance: Instance, **by: float) -> None:
    """Move the instance's clock."""
    assert isinstance(instance.clock, FixedClock)
    instance.clock.moment += timedelta(**by)


def alerts(instance: Instance) -> list[str]:
    """Kinds of alerts so far."""
    path = instance.home / "alerts.jsonl"
    return [json.loads(line)["alert"] for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
