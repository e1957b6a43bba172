"""What the warehouse says of a programme equals the ledger, and what does not add up is not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import FixedClock
from core.errors import AccessDeniedError
from core.scope import Role, Scope
from core.store import open_store, reading
from core.warehouse.owner import own_warehouse
from ingestion.quality.controls import write_controls
from ingestion.quality.gate import run_gate
from loyalty import load_programme
from loyalty.exporting import COPIES, funder_rows
from loyalty.statement import statement
from loyalty.tables import transfers
from tests.conftest import NOW
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration


def test_the_books_close_at_what_members_statements_say(demo: DemoInstance) -> None:
    """Closing of the roll-forward = usable + pending + held - debt over every member, read from the store."""
    programme, reader = load_programme("demo"), demo.operator()
    row = reader.rows(
        "select points_closing, liability_cents, expected_redemption_percent, point_value_subcents from rpt_programme_liability"
        " where programme_id = $id order by month_on desc limit 1", {"id": programme.programme_id},
    )[0]  # fmt: skip
    store = open_store(demo.settings.resolved_store_url())
    members = [
        int(str(one[0]))
        for one in reader.rows("select member_id from dim_member where programme_id = $id", {"id": programme.programme_id})
    ]
    seen = [statement(store, programme, member, FixedClock(NOW), limit=1).balances[0] for member in members]
    store.dispose()
    outstanding = sum(one.points_usable + one.points_pending + one.points_held - one.points_debt for one in seen)
    assert len(members) > 50
    closing, liability, percent, value = (int(str(figure)) for figure in row)
    assert closing == outstanding > 0
    assert liability == round(outstanding * percent * value / 10_000)


def test_health_cohorts_and_lots_tell_the_same_points(demo: DemoInstance) -> None:
    reader = demo.operator()
    issued, net = reader.rows("select sum(points_issued), sum(points_issued - points_reversed) from rpt_programme_health")[0]
    earned, kept = reader.rows("""
        select sum(points_earned), sum(points_earned - points_cancelled - points_reversed - points_settled) from fct_point_lots as lots
        where currency = 'points'""")[0]  # fmt: skip
    cohorts = reader.rows("select sum(points_issued) from rpt_breakage")[0][0]
    assert (issued, net) == (earned, kept)
    assert cohorts == kept
    matured = reader.rows(
        "select count(*) from rpt_breakage where is_matured <> (breakage_rate is not null) and points_issued > 0"
    )[0][0]
    assert matured == 0


def test_the_manufacturer_reads_of_members_and_never_points_that_tell_net_amounts(demo: DemoInstance) -> None:
    """Points on the value of coffee and the quarter's bonus look at net amounts; the others are the manufacturer's to see, member by member."""
    maker = Scope.of(Role.MANUFACTURER, demo.party_id(demo.manifest.manufacturer_ref))
    seen = demo.reader(maker).rows(
        "select member_id, points_issued, points_redeemed, has_hidden_points from rpt_programme_members order by 1"
    )
    expected = demo.operator().rows("""
        select member_id, sum(points_earned) filter (not is_net), sum(points_redeemed) filter (not is_net), bool_or(is_net)
        from (select *, rule_id in ('coffee-value', 'quarter-bonus') as is_net from fct_point_lots where currency = 'points')
        group by member_id order by 1""")  # fmt: skip
    assert len(seen) > 50
    assert [tuple(row) for row in seen] == [(row[0], row[1] or 0, row[2] or 0, row[3]) for row in expected]
    assert any(row[3] for row in seen)
    stranger = Scope.of(Role.MANUFACTURER, demo.party_id(demo.manifest.distributor_ref))
    assert demo.reader(stranger).rows("select * from rpt_programme_members") == []
    with pytest.raises(AccessDeniedError):
        demo.reader(maker).rows("select * from rpt_points_monthly")


def test_a_distributor_reads_of_its_own_members_what_they_earned_with_it(demo: DemoInstance) -> None:
    distributor = demo.party_id(demo.manifest.distributor_ref)
    rows = demo.reader(Scope.of(Role.DISTRIBUTOR, distributor)).rows(
        "select distributor_id, retailer_id, points_earned from rpt_distributor_members order by 2"
    )
    expected = demo.operator().rows("""
        select distributor_id, retailer_id, sum(points_earned - points_cancelled - points_reversed) from fct_point_lots
        where currency = 'points' and distributor_id = $d and retailer_id > 0 group by 1, 2 order by 2""", {"d": distributor})  # fmt: skip
    assert rows == expected
    assert len(rows) > 20


def test_every_copy_arrives_whole(demo: DemoInstance) -> None:
    store = open_store(demo.settings.resolved_store_url())
    with reading(store) as connection:
        posted = connection.execute(transfers.select()).all()
    store.dispose()
    with own_warehouse(demo.settings) as connection:
        assert connection.execute("select count(*), sum(points) from raw.ledger_transfers").fetchone() == (
            len(posted), sum(row.points for row in posted))  # fmt: skip
        for copy in COPIES:
            found = connection.execute(f"select * from raw.{copy.name} limit 0").description
            assert [column[0] for column in found] == [name for name, _ in copy.columns]
        assert connection.execute("select programme_id from raw.ledger_programmes").fetchall() == [("alpenglut",)]


def test_books_that_do_not_close_are_not_published(demo: DemoInstance, tmp_path: Path) -> None:
    """A lot that does not add up, or points that nobody has, fail the gate; the marts are put back as they were."""
    path, again = tmp_path / "first.duckdb", tmp_path / "second.duckdb"
    with own_warehouse(demo.settings) as connection:
        write_controls(connection, path)
        assert run_gate(path, demo.settings, docs=False).success
        connection.execute(
            "update mart.fct_point_lots set points_expired = points_expired + 1 where lot_id = (select min(lot_id) from mart.fct_point_lots)"
        )
        try:
            write_controls(connection, again)
            failed = run_gate(again, demo.settings, docs=False).failed
        finally:
            connection.execute(
                "update mart.fct_point_lots set points_expired = points_expired - 1 where lot_id = (select min(lot_id) from mart.fct_point_lots)"
            )
    assert len(failed) == 1
    assert "lots_not_adding_up" in failed[0]


def test_funders_are_read_in_their_order() -> None:
    assert funder_rows("manufacturer:70,distributor:30") == [
        ("manufacturer:70,distributor:30", "manufacturer", 70, 1), ("manufacturer:70,distributor:30", "distributor", 30, 2)]  # fmt: skip
