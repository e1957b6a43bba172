"""What was refused is read again under the profile as it is now: what is good gets in once, what was settled stays, twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from ingestion.jobs import LoadReport
from ingestion.profiles import Profile
from ingestion.refusals import Scope, open_refusals
from ingestion.repairing import RefusedRow, apply_repairs, ask_dismiss, ask_repair
from ingestion.replaying import plan_replay, replay
from tests.support.loading import COLUMNS, HEADER, Loading, loading, profile_of
from tests.support.messages import purchase_order, x12

pytestmark = pytest.mark.integration

GOOD = "".join(f"A{n},1,K7,2026-05-13,S1,2,10.00\n" for n in range(1000))
PROFILE = profile_of()
KIND = {"line_kind": {"column": "kind", "values": {"O": "order"}}}
MENDED = profile_of({**COLUMNS, "line_kind": {"column": "kind", "values": {"O": "order", "P": "order"}}})
NARROW = profile_of({**COLUMNS, **KIND})


def kinds(rows: str, kind: str) -> str:
    """Rows with a kind at their end."""
    return rows.replace("\n", f",{kind}\n")


HEADER_KIND = HEADER.replace("net\n", "net,kind\n")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse into which a file was loaded whose kinds the profile knows but for two rows."""
    with loading(tmp_path) as made:
        rows = kinds(GOOD, "O") + kinds("B1,1,K8,2026-05-14,S1,3,5.00\nB2,1,K8,2026-05-14,S1,many,5.00\n", "P")
        (made.folder / "mai.csv").write_text(HEADER_KIND + rows)
        made.load(NARROW)
        assert made.rows("select rows_accepted, rows_quarantined from raw.batches") == [(1000, 2)]
        yield made


def again(warehouse: Loading, profile: Profile = MENDED, scope: Scope | None = None) -> LoadReport:
    """A replay; what always holds is checked."""
    report = replay(warehouse.connection, profile, warehouse.settings, warehouse.clock, "again", scope or Scope())
    wrong = "select count(*) from raw.batches where rows_read <> rows_accepted + rows_quarantined + rows_duplicate"
    assert warehouse.rows(wrong) == [(0,)]
    return report


def counts(report: LoadReport) -> list[tuple[Any, ...]]:
    """(file, status, read, accepted, quarantined, duplicate) of each reading."""
    return [(o.file_name, o.status, o.rows_read, o.rows_accepted, o.rows_quarantined, o.rows_duplicate) for o in report.outcomes]


def test_a_mended_profile_lets_in_what_is_good_now_and_twice_changes_nothing(warehouse: Loading) -> None:
    assert counts(again(warehouse, NARROW)) == [], "the same profile refuses the same rows: nothing is written"
    assert counts(again(warehouse)) == [("mai.csv", "loaded", 1002, 1, 1, 1000)]
    assert warehouse.lines() == 1001
    assert warehouse.rows("select batch_no, new_batch_no from raw.replays") == [(1, 2)]
    assert warehouse.rows("select row_no, error_code from raw.quarantine where batch_no = 2") == [(1002, "ING-303")]
    before = warehouse.rows("select count(*) from raw.batches"), warehouse.rows("select * from raw.quarantine")
    report = again(warehouse)
    assert (counts(report), report.files) == ([], 1)
    assert (warehouse.rows("select count(*) from raw.batches"), warehouse.rows("select * from raw.quarantine")) == before
    assert warehouse.load(MENDED).outcomes[0].status == "same_file"


def test_the_plan_writes_nothing_and_names_what_cannot_be_read(warehouse: Loading) -> None:
    [one] = plan_replay(warehouse.connection, MENDED, warehouse.settings)
    assert (one.refusal.file_name, one.refusal.rows_open, one.problem) == ("mai.csv", 2, None)
    assert plan_replay(warehouse.connection, MENDED, warehouse.settings, Scope(error_code="ING-301")) == []
    assert len(plan_replay(warehouse.connection, MENDED, warehouse.settings, Scope(error_code="ING-303"))) == 1
    assert plan_replay(warehouse.connection, MENDED, warehouse.settings, Scope(frozenset({7}))) == []
    assert len(plan_replay(warehouse.connection, MENDED, warehouse.settings, Scope(file_names=frozenset({"mai.csv"})))) == 1
    assert one.landed is not None
    one.landed.path.unlink()
    assert [p.problem for p in plan_replay(warehouse.connection, MENDED, warehouse.settings)] == ["not_found"]
    assert again(warehouse).files == 0
    assert warehouse.rows("select count(*) from raw.replays") == [(0,)]


