"""What every connector promises, whatever it speaks to. The list is `tests.contract.listed.SITES`."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
import structlog

from core.errors import ConfigurationError, DreiklangError, RetriableError
from ingestion import groups
from ingestion.connectors import TRANSPORTS, Item, Pull, pull_chunks, transports_of
from ingestion.cursors import read_cursors
from tests.contract.listed import SITES
from tests.contract.sites import SECRET, Line, Listed, Site
from tests.support.loading import Loading

pytestmark = [pytest.mark.integration, pytest.mark.postgres]

FIRST: list[Line] = [("A1", 1), ("A2", 2)]
SECOND: list[Line] = [("B1", 3)]
SECONDS_MAX = 20
"""A hang guard: what stalls is given up long before."""


@pytest.fixture(autouse=True)
def _environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets of the site, where the profile says they are."""
    for name, value in os.environ.items():
        site.environment.setdefault(name, value)
    monkeypatch.setattr("os.environ", site.environment)


def stored(warehouse: Loading) -> list[tuple[object, ...]]:
    """Current lines in the order in which they came."""
    return warehouse.rows("select document_no, quantity::integer from raw.order_lines order by _batch_no, _row_no")


def fetch(site: Site, work: Path, since: dict[str, str] | None = None) -> list[Item]:
    """A bare pull, without a warehouse."""
    work.mkdir(exist_ok=True)
    profile = site.profile()
    pull = Pull(profile, site.source, work / "no inbox", work, since or {})
    chunks = list(pull_chunks(transports_of(profile), pull))
    assert not [chunk.error for chunk in chunks if chunk.error]
    return [item for chunk in chunks for item in chunk.items]


def test_every_transport_is_under_contract() -> None:
    assert {listed.kind for listed in SITES.values()} == {*TRANSPORTS, "none"}


def test_rows_arrive_once_and_in_order(site: Site, warehouse: Loading) -> None:
    site.publish("1 first", FIRST)
    report = warehouse.pull(site.profile(), site.source)
    assert report.outcomes[0].status == "loaded"
    assert {outcome.status for outcome in report.outcomes} <= {"loaded", "same_file"}
    site.publish("2 second", SECOND)
    warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == [*FIRST, *SECOND]


def test_the_same_bytes_twice_change_nothing(site: Site, listed: Listed, warehouse: Loading) -> None:
    site.publish("1 first", FIRST)
    warehouse.pull(site.profile(), site.source)
    before = warehouse.rows("select * from raw.order_lines order by all")
    again = warehouse.pull(site.profile(), site.source)
    assert sum(outcome.rows_accepted for outcome in again.outcomes) == 0
    assert {outcome.status for outcome in again.outcomes} <= {"same_file", "loaded"}
    assert warehouse.rows("select * from raw.order_lines order by all") == before
    if listed.remembers and listed.has_names:
        assert again.outcomes == ()


def test_fetching_writes_only_into_its_work_folder(site: Site, tmp_path: Path) -> None:
    site.publish("1 first", FIRST)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    items = fetch(site, tmp_path / "work")
    assert items
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(tmp_path / "work") for path in new)


def test_two_pulls_give_the_same_items_in_the_same_order(site: Site, tmp_path: Path) -> None:
    for number in range(5):
        site.publish(f"{number} file", [(f"N{number}", 1)])
    first, second = fetch(site, tmp_path / "one"), fetch(site, tmp_path / "two")
    assert [(item.name, item.path.read_bytes()) for item in first if not item.is_key_snapshot] == [
        (item.name, item.path.read_bytes()) for item in second if not item.is_key_snapshot
    ]


