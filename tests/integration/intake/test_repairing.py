"""Refused rows are repaired where they stand, given up, or left; the next run of the source does what was asked, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from core.errors import InputRefusedError
from ingestion.jobs import LoadReport
from ingestion.repairing import RefusedRow, apply_repairs, ask_dismiss, ask_repair, asked, take_back
from tests.support.loading import HEADER, Loading, loading, profile_of

pytestmark = pytest.mark.integration

GOOD = "".join(f"A{n},1,K7,2026-05-13,S1,2,10.00\n" for n in range(30))
PROFILE = profile_of()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse into which a file with two bad rows was loaded: line 32 has no number, line 33 a column too many."""
    with loading(tmp_path) as made:
        (made.folder / "mai.csv").write_text(
            HEADER + GOOD + 'B1,1,"K, 8",2026-05-14,S1,many,5.00\nB2,1,K9,2026-05-14,S1,1,5.00,?\n'
        )
        made.load(PROFILE)
        yield made


def refused(warehouse: Loading) -> dict[int, tuple[RefusedRow, dict[str, Any], str]]:
    """row_no -> the refused row, its layout, its text."""
    rows = warehouse.rows(
        """select q.source_id, q.feed, b.file_name, q.batch_no, q.row_no, q.row_layout, q.raw_text
           from raw.quarantine as q inner join raw.batches as b using (batch_no) order by q.batch_no, q.row_no"""
    )
    return {int(row[4]): (RefusedRow(*row[:5]), json.loads(row[5]), row[6]) for row in rows}


def run(warehouse: Loading, store: Engine) -> LoadReport:
    """The part of a run that does what was asked."""
    return apply_repairs(warehouse.connection, store, PROFILE, warehouse.settings, warehouse.clock, "run")


def test_a_row_knows_its_columns_and_its_line(warehouse: Loading) -> None:
    _, layout, text = refused(warehouse)[31]
    assert layout == {"columns": ["order", "line", "customer", "date", "sku", "qty", "net"], "delimiter": ","}
    assert text == 'B1,1,"K, 8",2026-05-14,S1,many,5.00'


def test_a_repaired_row_is_loaded_by_the_next_run_and_once(warehouse: Loading, store: Engine, clock: FixedClock) -> None:
    row, layout, _ = refused(warehouse)[31]
    values = dict(zip(layout["columns"], ["B1", "1", "K, 8", "2026-05-14", "S1", "3", "5.00"], strict=True))
    ask_repair(store, row, layout["columns"], values, clock)
    [outcome] = run(warehouse, store).outcomes
    assert (outcome.status, outcome.rows_accepted) == ("loaded", 1)
    assert warehouse.rows(
        "select buyer_ref, quantity::varchar, net_amount_cents from raw.order_lines where document_no = 'B1'"
    ) == [("K, 8", "3.000", 500)]
    assert warehouse.rows("select row_no, kind, new_batch_no from raw.quarantine_done") == [(31, "repair", outcome.batch_no)]
    assert run(warehouse, store).outcomes == ()
    assert warehouse.lines() == 31


def test_a_repair_that_is_wrong_again_stands_in_quarantine_again(warehouse: Loading, store: Engine, clock: FixedClock) -> None:
    row, layout, _ = refused(warehouse)[32]
    ask_repair(
        store,
        row,
        layout["columns"],
        {"order": "B2", "line": "1", "customer": "K9", "date": "14.05.2026", "sku": "S1", "qty": "1", "net": "5"},
        clock,
    )
    [outcome] = run(warehouse, store).outcomes
    assert (outcome.rows_accepted, outcome.rows_quarantined) == (0, 1)
    again, layout, _ = refused(warehouse)[1]
    assert again.batch_no == outcome.batch_no
    ask_repair(
        store,
        again,
        layout["columns"],
        {"order": "B2", "line": "1", "customer": "K9", "date": "2026-05-14", "sku": "S1", "qty": "1", "net": "5"},
        clock,
    )
    [outcome] = run(warehouse, store).outcomes
    assert outcome.rows_accepted == 1, "a repair of a repair is read as the file it goes back to"


def test_what_is_taken_back_is_not_done_and_a_row_can_be_given_up(warehouse: Loading, store: Engine, clock: FixedClock) -> None:
    (first, layout, _), (second, _, _) = refused(warehouse).values()
    ask_repair(store, first, layout["columns"], {"qty": "3"}, clock)
    take_back(store, first, clock)
    ask_dismiss(store, second, "sent by mistake", clock)
    assert [(key, one.kind) for key, one in asked(store, ["partner"]).items()] == [((second.batch_no, 32), "dismiss")]
    assert run(warehouse, store).outcomes == ()
    assert warehouse.rows("select row_no, kind from raw.quarantine_done") == [(32, "dismiss")]
    assert warehouse.lines() == 30


@pytest.mark.parametrize("repaired", [{"weight": "1"}, {"qty": "x" * 10_001}])
def test_a_repair_names_columns_of_the_row(
    warehouse: Loading, store: Engine, clock: FixedClock, repaired: dict[str, str]
) -> None:
    row, layout, _ = refused(warehouse)[31]
    with pytest.raises(InputRefusedError) as wrong:
        ask_repair(store, row, layout["columns"], repaired, clock)
    assert wrong.value.code == "ING-646"


def test_rows_of_json_lines_are_repaired_too(tmp_path: Path, store: Engine, clock: FixedClock) -> None:
    profile = profile_of(
        {"leg": {"const": "sell_through"}, "document_no": "no", "line_no": "lines.pos", "seller": {"const": "D1"}, "buyer": "customer.id",
         "ordered_on": "date", "product": "lines.sku", "quantity": "lines.qty", "net_amount": "lines.net", "line_kind": {"const": "order"},
         "line_status": {"const": "confirmed"}}, files="*.jsonl", format="jsonl", explode="lines",
    )  # fmt: skip
    lines = [{"pos": n, "sku": "S", "qty": 1, "net": 2} for n in range(20)] + [{"pos": 99, "sku": "S", "qty": "many", "net": 2}]
    with loading(tmp_path) as made:
        (made.folder / "a.jsonl").write_text(
            json.dumps({"no": "A", "customer": {"id": "K"}, "date": "2026-05-01", "lines": lines}) + "\n"
        )
        made.load(profile)
        [(row, layout, text)] = refused(made).values()
        ask_repair(store, row, layout["columns"], {**json.loads(text), "lines.qty": "4"}, clock)
        [outcome] = apply_repairs(made.connection, store, profile, made.settings, made.clock, "run").outcomes
        assert outcome.rows_accepted == 1
        assert made.rows("select buyer_ref, quantity::varchar from raw.order_lines where line_no = '99'") == [("K", "4.000")]