def test_what_a_person_settled_stays_settled(warehouse: Loading, store: Engine, clock: FixedClock) -> None:
    first, second = (RefusedRow("partner", "order_lines", "mai.csv", 1, n) for n in (1001, 1002))
    columns = HEADER_KIND.strip().split(",")
    values = dict(zip(columns, ["C1", "1", "K8", "2026-05-14", "S1", "7", "5.00", "O"], strict=True))
    ask_repair(store, first, columns, values, clock)
    ask_dismiss(store, second, "typed twice", clock)
    apply_repairs(warehouse.connection, store, NARROW, warehouse.settings, warehouse.clock, "run")
    assert open_refusals(warehouse.connection, "partner") == []
    assert again(warehouse).outcomes == ()
    (warehouse.folder / "mai.csv").write_text(
        HEADER_KIND + kinds(GOOD, "O") + kinds("D1,1,K8,2026-05-14,S1,3,5.00\nD2,1,K8,2026-05-14,S1,1,5.00\n", "P")
    )
    warehouse.load(NARROW)
    ask_repair(
        store, RefusedRow("partner", "order_lines", "mai.csv", 3, 1001), columns, values | {"qty": "8", "order": "D9"}, clock
    )
    apply_repairs(warehouse.connection, store, NARROW, warehouse.settings, warehouse.clock, "run")
    assert counts(again(warehouse)) == [("mai.csv", "loaded", 1002, 1, 0, 1001)]
    numbers = warehouse.rows("select document_no from raw.order_lines where starts_with(document_no, 'D') order by 1")
    assert numbers == [("D2",), ("D9",)], "the repaired row is not there a second time under what it said first"


def test_a_line_that_cannot_be_read_stays_given_up(tmp_path: Path, store: Engine, clock: FixedClock) -> None:
    with loading(tmp_path) as made:
        rows = kinds(GOOD, "O") + "X1,1,K8,2026-05-14,S1,3,5.00,O,too,many\n" + kinds("B1,1,K8,2026-05-14,S1,3,5.00\n", "P")
        (made.folder / "mai.csv").write_text(HEADER_KIND + rows)
        made.load(NARROW)
        ask_dismiss(store, RefusedRow("partner", "order_lines", "mai.csv", 1, 1001), "not ours", clock)
        apply_repairs(made.connection, store, NARROW, made.settings, made.clock, "run")
        assert counts(again(made)) == [("mai.csv", "loaded", 1002, 1, 0, 1001)]
        assert open_refusals(made.connection, "partner") == []


def test_rows_that_were_taken_are_not_taken_again_under_another_key(warehouse: Loading) -> None:
    other_key = profile_of({**COLUMNS, "line_no": {"const": "9"}, "line_kind": {"const": "order"}})
    assert counts(again(warehouse, other_key)) == [("mai.csv", "loaded", 1002, 1, 1, 1000)]
    assert warehouse.rows("select count(*) from raw.order_lines where document_no = 'A1'") == [(1,)]


def test_a_file_that_lies_there_for_long_arrived_when_it_came_first(tmp_path: Path) -> None:
    with loading(tmp_path) as made:
        (made.folder / "1.csv").write_text(HEADER_KIND + kinds("B1,1,K8,2026-05-14,S1,1,5.00\n", "P"))
        made.load(NARROW)
        (made.folder / "2.csv").write_text(HEADER_KIND + kinds("B1,1,K8,2026-05-14,S1,2,5.00\n", "O"))
        made.load(NARROW)
        made.load(NARROW)
        assert made.rows("select status from raw.batches order by batch_no desc limit 2") == [("same_file",), ("held",)]
        assert counts(again(made)) == [("1.csv", "loaded", 1, 0, 0, 1)]
        assert made.rows("select quantity::integer from raw.order_lines") == [(2,)]


def test_a_file_that_arrived_later_is_not_undone(warehouse: Loading) -> None:
    (warehouse.folder / "mai.csv").unlink()
    rows = kinds("A1,1,K7,2026-05-13,S1,5,99.00\nB1,1,K8,2026-05-14,S1,9,77.00\n", "O")
    (warehouse.folder / "juni.csv").write_text(HEADER_KIND + rows)
    warehouse.load(NARROW)
    assert counts(again(warehouse)) == [("mai.csv", "loaded", 1002, 0, 1, 1001)]
    newest = """select document_no, quantity::integer from raw.order_lines where document_no in ('A1', 'B1')
                qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1 order by 1"""
    assert warehouse.rows(newest) == [("A1", 5), ("B1", 9)]


def test_a_row_further_down_the_file_wins_over_the_refused_one_above_it(tmp_path: Path) -> None:
    with loading(tmp_path) as made:
        rows = kinds("B1,1,K8,2026-05-14,S1,1,5.00\n", "P") + kinds(GOOD + "B1,1,K8,2026-05-14,S1,2,5.00\n", "O")
        rows += kinds("B2,1,K8,2026-05-14,S1,1,5.00\n", "O") + kinds("B2,1,K8,2026-05-14,S1,2,5.00\n", "P")
        (made.folder / "mai.csv").write_text(HEADER_KIND + rows)
        made.load(NARROW)
        assert counts(again(made)) == [("mai.csv", "loaded", 1004, 1, 0, 1003)]
        newest = """select document_no, quantity::integer from raw.order_lines where starts_with(document_no, 'B')
                    qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1 order by 1"""
        assert made.rows(newest) == [("B1", 2), ("B2", 2)]


