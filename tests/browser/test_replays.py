"""A distributor asks for refused rows to be read again, and undoes it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboards.texts import text
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["de", "en"])
def test_reading_again_is_asked_for_and_undone(visitor: Visitor, language: str) -> None:
    visit = visitor(f"distributor-{language}@alpenglut.example", width=390 if language == "de" else 1280)
    visit.go("refused-rows")
    page = visit.page
    page.get_by_role("button", name=text(language, "d.replay.ask")).click()
    expect(page.get_by_text(text(language, "d.replay.asked"))).to_be_visible()
    expect(page.get_by_role("button", name=text(language, "d.replay.ask"))).to_have_count(0)
    waiting = text(language, "d.replay.waiting", source="nordwind", what=text(language, "d.replay.everything"))
    expect(page.get_by_text(waiting)).to_be_visible()
    visit.settle()
    page.get_by_text(waiting).locator("xpath=following::button[1]").click()
    expect(page.get_by_text(text(language, "d.replay.taken_back"))).to_be_visible()
    expect(page.get_by_role("button", name=text(language, "d.replay.ask"))).to_be_visible()
    assert visit.complaints == []
