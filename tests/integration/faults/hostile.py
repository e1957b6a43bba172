"""Faults 30 and 35: input that means harm, or speaks for somebody else."""

from __future__ import annotations

import csv
import io
import zipfile

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from dashboards.export import csv_bytes, xlsx_bytes
from ingestion.profiles import Profile
from tests.integration.faults.cases import fault, lines_profile
from tests.support.instances import HEADER, Instance, order_rows


@fault(30, "formulas in exports")
def formulas(instance: Instance, _: pytest.MonkeyPatch) -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]
    frame = pd.DataFrame({"name": evil, "points": [-5, 1, 2, 3, 4, 5]})
    text = csv_bytes(frame, "en").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == [f"'{name}" for name in evil]
    assert rows[0]["points"] == "-5"
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_bytes(frame))).get_sheet_by_index(0).to_python()
    assert book == [
        ["name", "points"],
        *([f"'{name}", float(points)] for name, points in zip(evil, frame["points"], strict=True)),
    ]
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(frame))) as packed:
        assert b"<f>" not in b"".join(packed.read(name) for name in packed.namelist()), "no cell is a formula"
    instance.events.append({"event": "exported"})


@fault(35, "a file that names another partner's ids")
def foreign_ids(instance: Instance, _: pytest.MonkeyPatch) -> None:
    header = HEADER.replace("net\n", "net,seller\n")
    profile: Profile = lines_profile({"seller": {"column": "seller", "only": ["D1"]}})
    rows = order_rows("X", 300).replace("\n", ",D1\n")
    instance.put("orders_good.csv", header + order_rows("G", 10).replace("\n", ",D1\n"))
    foreign = header + rows + "X999,1,C1,2026-05-01,S1,1,1.00,D2\n"
    instance.put("orders_x.csv", foreign)
    instance.run(profile)
    assert instance.batch("orders_x.csv")[:2] == ("rejected", "ING-222")
    assert (instance.orders("X"), instance.orders("G")) == (0, 10)
    assert [(event["what"], event["rows"]) for event in instance.events_of("security")] == [("foreign_data", 1)]