def test_held_and_rejected_files_are_read_whole_and_older_readings_are_closed_with_them(tmp_path: Path) -> None:
    semicolons = profile_of(delimiter=";")
    with loading(tmp_path) as made:
        (made.folder / "held.csv").write_text(HEADER_KIND + kinds("".join(GOOD.splitlines(keepends=True)[:40]), "P"))
        (made.folder / "other.csv").write_text((HEADER + "E1,1,K1,2026-05-01,S1,1,2.00\n").replace(",", ";"))
        for _ in range(2):
            made.load(NARROW)
        statuses = [row[0] for row in made.rows("select status from raw.batches order by batch_no")]
        assert statuses == ["held", "rejected"] * 2
        [held] = again(made).outcomes
        assert (held.file_name, held.status, held.rows_quarantined) == ("held.csv", "loaded", 0)
        assert again(made, semicolons, Scope(file_names=frozenset({"other.csv"}))).outcomes[0].rows_accepted == 1
        assert made.rows("select batch_no, new_batch_no from raw.replays order by 1") == [(1, 3), (2, 4), (3, 5), (4, 6)]
        assert open_refusals(made.connection, "partner") == []


def test_bytes_that_were_loaded_since_close_the_older_refusal_without_being_read(warehouse: Loading) -> None:
    (warehouse.folder / "mai.csv").write_text((HEADER + "E1,1,K1,2026-05-01,S1,1,2.00\n").replace(",", ";"))
    warehouse.load(PROFILE)
    warehouse.load(profile_of(delimiter=";"))
    report = again(warehouse, NARROW)
    assert (report.outcomes, report.files) == ((), 1)
    assert warehouse.rows("select batch_no, new_batch_no from raw.replays") == [(2, 3)]


def test_a_cut_file_stays_out_because_its_manifest_is_kept(tmp_path: Path) -> None:
    profile = profile_of(manifest=".manifest")
    with loading(tmp_path) as made:
        (made.folder / "cut.csv").write_text(HEADER + "".join(GOOD.splitlines(keepends=True)[:9]))
        (made.folder / "cut.csv.manifest").write_text('{"rows": 999}')
        made.load(profile)
        (made.folder / "cut.csv").unlink()
        (made.folder / "cut.csv.manifest").unlink()
        report = again(made, profile)
        assert (report.files, report.outcomes) == (1, ())
        assert made.rows("select status, error_code from raw.batches") == [("rejected", "ING-209")]
        assert again(made, PROFILE).outcomes[0].status == "loaded", "a profile that asks for no manifest takes it"


def test_a_file_is_judged_by_the_manifest_that_came_with_it(tmp_path: Path) -> None:
    columns = {**COLUMNS, "line_kind": {"column": "kind", "values": {"O": "order"}}}
    strict, mended = (
        profile_of(columns, manifest=".manifest"),
        profile_of({**columns, "line_kind": {"const": "order"}}, manifest=".manifest"),
    )
    with loading(tmp_path) as made:
        (made.folder / "whole.csv").write_text(HEADER_KIND + kinds("B1,1,K8,2026-05-14,S1,1,5.00\n", "P"))
        (made.folder / "whole.csv.manifest").write_text('{"rows": 1}')
        made.load(strict)
        for file in made.folder.iterdir():
            file.unlink()
        assert counts(again(made, mended)) == [("whole.csv", "loaded", 1, 1, 0, 0)]


def test_a_refused_message_gets_in_and_the_books_and_the_answer_say_so(tmp_path: Path) -> None:
    strict, mild = x12_profile("refuse"), x12_profile("warn")
    with loading(tmp_path) as made:
        (made.folder / "a.x12").write_text(x12(purchase_order()).replace("SE*9*", "SE*8*"))
        made.load(strict)
        assert made.rows("select status, error_code from raw.messages") == [("refused", "EDI-113")]
        assert again(made, strict).outcomes == ()
        report = again(made, mild)
        assert sum(o.rows_accepted for o in report.outcomes) > 0
        assert made.rows("select status from raw.messages") == [("accepted",)]
        assert made.rows("select status, messages_accepted, messages_refused from raw.interchanges") == [("accepted", 1, 0)]
        assert again(made, mild).outcomes == ()
        assert len(list((made.settings.outbox_dir / "partner").iterdir())) == 2


def x12_profile(totals: str) -> Profile:
    """Orders of X12, with strict or mild control totals."""
    feed = {"feed": "order_lines", "files": "*.x12", "format": "x12", "columns": {"leg": {"const": "sell_through"}}}
    return Profile.model_validate({
        "source_id": "partner", "title": "Partner", "time_zone": "Europe/Berlin", "documents": {"control_totals": totals}, "feeds": [feed],
    })  # fmt: skip
