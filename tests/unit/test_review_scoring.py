"""What makes a document suspicious, decided by hand for each side of each threshold."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from loyalty.review.scoring import CircleFacts, DuplicateFacts, LoadingFacts, circle_reason, duplicate_reason, loading_reason
from loyalty.review.settings import DetectorSettings
from loyalty.review.wording import WORDS, describe_case

SETTINGS = DetectorSettings()
LOADED = LoadingFacts(4, Decimal(600), Decimal(100), Decimal(400), Decimal(180), Decimal(0), True)
CIRCLE = CircleFacts(Decimal("0.8"), Decimal("0.7"), 30, 2, False, False)


@pytest.mark.parametrize(("change", "expected"), [
    ({}, "returned"),
    ({"returned_quantity": Decimal(179)}, "not_sold_on"),
    ({"returned_quantity": Decimal(0), "is_follow_up_over": False}, "waiting"),
    ({"returned_quantity": Decimal(0), "sold_on_quantity": Decimal(150)}, None),
    ({"returned_quantity": Decimal(0), "sold_on_quantity": None}, None),
    ({"quarters_before": 3}, None),
    ({"mean_week_quantity": Decimal(101)}, None),
    ({"highest_tail_before": Decimal(401)}, None),
    ({"tail_quantity": Decimal(0)}, None),
])  # fmt: skip
def test_a_quarters_end(change: dict[str, object], expected: str | None) -> None:
    assert loading_reason(replace(LOADED, **change), SETTINGS) == expected


@pytest.mark.parametrize(("change", "expected"), [
    ({}, "repeated"),
    ({"cycles": 1}, None),
    ({"cycles": 1, "is_redeemed_between": True}, "redeemed"),
    ({"cycles": 1, "reaches_bonus": True}, "bonus"),
    ({"returned_share": Decimal("0.79"), "is_redeemed_between": True}, None),
    ({"overlap_share": Decimal("0.69")}, None),
    ({"days_between": 31}, None),
])  # fmt: skip
def test_a_circle(change: dict[str, object], expected: str | None) -> None:
    assert circle_reason(replace(CIRCLE, **change), SETTINGS) == expected


@pytest.mark.parametrize(("facts", "expected"), [
    (DuplicateFacts(3, 1, False), "same_source"),
    (DuplicateFacts(2, 1, False), None),
    (DuplicateFacts(3, 2, False), None),
    (DuplicateFacts(1, 14, True), "other_source"),
    (DuplicateFacts(1, 15, True), None),
])  # fmt: skip
def test_a_repeated_document(facts: DuplicateFacts, expected: str | None) -> None:
    assert duplicate_reason(facts, SETTINGS) == expected


@pytest.mark.parametrize(("reason", "variant"), sorted(WORDS))
def test_every_reason_is_said_in_both_languages(reason: str, variant: str) -> None:
    names = ("tail", "week", "times", "returned", "sold_on", "quarter_end", "days", "waits_until", "bought_on", "returned_on", "cycles",
             "returned_percent", "again_percent", "first", "first_on", "lines")  # fmt: skip
    figures: dict[str, str | int] = {
        **dict.fromkeys(names, 12),
        "quarter_end": "2026-06-30",
        "bought_on": "2026-06-30",
        "times": "7.5",
    }
    german, english = (describe_case(reason, variant, figures, language) for language in ("de", "en"))
    assert "{" not in german + english
    assert german != english
    if "quarter" in reason:
        assert "30.06.2026" in german
        assert "7,5-Fache" in german
        assert "30 Jun 2026" in english
