"""Who asks. Every read takes a `Scope`; there is no default and no global."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The three tiers of the channel, and the operator of the instance."""

    MANUFACTURER = "manufacturer"
    DISTRIBUTOR = "distributor"
    RETAILER = "retailer"
    OPERATOR = "operator"
    """Runs the instance from its command line (summary, benchmarks). Never a role of a person who logs in."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks: a role and the parties it may speak for.

    `party_ids` are internal party ids (`dim_party.party_id`). An empty set gives zero rows.
    """

    role: Role
    party_ids: frozenset[int]

    @staticmethod
    def of(role: Role, *party_ids: int) -> Scope:
        """The scope of a person of that role in these parties."""
        return Scope(role, frozenset(party_ids))
