"""Challenges, events, leagues and opting out, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select

from core.clock import FixedClock, random_id
from core.errors import InputRefusedError
from loyalty import EvaluatedDocument, post_awards
from loyalty.domain.programme import Challenge, Selection
from loyalty.gamification import (
    NewEvent,
    badges_of,
    challenge_sql,
    events_of_distributor,
    has_opted_out,
    league_of,
    opt_in,
    opt_out,
    progress_of,
    record_event,
    settle_challenges,
)
from loyalty.programme_tables import programme_events
from tests.support.marts import Facts, mart_of
from tests.support.points import PROGRAMME

pytestmark = pytest.mark.integration
MEMBER, DISTRIBUTOR = 7, 70
SPRING = (date(2026, 4, 1), date(2026, 6, 30))


def challenge(measure: str, goal: int, bonus: int = 50, **selection: tuple[str, ...]) -> Challenge:
    """A spring challenge."""
    return Challenge(f"spring-{measure}", "Frühling", "Spring", measure, goal, *SPRING, "spring", bonus, Selection(**selection))


def programme(*challenges: Challenge) -> object:
    """The programme with these challenges, and a rule that rewards trainings."""
    training = replace(PROGRAMME.rules[0], rule_id="training", leg="event", selection=Selection(events=("training",)))
    return replace(PROGRAMME, challenges=challenges, rules=(*PROGRAMME.rules, training))


def spring() -> Facts:
    """Three orders in spring, one of which comes back in part, and one before."""
    facts = Facts()
    facts.order(1, date(2026, 3, 31), [(1, 500)])
    facts.order(2, date(2026, 4, 10), [(1, 20), (2, 10)], returned=5, returned_on=date(2026, 4, 20))
    facts.order(3, date(2026, 5, 10), [(1, 10)])
    facts.order(4, date(2026, 6, 10), [(3, 1), (1, 5)])
    return facts


@pytest.mark.parametrize(("one", "value", "reached_on"), [
    (challenge("quantity", 36), 36, date(2026, 6, 10)),
    (challenge("quantity", 37), 36, None),
    (challenge("quantity", 20, categories=("Whole beans",)), 30, date(2026, 5, 10)),
    (challenge("documents", 2), 3, date(2026, 5, 10)),
    (challenge("categories", 3), 3, date(2026, 6, 10)),
    (challenge("quantity", 5, products=("P2",)), 5, date(2026, 4, 10)),
])  # fmt: skip
def test_progress_counts_what_is_kept_in_the_challenges_days(one: Challenge, value: int, reached_on: date | None) -> None:
    with mart_of(spring()) as connection:
        sql, parameters = challenge_sql(PROGRAMME, one, "mart.")
        rows = connection.execute(sql, parameters).fetchall()
    progress = progress_of(one, [(int(m), day, Decimal(str(amount))) for m, day, amount in rows])[MEMBER]
    assert (progress.value, progress.reached_on) == (value, reached_on)


def test_reaching_a_goal_gives_a_badge_and_an_event_exactly_once(store: Engine, clock: FixedClock) -> None:
    book = programme(challenge("documents", 2), challenge("quantity", 1_000))
    with mart_of(spring()) as connection:
        assert settle_challenges(connection, store, book, clock, random_id) == 1  # type: ignore[arg-type]
        assert settle_challenges(connection, store, book, clock, random_id) == 0  # type: ignore[arg-type]
    assert [(one.badge, one.reached_on) for one in badges_of(store, PROGRAMME, MEMBER)] == [("spring", date(2026, 5, 10))]
    with store.connect() as connection:
        row = connection.execute(select(programme_events)).one()
    assert (row.member_party_id, row.event, row.occurred_on) == (MEMBER, "challenge:spring-documents", date(2026, 5, 10))


def test_who_has_opted_out_reaches_nothing_until_opting_in_again(store: Engine, clock: FixedClock) -> None:
    book = programme(challenge("documents", 2))
    for _ in range(2):
        opt_out(store, PROGRAMME, MEMBER, clock)
    assert has_opted_out(store, PROGRAMME, MEMBER)
    with mart_of(spring()) as connection:
        assert settle_challenges(connection, store, book, clock, random_id) == 0  # type: ignore[arg-type]
        opt_in(store, PROGRAMME, MEMBER)
        assert not has_opted_out(store, PROGRAMME, MEMBER)
        assert settle_challenges(connection, store, book, clock, random_id) == 1  # type: ignore[arg-type]


def test_a_training_is_recorded_once_and_for_own_retailers_only(store: Engine, clock: FixedClock) -> None:
    book, own = programme(), frozenset({MEMBER})
    new = NewEvent(MEMBER, "training", " Barista  basics ", date(2026, 6, 20))
    first = record_event(store, book, DISTRIBUTOR, own, new, clock, random_id, actor="nils")  # type: ignore[arg-type]
    again = record_event(store, book, DISTRIBUTOR, own, replace(new, title="barista basics"), clock, random_id, actor="else")  # type: ignore[arg-type]
    assert first == again
    assert first.title == "Barista basics"
    assert events_of_distributor(store, PROGRAMME, DISTRIBUTOR) == [first]
    assert events_of_distributor(store, PROGRAMME, 71) == []
    for wrong, code in (
        (replace(new, member=8), "LOY-530"), (replace(new, event="challenge:x"), "LOY-531"), (replace(new, title=" "), "LOY-531"),
        (replace(new, occurred_on=date(2026, 7, 1)), "LOY-531"),
    ):  # fmt: skip
        with pytest.raises(InputRefusedError, match=code):
            record_event(store, book, DISTRIBUTOR, own, wrong, clock, random_id, actor="nils")  # type: ignore[arg-type]
    with store.connect() as connection:
        assert connection.execute(select(func.count()).select_from(programme_events)).scalar_one() == 1


def channel(
    store: Engine, clock: FixedClock, facts: Facts, members: range, distributor: int = DISTRIBUTOR, factor: int = 1
) -> None:
    """Members that order once a month; points as their orders say, growing by their number in the newest quarter."""
    documents = []
    for member in members:
        for month in range(15):
            day = date(2025 + (month + 3) // 12, (month + 3) % 12 + 1, 15)
            is_new = day >= date(2026, 4, 1)
            number = distributor * 10_000 + member * 100 + month
            facts.order(number, day, [(1, 10 * factor)], member=member, distributor=distributor, source=f"d{distributor}")
            points = 100 * factor + (member if is_new else 0)
            documents.append(EvaluatedDocument(f"c{number}", f"d{distributor}", f"A-{number}", PROGRAMME.rules[0], day, ((member, points),), "{}",
                                               available_on=day, distributor=distributor))  # fmt: skip
    post_awards(store, PROGRAMME, documents, clock)


def test_foreign_rows_change_no_byte_of_my_league(store: Engine, clock: FixedClock) -> None:
    """Another distributor's channel with the same region, my own purchases there included, and its later orders."""
    facts = Facts()
    channel(store, clock, facts, range(1, 9))
    with mart_of(facts) as connection:
        before = [league_of(connection, store, PROGRAMME, member, DISTRIBUTOR) for member in range(1, 9)]
    assert [one.obstacle for one in before] == [None] * 8
    assert [one.rank for one in before] == [8, 7, 6, 5, 4, 3, 2, 1]
    channel(store, clock, facts, range(4, 40), distributor=71, factor=7)
    facts.order(999, date(2026, 6, 29), [(1, 1)], member=3, distributor=71)
    with mart_of(facts) as connection:
        after = [league_of(connection, store, PROGRAMME, member, DISTRIBUTOR) for member in range(1, 9)]
        assert repr(after) == repr(before)
        assert league_of(connection, store, PROGRAMME, 1, 71).obstacle == "no_orders"


