"""Caps of a campaign, per campaign, member, period and funder: exact under concurrency, given back, explained."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest
from sqlalchemy import Engine, select

from core.clock import FixedClock
from loyalty import EvaluatedDocument, post_awards, statement, verify
from loyalty.domain.parsing import parse_rules
from loyalty.domain.programme import Rule
from loyalty.tables import caps, journal
from tests.support.campaigns import DISTRIBUTOR, PROGRAMME, rules_toml

pytestmark = pytest.mark.integration


def capped(at_cap: str = "partial") -> Rule:
    """30 % are the distributor's, whose purse is 300 points; 100 a member, and 2,000 a month for the campaign."""
    return parse_rules(
        rules_toml(30, caps=f'per_member = 100\nper_funder = {{ distributor = 300 }}\nat_cap = "{at_cap}"', together="per_period = 2_000"),
        "sell_through", "c1",
    )[0]  # fmt: skip


def document(rule: Rule, name: str, member: int, points: int, day: date = date(2026, 7, 2)) -> EvaluatedDocument:
    """A document worth `points`."""
    worth = ((member, points),) if points else ()
    return EvaluatedDocument(f"c1|{name}", "s", name, rule, day, worth, "{}", available_on=day, distributor=DISTRIBUTOR)


def points_of(store: Engine, clock: FixedClock, member: int) -> int:
    """What the member can spend."""
    return sum(one.points_usable for one in statement(store, PROGRAMME, member, clock).balances)


def used(store: Engine) -> dict[str, int]:
    """Cap -> what is used of it."""
    with store.connect() as connection:
        return {
            str(key).removeprefix(f"{PROGRAMME.programme_id}|"): int(points) for key, points in connection.execute(select(caps))
        }


def test_parallel_awards_stop_exactly_at_the_funders_purse(store: Engine, clock: FixedClock) -> None:
    """24 members earn 70 each, 1,680 points, 504 of them the distributor's: its purse of 300 ends them at exactly 1,000."""
    rule = capped()
    failures: list[BaseException] = []

    def work(first: int) -> None:
        for n in range(first, 24, 6):
            try:
                post_awards(store, PROGRAMME, [document(rule, f"d{n}", 100 + n, 70)], clock)
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

    workers = [threading.Thread(target=work, args=(first,)) for first in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert sum(points_of(store, clock, 100 + n) for n in range(24)) == 1_000
    assert used(store)[f"c1|push|funder|distributor|{DISTRIBUTOR}"] == 1_000 * 30
    assert used(store)["c1||period|2026-07"] == 1_000
    assert verify(store).findings == ()


def test_a_cancelled_award_gives_back_to_every_cap(store: Engine, clock: FixedClock) -> None:
    rule = capped()
    post_awards(store, PROGRAMME, [document(rule, "a", 101, 90)], clock)
    post_awards(store, PROGRAMME, [document(rule, "a", 101, 0)], clock)
    assert set(used(store).values()) == {0}
    post_awards(store, PROGRAMME, [document(rule, "b", 101, 90)], clock)
    assert points_of(store, clock, 101) == 90


@pytest.mark.parametrize(("at_cap", "granted"), [("partial", 10), ("none", 0)])
def test_the_last_award_is_partial_or_none_and_says_why(store: Engine, clock: FixedClock, at_cap: str, granted: int) -> None:
    rule = capped(at_cap)
    post_awards(store, PROGRAMME, [document(rule, "a", 101, 90)], clock)
    post_awards(store, PROGRAMME, [document(rule, "b", 101, 25)], clock)
    post_awards(store, PROGRAMME, [document(rule, "c", 101, 25)], clock)
    assert points_of(store, clock, 101) == 90 + granted
    with store.connect() as connection:
        rows = connection.execute(select(journal.c.kind, journal.c.explanation).order_by(journal.c.journal_id)).all()
    assert [row.kind for row in rows] == ["award", "award" if granted else "no_award", "no_award"]
    last = json.loads(rows[-1].explanation)
    assert (last["asked"], last["granted"]) == (25, 0)
    assert last["cap"] == f"{PROGRAMME.programme_id}|c1|push|member|101" if granted else last["cap"]
