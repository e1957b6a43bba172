"""The points ledger, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock
from core.errors import ConflictError
from core.store import migrate, open_store
from loyalty import (
    EvaluatedDocument,
    Redemption,
    load_programme,
    post_awards,
    reconcile,
    redeem,
    seal,
    statement,
    transfers_after,
    verify,
)  # fmt: skip
from loyalty.domain.points import award_points
from loyalty.domain.programme import Rule
from loyalty.expiring import expire

pytestmark = pytest.mark.integration
PROGRAMME = load_programme("demo")
RULE = PROGRAMME.rules[0]
MEMBER = 7


def document(name: str, points: int, member: int = MEMBER, day: date = date(2026, 6, 1)) -> EvaluatedDocument:
    """A document worth `points` to `member`."""
    return EvaluatedDocument(name, "source", name, RULE, day, ((member, points),) if points else (), "{}")


def available(store: Engine, clock: FixedClock, member: int = MEMBER) -> int:
    """Points that can be spent."""
    return sum(balance.points_usable for balance in statement(store, PROGRAMME, member, clock).balances)


def debt(store: Engine, clock: FixedClock) -> int:
    """Points owed."""
    return sum(balance.points_debt for balance in statement(store, PROGRAMME, MEMBER, clock).balances)


def spend(store: Engine, clock: FixedClock, points: int, key: str, member: int = MEMBER) -> int:
    """Redeem."""
    return redeem(store, PROGRAMME, Redemption(key, member, points, "mug"), clock)


def test_awards_are_posted_once(store: Engine, clock: FixedClock) -> None:
    first = post_awards(store, PROGRAMME, [document("a", 100), document("b", 40)], clock)
    again = post_awards(store, PROGRAMME, [document("a", 100), document("b", 40)], clock)
    assert (first.awards, first.points_awarded) == (2, 140)
    assert (again.awards, again.reversals) == (0, 0)
    assert available(store, clock) == 140
    assert verify(store).findings == ()


def test_a_part_return_takes_back_award_minus_kept(store: Engine, clock: FixedClock) -> None:
    """1 point per unit and 100 from 500 units on; bought 600, returned 150: 250 go back."""
    rule = Rule("r", 1, "t", "t", date.min, None, Decimal(1), bonus_points=100, bonus_from_quantity=Decimal(500))
    bought, kept = award_points(rule, 600_000, 0), award_points(rule, 450_000, 0)
    post_awards(store, PROGRAMME, [document("a", bought)], clock)
    report = post_awards(store, PROGRAMME, [document("a", kept)], clock)
    assert (bought, report.points_reversed, available(store, clock)) == (700, 250, 450)


def test_buying_and_returning_a_hundred_times_leaves_nothing(store: Engine, clock: FixedClock) -> None:
    for _ in range(100):
        post_awards(store, PROGRAMME, [document("a", 50)], clock)
        post_awards(store, PROGRAMME, [document("a", 0)], clock)
    assert available(store, clock) == 0
    with pytest.raises(ConflictError):
        spend(store, clock, 1, "k")
    assert verify(store).findings == ()


def test_spent_points_that_are_taken_back_become_debt_and_credits_settle_it_first(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document("a", 100)], clock)
    spend(store, clock, 80, "k")
    post_awards(store, PROGRAMME, [document("a", 0)], clock)
    assert (available(store, clock), debt(store, clock)) == (0, 80)
    post_awards(store, PROGRAMME, [document("b", 100)], clock)
    assert (available(store, clock), debt(store, clock)) == (20, 0)
    assert verify(store).findings == ()


def test_a_debit_draws_the_lot_that_expires_first(store: Engine, clock: FixedClock) -> None:
    """Lots of 100 that expire early and late; 80 spent: what is left of the early one expires, the late one stays whole."""
    post_awards(
        store, PROGRAMME, [document("late", 100, day=date(2026, 6, 1)), document("early", 100, day=date(2024, 7, 5))], clock
    )
    spend(store, clock, 80, "k")
    assert available(store, clock) == 120
    later = FixedClock(clock.now().replace(month=7, day=20))
    assert available(store, later) == 100


def test_expired_points_cannot_be_spent_even_before_any_job_ran(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document("old", 100, day=date(2024, 6, 1))], clock)
    with pytest.raises(ConflictError) as refused:
        spend(store, clock, 1, "k")
    assert refused.value.code == "LOY-202"


def test_what_expired_unused_is_taken_back_from_what_expired(store: Engine, clock: FixedClock) -> None:
    """An award that expired costs its member nothing more when its goods come back, in whatever order both are booked."""
    post_awards(store, PROGRAMME, [document("old", 100, day=date(2024, 6, 1)), document("new", 50)], clock)
    assert expire(store, PROGRAMME, clock) == 100
    post_awards(store, PROGRAMME, [document("old", 40, day=date(2024, 6, 1))], clock)
    assert (available(store, clock), debt(store, clock)) == (50, 0)
    assert expire(store, PROGRAMME, clock) == 0
    assert verify(store).findings == ()


def test_a_corrected_buyer_moves_the_points(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document("a", 100)], clock)
    post_awards(store, PROGRAMME, [document("a", 90, member=8)], clock)
    assert (available(store, clock), available(store, clock, 8)) == (0, 90)


def test_one_key_is_one_redemption(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document("a", 100)], clock)
    assert spend(store, clock, 30, "k") == spend(store, clock, 30, "k")
    assert available(store, clock) == 70
    with pytest.raises(ConflictError) as conflict:
        spend(store, clock, 31, "k")
    assert conflict.value.code == "LOY-201"
    post_awards(store, PROGRAMME, [document("b", 50, member=8)], clock)
    assert spend(store, clock, 30, "k", member=8)


@pytest.mark.parametrize("statement_text", [
    "update journal set kind = 'redeem'", "delete from transfers", "update lots set points = points + 1", "delete from seals",
    "update transfers set points = points * 2",
])  # fmt: skip
def test_the_database_itself_refuses_changes(store: Engine, clock: FixedClock, statement_text: str) -> None:
    post_awards(store, PROGRAMME, [document("a", 100)], clock)
    seal(store)
    with pytest.raises(DBAPIError), store.begin() as connection:
        connection.execute(text(statement_text))
    assert verify(store).findings == ()


def test_insert_or_replace_does_not_slip_past(tmp_path: object, clock: FixedClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.sqlite")
    migrate(store)
    post_awards(store, PROGRAMME, [document("a", 100)], clock)
    with pytest.raises(DBAPIError), store.begin() as connection:
        connection.execute(
            text(
                "insert or replace into transfers select transfer_id, journal_id, debit_account, credit_account, member_party_id, lot_id, 999 from transfers"
            )
        )
    store.dispose()


def test_a_changed_entry_breaks_the_chain(tmp_path: object, clock: FixedClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.sqlite")
    migrate(store)
    post_awards(store, PROGRAMME, [document("a", 100), document("b", 5)], clock)
    assert seal(store) == 2
    with store.begin() as connection:
        connection.execute(text("drop trigger journal_no_update"))
        connection.execute(text("update journal set document_no = 'forged' where journal_id = 1"))
    assert "entry 1" in verify(store).findings[0]
    store.dispose()


def in_parallel(work: Callable[[int], object], count: int) -> list[object]:
    """Results or errors of `count` threads that start together."""
    gate, results = threading.Barrier(count), [None] * count

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = work(index)
        except ConflictError as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_fifty_at_once_spend_only_what_is_there(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document("a", 60), document("b", 40)], clock)
    results = in_parallel(lambda index: spend(store, clock, 10, f"k{index}"), 15 if store.dialect.name == "postgresql" else 50)
    assert sum(isinstance(result, int) for result in results) == 10
    assert available(store, clock) == 0
    assert verify(store).findings == ()


def test_returns_and_redemptions_at_once_never_overdraw_a_lot(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document(f"d{n}", 20) for n in range(5)], clock)

    def work(index: int) -> object:
        if index % 2:
            return spend(store, clock, 20, f"k{index}")
        return post_awards(store, PROGRAMME, [document(f"d{index // 2}", 0)], clock)

    in_parallel(work, 10)
    assert verify(store).findings == ()


def test_the_ledger_reconciles_with_documents_both_ways(store: Engine, clock: FixedClock) -> None:
    post_awards(
        store, PROGRAMME, [document(f"{PROGRAMME.programme_id}|a", 10), document(f"{PROGRAMME.programme_id}|b", 20)], clock
    )
    live = [document(f"{PROGRAMME.programme_id}|a", 10), document(f"{PROGRAMME.programme_id}|c", 5)]
    findings = reconcile(store, PROGRAMME, live)
    assert len(findings) == 2
    assert any("|c" in finding for finding in findings)
    assert any("|b" in finding for finding in findings)
    assert reconcile(store, PROGRAMME, [document(f"{PROGRAMME.programme_id}|{n}", p) for n, p in (("a", 10), ("b", 20))]) == []


def test_the_export_gives_every_transfer_once(store: Engine, clock: FixedClock) -> None:
    post_awards(store, PROGRAMME, [document(f"d{n}", 1) for n in range(300)], clock)
    rows = [row for batch in transfers_after(store, 0) for row in batch]
    assert len(rows) == 300
    last = max(int(str(row[0])) for row in rows)
    assert list(transfers_after(store, last)) == []
