"""What a simulation may tell whom. The manufacturer never learns one distributor's net amounts: not directly, not by a rest.

Only rules that look at net amounts (after discount) carry that secret; units and list values the manufacturer knows anyway. Such a cell is shown
when at least 5 contribute and none more than half, rounded to two digits so that overlapping drafts tell nothing; else its place says why it is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from loyalty.domain.programme import Rule

CONTRIBUTORS_MIN = 5
SHARE_MAX_PERCENT = 50

FEW, DOMINATED, REST = "fewer_than_5", "one_above_half", "would_tell_another_cell"
"""Why a cell is empty."""

Cell = dict[str, object]


def carries_net_amounts(rules: Sequence[Rule]) -> bool:
    """Whether points tell a seller's net amounts. On sell-in the manufacturer is the seller itself."""
    return any(
        rule.leg != "sell_in" and not rule.is_before_discount and (rule.points_per_amount or rule.bonus_from_amount is not None)
        for rule in rules
    )


def reason_to_hide(contributions: Mapping[int, int]) -> str | None:
    """Why a sum of these contributions must not be shown; None when it may."""
    amounts = [amount for amount in contributions.values() if amount > 0]
    if len(amounts) < CONTRIBUTORS_MIN:
        return FEW
    return DOMINATED if max(amounts) * 100 > sum(amounts) * SHARE_MAX_PERCENT else None


def hidden(reason: str) -> Cell:
    """An empty cell."""
    return {"hidden": reason}


def tier_reasons(by_tier: Mapping[str, Mapping[int, int]], whole: str | None) -> dict[str, str | None]:
    """Tier -> why its figures must be empty. One empty tier empties all: the others and the total would tell it."""
    reasons = {tier: reason_to_hide(contributions) for tier, contributions in by_tier.items()}
    if whole is None and any(reasons.values()):
        return {tier: reason or REST for tier, reason in reasons.items()}
    return {tier: reason or whole for tier, reason in reasons.items()}


def coarse(figures: Cell, names: Collection[str], *, is_named: bool = False) -> Cell:
    """The figures of these names, wherever they stand, rounded to two significant digits."""
    return {name: _coarse(value, names, is_named or name in names) for name, value in figures.items()}


def _coarse(value: object, names: Collection[str], is_named: bool) -> object:
    if isinstance(value, dict):
        return coarse(value, names, is_named=is_named)
    if isinstance(value, list):
        return [_coarse(one, names, is_named) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and is_named:
        return round(value, 2 - len(str(abs(value))))
    return value
