"""Money is integer minor units plus an ISO currency. Every rounding happens here, under a name that says its rule."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

SUBCENTS_PER_CENT = 100
"""`<name>_subcents` counts hundredths of a minor unit."""


def cents_half_even(cents: int, subcents: int) -> int:
    """Minor units of a sum of (cents, subcents), rounded half to even, once. Source: ADR 0003."""
    total = Decimal(cents) + Decimal(subcents) / SUBCENTS_PER_CENT
    return int(total.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
