"""How much of a pattern is suspicious. A case costs a partner a wait, so every threshold aims at few cases that can all be explained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Thresholds of the detector."""

    window_days: int = 400
    """Documents this far back from the newest are looked at: what is older was settled long ago, and people would not remember it."""

    loading_tail_days: int = 7
    """The last days of a quarter in which loading happens: targets are counted at its end."""

    loading_quarters_min: int = 4
    """Quarters with orders before: fewer give no habit to compare with, and a year holds every season once."""

    loading_weeks_ratio: float = 6.0
    """The tail against the member's mean week in the four quarters before. A promotion doubles or triples a week; loading takes a
    month or more of demand."""

    loading_record_ratio: float = 1.5
    """The tail against the highest tail of those quarters: who always orders at the quarter's end has a habit, not a trick."""

    loading_follow_up_days: int = 45
    """How long after the quarter goods may come back or be sold on before there is an answer: shelves turn in about six weeks."""

    loading_returned_share: float = 0.3
    """Of the tail's quantity that came back: ordinary returns are two to three of a hundred."""

    loading_sold_on_share: float = 0.25
    """Of the tail's quantity that was sold on in the follow-up; below this the goods were parked. Only where the member reports sales."""

    circle_returned_share: float = 0.8
    """Of a document that came back for it to count as bought and returned: less is a wrong or broken delivery."""

    circle_overlap_share: float = 0.7
    """Of the returned quantity that is bought again, product by product."""

    circle_days: int = 30
    """Between the return and the next purchase of the same goods."""

    circle_cycles_min: int = 2
    """Circles within half a year: once is a mistake that was corrected, twice is a pattern - unless points were spent in between or a
    bonus is reached again, then once is enough."""

    duplicate_days_same_source: int = 1
    """Between two equal documents of one source: a standing order repeats after a week, a slip of the system within a day."""

    duplicate_lines_min: int = 3
    """Lines that two equal documents of one source must have: one or two equal lines on two days happen by chance."""

    duplicate_days_other_source: int = 14
    """Between two equal documents of different sources: the same sale that two systems report lies days apart, not months."""


CIRCLE_CYCLES_DAYS = 182
"""Half a year: circles further apart are seasons."""
