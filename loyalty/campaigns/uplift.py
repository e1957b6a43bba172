"""What a campaign brought: difference in differences of participants against members held out, with an interval, or no verdict.

    effect = mean(after - before, participants) - mean(after - before, held out)

Interval: Welch's, for two groups of unequal variance (Welch 1947, degrees of freedom after Satterthwaite 1946). It covers the chance of
the draw and of members' own ups and downs. It says nothing about members who joined later, or about a campaign that reaches those held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

import numpy
from scipy.special import stdtrit

LEVEL_PERCENT = 95
MEMBERS_MIN = 10
"""Members that each group needs: below, a single big buyer decides the outcome."""

DAYS_MIN = 28
"""Days before and days within the campaign that are needed."""

METHOD = "difference in differences per member and week; Welch interval"


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A member's mean weekly outcome before and within the campaign, in any one measure."""

    member: int
    is_held_out: bool
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Uplift:
    """`verdict`: more, less, or why there is none: no_hold_out, too_few, no_pre_period, too_early, unclear.

    `effect` and its bounds: per participant and week; None without a computable interval. `relative`: effect / what participants would
    have reached without it; None when that is not above zero.
    """

    verdict: str
    participants: int
    held_out: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    relative: float | None = None
    level_percent: int = LEVEL_PERCENT
    method: str = METHOD

    @property
    def is_verdict(self) -> bool:
        """Whether the data carry an answer."""
        return self.verdict in ("more", "less")


@dataclass(frozen=True, slots=True)
class Windows:
    """Days that are compared, first and last: as many before the campaign as within it."""

    before_from: date
    before_to: date
    within_from: date
    within_to: date

    @property
    def days(self) -> int:
        """How many days each window has."""
        return (self.within_to - self.within_from).days + 1


def measure_uplift(changes: Sequence[MemberChange], *, days_before: int, days_within: int) -> Uplift:
    """The effect of a campaign. `days_before` and `days_within`: days of each window that the data cover."""
    taking_part = [one for one in changes if not one.is_held_out]
    out = [one for one in changes if one.is_held_out]
    counts = (len(taking_part), len(out))
    if not out:
        return Uplift("no_hold_out", *counts)
    if days_before < DAYS_MIN:
        return Uplift("no_pre_period", *counts)
    if days_within < DAYS_MIN:
        return Uplift("too_early", *counts)
    if min(counts) < MEMBERS_MIN:
        return Uplift("too_few", *counts)
    effect, low, high = welch(_changes(taking_part), _changes(out), LEVEL_PERCENT)
    verdict = "more" if low > 0 else "less" if high < 0 else "unclear"
    without = float(numpy.mean([one.after for one in taking_part])) - effect
    return Uplift(verdict, *counts, effect, low, high, effect / without if without > 0 else None)


def welch(treated: numpy.ndarray, control: numpy.ndarray, level_percent: int) -> tuple[float, float, float]:
    """(difference of means, lower bound, upper bound) of two independent samples of at least two."""
    difference = float(treated.mean() - control.mean())
    parts = [float(sample.var(ddof=1)) / len(sample) for sample in (treated, control)]
    variance = sum(parts)
    if variance == 0:
        return difference, difference, difference
    freedom = variance**2 / sum(part**2 / (len(sample) - 1) for part, sample in zip(parts, (treated, control), strict=True))
    reach = float(stdtrit(freedom, 0.5 + level_percent / 200)) * sqrt(variance)
    return difference, difference - reach, difference + reach


def _changes(members: Sequence[MemberChange]) -> numpy.ndarray:
    return numpy.array([one.after - one.before for one in members], dtype=float)
