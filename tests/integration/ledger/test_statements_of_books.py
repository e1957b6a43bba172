"""The ledger's statements 11 to 20 and their vectors, each as a story, on SQLite and PostgreSQL. 12, 17 and 18: test_ledger_figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from core.errors import ConflictError, InputRefusedError
from core.store import metadata, reading
from loyalty.anchoring import append_anchor, last_anchor
from loyalty.auditing import reconcile, seal, tip, verify
from loyalty.domain.points import award_points
from loyalty.domain.programme import Caps, Expiry, Rule
from loyalty.evaluated import NoAward
from loyalty.merging import group_of, merge_members, split_members
from loyalty.periods import close_period
from loyalty.posting import post_awards
from loyalty.redeeming import cancel, capture, release
from loyalty.tables import caps, journal, lots
from tests.support.ledger_scene import MEMBER, TODAY, Scene, expiring

pytestmark = pytest.mark.integration
JULY = date(2026, 7, 1)


def cap_used(store: Engine) -> dict[str, int]:
    """Points per cap, those that count."""
    with reading(store) as connection:
        return {row.cap_key: row.points_used for row in connection.execute(select(caps)) if row.points_used}


def test_11_redeeming_takes_nothing_from_status_points(store: Engine) -> None:
    scene = Scene(store, gives=("points", "status"))
    post_awards(store, scene.programme, [scene.document("a", 80, gives=gives) for gives in ("points", "status")], scene.clock)
    scene.spend(80)
    assert (scene.usable(), scene.lots("status")) == (0, [(MEMBER, 0, 80, 0, 0)])
    with pytest.raises(ConflictError):
        scene.spend(1)
    post_awards(store, scene.programme, [scene.document("a", 0, gives=gives) for gives in ("points", "status")], scene.clock)
    assert (scene.sees().points_debt, scene.lots("status")) == (80, [(MEMBER, 0, 0, 0, 0)])
    scene.adds_up()


@pytest.mark.parametrize(("is_partial", "granted"), [(True, 40), (False, 0)])
def test_13_the_last_award_is_partial_or_none_and_a_zero_entry_says_why(store: Engine, is_partial: bool, granted: int) -> None:
    scene = Scene(store, caps=Caps(total=100, is_partial=is_partial))
    scene.earn("a", 60)
    scene.earn("b", 60)
    assert scene.usable() == 60 + granted
    scene.earn("c", 60)
    zero = scene.entries("no_award")
    assert len(zero) == (1 if is_partial else 2)
    said = json.loads(zero[-1].explanation)
    assert (said["asked"], said["granted"], said["cap"]) == (60, 0, "scene||buy|total")
    assert zero[-1].points_decided == 60
    scene.adds_up()


def test_13_a_cancelled_award_gives_back_to_the_very_cap_it_consumed(store: Engine) -> None:
    """Also when the document names another distributor and month by then."""
    scene = Scene(store, caps=Caps(per_distributor=100, per_period=100))
    scene.earn("a", 70, date(2026, 5, 20), distributor=11)
    assert cap_used(store) == {"scene||buy|distributor|11": 70, "scene||buy|period|2026-05": 70}
    scene.earn("a", 50, distributor=12)
    assert cap_used(store) == {"scene||buy|distributor|12": 50, "scene||buy|period|2026-06": 50}
    scene.earn("a", 0, distributor=13)
    assert cap_used(store) == {}
    scene.adds_up()


def test_13_points_and_status_points_of_a_rule_count_apart(store: Engine) -> None:
    scene = Scene(store, gives=("points", "status"), caps=Caps(total=100))
    post_awards(store, scene.programme, [scene.document("a", 100, gives=gives) for gives in ("points", "status")], scene.clock)
    assert (scene.usable(), scene.lots("status")) == (100, [(MEMBER, 0, 100, 0, 0)])


def test_13_a_changed_buyer_frees_the_cap_before_the_new_one_is_awarded(store: Engine) -> None:
    scene = Scene(store, caps=Caps(total=100))
    scene.earn("a", 100, member=8)
    scene.earn("a", 100, member=3)
    assert (scene.usable(8), scene.usable(3)) == (0, 100)
    scene.adds_up()


def test_14_ten_lines_of_two_fifths_of_a_point_make_four(store: Engine) -> None:
    rule = Rule("r", 1, "t", "t", TODAY, points_per_unit=Decimal("0.4"))
    scene = Scene(store)
    scene.earn("a", award_points(rule, 10_000, 0))
    assert scene.usable() == 4


def test_15_a_document_that_moves_to_another_day_is_reversed_and_awarded_again_in_one_transaction(store: Engine) -> None:
    scene = Scene(store, expiry=expiring(1))
    scene.earn("a", 100, date(2026, 5, 10))
    report = scene.earn("a", 100, date(2026, 5, 25))
    assert (report.reversals, report.awards, scene.usable()) == (1, 1, 100)
    back, again = scene.entries()[1:]
    assert (back.kind, again.kind, back.recorded_at) == ("reversal", "award", again.recorded_at)
    assert (back.effective_at.day, again.effective_at.day) == (10, 25)
    assert scene.on(date(2026, 6, 20)).usable() == 100
    assert scene.on(date(2026, 6, 26)).usable() == 0
    scene.adds_up()


def test_15_a_closed_period_takes_no_entry(store: Engine) -> None:
    """The books' day is the first open one, in the programme's zone; what an entry is about stays its own day."""
    scene = Scene(store)
    scene.earn("june", 100)
    scene.clock.moment = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    scene.earn("early in july", 10)
    close_period(store, scene.programme, date(2026, 6, 30), scene.clock)
    scene.earn("june", 60, TODAY)
    booked = [(entry.kind, entry.booked_on, entry.effective_at.date()) for entry in scene.entries()]
    assert booked == [("award", TODAY, TODAY), ("award", JULY, date(2026, 6, 30)), ("reversal", JULY, TODAY)]
    for day in (date(2026, 6, 30), date(2026, 6, 1), date(2026, 7, 1)):
        with pytest.raises(ConflictError) as refused:
            close_period(store, scene.programme, day, scene.clock)
        assert refused.value.code == "LOY-207"
    scene.adds_up()


def test_15_a_clock_that_goes_back_does_not_open_the_books(store: Engine) -> None:
    scene = Scene(store).on(JULY)
    close_period(store, scene.programme, date(2026, 6, 30), scene.clock)
    scene.on(date(2026, 6, 29)).earn("a", 100)
    assert [entry.booked_on for entry in scene.entries()] == [JULY]


def test_16_vector_merged_and_split_totals_and_lots_are_as_before(store: Engine) -> None:
    scene = Scene(store, expiry=expiring(12))
    scene.earn("a", 60)
    scene.earn("b", 40, member=8)
    before = (scene.lots(), scene.usable(), scene.usable(8), scene.cached())
    merge_members(store, 8, MEMBER, "one shop", scene.clock)
    assert (scene.usable(), scene.usable(8), group_of(store, 8)) == (100, 100, (7, 8))
    split_members(store, 8, "two shops after all", scene.clock)
    assert (scene.lots(), scene.usable(), scene.usable(8), scene.cached()) == before
    scene.adds_up()


def test_16_what_was_drawn_while_merged_goes_back_to_its_own_lots_after_a_split(store: Engine) -> None:
    """The hold of one draws the other's lot; each gets back what was drawn from it, with the caches right."""
    scene = Scene(store, expiry=Expiry(inactivity_months=6))
    scene.earn("a", 30)
    scene.earn("b", 70, member=8)
    merge_members(store, 8, MEMBER, "one shop", scene.clock)
    held, spent = scene.hold(50), scene.spend(50)
    scene.earn("c", 5)
    split_members(store, 8, "no", scene.clock)
    release(store, scene.programme, held.hold_id, scene.clock)
    cancel(store, scene.programme, spent, 50, "c", scene.clock)
    assert (scene.usable(), scene.usable(8)) == (35, 70)
    scene.adds_up()


