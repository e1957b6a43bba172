"""The ledger's statements 1 to 10 and their vectors, each as a story, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select, text

from core.errors import ConflictError
from core.store import open_store, reading, writing
from loyalty.auditing import rebuild
from loyalty.domain.points import add_months, award_points
from loyalty.domain.programme import Expiry, Rule
from loyalty.expiring import confirm_due, expire, keep_house
from loyalty.posting import post_awards
from loyalty.redeeming import Redemption, cancel, capture, redeem, release, time_out_holds
from loyalty.tables import cap_uses, journal, lots, transfers
from tests.support.ledger_scene import MEMBER, TODAY, Scene, expiring

pytestmark = pytest.mark.integration


def test_01_balances_are_folds_and_rebuild_to_the_same(store: Engine) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    scene.earn("a", 60)
    scene.spend(25)
    before = scene.cached()
    with writing(store) as connection:
        connection.execute(text("update members set points_available = 999, points_held = 3"))
    assert rebuild(store) == 1
    assert scene.cached() == before
    with writing(store) as connection:
        connection.execute(text("delete from members"))
    assert rebuild(store) == 1
    assert scene.cached() == before
    assert rebuild(store) == 0
    scene.adds_up()


def test_02_a_credit_opens_a_lot_with_all_that_is_known_of_it(store: Engine) -> None:
    scene = Scene(store, expiry=expiring(24), funders=(("manufacturer", 70), ("distributor", 30)))
    scene.earn("a", 100, date(2026, 5, 20))
    with reading(store) as connection:
        lot = connection.execute(select(lots)).one()
        entry = connection.execute(select(journal)).one()
    assert (lot.points, lot.funders, lot.member_party_id) == (100, "manufacturer:70,distributor:30", MEMBER)
    assert lot.earned_at == lot.available_at == datetime(2026, 5, 20, 10, tzinfo=UTC)
    assert lot.posted_at == scene.clock.now()
    assert lot.expires_at == datetime(2028, 5, 20, 22, tzinfo=UTC)
    assert (entry.cause, entry.rule_id, entry.rule_version) == ("scene|buy|s|a|1", "buy", 1)


def test_03_debits_draw_the_earliest_expiry_then_the_earliest_earned_then_the_lot(store: Engine) -> None:
    scene = Scene(store, expiry=Expiry())
    scene.earn("never", 10, date(2026, 1, 1))
    late = Scene(store, expiry=expiring(12))
    late.earn("late", 10, date(2026, 3, 1))
    late.earn("early", 10, date(2026, 2, 1))
    late.earn("early too", 10, date(2026, 2, 1))
    late.spend(25)
    assert [available for _, _, available, _, _ in late.lots()] == [10, 5, 0, 0]
    with reading(store) as connection:
        drawn = connection.execute(
            select(transfers.c.lot_id, transfers.c.points).where(transfers.c.credit_account == "redeemed").order_by(transfers.c.transfer_id)
        ).all()  # fmt: skip
        ids = [row[0] for row in connection.execute(select(lots.c.lot_id).order_by(lots.c.lot_id))]
    assert [(ids.index(lot_id), points) for lot_id, points in drawn] == [(2, 10), (3, 10), (1, 5)]
    late.adds_up()


def test_03_vector_80_of_two_lots_leaves_100_on_day_20(store: Engine) -> None:
    """A 100 expires day 10, B 100 expires day 100; 80 spent on day 5: 100 on day 20, not 20."""
    scene = Scene(store, expiry=expiring(1))
    scene.on(date(2026, 1, 1)).earn("a", 100, date(2025, 12, 10))
    scene.earn("b", 100, date(2026, 3, 10))
    scene.on(date(2026, 1, 5)).spend(80)
    assert scene.on(date(2026, 1, 20)).usable() == 100
    keep_house(store, scene.programme, scene.clock)
    assert scene.usable() == 100


def test_04_a_lot_is_always_the_sum_of_its_states(store: Engine) -> None:
    scene = Scene(store, pending_until="delivered", expiry=expiring(1))
    scene.earn("a", 100)
    assert scene.lots() == [(MEMBER, 100, 0, 0, 0)]
    scene.earn("a", 90)
    scene.earn("a", 90, usable_on=TODAY)
    assert scene.lots() == [(MEMBER, 0, 90, 0, 0)]
    held = scene.hold(40)
    scene.spend(5)
    assert scene.lots() == [(MEMBER, 0, 45, 40, 0)]
    capture(store, scene.programme, held.hold_id, scene.clock)
    scene.later(40)
    expire(store, scene.programme, scene.clock)
    assert scene.lots() == [(MEMBER, 0, 0, 0, 45)]
    scene.adds_up()


@pytest.mark.parametrize(("seconds", "usable"), [(-1, 100), (0, 0)])
def test_05_nothing_is_available_at_the_moment_of_expiry(store: Engine, seconds: int, usable: int) -> None:
    """Half-open, end of the day in the programme's zone, whether or not the job ran."""
    scene = Scene(store, expiry=expiring(1))
    scene.on(date(2026, 1, 31)).earn("a", 100)
    scene.clock.moment = datetime(2026, 2, 28, 23, tzinfo=UTC) + timedelta(seconds=seconds)
    assert scene.usable() == usable
    if not usable:
        with pytest.raises(ConflictError) as refused:
            scene.spend(1)
        assert refused.value.code == "LOY-202"
    assert [expire(store, scene.programme, scene.clock), expire(store, scene.programme, scene.clock)] == [100 - usable, 0]
    scene.adds_up()


