"""What a profile says once for all rows of a feed is stored, keyed and compared like what the rows say themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.loading import COLUMNS, HEADER, loading, profile_of

pytestmark = pytest.mark.integration
LINE = "A1,1,C1,2026-05-01,S1,2,10.00\n"


def test_every_column_stands_in_the_row(tmp_path: Path) -> None:
    said: dict[str, Any] = COLUMNS | {
        "buyer": {"column": "customer", "scheme": "gln"}, "unit": {"const": "box"}, "promised_on": {"const": "2026-05-09"},
    }  # fmt: skip
    with loading(tmp_path) as warehouse:
        (warehouse.folder / "a.csv").write_text(HEADER + LINE, encoding="utf-8")
        warehouse.load(profile_of(said))
        names = "source_id, leg, seller_scheme, seller_ref, buyer_scheme, buyer_ref, product_scheme, source_zone, unit, currency, ordered_at"
        (row,) = warehouse.rows(f"select {names}, line_kind, line_status, promised_on::varchar, _version from raw.order_lines")
        assert row == (
            "partner", "sell_through", "partner", "D1", "gln", "C1", "partner", "Europe/Berlin", "box", "EUR", None,
            "order", "confirmed", "2026-05-09", 0,
        )  # fmt: skip


def test_another_constant_is_a_correction_and_the_same_one_a_duplicate(tmp_path: Path) -> None:
    with loading(tmp_path) as warehouse:
        (warehouse.folder / "a.csv").write_text(HEADER + LINE, encoding="utf-8")
        warehouse.load()
        (warehouse.folder / "a.csv").write_text(HEADER + LINE + "A2,1,C1,2026-05-01,S1,2,10.00\n", encoding="utf-8")
        (again,) = warehouse.load().outcomes
        assert (again.rows_accepted, again.rows_duplicate, again.rows_corrected) == (1, 1, 0)
        (warehouse.folder / "a.csv").write_text(HEADER + LINE + "A3,1,C1,2026-05-01,S1,2,10.00\n", encoding="utf-8")
        (other,) = warehouse.load(profile_of(COLUMNS | {"line_status": {"const": "cancelled"}})).outcomes
        assert (other.rows_accepted, other.rows_duplicate, other.rows_corrected) == (2, 0, 1)
        assert warehouse.rows("select line_status from raw.order_lines where document_no = 'A1' order by _batch_no") == [
            ("confirmed",),
            ("cancelled",),
        ]


def test_a_constant_number_in_a_scheme_that_rows_name_differs_from_row_to_row(tmp_path: Path) -> None:
    said = COLUMNS | {"seller": {"const": "D1", "scheme_column": "sku"}}
    with loading(tmp_path) as warehouse:
        (warehouse.folder / "a.csv").write_text(HEADER + LINE + "A2,1,C1,2026-05-01,S2,2,10.00\n", encoding="utf-8")
        warehouse.load(profile_of(said))
        assert warehouse.rows("select seller_scheme from raw.order_lines order by document_no") == [("S1",), ("S2",)]


def test_the_same_rows_twice_in_one_group_count_once(tmp_path: Path) -> None:
    with loading(tmp_path) as warehouse:
        (warehouse.folder / "a.csv").write_text(HEADER + LINE, encoding="utf-8")
        (warehouse.folder / "b.csv").write_text(HEADER + LINE + "A9,1,C1,2026-05-01,S1,2,10.00\n", encoding="utf-8")
        report = warehouse.load()
        assert [(o.rows_accepted, o.rows_duplicate) for o in report.outcomes] == [(1, 0), (1, 1)]
        assert warehouse.lines() == 2