def test_16_debts_are_shared_while_merged(store: Engine) -> None:
    scene = Scene(store)
    scene.earn("a", 50)
    scene.spend(50)
    scene.earn("a", 0)
    scene.earn("b", 30, member=8)
    merge_members(store, 8, MEMBER, "one shop", scene.clock)
    assert (scene.sees(8).points_usable, scene.sees(8).points_debt) == (0, 20)
    with pytest.raises(ConflictError):
        scene.spend(1, member=8)
    scene.earn("c", 60, member=8)
    assert (scene.usable(8), scene.sees().points_debt) == (40, 0)
    scene.adds_up()


@pytest.mark.parametrize(("member", "into"), [(8, 7), (7, 9), (9, 8), (9, 9)])
def test_16_a_member_is_part_of_one_other_only(store: Engine, member: int, into: int) -> None:
    scene = Scene(store)
    merge_members(store, 8, 7, "one shop", scene.clock)
    with pytest.raises(ConflictError) as refused:
        merge_members(store, member, into, "again", scene.clock)
    assert refused.value.code == "LOY-205"


def test_16_a_merge_does_not_bring_idle_points_back(store: Engine) -> None:
    scene = Scene(store, expiry=Expiry(inactivity_months=1))
    scene.on(date(2026, 1, 10)).earn("a", 100)
    scene.on(date(2026, 4, 1)).earn("b", 10, member=8)
    merge_members(store, MEMBER, 8, "one shop", scene.clock, programmes=[scene.programme])
    assert scene.usable(8) == 10
    scene.adds_up()


def test_19_a_non_award_stores_the_condition_that_failed_once(store: Engine) -> None:
    scene = Scene(store)
    nothing = NoAward("scene||s|d|1", "s", "d", TODAY, MEMBER, 11, "leg", json.dumps({"failed": "leg"}))
    for _ in range(2):
        post_awards(store, scene.programme, [], scene.clock, [nothing])
    entries = scene.entries()
    assert [(entry.kind, json.loads(entry.explanation)) for entry in entries] == [("no_award", {"failed": "leg"})]
    scene.adds_up()


