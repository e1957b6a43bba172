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


NET = "cast(sum({0}net_amount_cents) + round_even(sum({0}net_amount_subcents) / 100.0, 0) as bigint)"
"""Minor units of a net amount over rows, rounded half-even once; `{0}` is the relation's alias with its dot."""


def net_where(condition: str) -> str:
    """`NET` over the rows that fulfil a condition; null when there are none."""
    cents, subcents = (f"sum({column}) filter ({condition})" for column in ("net_amount_cents", "net_amount_subcents"))
    return f"cast({cents} + round_even({subcents} / 100.0, 0) as bigint)"
