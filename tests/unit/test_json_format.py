"""One JSON document with its records in a list, and lists within lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.loading import COLUMNS, Loading, loading, profile_of


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a folder."""
    with loading(tmp_path) as made:
        yield made


def line(order: str, **more: object) -> dict[str, object]:
    """A record as the profile of the tests names it."""
    return {"order": order, "line": "1", "customer": "C1", "date": "2026-05-01", "sku": "S1", "qty": 2, "net": "10.10", **more}


def test_records_are_read_in_their_order_from_a_path(site: Loading) -> None:
    (site.folder / "a.json").write_text(json.dumps({"data": {"rows": [line(f"A{n}") for n in range(300)]}, "next": None}))
    site.load(profile_of(files="*.json", format="json", items="data.rows"))
    assert site.rows("select document_no from raw.order_lines order by _row_no") == [(f"A{n}",) for n in range(300)]
    assert site.rows("select distinct net_amount_cents from raw.order_lines") == [(1010,)]


def test_the_document_itself_may_be_the_list(site: Loading) -> None:
    (site.folder / "a.json").write_text(json.dumps([line("A1"), line("A2", qty="many")] + [line(f"B{n}") for n in range(200)]))
    (outcome,) = site.load(profile_of(files="*.json", format="json")).outcomes
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_quarantined) == (202, 201, 1)
    assert site.rows("select row_no, found from raw.quarantine") == [(2, "many")]


def test_lists_within_lists_become_rows(site: Loading) -> None:
    order = {"order": "A1", "customer": "C1", "parts": [
        {"date": "2026-05-01", "lines": [{"line": 1, "sku": "S1", "qty": 1, "net": "1.00"}, {"line": 2, "sku": "S2", "qty": 2, "net": "2.00"}]},
        {"date": "2026-05-02", "lines": [{"line": 3, "sku": "S3", "qty": 3, "net": "3.00"}]}, {"date": "2026-05-03", "lines": []}]}  # fmt: skip
    columns = COLUMNS | {"line_no": "parts.lines.line", "ordered_on": "parts.date", "product": "parts.lines.sku",
                         "quantity": "parts.lines.qty", "net_amount": "parts.lines.net"}  # fmt: skip
    (site.folder / "a.json").write_text(json.dumps({"orders": [order]}))
    site.load(profile_of(columns, files="*.json", format="json", items="orders", explode=["parts", "lines"]))
    assert site.rows("select line_no, ordered_on::varchar, quantity::integer from raw.order_lines order by line_no") == [
        ("1", "2026-05-01", 1), ("2", "2026-05-01", 2), ("3", "2026-05-02", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['{"rows": {}}', '{"other": []}', '{"rows": [', "", "[]"])
def test_another_document_is_refused_whole(site: Loading, text: str) -> None:
    (site.folder / "a.json").write_text(text)
    (outcome,) = site.load(profile_of(files="*.json", format="json", items="rows")).outcomes
    assert (outcome.status, outcome.error_code) == ("rejected", "ING-205" if text else "ING-201")


def test_an_empty_list_is_a_file_without_rows(site: Loading) -> None:
    (site.folder / "a.json").write_text('{"rows": []}')
    (outcome,) = site.load(profile_of(files="*.json", format="json", items="rows")).outcomes
    assert (outcome.status, outcome.rows_read) == ("loaded", 0)
