"""A distributor brings a file nobody has described: it answers what is open, sees the trial, confirms, and finds it known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboards.texts import text
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

FILE = "Auftrag;Pos;Händler;Bestelldatum;EAN;Menge;Nettobetrag;Status\nN1;1;K7;13.05.2026;4006381333931;2;1.234,50;offen\nN2;1;K8;14.05.2026;4006381333931;1;5,00;offen\n"


def choose(page: Page, label: str, option: str) -> None:
    """Pick the first option with these words in the box with that label, as somebody who types does."""
    page.get_by_label(label).first.click()
    page.keyboard.type(option)
    page.get_by_role("option").filter(has_text=option).first.click()


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_file_is_taught_and_then_known(visitor: Visitor, tmp_path: Path, language: str) -> None:
    file = tmp_path / f"{language}.csv"
    file.write_bytes((FILE if language == "de" else FILE.replace("Nettobetrag", "Netto")).encode("cp1252"))
    visit = visitor(f"distributor-{language}@alpenglut.example", width=1280 if language == "de" else 390)
    visit.go("new-files")
    page = visit.page
    page.set_input_files("input[type=file]", file)
    visit.settle()
    expect(page.get_by_text(text(language, "d.intake.open", count="2"))).to_be_visible()
    choose(page, text(language, "intake.encoding"), "Händler")
    visit.settle()
    status = text(language, "field.line_status")
    choose(page, text(language, "intake.value", value="offen", field=status), text(language, "status.open"))
    visit.settle()
    page.get_by_role("button", name=text(language, "d.intake.try")).click()
    visit.settle()
    assert visit.metric(text(language, "d.intake.accepted")) == "2"
    page.get_by_role("button", name=text(language, "d.intake.confirm")).click()
    expect(page.get_by_text(text(language, "d.intake.known"))).to_be_visible()
    expect(
        page.get_by_text(re.compile(rf"{re.escape(text(language, 'd.intake.waiting', names=''))}.*{language}\.csv"))
    ).to_be_visible()
    visit.settle()
    page.get_by_role("button", name=text(language, "d.intake.withdraw")).click()
    visit.settle()
    expect(page.get_by_text(text(language, "d.intake.known"))).to_have_count(0)
    assert visit.complaints == []
