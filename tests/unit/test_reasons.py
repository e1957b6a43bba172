"""A reason in words behind every kind of entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dashboards.components.reasons import reason_of
from dashboards.queries.store import STATEMENT_KINDS
from dashboards.texts import CATALOGUE
from loyalty import Entry, load_programme
from loyalty.earning_sql import STAGES
from loyalty.evaluation import LATER_STAGES
from loyalty.tables import KINDS

PROGRAMME = load_programme("demo")
GROUP = (7,)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def entry(kind: str, explanation: object, rule_id: str | None = None) -> Entry:
    """An entry with that explanation."""
    words = explanation if isinstance(explanation, str) else json.dumps(explanation)
    return Entry(1, kind, PROGRAMME.programme_id, "points", rule_id, None, "s", "A-1", NOW, NOW, 5, 0, words)


def test_an_award_names_the_rule_and_what_was_counted() -> None:
    steps = [
        {"member": 7, "quantity_milli": 40_000, "amount_subcents": 8_124_000, "points": 406},
        {"member": 8, "quantity_milli": 99_000, "points": 99},
    ]
    awarded = entry("award", {"rule": "coffee-value", "version": 1, "steps": steps}, "coffee-value")
    assert reason_of(awarded, PROGRAMME, "en", GROUP) == "Points on coffee: 40 units kept, 812.4 net kept, makes 406 points"
    assert (
        reason_of(awarded, PROGRAMME, "de", GROUP)
        == "Punkte auf Kaffee: 40 Stück behalten, 812,4 netto behalten, ergibt 406 Punkte"
    )


def test_a_tier_is_named_with_its_factor_and_a_failed_condition_in_words() -> None:
    steps = [{"member": 7, "quantity_milli": 2_000, "amount_subcents": 0, "tier": "Gold", "multiplier_milli": 1_250, "points": 5}]
    assert reason_of(entry("award", {"steps": steps}, "machines"), PROGRAMME, "en", GROUP) == (
        "Points per machine: 2 units kept, tier Gold × 1.25, makes 5 points"
    )
    nothing = entry("no_award", {"rule": "machines", "version": 1, "failed": "product"})
    assert reason_of(nothing, PROGRAMME, "en", GROUP) == "Points per machine: no points because no product in it counts"


def test_every_condition_of_the_evaluation_has_words() -> None:
    for reason in (*STAGES, *LATER_STAGES):
        assert f"reason.none.{reason}" in CATALOGUE


def test_a_cap_is_named_with_what_it_left() -> None:
    cut = entry("award", {"steps": [], "asked": 500, "granted": 120, "cap": "x|total"}, "coffee-value")
    assert reason_of(cut, PROGRAMME, "en", GROUP) == "Points on coffee: A cap allowed 120 of 500 points."


def test_a_confirmed_case_says_what_was_seen() -> None:
    figures = {"reason": "review_duplicate_claim", "variant": "same_source", "lines": 3, "first": "A-0", "first_on": "2026-05-04"}
    words = reason_of(entry("no_award", figures), PROGRAMME, "en", GROUP)
    assert (
        words
        == "No points after a review. The order has the same 3 lines with the same quantities and amounts as A-0 of 4 May 2026."
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "explanation", ["", "no json", "[1]", {"steps": "x"}, {"steps": [1, {"points": "x", "quantity_milli": "?"}]}, {"reason": 7}]
)
def test_no_shape_of_an_explanation_breaks_a_page(kind: str, explanation: object) -> None:
    for language in ("de", "en"):
        words = reason_of(entry(kind, explanation), PROGRAMME, language, GROUP)  # type: ignore[arg-type]
        assert words or kind in ("award", "reversal")
        assert "{" not in words


def test_the_filter_offers_every_kind() -> None:
    assert set(STATEMENT_KINDS) == set(KINDS)
