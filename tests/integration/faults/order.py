"""Faults 12 to 18, 36 and 38: order and repetition."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import create_engine, text

from core.store import open_store
from loyalty import active_programmes
from loyalty.periods import close_period
from pipeline import Part
from tests.integration.faults.cases import fault, lines_profile, taken
from tests.support.instances import HEADER, LINES, PROGRAMME, Instance, order_rows, profile_of

RETURNS = {
    "feed": "returns", "files": "returns*.csv", "columns": {
        "leg": {"const": "sell_through"}, "return_no": "no", "line_no": "line", "seller": {"const": "D1"}, "buyer": "customer",
        "order_document_no": "order", "order_line_no": {"const": "1"}, "product": "sku", "quantity": "qty", "net_amount": "net",
        "returned_on": "date",
    },
}  # fmt: skip
ORDER_LINES = {"feed": "order_lines", "files": "orders*.csv", "columns": LINES}


def points_and_units(instance: Instance) -> tuple[int, int]:
    """Points that members have, available or pending, and units that were ordered and not returned."""
    points = instance.rows("select coalesce(sum(points_available + points_pending), 0)::bigint from rpt_member_points")[0][0]
    units = instance.rows("select sum(quantity - returned_quantity)::bigint from fct_order_lines where not is_unknown_party")[0][
        0
    ]
    return int(points), int(units)


@fault(12, "the same file again", Part.WHOLE)
def same_file(instance: Instance, _: pytest.MonkeyPatch) -> None:
    content = HEADER + order_rows("S", 10)
    assert taken(instance, "orders_1.csv", content) == (10, 0, 0)
    generation = instance.generation()
    instance.run()
    assert instance.batch("orders_1.csv") == ("same_file", None, 10, 0, 0, 10)
    assert (instance.generation(), instance.orders("S")) == (generation, 10)


@fault(13, "the same content under another name", Part.WHOLE)
def same_content(instance: Instance, _: pytest.MonkeyPatch) -> None:
    content = HEADER + order_rows("S", 10)
    assert taken(instance, "orders_1.csv", content) == (10, 0, 0)
    instance.put("orders_2.csv", content)
    instance.put("orders_3.csv", content + "\n")
    instance.run()
    assert instance.batch("orders_2.csv") == ("same_file", None, 10, 0, 0, 10)
    assert instance.batch("orders_3.csv")[5] == 10
    assert instance.orders("S") == 10


@fault(14, "the same key with new values is a correction and the ledger gets the difference", Part.WHOLE)
def correction(instance: Instance, _: pytest.MonkeyPatch) -> None:
    before, _units = points_and_units(instance)
    taken(instance, "orders_1.csv", HEADER + "C1,1,C1,2026-05-01,S1,10,20.00\n")
    assert points_and_units(instance)[0] == before + 30
    transfers = instance.rows("select transfer_id, points from fct_point_transfers")
    instance.put("orders_2.csv", HEADER + "C1,1,C1,2026-05-01,S1,4,8.00\n")
    instance.run()
    assert instance.rows("select quantity::integer, net_amount_cents from fct_order_lines where document_no = 'C1'") == [(4, 800)]
    assert points_and_units(instance)[0] == before + 12
    assert set(transfers) < set(instance.rows("select transfer_id, points from fct_point_transfers")), (
        "posted entries stay as they are"
    )


@fault(15, "a return before its order", Part.WHOLE)
def return_first(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = profile_of(ORDER_LINES, RETURNS)
    before, _units = points_and_units(instance)
    instance.put("returns_1.csv", "no,line,order,customer,sku,qty,net,date\nR1,1,E1,C1,S1,4,8.00,2026-06-01\n")
    instance.run(profile)
    assert points_and_units(instance)[0] == before
    assert taken(instance, "orders_1.csv", HEADER + "E1,1,C1,2026-05-01,S1,10,20.00\n", profile) == (1, 0, 0)
    assert instance.rows(
        "select quantity::integer, returned_quantity::integer from fct_order_lines where document_no = 'E1'"
    ) == [(10, 4)]
    assert points_and_units(instance)[0] == before + 18


@fault(16, "late after a closed period", Part.WHOLE)
def late(instance: Instance, _: pytest.MonkeyPatch) -> None:
    before, _units = points_and_units(instance)
    store = open_store(instance.settings.resolved_store_url())
    close_period(store, active_programmes(instance.settings.root)[0], date(2026, 5, 31), instance.clock)
    taken(instance, "orders_1.csv", HEADER + "L1,1,C1,2026-04-01,S1,10,20.00\n")
    assert points_and_units(instance)[0] == before + 30
    with store.connect() as connection:
        booked = connection.execute(text("select booked_on, effective_at from journal order by journal_id desc limit 1")).one()
    store.dispose()
    assert str(booked[0]) >= "2026-06-01", "booked in the open period"
    assert str(booked[1]).startswith(("2026-04-01", "2026-03-31")), "with the day of the event"


@fault(17, "versions out of order")
def out_of_order(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = lines_profile(version="v")
    header = HEADER.replace("net\n", "net,v\n")
    for name, version, quantity in (("2", 7, 70), ("1", 9, 90), ("3", 8, 80)):
        instance.put(f"orders_{name}.csv", header + f"O1,1,C1,2026-05-01,S1,{quantity},5.00,{version}\n")
        instance.run(profile)
        (instance.inbox / f"orders_{name}.csv").unlink()
    assert instance.rows("select quantity::integer from fct_order_lines where document_no = 'O1'") == [(90,)]


@fault(18, "duplicates inside a file")
def duplicates_inside(instance: Instance, _: pytest.MonkeyPatch) -> None:
    assert taken(instance, "orders_1.csv", HEADER + order_rows("I", 10) + order_rows("I", 4)) == (10, 0, 4)
    assert instance.orders("I") == 10


@fault(36, "a row deleted at the source")
def deleted_at_source(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{instance.home / 'erp.db'}"
    monkeypatch.setenv("PARTNER_URL", url)
    engine = create_engine(url)
    with engine.begin() as erp:
        erp.execute(text("create table l (o text, line text, customer text, d text, sku text, qty text, net text, at timestamp)"))
        rows = [{"o": f"T{n}", "n": str(n + 1)} for n in range(12)]
        erp.execute(text("insert into l values (:o, '1', 'C1', '2026-05-01', 'S1', :n, '5.00', '2026-06-01 10:00:00')"), rows)
    query = 'select o as "order", line, customer, d as "date", sku, qty, net, at from l'
    feed = {
        "feed": "order_lines",
        "format": "sql",
        "query": query,
        "columns": LINES,
        "changes": {"column": "at", "deletions_minutes": 0},
    }
    whole = profile_of(feed)
    profile = whole.model_copy(update={"feeds": whole.feeds[2:], "url_variable": "PARTNER_URL", "source_id": "erp"})
    pull(instance, profile)
    assert instance.orders("T") == 12
    with engine.begin() as erp:
        erp.execute(text("delete from l where o = 'T3'"))
    engine.dispose()
    pull(instance, profile)
    state = "select line_status, count(*) from fct_order_lines where starts_with(document_no, 'T') group by all order by all"
    assert instance.rows(state) == [("cancelled", 1), ("confirmed", 11)]


def pull(instance: Instance, profile: object) -> None:
    """One run that asks a database."""
    from pipeline import Delivery
    from tests.support.instances import QUIET

    result = instance.pipeline().run([Delivery(profile, None)], QUIET, data_docs=False, quick_gate=True, part=instance.part)  # type: ignore[arg-type]
    assert not [words for words in result.refused if "brought no file" not in words]


@fault(38, "a rule change with effect in the past", Part.WHOLE)
def rule_change(instance: Instance, _: pytest.MonkeyPatch) -> None:
    points, units = points_and_units(instance)
    assert points == 3 * units
    transfers = instance.rows("select transfer_id, points from fct_point_transfers")
    newer = PROGRAMME.replace('points_per_unit = "3"', 'points_per_unit = "5"').replace("version = 1", "version = 2")
    (instance.home / "programmes" / "spring.toml").write_text(newer, encoding="utf-8")
    taken(instance, "orders_1.csv", HEADER + "Q1,1,C1,2026-05-01,S1,2,4.00\n")
    points, units = points_and_units(instance)
    assert points == 5 * units
    assert set(transfers) < set(instance.rows("select transfer_id, points from fct_point_transfers")), "differences, never edits"
