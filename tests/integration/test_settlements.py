"""Settling burned points, on SQLite and PostgreSQL: once, to the cent, with later burns in the next statement."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, ConflictError, InputRefusedError
from core.scope import Role, Scope
from loyalty import EvaluatedDocument, Redemption, post_awards, redeem, verify
from loyalty.campaigns.lifecycle import create, end_due
from loyalty.campaigns.model import rules_of
from loyalty.campaigns.records import get_campaign
from loyalty.campaigns.settling import Settlement, list_settlements, open_points, settle
from loyalty.redeeming import cancel
from tests.support.campaigns import (
    DISTRIBUTOR,
    MAKER,
    MANUFACTURER,
    OTHER_DISTRIBUTOR,
    OTHER_MANUFACTURER,
    PROGRAMME,
    SELLER,
    actor,
    draft,
    launched,
)

pytestmark = pytest.mark.integration
MEMBER = 101
UNTIL = date(2026, 7, 31)


def earn(
    store: Engine, clock: FixedClock, campaign_id: str, points: int, distributor: int, name: str = "d", member: int = MEMBER
) -> None:
    """An award under the campaign's rule."""
    (rule,) = rules_of(get_campaign(store, MAKER.scope, campaign_id), PROGRAMME)
    document = EvaluatedDocument(f"{campaign_id}|{name}", "s", name, rule, date(2026, 7, 2), ((member, points),), "{}",
                                 available_on=date(2026, 7, 2), distributor=distributor)  # fmt: skip
    post_awards(store, PROGRAMME, [document], clock)


def burn(store: Engine, clock: FixedClock, points: int, key: str, member: int = MEMBER) -> int:
    """Redeem."""
    return redeem(store, PROGRAMME, Redemption(key, member, points, "mug"), clock)


def in_july(clock: FixedClock) -> None:
    """The 20th."""
    clock.moment = datetime(2026, 7, 20, 12, tzinfo=UTC)


def settled(store: Engine, clock: FixedClock, until: date, campaign_id: str = "c1") -> Settlement:
    """Settle on the day after."""
    clock.moment = datetime(until.year, until.month, until.day, 12, tzinfo=UTC) + timedelta(days=1)
    return settle(store, PROGRAMME, MAKER, campaign_id, until, clock, random_id)


def test_burned_points_charge_the_funders_of_their_lots_once(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft(30))
    in_july(clock)
    earn(store, clock, "c1", 1_000, DISTRIBUTOR)
    redemption = burn(store, clock, 333, "a")
    assert open_points(store, ["c1"]) == {"c1": 333}
    first = settled(store, clock, UNTIL)
    assert (first.points_burned, first.burned_cents, first.manufacturer_cents) == (333, 333, 233)
    assert first.statements[DISTRIBUTOR].distributor_cents == 100, "30 % of 3.33 are 0.999"
    assert settled(store, clock, UNTIL) == first, "the same day again is the same settlement"
    assert open_points(store, ["c1"]) == {}
    burn(store, clock, 7, "b")
    cancel(store, PROGRAMME, redemption, 300, "back", clock)
    second = settled(store, clock, date(2026, 8, 31))
    assert (second.points_burned, second.burned_cents) == (-293, -293)
    assert first.burned_cents + second.burned_cents == 40
    assert first.statements[DISTRIBUTOR].distributor_cents + second.statements[DISTRIBUTOR].distributor_cents == 12
    assert verify(store).findings == ()


def test_what_is_burned_on_the_day_after_waits_for_the_next(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft())
    in_july(clock)
    earn(store, clock, "c1", 100, DISTRIBUTOR)
    clock.moment = datetime(2026, 8, 1, 0, 0, 1, tzinfo=UTC)
    burn(store, clock, 60, "a")
    assert settled(store, clock, UNTIL).points_burned == 0
    assert settled(store, clock, date(2026, 8, 1)).points_burned == 60


def test_each_distributor_reads_its_own_statement_and_nobody_else_any(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft())
    in_july(clock)
    earn(store, clock, "c1", 100, DISTRIBUTOR, "x", 101)
    earn(store, clock, "c1", 71_369, OTHER_DISTRIBUTOR, "y", 102)
    burn(store, clock, 40, "a", 101)
    burn(store, clock, 71_369, "b", 102)
    whole = settled(store, clock, UNTIL)
    assert set(whole.statements) == {DISTRIBUTOR, OTHER_DISTRIBUTOR}
    (own,) = list_settlements(store, SELLER.scope)
    assert (own.points_burned, own.burned_cents, set(own.statements), {line.distributor for line in own.lines}) == (
        40, 40, {DISTRIBUTOR}, {DISTRIBUTOR})  # fmt: skip
    assert "71369" not in repr(own)
    for scope in (Scope.of(Role.DISTRIBUTOR, 13), Scope.of(Role.RETAILER, 101), Scope.of(Role.MANUFACTURER, OTHER_MANUFACTURER),
                  Scope.of(Role.RETAILER, MANUFACTURER), Scope(Role.DISTRIBUTOR, frozenset())):  # fmt: skip
        assert list_settlements(store, scope) == []
    for who in (SELLER, actor(Role.MANUFACTURER, OTHER_MANUFACTURER), actor(Role.RETAILER, MANUFACTURER)):
        with pytest.raises(AccessDeniedError):
            settle(store, PROGRAMME, who, "c1", date(2026, 7, 30), clock, random_id)


def test_a_settlement_covers_days_that_are_over_and_in_order(store: Engine, clock: FixedClock) -> None:
    create(store, PROGRAMME, MAKER, "d1", draft(title="Entwurf"), clock)
    with pytest.raises(ConflictError, match="LOY-402"):
        settled(store, clock, UNTIL, "d1")
    clock.moment = datetime(2026, 6, 30, 12, tzinfo=UTC)
    launched(store, clock, draft())
    clock.moment = datetime(2026, 7, 31, 12, tzinfo=UTC)
    with pytest.raises(InputRefusedError, match="LOY-408"):
        settle(store, PROGRAMME, MAKER, "c1", UNTIL, clock, random_id)
    settled(store, clock, UNTIL)
    with pytest.raises(InputRefusedError, match="LOY-408"):
        settled(store, clock, date(2026, 7, 30))
    clock.moment = datetime(2026, 10, 2, 12, tzinfo=UTC)
    end_due(store, PROGRAMME, clock)
    settled(store, clock, date(2026, 10, 1))
    assert get_campaign(store, MAKER.scope, "c1").status == "settled"


def test_settling_at_once_charges_once(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft(30))
    in_july(clock)
    earn(store, clock, "c1", 1_000, DISTRIBUTOR)
    burn(store, clock, 500, "a")
    clock.moment = datetime(2026, 8, 1, 12, tzinfo=UTC)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            settle(store, PROGRAMME, MAKER, "c1", UNTIL, clock, random_id)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert [one.points_burned for one in list_settlements(store, MAKER.scope)] == [500]
    for sql in ("update settlements set burned_cents = 0", "delete from settled_transfers", "delete from settlement_lines"):
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
            connection.execute(text(sql))