def test_who_opts_out_is_nobodys_peer(store: Engine, clock: FixedClock) -> None:
    facts = Facts()
    channel(store, clock, facts, range(1, 8))
    opt_out(store, PROGRAMME, 7, clock)
    with mart_of(facts) as connection:
        assert league_of(connection, store, PROGRAMME, 7, DISTRIBUTOR).obstacle == "opted_out"
        top = league_of(connection, store, PROGRAMME, 6, DISTRIBUTOR)
        assert (top.rank, top.peers) == (1, 5)
        opt_out(store, PROGRAMME, 6, clock)
        assert league_of(connection, store, PROGRAMME, 5, DISTRIBUTOR).obstacle == "too_few"


def test_a_region_of_its_own_has_no_league_with_others(store: Engine, clock: FixedClock) -> None:
    facts = Facts(regions=dict.fromkeys(range(1, 4), "Ost"))
    channel(store, clock, facts, range(1, 12))
    with mart_of(facts) as connection:
        assert league_of(connection, store, PROGRAMME, 2, DISTRIBUTOR).obstacle == "too_few"
        league = league_of(connection, store, PROGRAMME, 11, DISTRIBUTOR)
    assert (league.rank, league.peers, league.as_of) == (1, 7, date(2026, 6, 15))
    assert timedelta(0) < date(2026, 6, 30) - SPRING[0]
