"""What a query of a page is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.scope import Role

Filters = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Query:
    """SQL over published relations. `parameters` are filters, null when not set; an exported one has a download."""

    name: str
    roles: frozenset[Role]
    sql: str
    parameters: tuple[str, ...] = ()
    is_exported: bool = True


def net_cents(condition: str | None = None) -> str:
    """Minor units of a net amount over rows, rounded half-even once; with a condition over the rows that fulfil it, null when none do."""
    only = f" filter ({condition})" if condition else ""
    return f"cast(sum(net_amount_cents){only} + round_even(sum(net_amount_subcents){only} / 100.0, 0) as bigint)"
