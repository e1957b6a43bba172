"""The quick gate and Great Expectations give the same verdict on good figures and on each broken expectation."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from core.settings import Settings
from core.warehouse.owner import own_warehouse
from ingestion.quality import run_gate, run_quick_gate, write_controls
from ingestion.quality.gate import SUITES
from tests.support.instances import Template

pytestmark = pytest.mark.integration
BREAKS = {
    "ExpectColumnValuesToNotBeNull": "update {t} set {c} = null",
    "ExpectColumnValuesToBeUnique": "insert into {t} select * from {t} limit 1",
    "ExpectColumnValuesToBeInSet": "update {t} set {c} = 'something else'",
    "ExpectColumnValuesToBeBetween": "update {t} set {c} = -1000",
}


@pytest.fixture(scope="module")
def controls(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of a good instance."""
    folder = tmp_path_factory.mktemp("gate")
    path = folder / "controls.duckdb"
    with own_warehouse(template.copy(folder).settings) as connection:
        write_controls(connection, path)
    return path


def broken(controls: Path, folder: Path, table: str, name: str, column: str) -> Path:
    """A copy in which that expectation fails."""
    path = folder / "broken.duckdb"
    path.write_bytes(controls.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(BREAKS[name].format(t=table, c=column))
    return path


def test_both_pass_what_is_good(controls: Path, tmp_path: Path) -> None:
    assert run_quick_gate(controls).success
    assert run_gate(controls, Settings(home=tmp_path), docs=False).success


@pytest.mark.parametrize(("table", "name", "column"), [
    (table, name, str(arguments["column"])) for table, suite in SUITES.items() for name, arguments in suite
])  # fmt: skip
def test_the_quick_gate_sees_each_broken_expectation(controls: Path, tmp_path: Path, table: str, name: str, column: str) -> None:
    found = run_quick_gate(broken(controls, tmp_path, table, name, column))
    assert not found.success
    assert any(f"{table}.{column}: {name}" in words for words in found.failed)


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_the_library_sees_the_same(controls: Path, tmp_path: Path, name: str) -> None:
    table, column = next((t, str(a["column"])) for t, suite in SUITES.items() for n, a in suite if n == name)
    assert not run_gate(broken(controls, tmp_path, table, name, column), Settings(home=tmp_path), docs=False).success
