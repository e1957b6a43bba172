"""The plan of the house, held by tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core.settings import Settings
from core.warehouse.served import SERVED
from ingestion.contracts import FEEDS, LEGS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "ingestion", "loyalty", "portal", "dashboards", "commands", "pipeline", "inbox")
SOURCES = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")] + [ROOT / "cli.py"]
DOCUMENTS = "\n".join(
    path.read_text(encoding="utf-8") for path in [*(ROOT / "docs").glob("error-codes*.md"), ROOT / "docs" / "edi.md"]
)


def test_imports_go_one_way() -> None:
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--config", ROOT / ".importlinter", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


def test_no_python_stands_in_the_dbt_project() -> None:
    """A package named dbt of ours would hide the library."""
    assert not list((ROOT / "dbt").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


def test_every_error_code_is_documented() -> None:
    codes = {
        code
        for path in SOURCES
        for code in re.findall(r'"((?:SET|STO|WH|ING|EDI|LOY|ACC|SCR|CLI|PIPE)-\d{3})"', path.read_text("utf-8"))
    }
    assert len(codes) > 20
    missing = sorted(code for code in codes if f"| {code} |" not in DOCUMENTS)
    assert not missing
    unused = sorted(code for code in re.findall(r"^\| ((?:[A-Z]+)-\d{3}) \|", DOCUMENTS, flags=re.MULTILINE) if code not in codes)
    assert not unused


def test_a_code_means_one_thing() -> None:
    documented = re.findall(r"^\| ((?:[A-Z]+)-\d{3}) \|", DOCUMENTS, flags=re.MULTILINE)
    assert sorted({code for code in documented if documented.count(code) > 1}) == []


def test_every_setting_is_documented() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`DREIKLANG_{name.upper()}`" in runbook


def test_the_glossary_names_every_feed_and_leg() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for word in (*FEEDS, *LEGS):
        assert f"`{word}`" in glossary


def test_marts_promise_what_is_published() -> None:
    """The contracts of the dbt project and the list of published relations say the same."""
    promised: dict[str, list[tuple[str, str]]] = {}
    for path in (ROOT / "dbt" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ()):
            promised[model["name"]] = [(column["name"], column["data_type"].upper()) for column in model["columns"]]
            assert model["description"].startswith(("One row per", "one row per"))
    assert promised == {served.name: list(served.columns) for served in SERVED.values()}


def test_nothing_phones_home() -> None:
    project = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert "gatherUsageStats = false" in (ROOT / "dashboards" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert 'setdefault("GX_ANALYTICS_ENABLED", "false")' in (ROOT / "ingestion" / "quality" / "gate.py").read_text(
        encoding="utf-8"
    )


def test_locks_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text
        assert "--hash=sha256:" in text


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "data" / "README.md"]
    links = [(path, link) for path in documents for link in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8"))]
    assert len(links) > 30
    broken = [
        (str(path.relative_to(ROOT)), link) for path, link in links if "://" not in link and not (path.parent / link).exists()
    ]
    assert not broken
