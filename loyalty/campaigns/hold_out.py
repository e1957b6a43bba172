"""Who is held out of a campaign so that its effect can be told from what would have happened anyway. Drawn before the launch, from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

SIZE_CLASSES = 3
"""Members of a tier are split by size into so many classes of like count."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member that may take part. `size`: what it bought in the year before, in any one measure."""

    member: int
    tier: str
    size: float


def draw_hold_out(candidates: Sequence[Candidate], percent: int, rng: numpy.random.Generator) -> frozenset[int]:
    """Members to hold out: `percent` of all, to within one, and of each tier and size class, to within one.

    Systematic sampling with a random start over members in the order of their strata, shuffled within each: every member has the same
    chance. Source: Cochran, Sampling Techniques, chapter 8.
    """
    if percent <= 0 or not candidates:
        return frozenset()
    ordered = _by_stratum(candidates, rng)
    start, share = float(rng.random()), percent / 100
    return frozenset(
        one.member for n, one in enumerate(ordered) if int(start + (n + 1) * share) > int(start + n * share)
    )  # fmt: skip


def _by_stratum(candidates: Sequence[Candidate], rng: numpy.random.Generator) -> list[Candidate]:
    ordered: list[Candidate] = []
    for tier in sorted({one.tier for one in candidates}):
        members = sorted((one for one in candidates if one.tier == tier), key=lambda one: (one.size, one.member))
        for part in range(SIZE_CLASSES):
            stratum = members[len(members) * part // SIZE_CLASSES : len(members) * (part + 1) // SIZE_CLASSES]
            ordered += [stratum[n] for n in rng.permutation(len(stratum))]
    return ordered
