"""Faults 10, 11, 19 and 20: single values."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline import Part
from tests.integration.faults.cases import fault, lines_profile, quarantined, taken
from tests.support.instances import HEADER, LINES, Instance, order_rows, profile_of

MANY = order_rows("V", 1000)


@fault(10, "negative zero huge and not a number")
def odd_quantities(instance: Instance, _: pytest.MonkeyPatch) -> None:
    values = ("-3", "0", "1" + "0" * 30, "NaN", "inf", "1e5")
    odd = "".join(f"N{n},1,C1,2026-05-01,S1,{value},10.00\n" for n, value in enumerate(values))
    assert taken(instance, "orders_1.csv", HEADER + MANY + odd) == (1000, 6, 0)
    assert [code for _, _, code in quarantined(instance, "orders_1.csv")] == ["ING-306", "ING-306", *["ING-303"] * 4]
    assert instance.orders("N") == 0


@fault(10, "negative is a return where the type says so")
def returns_by_type(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = lines_profile({"line_kind": {"column": "order", "when_prefix": {"R": "return"}, "otherwise": "order"}})
    assert taken(instance, "orders_1.csv", HEADER + "R1,1,C1,2026-05-01,S1,-2,-20.00\n", profile) == (1, 0, 0)
    assert instance.rows("select line_kind, quantity::integer from fct_order_lines where document_no = 'R1'") == [("return", -2)]


@fault(11, "unknown product and retailer are parked and find their place by themselves", Part.WHOLE)
def unknown_master(instance: Instance, _: pytest.MonkeyPatch) -> None:
    assert taken(instance, "orders_1.csv", HEADER + "U1,1,C99,2026-05-01,S99,2,10.00\n") == (1, 0, 0)
    unknown = "select is_unknown_party, is_unknown_product from fct_order_lines where document_no = 'U1'"
    assert instance.rows(unknown) == [(True, True)]
    (instance.inbox / "orders_1.csv").unlink()
    instance.put("parties_2.csv", "no,kind,name\nC99,retailer,Shop 99\n")
    instance.put("products_2.csv", "no,name,category,maker,price\nS99,Item 99,Water,M1,2.00\n")
    instance.run()
    assert instance.rows(unknown) == [(False, False)]
    assert instance.orders("U1") == 1


@fault(19, "unknown currency is held never converted")
def unknown_currency(instance: Instance, _: pytest.MonkeyPatch) -> None:
    header = HEADER.replace("net\n", "net,cur\n")
    rows = MANY.replace("\n", ",EUR\n") + "K1,1,C1,2026-05-01,S1,2,10.00,XXQ\nK2,1,C1,2026-05-01,S1,2,10.00,JPY\n"
    assert taken(instance, "orders_1.csv", header + rows, lines_profile({"currency": "cur"})) == (1001, 1, 0)
    assert quarantined(instance, "orders_1.csv") == [(1002, "cur", "ING-307")]
    kept = instance.rows(
        "select document_no, currency, net_amount_cents from fct_order_lines where starts_with(document_no, 'K')"
    )
    assert kept == [("K2", "JPY", 1000)]


@fault(20, "naive times the skipped and the doubled hour and the future")
def times(instance: Instance, _: pytest.MonkeyPatch) -> None:
    header = HEADER.replace("net\n", "net,at\n")
    rows = MANY.replace("\n", ",2026-05-01T12:00:00\n")
    odd = [("2026-03-29", "2026-03-29T02:30:00"), ("2025-10-26", "2025-10-26T02:30:00"), ("2026-07-02", "2026-07-02T00:00:00")]
    rows += "".join(f"Z{n},1,C1,{day},S1,1,1.00,{at}\n" for n, (day, at) in enumerate(odd))
    assert taken(instance, "orders_1.csv", header + rows, lines_profile({"ordered_at": "at"})) == (1001, 2, 0)
    assert [code for _, _, code in quarantined(instance, "orders_1.csv")] == ["ING-303", "ING-305"]
    at = instance.raw("select distinct ordered_at::varchar from raw.order_lines where document_no in ('V1', 'Z1') order by 1")
    assert at[1] == ("2026-05-01 10:00:00",)
    assert at[0] == ("2025-10-26 01:30:00",), "of an hour that comes twice it is the second"


@fault(20, "the declared zone decides and a day ahead is the end")
def other_zone(instance: Instance, _: pytest.MonkeyPatch) -> None:
    zone = "America/New_York"
    profile = lines_profile({"ordered_at": "at"}).model_copy(update={"time_zone": zone})
    there = instance.clock.now().astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    moments = {
        "winter": "2026-01-15T12:00:00", "summer": "2026-05-15T12:00:00", "doubled": "2025-11-02T01:30:00", "skipped": "2026-03-08T02:30:00",
        "ahead": (there + timedelta(hours=23, minutes=59)).isoformat(), "too_far": (there + timedelta(hours=24, minutes=1)).isoformat(),
    }  # fmt: skip
    rows = MANY.replace("\n", ",2026-05-01T12:00:00\n")
    rows += "".join(f"Z-{name},1,C1,{at[:10]},S1,1,1.00,{at}\n" for name, at in moments.items())
    assert taken(instance, "orders_1.csv", HEADER.replace("net\n", "net,at\n") + rows, profile) == (1004, 2, 0)
    assert quarantined(instance, "orders_1.csv") == [(1005, "at", "ING-303"), (1007, "at", "ING-305")]
    stored = dict(
        instance.raw("select document_no[3:], ordered_at::varchar from raw.order_lines where starts_with(document_no, 'Z-')")
    )
    assert stored == {
        "winter": "2026-01-15 17:00:00", "summer": "2026-05-15 16:00:00", "doubled": "2025-11-02 06:30:00",
        "ahead": str(instance.clock.now().replace(tzinfo=None, microsecond=0) + timedelta(hours=23, minutes=59)),
    }  # fmt: skip


@fault(20, "an article number stays text")
def article_numbers(instance: Instance, _: pytest.MonkeyPatch) -> None:
    text = HEADER + "N00,1,C1,2026-05-01,00123,1,1.00\nN00,2,C1,2026-05-01,12E5,1,1.00\n"
    taken(instance, "orders_1.csv", text, profile_of({"feed": "order_lines", "files": "orders*.csv", "columns": LINES}))
    refs = instance.raw("select product_ref from raw.order_lines where document_no = 'N00' order by 1")
    assert refs == [("00123",), ("12E5",)]
