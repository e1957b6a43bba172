"""What a benchmark found, beside what it is to reach."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure with its unit; `limit` is what it is to reach, `at_most` says from which side."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True

    @property
    def verdict(self) -> str:
        """ok, MISSED, or nothing when no limit is set."""
        if self.limit is None:
            return ""
        return "ok" if (self.value <= self.limit if self.at_most else self.value >= self.limit) else "MISSED"


def as_json(rows: Sequence[Measured]) -> str:
    """One line for the process that asked."""
    return json.dumps([asdict(row) for row in rows])


def table(rows: Sequence[Measured]) -> str:
    """The figures for people."""
    lines = [f"{'figure':<66}{'found':>12}  {'unit':<10}{'to reach':>12}"]
    for row in rows:
        limit = "" if row.limit is None else f"{'<=' if row.at_most else '>='} {row.limit:,g}"
        lines.append(f"{row.name:<66}{row.value:>12,.2f}  {row.unit:<10}{limit:>12}  {row.verdict}")
    return "\n".join(lines)
