"""What points cost whom, and what they are worth in the books. Amounts are integers: subcents (hundredths of a minor unit) and minor units.

Sources: IFRS 15, paragraphs 74-80 (allocation by relative stand-alone prices) and B39-B43 (customer options); docs/loyalty.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal


def funder_shares(burned_subcents: int, funders: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Subcents that each funder bears of points that were burned; shares in percent. The first funder takes what rounding leaves."""
    shares = {name: burned_subcents * percent // 100 for name, percent in funders}
    first = funders[0][0]
    shares[first] += burned_subcents - sum(shares.values())
    return shares


def settled_cents(subcents: Mapping[str, int], takes_remainder: str) -> dict[str, int]:
    """Minor units per funder that add up to the burned value, rounded half to even; one named funder takes the remainder."""
    total = cents(sum(subcents.values()))
    settled = {name: cents(value) for name, value in subcents.items()}
    settled[takes_remainder] = settled.get(takes_remainder, 0) + total - sum(settled.values())
    return settled


def cents(subcents: int) -> int:
    """Minor units of hundredths of a minor unit, rounded half to even."""
    return int((Decimal(subcents) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def allocate(price_cents: int, points_value_cents: int) -> tuple[int, int]:
    """IFRS 15: the price of goods that come with points, split by stand-alone values: (goods, points), in minor units."""
    if not price_cents + points_value_cents:
        return price_cents, 0
    points = int(
        (Decimal(price_cents) * points_value_cents / (price_cents + points_value_cents)).quantize(
            Decimal(1), rounding=ROUND_HALF_EVEN
        )
    )
    return price_cents - points, points


def recognised_cents(allocated_cents: int, points_redeemed: int, points_expected: int) -> int:
    """IFRS 15: revenue recognised so far: the allocation in the share that redeemed points have of those expected to be redeemed.

    A changed expectation catches up with the next difference: recognised now less recognised before.
    """
    if points_expected <= 0:
        return 0
    share = Decimal(min(points_redeemed, points_expected)) / points_expected
    return int((Decimal(allocated_cents) * share).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def liability_subcents(points_unredeemed: int, expected_redemption_percent: int, point_value_subcents: int) -> int:
    """What outstanding points are expected to cost: unredeemed x expected redemption x unit cost, rounded half to even once."""
    value = Decimal(points_unredeemed) * expected_redemption_percent * point_value_subcents / 100
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