def test_a_cursor_is_stored_with_its_rows_or_not_at_all(
    site: Site, listed: Listed, warehouse: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("1 first", FIRST)

    def fail(*_: object) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patched:
        patched.setattr(groups, "write_cursors", fail)
        with pytest.raises(RuntimeError):
            warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == []
    assert read_cursors(warehouse.connection, "partner") == {}
    warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == FIRST
    assert bool(read_cursors(warehouse.connection, "partner")) is listed.remembers


def test_a_pull_that_breaks_keeps_what_came_and_goes_on_behind_it(site: Site, listed: Listed, warehouse: Loading) -> None:
    if not listed.can_break:
        pytest.skip("one item a pull, or files on this machine: nothing lies between")
    for number in range(4):
        site.publish(f"{number} file", [(f"N{number}", 1)])
    with site.failing_after(2), pytest.raises(RetriableError):
        warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == [("N0", 1), ("N1", 1)]
    report = warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == [(f"N{number}", 1) for number in range(4)]
    assert sum(outcome.rows_accepted for outcome in report.outcomes) == 2


def test_who_does_not_answer_is_named_with_a_next_step(site: Site, listed: Listed, warehouse: Loading) -> None:
    if listed.is_local:
        pytest.skip("our own folder is always there")
    site.publish("1 first", FIRST)
    expected = ConfigurationError if listed.is_missing_configuration else RetriableError
    with site.unreachable(), pytest.raises(expected) as caught:
        warehouse.pull(site.profile(), site.source)
    assert caught.value.code.startswith(("ING-4", "ING-103"))
    assert caught.value.detail.next_step
    assert stored(warehouse) == []
    warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == FIRST


def test_a_wrong_option_is_the_operators_to_mend(site: Site, listed: Listed, warehouse: Loading) -> None:
    if listed.is_local:
        pytest.skip("it has no option that could be wrong and valid")
    site.publish("1 first", FIRST)
    with pytest.raises(ConfigurationError) as caught:
        warehouse.pull(site.misconfigured(), site.source)
    assert caught.value.code.startswith(("ING-1", "ING-4"))


def test_secrets_stand_in_no_log_repr_or_error(site: Site, listed: Listed, warehouse: Loading, tmp_path: Path) -> None:
    site.publish("1 first", FIRST)
    with structlog.testing.capture_logs() as logs:
        said = [repr(site.profile()), repr(fetch(site, tmp_path / "work"))]
        said.append(repr(Pull(site.profile(), None, tmp_path, tmp_path)))
        warehouse.pull(site.profile(), site.source)
        if not listed.is_local:
            with site.unreachable(), pytest.raises(DreiklangError) as caught:
                warehouse.pull(site.profile(), site.source)
            said += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
            with pytest.raises(DreiklangError) as wrong:
                warehouse.pull(site.misconfigured(), site.source)
            said += [str(wrong.value), repr(wrong.value.__cause__)]
    said += [json.dumps(line, default=str) for line in logs]
    said += [str(row) for row in warehouse.rows("select * from raw.batches union all by name select * from raw.cursors")]
    assert not [text for text in said if SECRET in text]


def test_an_empty_source_is_no_error(site: Site, warehouse: Loading) -> None:
    report = warehouse.pull(site.profile(), site.source)
    assert stored(warehouse) == []
    assert sum(outcome.rows_read for outcome in report.outcomes) == 0


def test_names_may_hold_any_character(site: Site, listed: Listed, warehouse: Loading) -> None:
    if not listed.has_names:
        pytest.skip("a query has no file names")
    names = ["plain", "ä ö ü ß", "100% & more; 'quoted'", "日本語", "a#b?c=d", "x" * 180]
    for number, name in enumerate(names):
        site.publish(name, [(f"N{number}", 1)])
    warehouse.pull(site.profile(), site.source)
    assert sorted(stored(warehouse)) == [(f"N{number}", 1) for number in range(len(names))]


def test_a_large_item_does_not_pass_through_memory(site: Site, listed: Listed, tmp_path: Path) -> None:
    """Beside what a small one takes: libraries load tables of their own."""

    def peak(work: Path) -> int:
        tracemalloc.start()
        assert fetch(site, work)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    site.publish("0 small", FIRST)
    small = peak(tmp_path / "small")
    site.publish("large", [(f"N{number}-{'x' * listed.padding}", 1) for number in range(listed.large_lines)])
    assert peak(tmp_path / "large") - small < listed.memory_max


def test_waiting_has_an_end(site: Site, listed: Listed, warehouse: Loading) -> None:
    if not listed.can_stall:
        pytest.skip("nothing there to wait for")
    site.publish("1 first", FIRST)
    started = time.monotonic()
    with site.stalling(), pytest.raises(RetriableError) as caught:
        warehouse.pull(site.profile(), site.source)
    assert time.monotonic() - started < SECONDS_MAX
    assert caught.value.code.startswith("ING-4")
