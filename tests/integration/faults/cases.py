"""The list of cases, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ingestion.profiles import Profile
from pipeline import Part
from tests.support.instances import HEADER, LINES, Instance, order_rows, profile_of

Act = Callable[[Instance, pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault: its number, its name in words, what happens, and how much the runs do in which it happens."""

    number: int
    name: str
    act: Act
    part: Part

    @property
    def id(self) -> str:
        """Number first, so that a list of tests is a list of faults."""
        return f"{self.number:02d}-{self.name.replace(' ', '-')}"


CASES: list[Case] = []


def fault(number: int, name: str, part: Part = Part.ORDERS) -> Callable[[Act], Act]:
    """Add a case. Its runs publish the orders at once, as they do while orders keep coming, unless it is about points or whole runs."""

    def add(act: Act) -> Act:
        CASES.append(Case(number, name, act, part))
        return act

    return add


def lines_profile(columns: dict[str, Any] | None = None, **feed: Any) -> Profile:
    """The partner's profile with other columns or properties of its order lines."""
    return profile_of({"feed": "order_lines", "files": "orders*.csv*", "columns": {**LINES, **(columns or {})}, **feed})


def refused(instance: Instance, name: str, content: str | bytes, code: str, profile: Profile | None = None) -> str:
    """The file is refused or held with that code and nothing of it is published, a good one beside it is. Gives the message."""
    instance.put(name, content)
    good = HEADER + order_rows("G", 10)
    if profile is None or profile.feeds[-1].delimiter == ",":
        instance.put("orders_good.csv", good)
    before = len(instance.events)
    result = instance.run(profile or lines_profile())
    outcome = next(o for load in result.loads for o in load.outcomes if o.file_name == name)
    assert outcome.status in ("rejected", "held"), outcome
    assert outcome.error_code == code, outcome
    assert instance.orders("X") == 0
    told = [e for e in instance.events[before:] if e["event"] == "file_read" and e["file"] == name]
    assert [(e["status"], e["code"]) for e in told] == [(outcome.status, code)]
    assert any(name in words for words in result.refused)
    return str(outcome.error_message)


def taken(instance: Instance, name: str, content: str | bytes, profile: Profile | None = None) -> tuple[int, int, int]:
    """The file is loaded. Gives (accepted, quarantined, duplicate)."""
    instance.put(name, content)
    result = instance.run(profile or lines_profile())
    outcome = next(o for load in result.loads for o in load.outcomes if o.file_name == name)
    assert outcome.status == "loaded", outcome
    return outcome.rows_accepted, outcome.rows_quarantined, outcome.rows_duplicate


def quarantined(instance: Instance, name: str) -> list[tuple[Any, ...]]:
    """(line, column, code) of the refused rows of a file."""
    return instance.raw(
        f"""select line_no, column_name, quarantine.error_code from raw.quarantine as quarantine inner join raw.batches using (batch_no)
            where file_name = '{name}' order by row_no"""
    )
