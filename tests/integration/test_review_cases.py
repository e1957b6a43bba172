"""Cases under review, on SQLite and PostgreSQL: hand-made histories in, cases out, people decide."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock, random_id
from core.errors import ConflictError, InputRefusedError
from loyalty import EvaluatedDocument, Redemption, post_awards, redeem, statement, verify
from loyalty.review import (
    DetectorSettings,
    answer_case,
    case_history,
    cases_of_decider,
    cases_of_member,
    decide_case,
    describe_case,
    orders_waiting,
    review_before_posting,
)
from loyalty.review.detector import detect
from loyalty.tables import journal
from tests.support.marts import Facts, mart_of
from tests.support.points import PROGRAMME, give_points

pytestmark = pytest.mark.integration
MEMBER, DISTRIBUTOR = 7, 70
GATE = review_before_posting(random_id)


def ordinary_year(until: date = date(2026, 6, 1)) -> Facts:
    """Forty units a fortnight from January 2025 on: 20 a week, at most 40 in the last days of a quarter."""
    facts = Facts()
    for n in range(37):
        if (day := date(2025, 1, 9) + timedelta(days=14 * n)) < until:
            facts.order(n + 1, day, [(1, 30), (2, 10)])
    return facts


def run(facts: Facts, store: Engine, clock: FixedClock) -> frozenset[int]:
    """The step before posting."""
    with mart_of(facts) as connection:
        return frozenset(GATE(connection, store, PROGRAMME, clock))


def test_an_ordinary_year_has_no_case(store: Engine, clock: FixedClock) -> None:
    assert run(ordinary_year(), store, clock) == frozenset()
    assert cases_of_decider(store, PROGRAMME, DISTRIBUTOR) == []


def loaded(returned: int = 0, until: date = date(2026, 6, 20)) -> Facts:
    """An ordinary year, and 140 units, seven weeks' worth, two days before the end of March."""
    facts = ordinary_year(until)
    facts.order(900, date(2026, 3, 29), [(1, 140)], returned=returned, returned_on=date(2026, 4, 20) if returned else None)
    facts.order(901, until, [(1, 1)])
    return facts


def test_loading_at_the_quarters_end_is_held_and_said_in_words(store: Engine, clock: FixedClock) -> None:
    assert run(loaded(returned=60), store, clock) == {900}
    (case,) = cases_of_member(store, PROGRAMME, MEMBER)
    assert (case.reason_code, case.variant, case.document_no, case.decider, case.status) == (
        "quarter_end_loading",
        "returned",
        "A-900",
        DISTRIBUTOR,
        "open",
    )
    assert describe_case(case.reason_code, case.variant, case.figures, "en") == (
        "In the last 7 days up to 31 Mar 2026, 140 units were ordered, 7.0 times an ordinary week (20 units). 60 of them came back."
    )
    assert run(loaded(returned=60), store, clock) == {900}
    assert len(cases_of_member(store, PROGRAMME, MEMBER)) == 1


def test_what_is_too_early_to_say_waits_and_clears_by_itself(store: Engine, clock: FixedClock) -> None:
    assert run(loaded(until=date(2026, 4, 10)), store, clock) == {900}
    assert cases_of_member(store, PROGRAMME, MEMBER)[0].variant == "waiting"
    assert run(loaded(), store, clock) == frozenset()
    (case,) = cases_of_member(store, PROGRAMME, MEMBER)
    assert case.status == "cleared"
    assert [(event.status, event.actor) for event in case_history(store, case.case_id)] == [("open", None), ("cleared", None)]


def test_goods_that_are_not_sold_on_count_only_where_sales_are_reported(store: Engine, clock: FixedClock) -> None:
    facts = loaded()
    facts.sold_on(date(2026, 2, 1), 1, 5)
    assert run(facts, store, clock) == {900}
    assert cases_of_member(store, PROGRAMME, MEMBER)[0].variant == "not_sold_on"
    facts.sold_on(date(2026, 4, 12), 1, 35)
    with mart_of(facts) as connection:
        assert detect(connection, store, PROGRAMME, DetectorSettings()) == []


def circle(store: Engine, *, cycles: int) -> Facts:
    """Bought, returned whole after ten days, bought again five days later; so many times."""
    facts = Facts()
    for n in range(cycles + 1):
        day = date(2026, 4, 1) + timedelta(days=15 * n)
        is_last = n == cycles
        facts.order(
            n + 1,
            day,
            [(1, 12), (2, 6)],
            returned=0 if is_last else 12,
            returned_on=None if is_last else day + timedelta(days=10),
        )
    return facts


def test_circles_are_held_from_the_second_on(store: Engine, clock: FixedClock) -> None:
    assert run(circle(store, cycles=1), store, clock) == frozenset()
    assert run(circle(store, cycles=2), store, clock) == {3}
    (case,) = cases_of_member(store, PROGRAMME, MEMBER)
    assert (case.reason_code, case.variant, case.figures["cycles"]) == ("circular_return", "repeated", 2)


def test_one_circle_is_enough_when_points_were_spent_in_between(store: Engine, clock: FixedClock) -> None:
    give_points(store, MEMBER, 100, clock)
    spent_then = FixedClock(clock.now().replace(month=4, day=5))
    redeem(store, PROGRAMME, Redemption("k", MEMBER, 50, "mug"), spent_then)
    assert run(circle(store, cycles=1), store, clock) == {2}
    assert cases_of_member(store, PROGRAMME, MEMBER)[0].variant == "redeemed"


