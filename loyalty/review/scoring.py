"""Pure decisions: facts of a document in, a reason or nothing out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.review.settings import DetectorSettings

QUARTER_END, CIRCLE, DUPLICATE = "quarter_end_loading", "circular_return", "duplicate_claim"
"""Reason codes."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a case is about. `distributor` 0: nobody below the manufacturer sold it."""

    order_id: int
    source_id: str
    document_no: str
    member: int
    distributor: int
    ordered_on: date


@dataclass(frozen=True, slots=True)
class LoadingFacts:
    """The last days of a quarter of one member, in units, beside the four quarters before.

    `sold_on` None: the member reports no sales. `is_follow_up_over`: goods had their time to come back or be sold on.
    """

    quarters_before: int
    tail_quantity: Decimal
    mean_week_quantity: Decimal
    highest_tail_before: Decimal
    returned_quantity: Decimal
    sold_on_quantity: Decimal | None
    is_follow_up_over: bool


@dataclass(frozen=True, slots=True)
class CircleFacts:
    """A document that buys again what an earlier one bought and returned."""

    returned_share: Decimal
    overlap_share: Decimal
    days_between: int
    cycles: int
    is_redeemed_between: bool
    reaches_bonus: bool


@dataclass(frozen=True, slots=True)
class DuplicateFacts:
    """A document that says what an earlier one of the same buyer said: products, quantities, amounts."""

    lines: int
    days_between: int
    is_other_source: bool


def loading_reason(facts: LoadingFacts, settings: DetectorSettings) -> str | None:
    """What makes the quarter's end suspicious: returned, not_sold_on, or waiting (it is too early to say). None: an ordinary end."""
    if facts.quarters_before < settings.loading_quarters_min or facts.tail_quantity <= 0:
        return None
    if float(facts.tail_quantity) < settings.loading_weeks_ratio * float(facts.mean_week_quantity):
        return None
    if float(facts.tail_quantity) < settings.loading_record_ratio * float(facts.highest_tail_before):
        return None
    if float(facts.returned_quantity) >= settings.loading_returned_share * float(facts.tail_quantity):
        return "returned"
    if not facts.is_follow_up_over:
        return "waiting"
    if facts.sold_on_quantity is not None and float(facts.sold_on_quantity) < settings.loading_sold_on_share * float(
        facts.tail_quantity
    ):
        return "not_sold_on"
    return None


def circle_reason(facts: CircleFacts, settings: DetectorSettings) -> str | None:
    """What makes buying again suspicious: redeemed, bonus or repeated. None: a mistake that was corrected."""
    is_circle = (
        float(facts.returned_share) >= settings.circle_returned_share
        and float(facts.overlap_share) >= settings.circle_overlap_share
        and 0 <= facts.days_between <= settings.circle_days
    )
    if not is_circle:
        return None
    if facts.is_redeemed_between:
        return "redeemed"
    if facts.reaches_bonus:
        return "bonus"
    return "repeated" if facts.cycles >= settings.circle_cycles_min else None


def duplicate_reason(facts: DuplicateFacts, settings: DetectorSettings) -> str | None:
    """What makes the second document suspicious: other_source or same_source. None: a repeated order."""
    if facts.is_other_source:
        return "other_source" if facts.days_between <= settings.duplicate_days_other_source else None
    is_slip = facts.days_between <= settings.duplicate_days_same_source and facts.lines >= settings.duplicate_lines_min
    return "same_source" if is_slip else None
