"""A reason in words behind every kind of entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dashboards.components.reasons import reason_of
from dashboards.queries.store import STATEMENT_KINDS
from loyalty import Entry, load_programme
from loyalty.tables import KINDS

PROGRAMME = load_programme("demo")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def entry(kind: str, explanation: object, rule_id: str | None = None) -> Entry:
    """An entry with that explanation."""
    words = explanation if isinstance(explanation, str) else json.dumps(explanation)
    return Entry(1, kind, PROGRAMME.programme_id, "points", rule_id, None, "s", "A-1", NOW, NOW, 5, 0, words)


def test_an_award_names_the_rule_and_what_was_counted() -> None:
    steps = [{"quantity_kept": "40.000", "net_amount_kept_subcents": 8_124_000, "points": 406}]
    awarded = entry("award", {"rule": "coffee-value", "version": 1, "steps": steps}, "coffee-value")
    assert reason_of(awarded, PROGRAMME, "en") == "Points on coffee: 40 units kept, 812.4 net kept, makes 406 points"
    assert reason_of(awarded, PROGRAMME, "de") == "Punkte auf Kaffee: 40 Stück behalten, 812,4 netto behalten, ergibt 406 Punkte"


def test_a_cap_is_named_with_what_it_left() -> None:
    cut = entry("award", {"steps": [], "asked": 500, "granted": 120, "cap": "x|total"}, "coffee-value")
    assert reason_of(cut, PROGRAMME, "en") == "Points on coffee: A cap allowed 120 of 500 points."


def test_a_confirmed_case_says_what_was_seen() -> None:
    figures = {"reason": "review_duplicate_claim", "variant": "same_source", "lines": 3, "first": "A-0", "first_on": "2026-05-04"}
    words = reason_of(entry("no_award", figures), PROGRAMME, "en")
    assert (
        words
        == "No points after a review. The order has the same 3 lines with the same quantities and amounts as A-0 of 4 May 2026."
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "explanation", ["", "no json", "[1]", {"steps": "x"}, {"steps": [1, {"points": "x", "quantity_kept": "?"}]}, {"reason": 7}]
)
def test_no_shape_of_an_explanation_breaks_a_page(kind: str, explanation: object) -> None:
    for language in ("de", "en"):
        words = reason_of(entry(kind, explanation), PROGRAMME, language)  # type: ignore[arg-type]
        assert words or kind in ("award", "reversal")
        assert "{" not in words


def test_the_filter_offers_every_kind() -> None:
    assert set(STATEMENT_KINDS) == set(KINDS)