def test_05_months_clamp() -> None:
    assert [add_months(date(2025, 1, 31), 1), add_months(date(2024, 1, 31), 1), add_months(date(2025, 1, 25), 1)] == [
        date(2025, 2, 28), date(2024, 2, 29), date(2025, 2, 25)]  # fmt: skip


@pytest.mark.parametrize("is_job_late", [True, False])
def test_05_points_that_live_by_activity_do_not_come_back(store: Engine, is_job_late: bool) -> None:
    """Idle for longer than the months: over, and neither a new award nor a late job changes that."""
    scene = Scene(store, expiry=Expiry(inactivity_months=2))
    scene.on(date(2026, 1, 10)).earn("a", 100)
    scene.on(date(2026, 4, 1))
    if not is_job_late:
        expire(store, scene.programme, scene.clock)
    scene.earn("b", 30)
    assert scene.usable() == 30
    assert [lot[4] for lot in scene.lots()] == [100, 0]
    scene.on(date(2026, 5, 20)).spend(10)
    assert scene.on(date(2026, 7, 19)).usable() == 20
    assert scene.on(date(2026, 7, 21)).usable() == 0
    scene.adds_up()


@pytest.mark.parametrize(("counts_from", "last_day"), [("available", date(2026, 8, 20)), ("earned", date(2026, 8, 1))])
def test_06_expiry_counts_from_available_unless_a_setting_says_otherwise(store: Engine, counts_from: str, last_day: date) -> None:
    scene = Scene(store, pending_until="delivered", expiry=expiring(2, counts_from=counts_from))
    scene.earn("a", 100)
    scene.on(date(2026, 6, 20)).earn("a", 100, TODAY, usable_on=date(2026, 6, 20))
    assert (scene.on(last_day).usable(), scene.later(1).usable()) == (100, 0)
    scene.adds_up()


def test_06_what_waits_for_a_day_is_confirmed_when_it_comes_status_points_too(store: Engine) -> None:
    scene = Scene(store, pending_until="return_window", gives=("points", "status"))
    documents = [scene.document("a", 50, usable_on=date(2026, 6, 15), gives=gives) for gives in ("points", "status")]
    post_awards(store, scene.programme, documents, scene.clock)
    assert (scene.usable(), scene.sees().points_pending) == (0, 50)
    scene.on(date(2026, 6, 15))
    assert [confirm_due(store, scene.programme, scene.clock), confirm_due(store, scene.programme, scene.clock)] == [2, 0]
    assert (scene.lots("points"), scene.lots("status")) == ([(MEMBER, 0, 50, 0, 0)], [(MEMBER, 0, 50, 0, 0)])
    scene.adds_up()


def test_07_vector_a_part_return_takes_back_250(store: Engine) -> None:
    """1 point per unit and 100 from 500 units on; bought 600, returned 150."""
    rule = Rule("r", 1, "t", "t", TODAY, points_per_unit=Decimal(1), bonus_points=100, bonus_from_quantity=Decimal(500))
    scene = Scene(store)
    scene.earn("a", award_points(rule, 600_000, 0))
    report = scene.earn("a", award_points(rule, 450_000, 0))
    assert (report.points_reversed, scene.usable()) == (250, 450)


def test_07_vector_buying_and_returning_a_hundred_times_leaves_nothing(store: Engine) -> None:
    scene = Scene(store)
    scene.earn("kept", 3)
    for _ in range(100):
        assert scene.earn("a", 50).points_awarded == 50
        assert scene.earn("a", 0).points_reversed == 50
        assert scene.usable() == 3
    scene.adds_up()


