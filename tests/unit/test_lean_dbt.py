"""What dbt is spared in each run: what is left out is what nobody reads, and a new version of dbt that works otherwise is noticed here."""

from __future__ import annotations

import inspect

import pytest
from dbt_common.behavior_flags import Behavior
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.types import Note

from core.warehouse.lean_dbt import WarningsOnly, make_lean


def test_warnings_are_told_and_what_is_below_is_not_even_built(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[EventMsg] = []
    manager = WarningsOnly()
    manager.add_callback(heard.append)
    manager.fire_event(Note(msg="a table is replaced"), EventLevel.WARN)
    manager.fire_event(Note(msg="a model fails"), EventLevel.ERROR)
    assert [message.info.msg for message in heard] == ["a table is replaced", "a model fails"]
    monkeypatch.setattr(
        "dbt_common.events.event_manager.msg_from_base_event", lambda *_, **__: pytest.fail("a message was built")
    )
    manager.fire_event(Note(msg="1 of 60 begins"))
    manager.fire_event(Note(msg="1 of 60 begins"), EventLevel.DEBUG)
    assert len(heard) == 2


def test_nobody_looks_for_who_declared_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    make_lean()
    make_lean()
    assert isinstance(get_event_manager(), WarningsOnly)
    monkeypatch.setattr(inspect, "stack", lambda *_, **__: pytest.fail("the stack was walked through"))
    assert bool(Behavior([{"name": "new_ways", "default": True, "description": "how it will be"}], {}).new_ways)
