"""The same week of business, delivered as CSV, as X12 and as EDIFACT, gives the same facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.clock import FixedClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Reader, Serving
from core.warehouse.served import SERVED
from pipeline import Delivery, Pipeline, Reporting
from tests.support.loading import NOW
from tests.support.one_week import SOLD, WAYS

pytestmark = pytest.mark.integration

NOT_FACTS = {"run_no", "last_recorded_at", "title", "note_de", "note_en"}
"""Columns that say how and when we learned something."""

NUMBERED_BY_FORMAT = {
    "fct_delivery_lines": {"delivery_line_id", "line_no"}, "fct_sales_report_lines": {"sales_report_line_id", "document_no", "line_no"},
    "rpt_feed_summary": {"documents"}, "fct_stock_levels": {"stock_level_id"},
}  # fmt: skip
"""Numbers of lines, of reports that carry none of their own, and what is worked out of a product's number as it is written."""

ABOUT_FILES = {"fct_batches", "fct_document_findings"}
"""Relations about files and not about business: the week comes in other files each time."""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Reader]]:
    """One published instance for each way."""
    opened: list[Serving] = []
    readers = {}
    for way, write in WAYS.items():
        home = tmp_path_factory.mktemp(way)
        folder = home / "delivery"
        folder.mkdir()
        settings = Settings(home=home / "home")
        run = Pipeline(settings, FixedClock(NOW), random_id, []).run(
            [Delivery(write(folder), folder)], Reporting(step=lambda _: None), data_docs=False
        )
        assert run.published
        assert not run.refused
        opened.append(Serving(settings.warehouse_dir))
        readers[way] = opened[-1].reader(Scope.of(Role.OPERATOR))
    yield readers
    for serving in opened:
        serving.close()


def facts(reader: Reader, name: str) -> list[tuple[object, ...]]:
    """The rows of a published relation, without what is not a fact, in no order."""
    left_out = NOT_FACTS | NUMBERED_BY_FORMAT.get(name, set())
    names = [column for column, _ in SERVED[name].columns if column not in left_out]
    return sorted((tuple(row) for row in reader.rows(f"select {', '.join(names)} from {name}")), key=repr)


@pytest.mark.parametrize("way", ["x12", "edifact"])
@pytest.mark.parametrize("name", [name for name in SERVED if name not in ABOUT_FILES])
def test_the_same_week_gives_the_same_facts(weeks: dict[str, Reader], way: str, name: str) -> None:
    assert facts(weeks[way], name) == facts(weeks["csv"], name)


def test_the_week_is_no_empty_one(weeks: dict[str, Reader]) -> None:
    counts = {name: len(facts(weeks["csv"], name)) for name in SERVED}
    assert (
        counts["fct_order_lines"],
        counts["fct_delivery_lines"],
        counts["fct_sales_report_lines"],
        counts["fct_stock_levels"],
    ) == (3, 4, len(SOLD), 2)
    assert not any(
        row[-1] or row[-2] for row in weeks["edifact"].rows("select is_unknown_party, is_unknown_product from fct_order_lines")
    )
    assert {row[0] for row in weeks["x12"].rows("select delivery_status from fct_order_lines")} == {"delivered", "in_transit"}
