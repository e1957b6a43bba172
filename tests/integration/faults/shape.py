"""Faults 1 to 9: the shape of a file."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from tests.integration.faults.cases import fault, lines_profile, quarantined, refused, taken
from tests.support.instances import HEADER, Instance, order_rows

BAD = HEADER + order_rows("X", 300)


@fault(1, "truncated gzip")
def truncated_gzip(instance: Instance, _: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(BAD.encode())
    refused(instance, "orders_x.csv.gz", packed[: len(packed) // 2], "ING-203")


@fault(1, "corrupt gzip")
def corrupt_gzip(instance: Instance, _: pytest.MonkeyPatch) -> None:
    packed = bytearray(gzip.compress(BAD.encode()))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    refused(instance, "orders_x.csv.gz", bytes(packed), "ING-203")


@fault(2, "cut at a row boundary seen by the trailer")
def cut_before_trailer(instance: Instance, _: pytest.MonkeyPatch) -> None:
    trailer = {"begins": "T", "rows_at": 1, "sum_at": 2, "sum_of": "net"}
    profile = lines_profile(trailer=trailer)
    rows = order_rows("X", 20)
    total = sum(float(line.split(",")[-1]) for line in rows.splitlines())
    for cut, code in ((rows, "T,21,0"), (rows, f"T,20,{total + 1}")):
        instance.put("orders_y.csv", HEADER + cut + f"{code}\n")
        assert instance.run(profile).refused[0].startswith("rejected orders_y.csv")
    (instance.inbox / "orders_y.csv").unlink()
    words = refused_with_trailer(instance, HEADER + rows, profile)
    assert "cut off" in words
    assert instance.orders("X") == 0
    assert taken(instance, "orders_z.csv", HEADER + rows + f"T,20,{total}\n", profile) == (20, 0, 0)


def refused_with_trailer(instance: Instance, content: str, profile: object) -> str:
    """A file that ends before its trailer."""
    instance.put("orders_x.csv", content)
    result = instance.run(profile)  # type: ignore[arg-type]
    outcome = next(o for load in result.loads for o in load.outcomes if o.file_name == "orders_x.csv")
    assert (outcome.status, outcome.error_code) == ("rejected", "ING-209")
    (instance.inbox / "orders_x.csv").unlink()
    return str(outcome.error_message)


@fault(2, "cut at a row boundary seen by the manifest")
def cut_against_manifest(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = lines_profile(manifest=".manifest")
    whole = HEADER + order_rows("M", 20)
    instance.put("orders_x.csv.manifest", json.dumps({"rows": 301}))
    instance.put("orders_good.csv.manifest", json.dumps({"rows": 10}))
    assert "301" in refused(instance, "orders_x.csv", BAD, "ING-209", profile)
    instance.put("orders_y.csv.manifest", json.dumps({"rows": 20, "sha256": hashlib.sha256(whole.encode()).hexdigest()}))
    assert taken(instance, "orders_y.csv", whole, profile) == (20, 0, 0)


@fault(2, "cut at a row boundary seen by volume")
def cut_against_usual(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = lines_profile(is_steady=True)
    for n in range(3):
        instance.put(f"orders_{n}.csv", HEADER + order_rows(f"V{n}-", 100 + n))
    instance.run(profile)
    for file in instance.inbox.iterdir():
        file.unlink()
    instance.put("orders_x.csv", HEADER + order_rows("X", 40))
    instance.put("orders_y.csv", HEADER + order_rows("Y", 60))
    words = instance.run(profile).refused
    assert len(words) == 1
    assert "fewer than half of the usual" in words[0]
    assert instance.batch("orders_x.csv")[:2] == ("held", "ING-221")
    assert (instance.orders("X"), instance.orders("Y")) == (0, 60)


@fault(3, "wrong delimiter")
def wrong_delimiter(instance: Instance, _: pytest.MonkeyPatch) -> None:
    assert "separates columns" in refused(instance, "orders_x.csv", BAD.replace(",", ";"), "ING-207")


@fault(4, "byte order mark and declared encodings")
def declared_encodings(instance: Instance, _: pytest.MonkeyPatch) -> None:
    text = HEADER + order_rows("E", 3).replace("C1,", "Müller,")
    for number, (declared, encoding) in enumerate((("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("latin-1", "latin-1"))):
        content = text.replace("E", f"E{number}-").encode(encoding)
        name = f"orders_{number}.csv"
        assert taken(instance, name, content, lines_profile(encoding=declared)) == (3, 0, 0)
        (instance.inbox / name).unlink()
    buyers = instance.raw("select count(*), count(distinct document_no) from raw.order_lines where buyer_ref = 'Müller'")
    assert buyers == [(3, 3)]


@fault(4, "an encoding that was not declared")
def undeclared_encoding(instance: Instance, _: pytest.MonkeyPatch) -> None:
    refused(instance, "orders_x.csv", (HEADER + order_rows("X", 3)).encode("utf-16"), "ING-204")


@fault(4, "latin-1 where utf-8 was agreed")
def latin_1(instance: Instance, _: pytest.MonkeyPatch) -> None:
    instance.put("orders_x.csv", (HEADER + order_rows("X", 20).replace(",C", ",Müller")).encode("latin-1"))
    result = instance.run(lines_profile())
    assert len(result.refused) == 1
    assert instance.orders("X") == 0


@fault(5, "decimal comma and thousands")
def decimal_comma(instance: Instance, _: pytest.MonkeyPatch) -> None:
    text = HEADER.replace(",", ";") + "D1;1;C1;2026-05-01;S1;1.200;12.345,67\n"
    profile = lines_profile(delimiter=";", decimal=",", thousands=".")
    assert taken(instance, "orders_1.csv", text, profile) == (1, 0, 0)
    assert instance.rows("select quantity::integer, net_amount_cents from fct_order_lines where document_no = 'D1'") == [
        (1200, 1234567)
    ]
    (instance.inbox / "orders_1.csv").unlink()
    refused(instance, "orders_x.csv", text.replace("D1", "X1"), "ING-210", lines_profile(delimiter=";"))


@fault(6, "ambiguous dates")
def ambiguous_dates(instance: Instance, _: pytest.MonkeyPatch) -> None:
    text = HEADER + "D1,1,C1,05/06/2026,S1,1,2.00\n"
    assert taken(instance, "orders_1.csv", text, lines_profile(date_format="%d/%m/%Y")) == (1, 0, 0)
    assert instance.rows("select ordered_on::varchar from fct_order_lines where document_no = 'D1'") == [("2026-06-05",)]
    (instance.inbox / "orders_1.csv").unlink()
    refused(instance, "orders_x.csv", text.replace("D1", "X1"), "ING-210")


@fault(7, "renamed missing and doubled columns")
def other_header(instance: Instance, _: pytest.MonkeyPatch) -> None:
    for number, (header, code) in enumerate(
        (
            (HEADER.replace("qty", "quantity"), "ING-207"),
            (HEADER.replace(",net", ""), "ING-207"),
            (HEADER.replace("qty", "net"), "ING-206"),
        )
    ):
        instance.put(f"orders_x{number}.csv", header + order_rows("X", 3))
        result = instance.run(lines_profile())
        assert instance.batch(f"orders_x{number}.csv")[:2] == ("rejected", code)
        assert len(result.refused) == number + 1


@fault(7, "swapped columns are read by name")
def swapped_columns(instance: Instance, _: pytest.MonkeyPatch) -> None:
    swapped = "net,order,line,customer,date,sku,qty\n10.00,W1,1,C1,2026-05-01,S1,2\n"
    assert taken(instance, "orders_1.csv", swapped) == (1, 0, 0)
    assert instance.rows("select net_amount_cents from fct_order_lines where document_no = 'W1'") == [(1000,)]


@fault(7, "an extra column is kept and warned of")
def extra_column(instance: Instance, _: pytest.MonkeyPatch) -> None:
    instance.put("orders_0.csv", HEADER + order_rows("Y", 3))
    instance.put("orders_1.csv", HEADER.replace("net\n", "net,colour\n") + "Z1,1,C1,2026-05-01,S1,2,10.00,red\n")
    instance.run()
    found = instance.raw("select status, error_message, landed_path from raw.batches where file_name = 'orders_1.csv'")[0]
    assert found[0] == "loaded"
    assert "colour" in found[1]
    assert "red" in Path(found[2]).read_text(encoding="utf-8")
    assert [event["columns"] for event in instance.events_of("columns_gained")] == [["colour"]]


@fault(8, "type change mid-file")
def type_change(instance: Instance, _: pytest.MonkeyPatch) -> None:
    few = HEADER + order_rows("T", 999) + "T999,1,C1,2026-05-01,S1,many,10.00\n"
    assert taken(instance, "orders_1.csv", few) == (999, 1, 0)
    assert quarantined(instance, "orders_1.csv") == [(1001, "qty", "ING-303")]
    (instance.inbox / "orders_1.csv").unlink()
    half = HEADER + order_rows("X", 500) + order_rows("XX", 500).replace(",S", ",S1,many,").replace("many,0", "many")
    refused(instance, "orders_x.csv", half, "ING-210")


@fault(9, "short and long rows unclosed quote and NUL")
def broken_rows(instance: Instance, _: pytest.MonkeyPatch) -> None:
    rows = order_rows("R", 600).splitlines()
    rows[10], rows[20] = "R10,1,C1", rows[20] + ",more"
    rows[30] = rows[30].replace("C10", "C\x0010")
    accepted, bad, _dup = taken(instance, "orders_1.csv", HEADER + "\n".join(rows) + "\n")
    assert accepted + bad == 600
    lines = [line for line, _, _ in quarantined(instance, "orders_1.csv")]
    assert {12, 22} <= set(lines)
    (instance.inbox / "orders_1.csv").unlink()
    instance.put("orders_2.csv", HEADER + order_rows("Q", 300) + 'Q300,1,"C1,2026-05-01,S1,2,10.00\n')
    instance.run()
    status, _, read, accepted, bad, _ = instance.batch("orders_2.csv")
    assert status in ("loaded", "rejected")
    assert instance.orders("Q300") == 0
    if status == "loaded":
        assert (read, accepted, bad) == (301, 300, 1)
