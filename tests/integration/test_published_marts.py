"""The published generation for services: production SQL as it is, read-only."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from core.errors import RetriableError
from core.settings import Settings
from core.warehouse.published import published_marts
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration


def test_production_sql_runs_unchanged_and_writes_nothing(demo: DemoInstance) -> None:
    with published_marts(demo.settings) as connection:
        count = connection.execute("select count(*) from mart.fct_order_lines").fetchall()[0][0]
        assert [(count,)] == demo.operator().rows("select count(*) from fct_order_lines")
        connection.execute("create temporary table wanted as select 1 as order_id")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("delete from mart.fct_order_lines")


def test_without_a_generation_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(RetriableError) as nothing, published_marts(Settings(home=tmp_path)):
        pass
    assert nothing.value.code == "WH-201"
