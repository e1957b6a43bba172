"""A recorded training is taken back and stands again: reversals in the ledger, never an edit, and twice changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock, random_id
from core.errors import InputRefusedError
from loyalty import Programme, Redemption, redeem, statement, verify
from loyalty.domain.programme import Selection
from loyalty.gamification import NewEvent, ProgrammeEvent, events_of_distributor, record_event, undo_event
from loyalty.gamification.events import insert_event
from loyalty.tables import journal
from tests.integration.test_awards import PROGRAMME, RULE, Instance
from tests.support.small_marts import DISTRIBUTOR, OTHER_DISTRIBUTOR, RETAILER

pytestmark = pytest.mark.integration
LEARNING = replace(RULE, rule_id="learning", points_per_amount=0, bonus_points=300, leg="event", is_tier_multiplied=False, money_currency="",
                   selection=Selection(events=("training", "challenge:x")))  # fmt: skip
BOOK: Programme = replace(PROGRAMME, rules=(LEARNING,), tiers=())
BARISTA = NewEvent(RETAILER, "training", "Barista basics", date(2026, 6, 20))


def recorded(store: Engine, clock: FixedClock, new: NewEvent = BARISTA) -> ProgrammeEvent:
    """By the retailer's distributor."""
    return record_event(store, BOOK, DISTRIBUTOR, frozenset({RETAILER}), new, clock, random_id, actor="nils")


def undone(store: Engine, clock: FixedClock, event_id: str, distributor: int = DISTRIBUTOR) -> ProgrammeEvent:
    """Taken back."""
    return undo_event(store, BOOK, distributor, event_id, clock, actor="nils")


def test_only_who_recorded_an_event_takes_it_back_and_recording_it_again_lets_it_stand(store: Engine, clock: FixedClock) -> None:
    event = recorded(store, clock)
    for distributor, event_id in ((OTHER_DISTRIBUTOR, event.event_id), (DISTRIBUTOR, "nothing")):
        with pytest.raises(InputRefusedError, match="LOY-532"):
            undone(store, clock, event_id, distributor)
    with store.begin() as connection:
        insert_event(
            connection, BOOK, "c", RETAILER, DISTRIBUTOR, "challenge:x", "Goal", date(2026, 6, 1), clock, lambda: "goal", None
        )
    with pytest.raises(InputRefusedError, match="LOY-532"):
        undone(store, clock, "goal")
    for _ in range(2):
        assert undone(store, clock, event.event_id).is_undone
    assert [one.is_undone for one in events_of_distributor(store, BOOK, DISTRIBUTOR) if one.event == "training"] == [True]
    for _ in range(2):
        assert recorded(store, clock) == event
    with store.connect() as connection:
        actions = connection.execute(text("select is_undone from programme_event_actions order by action_no")).fetchall()
    assert [row[0] for row in actions] == [1, 0], "each act once"
    for sql in (
        "update programme_event_actions set is_undone = 0",
        "delete from programme_event_actions",
        "delete from programme_events",
    ):
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
            connection.execute(text(sql))


@pytest.mark.parametrize("full", [False, True])
def test_its_points_are_reversed_by_the_next_run_and_come_back_when_it_stands_again(
    tmp_path: Path, clock: FixedClock, full: bool
) -> None:
    instance = Instance(tmp_path / "home", clock)
    instance.run(programme=BOOK)
    store = instance.store()

    def kinds() -> list[str]:
        instance.run(programme=BOOK, full=full)
        with store.connect() as connection:
            rows = connection.execute(journal.select().where(journal.c.rule_id == "learning").order_by(journal.c.journal_id))
            return [row.kind for row in rows]

    event = recorded(store, clock)
    recorded(store, clock, replace(BARISTA, title="Latte art"))
    assert kinds() == ["award", "award"]
    redeem(store, BOOK, Redemption("k", RETAILER, 400, "mug"), clock)
    undone(store, clock, event.event_id)
    assert kinds() == ["award", "award", "reversal"]
    assert kinds() == ["award", "award", "reversal"], "a run more changes nothing"
    (balance,) = statement(store, BOOK, RETAILER, clock).balances
    assert (balance.points_usable, balance.points_debt) == (0, 100), "what was spent already is owed"
    recorded(store, clock)
    assert kinds() == ["award", "award", "reversal", "award"]
    assert statement(store, BOOK, RETAILER, clock).balances[0].points_usable == 200
    undone(store, clock, event.event_id)
    assert kinds() == ["award", "award", "reversal", "award", "reversal"]
    assert verify(store).findings == ()
