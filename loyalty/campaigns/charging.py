"""Whom burned points charge, to the cent. Pure: burned points in, statements out.

Values are exact in subcents (hundredths of a minor unit) and are rounded on what was burned since the first settlement, so that statements
never drift from the value: a statement is rounded(all so far) less what earlier ones said. The manufacturer takes what rounding leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loyalty.domain.funding import cents, funder_shares, settled_cents

TAKES_REMAINDER = "manufacturer"


@dataclass(frozen=True, slots=True)
class Burned:
    """Points of one rule and split that were burned at one distributor's sales, less those given back; may be below zero."""

    distributor: int
    rule_id: str
    funders: tuple[tuple[str, int], ...]
    points: int


@dataclass(frozen=True, slots=True)
class Line:
    """What those points cost whom, exactly."""

    burned: Burned
    burned_subcents: int
    manufacturer_subcents: int
    distributor_subcents: int


@dataclass(frozen=True, slots=True)
class Charge:
    """A distributor's statement: what was burned and who bears it. Cents add up: burned = manufacturer + distributor."""

    points_burned: int = 0
    burned_subcents: int = 0
    distributor_subcents: int = 0
    burned_cents: int = 0
    distributor_cents: int = 0

    @property
    def manufacturer_cents(self) -> int:
        """What the distributor's share leaves."""
        return self.burned_cents - self.distributor_cents

    def plus(self, other: Charge) -> Charge:
        """Both together."""
        return Charge(
            self.points_burned + other.points_burned, self.burned_subcents + other.burned_subcents,
            self.distributor_subcents + other.distributor_subcents, self.burned_cents + other.burned_cents,
            self.distributor_cents + other.distributor_cents,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Charges:
    """One settlement: lines, a statement per distributor, and the whole, whose cents are rounded once.

    `total.burned_cents` may differ from the sum of the statements by rounding; `total.manufacturer_cents` bears the difference.
    """

    lines: tuple[Line, ...]
    by_distributor: Mapping[int, Charge]
    total: Charge


def charge(burned: Sequence[Burned], point_value_subcents: int, before: Mapping[int, Charge], total_before: Charge) -> Charges:
    """Charge what was burned since. `before`: what earlier settlements charged each distributor, `total_before`: all of them."""
    lines = tuple(_line(one, point_value_subcents) for one in sorted(burned, key=lambda b: (b.distributor, b.rule_id, b.funders)))
    statements = {}
    for distributor in sorted({line.burned.distributor for line in lines}):
        own = [line for line in lines if line.burned.distributor == distributor]
        statements[distributor] = _statement(own, before.get(distributor, Charge()))
    subcents = sum(line.burned_subcents for line in lines)
    total = Charge(
        sum(line.burned.points for line in lines), subcents, sum(line.distributor_subcents for line in lines),
        cents(total_before.burned_subcents + subcents) - total_before.burned_cents,
        sum(one.distributor_cents for one in statements.values()),
    )  # fmt: skip
    return Charges(lines, statements, total)


def _line(burned: Burned, point_value_subcents: int) -> Line:
    value = burned.points * point_value_subcents
    shares = funder_shares(value, burned.funders)
    return Line(burned, value, shares.get("manufacturer", 0), shares.get("distributor", 0))


def _statement(lines: Sequence[Line], before: Charge) -> Charge:
    value = sum(line.burned_subcents for line in lines)
    share = sum(line.distributor_subcents for line in lines)
    own = before.distributor_subcents + share
    rest = before.burned_subcents + value - own
    so_far = settled_cents({"manufacturer": rest, "distributor": own}, TAKES_REMAINDER)
    return Charge(
        sum(line.burned.points for line in lines), value, share,
        sum(so_far.values()) - before.burned_cents, so_far["distributor"] - before.distributor_cents,
    )  # fmt: skip