@pytest.mark.parametrize("state", ["pending", "active", "held", "spent", "expired"])
def test_07_a_return_takes_back_from_every_state_what_it_earned_and_no_more(store: Engine, state: str) -> None:
    scene = Scene(store, pending_until="delivered", expiry=expiring(1))
    scene.earn("a", 100, usable_on=None if state == "pending" else TODAY)
    held = scene.hold(100) if state == "held" else None
    if state == "spent":
        scene.spend(100)
    if state == "expired":
        scene.later(40)
        expire(store, scene.programme, scene.clock)
    usable_on = None if state == "pending" else TODAY
    assert scene.earn("a", 0, TODAY, usable_on=usable_on).points_reversed == 100
    assert scene.earn("a", 0, TODAY, usable_on=usable_on).points_reversed == 0
    owes = 100 if state in ("held", "spent") else 0
    assert scene.sees().points_debt == owes
    if held is not None:
        release(store, scene.programme, held.hold_id, scene.clock)
    else:
        scene.earn("b", owes + 10, usable_on=scene.clock.now().date())
    assert (scene.sees().points_debt, scene.usable()) == (0, 0 if held else 10)
    scene.adds_up()


def test_07_a_return_is_never_paid_with_points_that_are_over(store: Engine) -> None:
    """A's points are spent, B's are over though no job ran: what A takes back is owed."""
    scene = Scene(store, expiry=expiring(1))
    scene.earn("a", 100)
    scene.spend(100)
    scene.earn("b", 80, date(2026, 4, 1))
    scene.earn("a", 0)
    assert scene.sees().points_debt == 100
    assert expire(store, scene.programme, scene.clock) == 80
    scene.adds_up()


def test_08_a_cancelled_redemption_returns_to_its_lots_and_expires_at_once_when_over(store: Engine) -> None:
    scene = Scene(store, expiry=expiring(1))
    scene.earn("early", 30)
    scene.earn("late", 70)
    scene.on(date(2026, 6, 20)).earn("later", 50)
    entry = scene.spend(120)
    scene.on(date(2026, 7, 10))
    assert cancel(store, scene.programme, entry, 20, "part", scene.clock) == cancel(
        store, scene.programme, entry, 20, "part", scene.clock
    )
    assert scene.usable() == 50
    cancel(store, scene.programme, entry, 100, "rest", scene.clock)
    assert scene.usable() == 50
    assert [(available, expired) for _, _, available, _, expired in scene.lots()] == [(0, 30), (0, 70), (50, 0)]
    with pytest.raises(ConflictError) as refused:
        cancel(store, scene.programme, entry, 1, "more", scene.clock)
    assert refused.value.code == "LOY-204"
    scene.adds_up()


@pytest.mark.parametrize("parts", [(100,), (30, 70), (1, 99), (50, 25, 25)])
def test_08_vector_cancelled_in_full_or_in_parts_the_balance_never_falls_twice(store: Engine, parts: tuple[int, ...]) -> None:
    scene = Scene(store)
    scene.earn("a", 150)
    entry = scene.spend(100)
    for number, points in enumerate(parts):
        before = scene.usable()
        cancel(store, scene.programme, entry, points, f"c{number}", scene.clock)
        assert scene.usable() == before + points
    assert scene.usable() == 150
    scene.adds_up()


def test_09_a_hold_is_resolved_at_most_once(store: Engine) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    held = scene.hold(60)
    assert (scene.usable(), scene.sees().points_held) == (40, 60)
    assert capture(store, scene.programme, held.hold_id, scene.clock).status == "captured"
    assert capture(store, scene.programme, held.hold_id, scene.clock).status == "captured"
    with pytest.raises(ConflictError) as refused:
        release(store, scene.programme, held.hold_id, scene.clock)
    assert refused.value.code == "LOY-203"
    other = scene.hold(40)
    assert time_out_holds(store, scene.programme, scene.later(13).clock) == 0
    assert time_out_holds(store, scene.programme, scene.later(1).clock) == 1
    with pytest.raises(ConflictError):
        capture(store, scene.programme, other.hold_id, scene.clock)
    assert (scene.usable(), scene.sees().points_held) == (40, 0)
    scene.adds_up()


def test_10_a_key_gives_the_same_answer_or_a_named_conflict_and_survives_a_restart(store: Engine, store_url: str) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    first = scene.spend(30, "basket")
    again = open_store(store_url)
    try:
        request = Redemption("basket", MEMBER, 30, "mug")
        assert redeem(again, scene.programme, request, scene.clock) == first
        with pytest.raises(ConflictError) as refused:
            redeem(again, scene.programme, Redemption("basket", MEMBER, 31, "mug"), scene.clock)
        assert refused.value.code == "LOY-201"
    finally:
        again.dispose()
    scene.earn("b", 100, member=8)
    assert scene.spend(30, "basket", member=8) != first
    assert scene.usable() == 70


def test_10_a_document_is_processed_once_however_many_rules_it_matches(store: Engine) -> None:
    scene = Scene(store)
    other = Scene(store, rule_id="second")
    documents = [scene.document("a", 10), other.document("a", 5)]
    for _ in range(3):
        post_awards(store, scene.programme, [*documents, *documents], scene.clock)
    assert (scene.usable(), len(scene.entries("award"))) == (15, 2)
    with reading(store) as connection:
        assert connection.execute(select(cap_uses)).all() == []