def test_20_orders_and_ledger_reconcile_both_ways(store: Engine) -> None:
    scene = Scene(store, caps=Caps(total=25))
    live = [scene.document("a", 10), scene.document("b", 20)]
    post_awards(store, scene.programme, live, scene.clock)
    assert reconcile(store, scene.programme, live) == []
    findings = reconcile(store, scene.programme, [live[0], scene.document("c", 5)])
    assert [sorted(word in finding for word in ("|b|", "|c|")) for finding in findings] == [[False, True], [False, True]]
    assert len(reconcile(store, scene.programme, [replace(live[0], worth=((MEMBER, 9),)), live[1]])) == 1


def test_requests_for_another_programmes_points_are_refused(store: Engine) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    held, spent = scene.hold(10), scene.spend(10)
    other = replace(scene.programme, programme_id="other")
    for ask in (
        lambda: capture(store, other, held.hold_id, scene.clock),
        lambda: cancel(store, other, spent, 1, "k", scene.clock),
    ):
        with pytest.raises(InputRefusedError, match="LOY-206"):
            ask()
    scene.adds_up()


APPEND_ONLY = ("journal", "lots", "lot_terms", "transfers", "seals", "cap_uses", "member_merges", "closed_periods", "tier_spans",
               "campaign_signatures", "campaign_members", "programme_events", "reward_order_events", "badges")  # fmt: skip
CHANGEABLE = {
    "members",
    "caps",
    "holds",
    "campaigns",
    "rewards",
    "reward_orders",
    "reward_order_lines",
    "review_cases",
    "opt_outs",
}


def _filled(store: Engine) -> Scene:
    """A ledger with a row in each of its own append-only tables."""
    scene = Scene(store, pending_until="delivered", caps=Caps(total=500), expiry=expiring(2))
    scene.earn("a", 100)
    scene.earn("a", 100, usable_on=TODAY)
    merge_members(store, 8, 9, "one shop", scene.clock)
    close_period(store, scene.programme, date(2026, 5, 31), scene.clock)
    seal(store)
    return scene


@pytest.mark.parametrize("table", APPEND_ONLY[:8])
def test_the_database_refuses_update_and_delete_of(store: Engine, table: str) -> None:
    scene = _filled(store)
    column = next(iter(metadata.tables[table].primary_key.columns)).name
    acts = [f"update {table} set {column} = {column}", f"delete from {table}"]
    for act in [*acts, *([f"truncate {table} cascade"] if store.dialect.name == "postgresql" else [])]:
        with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
            connection.execute(text(act))
    with reading(store) as connection:
        assert connection.execute(text(f"select count(*) from {table}")).scalar_one()
    scene.adds_up()


def test_every_table_that_keeps_history_has_its_guard(store: Engine) -> None:
    query = "select tbl_name, name from sqlite_master where type = 'trigger'" if store.dialect.name == "sqlite" else (
        "select event_object_table, trigger_name from information_schema.triggers")  # fmt: skip
    with reading(store) as connection:
        guarded = {str(row[0]) for row in connection.execute(text(query))}
    assert set(APPEND_ONLY) <= guarded
    assert not guarded & CHANGEABLE


@pytest.mark.parametrize("change", [
    "update journal set document_no = 'forged' where kind = 'award'", "update transfers set points = points + 1 where credit_account = 'pending'",
    "update lots set expires_at = null, funders = 'somebody:100'", "update lot_terms set expires_at = null",
    "delete from seals where journal_id = (select min(journal_id) from journal)",
])  # fmt: skip
def test_a_change_behind_the_ledgers_back_breaks_the_chain(store: Engine, change: str) -> None:
    scene = _filled(store)
    scene.adds_up()
    table = change.split()[1] if change.startswith("update") else change.split()[2]
    with store.begin() as connection:
        if store.dialect.name == "sqlite":
            connection.execute(text(f"drop trigger {table}_no_{change.split()[0]}"))
        else:
            connection.execute(text(f"drop trigger {table}_no_change on {table}"))
        connection.execute(text(change))
    assert any("chain" in finding or "sealed" in finding for finding in verify(store).findings)


def test_a_consistent_cut_of_the_tail_is_found_by_the_anchor_alone(store: Engine, tmp_path: Path) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    seal(store)
    path = tmp_path / "anchors.jsonl"
    append_anchor(path, tip(store), scene.clock)
    scene.earn("b", 50)
    seal(store)
    append_anchor(path, tip(store), scene.clock)
    with store.begin() as connection:
        for table in ("journal", "transfers", "lots", "seals"):
            connection.execute(
                text(
                    f"drop trigger {table}_no_delete"
                    if store.dialect.name == "sqlite"
                    else f"drop trigger {table}_no_change on {table}"
                )
            )
        last = connection.execute(select(journal.c.journal_id).order_by(journal.c.journal_id.desc()).limit(1)).scalar_one()
        for table in ("transfers", "lots", "seals", "journal"):
            connection.execute(text(f"delete from {table} where journal_id = {last}"))
        connection.execute(text("update members set points_available = 100"))
    assert verify(store).findings == ()
    assert "anchor" in verify(store, last_anchor(path)).findings[0]
    with reading(store) as connection:
        assert connection.execute(select(lots.c.points)).scalars().all() == [100]
