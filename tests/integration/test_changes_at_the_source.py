"""Databases over time: watermark, overlap, deleted rows, rows that come back. Folders over time: files that are still being written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from core.clock import FixedClock
from ingestion.connectors.database import cursor_of, watermark
from ingestion.connectors.folder import FolderTransport
from ingestion.connectors.model import Pull, fits
from ingestion.landing import land, safe_name
from ingestion.profiles import Profile
from ingestion.profiles.transport import FolderOptions
from tests.contract.databases import DatabaseSite
from tests.contract.sites import csv_of, profile_with
from tests.support.loading import NOW, Loading, loading

pytestmark = pytest.mark.integration


@pytest.fixture
def erp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseSite]:
    """A database with ten lines of ten orders."""
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    site = DatabaseSite(url, {}, create_engine(url))
    monkeypatch.setenv("PARTNER_URL", url)
    site.publish("", [(f"A{number}", 5) for number in range(10)])
    yield site
    site.stop()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Loading]:
    """An empty warehouse."""
    with loading(tmp_path / "ours") as site:
        yield site


def state(warehouse: Loading) -> dict[str, tuple[int, str]]:
    """Order -> quantity and status of its current version."""
    rows = warehouse.rows(
        """select document_no, quantity::integer, line_status from raw.order_lines
           qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1"""
    )
    return {str(number): (quantity, status) for number, quantity, status in rows}


def test_a_row_deleted_at_the_source_is_cancelled_once(erp: DatabaseSite, warehouse: Loading) -> None:
    warehouse.pull(erp.profile())
    erp.run("delete from lines where order_no = 'A3'")
    report = warehouse.pull(erp.profile())
    assert [(o.rows_read, o.rows_accepted, o.rows_corrected) for o in report.outcomes if "keys" in o.file_name] == [(1, 1, 1)]
    assert state(warehouse)["A3"] == (5, "cancelled")
    assert {status for number, (_, status) in state(warehouse).items() if number != "A3"} == {"confirmed"}
    again = warehouse.pull(erp.profile())
    assert sum(outcome.rows_accepted for outcome in again.outcomes) == 0
    keys = warehouse.rows("select count(*) from raw.corrected_keys where feed = 'order_lines'")
    assert keys == [(1,)]


def test_a_row_that_comes_back_is_read_again_whatever_its_time(erp: DatabaseSite, warehouse: Loading) -> None:
    erp.publish("", [("Z1", 1)])
    erp.minutes = 30
    erp.publish("", [("Z2", 1)])
    warehouse.pull(erp.profile())
    erp.run("delete from lines where order_no = 'A3'")
    warehouse.pull(erp.profile())
    erp.run("insert into lines values ('A3', 1, 'C1', '2026-05-01', 'S1', 7, 10.00, '2020-01-01 00:00:00')")
    warehouse.pull(erp.profile())
    warehouse.pull(erp.profile())
    assert state(warehouse)["A3"] == (7, "confirmed")


def test_an_empty_answer_cancels_nothing(erp: DatabaseSite, warehouse: Loading) -> None:
    warehouse.pull(erp.profile())
    erp.run("delete from lines")
    report = warehouse.pull(erp.profile())
    assert [(o.status, o.error_code) for o in report.outcomes if "keys" in o.file_name] == [("held", "ING-411")]
    assert {status for _, status in state(warehouse).values()} == {"confirmed"}


def test_rows_committed_late_with_an_older_time_are_in_the_overlap(erp: DatabaseSite, warehouse: Loading) -> None:
    warehouse.pull(erp.profile())
    erp.run("insert into lines values ('L1', 1, 'C1', '2026-05-01', 'S1', 7, 10.00, '2026-06-01 09:57:00')")
    erp.run("insert into lines values ('L2', 1, 'C1', '2026-05-01', 'S1', 7, 10.00, '2026-06-01 09:50:00')")
    warehouse.pull(erp.profile())
    assert "L1" in state(warehouse)
    assert "L2" not in state(warehouse), "older than the overlap: documented as not seen"


def test_only_what_changed_is_read(erp: DatabaseSite, warehouse: Loading) -> None:
    warehouse.pull(erp.profile())
    erp.minutes = 40
    erp.publish("", [("B1", 1)])
    warehouse.pull(erp.profile())
    erp.minutes = 50
    erp.publish("", [("B2", 1)])
    report = warehouse.pull(erp.profile())
    assert (report.outcomes[0].rows_read, report.outcomes[0].rows_accepted) == (2, 1), "the last one known, and the new one"


def test_keys_are_compared_no_more_often_than_agreed(erp: DatabaseSite, warehouse: Loading) -> None:
    content = erp.profile().model_dump(mode="json", exclude_defaults=True)
    content["feeds"][0]["changes"]["deletions_minutes"] = 60
    profile = Profile.model_validate(content)
    clock = FixedClock(NOW)
    warehouse.clock = clock
    warehouse.pull(profile)
    erp.run("delete from lines where order_no = 'A3'")
    warehouse.pull(profile)
    assert state(warehouse)["A3"][1] == "confirmed"
    clock.moment = clock.moment.replace(hour=14)
    warehouse.pull(profile)
    assert state(warehouse)["A3"][1] == "cancelled"


def test_floats_and_decimals_keep_the_figures_that_the_database_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    site = DatabaseSite(url, {}, create_engine(url))
    monkeypatch.setenv("PARTNER_URL", url)
    for number, net in enumerate(("0.1", "1234.56", "19.99", "1000000.05")):
        site.run(f"insert into lines values ('F{number}', 1, 'C1', '2026-05-01', 'S1', 1, {net}, '2026-06-01 10:00:00')")
    for driver in ("sqlalchemy", "adbc"):
        site.options["driver"] = driver
        with loading(tmp_path / driver) as warehouse:
            warehouse.pull(site.profile())
            found = warehouse.rows("select net_amount_cents, net_amount_subcents from raw.order_lines order by document_no")
        assert found == [(10, 0), (123456, 0), (1999, 0), (100000005, 0)]
    site.stop()


@pytest.mark.parametrize(("highest", "overlap", "expected"), [
    ("2026-06-01 10:00:00", 300, "'2026-06-01 09:55:00'"), ("2026-06-01T10:00:00Z", 60, "'2026-06-01T09:59:00Z'"),
    (41, 300, "41"), ("v00041", 300, "'v00041'"), ("it's", 0, "'it''s'"),
])  # fmt: skip
def test_watermarks_are_written_in_the_style_of_the_source(highest: object, overlap: int, expected: str) -> None:
    assert watermark(cursor_of(highest), timedelta(seconds=overlap)) == expected


def watched(folder: Path, **options: object) -> tuple[FolderTransport, Pull]:
    """A watched folder whose waiting is noted and not done."""
    profile = profile_with({"kind": "folder", **options})
    assert isinstance(profile.transport, FolderOptions)
    work = folder.parent / "work"
    work.mkdir(exist_ok=True)
    return FolderTransport(profile.transport, sleep=lambda _: None), Pull(profile, folder, folder, work)


def test_a_file_that_still_grows_waits_for_the_next_pull(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "a.csv"
    path.write_text(csv_of([("A1", 1)]))

    def more(_: float) -> None:
        path.write_text(path.read_text() + "A2,1,C1,2026-05-01,S1,1,10.00\n")

    transport, pull = watched(folder)
    transport._sleep = more
    assert list(transport.fetch(pull)) == []
    transport._sleep = lambda _: None
    assert [item.name for item in transport.fetch(pull)] == ["a.csv"]


def test_a_clock_that_jumps_keeps_no_file_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(csv_of([("A1", 1)]))
    ahead = time.time() + 86_400
    os.utime(folder / "a.csv", (ahead, ahead))
    transport, pull = watched(folder)
    assert [item.name for item in transport.fetch(pull)] == ["a.csv"]


def test_a_marker_says_that_a_file_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.csv", "b.csv", "b.csv.done", "c.csv.part", ".d.csv"):
        (folder / name).write_text(csv_of([("A1", 1)]))
    transport, pull = watched(folder, complete_marker=".done")
    assert [item.name for item in transport.fetch(pull)] == ["b.csv"]


@pytest.mark.parametrize(("name", "pattern", "expected"), [
    ("a.csv", "*.csv", True), ("in/a.csv", "*.csv", False), ("in/a.csv", "in/*.csv", True), ("in/a.csv", "**/*.csv", True),
    ("a.CSV", "*.csv", False), ("x/y/a.csv", "**/*.csv", True),
])  # fmt: skip
def test_patterns_fit_as_in_a_folder(name: str, pattern: str, expected: bool) -> None:
    assert fits(name, pattern) is expected


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b\n.csv", "x" * 300 + ".csv", "...", "日" * 100 + ".jsonl"])
def test_no_name_leaves_its_folder_or_breaks_the_disk(name: str, tmp_path: Path) -> None:
    plain = safe_name(name)
    assert plain
    assert len(plain.encode()) <= 150
    assert not set(plain) & set("/\\\x00\n")
    (tmp_path / "file").write_text("x")
    assert (tmp_path / plain).resolve().is_relative_to(tmp_path)
    assert land(tmp_path / "file", tmp_path / "landing", "partner").path.exists()