def test_one_circle_is_enough_when_a_bonus_is_reached_again(store: Engine, clock: FixedClock) -> None:
    """The accessories' bonus begins at 50 units."""
    facts = Facts()
    facts.order(1, date(2026, 4, 1), [(4, 50)], returned=50, returned_on=date(2026, 4, 20))
    facts.order(2, date(2026, 4, 25), [(4, 50)])
    assert run(facts, store, clock) == {2}
    assert cases_of_member(store, PROGRAMME, MEMBER)[0].variant == "bonus"


def test_the_same_claim_twice_is_held_and_a_standing_order_is_not(store: Engine, clock: FixedClock) -> None:
    lines = [(1, 12), (2, 6), (3, 1)]
    facts = Facts()
    facts.order(1, date(2026, 5, 4), lines)
    facts.order(2, date(2026, 5, 5), lines)
    facts.order(3, date(2026, 5, 12), lines)
    facts.order(4, date(2026, 5, 12), lines[:2])
    facts.order(5, date(2026, 5, 13), lines[:2])
    facts.order(6, date(2026, 5, 12), lines, member=8)
    facts.order(7, date(2026, 5, 20), [(1, 3)], source="s")
    facts.order(8, date(2026, 5, 28), [(1, 3)], source="other", distributor=71)
    assert run(facts, store, clock) == {2, 8}
    assert {case.document_no: case.variant for case in cases_of_member(store, PROGRAMME, MEMBER)} == {
        "A-2": "same_source",
        "A-8": "other_source",
    }
    assert [case.document_no for case in cases_of_decider(store, PROGRAMME, 71)] == ["A-8"]


def one_case(store: Engine, clock: FixedClock) -> str:
    """A duplicate claim; the id of its case."""
    facts = Facts()
    for n in (1, 2):
        facts.order(n, date(2026, 5, 4), [(1, 12), (2, 6), (3, 1)])
    assert run(facts, store, clock) == {2}
    return cases_of_member(store, PROGRAMME, MEMBER)[0].case_id


def test_a_partner_answers_and_the_distributor_clears(store: Engine, clock: FixedClock) -> None:
    case_id = one_case(store, clock)
    for _ in range(2):
        assert answer_case(store, MEMBER, case_id, " Two shops, two pallets. ", clock, actor="rike").status == "answered"
    assert orders_waiting(store, PROGRAMME) == {2}
    for _ in range(2):
        assert (
            decide_case(store, PROGRAMME, DISTRIBUTOR, case_id, "cleared", clock, actor="nils", note="pallets seen").status
            == "cleared"
        )
    assert orders_waiting(store, PROGRAMME) == frozenset()
    history = [(event.status, event.actor, event.note) for event in case_history(store, case_id)]
    assert history == [
        ("open", None, "same_source"),
        ("answered", "rike", "Two shops, two pallets."),
        ("cleared", "nils", "pallets seen"),
    ]
    with pytest.raises(ConflictError, match="LOY-522"):
        decide_case(store, PROGRAMME, DISTRIBUTOR, case_id, "confirmed", clock, actor="nils")
    with pytest.raises(ConflictError, match="LOY-522"):
        answer_case(store, MEMBER, case_id, "too late", clock, actor="rike")


def test_a_confirmed_case_is_an_entry_without_points_that_says_why(store: Engine, clock: FixedClock) -> None:
    case_id = one_case(store, clock)
    for _ in range(2):
        decide_case(store, PROGRAMME, DISTRIBUTOR, case_id, "confirmed", clock, actor="nils")
    one_more_run = run(Facts(), store, clock)
    assert one_more_run == {2}
    with store.connect() as connection:
        entries = connection.execute(select(journal).where(journal.c.kind == "no_award")).all()
    assert [(row.document_no, json.loads(row.explanation)["reason"]) for row in entries] == [("A-2", "review_duplicate_claim")]
    assert [entry.points for entry in statement(store, PROGRAMME, MEMBER, clock).entries] == [0]
    assert verify(store).findings == ()


def test_what_was_posted_before_is_not_held(store: Engine, clock: FixedClock) -> None:
    document = EvaluatedDocument("c", "s", "A-2", PROGRAMME.rules[0], date(2026, 5, 4), ((MEMBER, 10),), "{}")
    post_awards(store, PROGRAMME, [document], clock)
    facts = Facts()
    for n in (1, 2):
        facts.order(n, date(2026, 5, 4), [(1, 12), (2, 6), (3, 1)])
    assert run(facts, store, clock) == frozenset()


def test_foreign_and_missing_cases_answer_alike(store: Engine, clock: FixedClock) -> None:
    case_id = one_case(store, clock)
    said = set()
    for name in (case_id, "no-such"):
        with pytest.raises(InputRefusedError) as answer:
            answer_case(store, 8, name, "x", clock, actor="eve")
        with pytest.raises(InputRefusedError) as decision:
            decide_case(store, PROGRAMME, 71, name, "cleared", clock, actor="eve")
        said |= {str(error.value).replace(name, "") for error in (answer, decision)}
    assert len(said) == 1
    with pytest.raises(InputRefusedError, match="LOY-521"):
        answer_case(store, MEMBER, case_id, "  ", clock, actor="rike")


def test_the_history_of_a_case_refuses_changes_in_the_database_itself(store: Engine, clock: FixedClock) -> None:
    one_case(store, clock)
    for words in ("update review_case_events set note = 'x'", "delete from review_case_events"):
        with pytest.raises(DBAPIError), store.begin() as connection:
            connection.execute(text(words))
