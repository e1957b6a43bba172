"""A real Chromium on the demo channel, as a person of each tier would use it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from commands.demo_campaigns import launch_demo_campaign
from core.clock import SystemClock
from core.scope import Role
from loyalty import load_programme
from tests.support.demo import DemoInstance, copy_for_people
from tests.support.web import PASSWORD, Web, serving

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
TIMEOUT_MS = 30_000
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


@dataclass(slots=True)
class Visit:
    """One person in one browser window: the page, and what the browser asked for and complained about."""

    page: Page
    web: Web
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str = "") -> None:
        """Open an address and wait until it stands still."""
        self.page.goto(f"{self.web.address}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script has run and its heading is there."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=TIMEOUT_MS)
        self.page.wait_for_selector("h1", timeout=TIMEOUT_MS)
        expect(self.page.locator("[data-testid=stSkeleton], [data-stale=true]")).to_have_count(0, timeout=TIMEOUT_MS)

    def follow(self, path: str, title: str) -> None:
        """Click the menu's link to an address; a page of that title opens."""
        self.page.locator(f"a[data-testid=stSidebarNavLink][href$='/{path}']").filter(has_text=title).click()
        expect(self.page.locator("h1")).to_have_text(title, timeout=TIMEOUT_MS)
        self.settle()

    @contextmanager
    def in_the_dark(self) -> Iterator[None]:
        """The person's system is dark for a while."""
        light = self.page.evaluate(BACKGROUND)
        self.page.emulate_media(color_scheme="dark")
        self.becomes(f"{BACKGROUND} === {light!r}", False)
        yield
        self.page.emulate_media(color_scheme="light")
        self.becomes(BACKGROUND, light)

    @contextmanager
    def as_on_a_phone(self) -> Iterator[None]:
        """The window is narrow for a while."""
        self.page.set_viewport_size({"width": 390, "height": 900})
        yield
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def becomes(self, script: str, expected: object) -> None:
        """What a script says settles on that: a layout follows its window within moments."""
        found: object = None
        for _ in range(50):
            if (found := self.page.evaluate(script)) == expected:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.page.url}: {script} stays at {found}, not {expected}")

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        """Fill in the form and send it."""
        self.page.goto(f"{self.web.address}/login")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")

    def metric(self, label: str) -> str:
        """The value of a headline figure."""
        card = self.page.locator("[data-testid=stMetric]").filter(has=self.page.get_by_text(label, exact=True))
        return card.locator("[data-testid=stMetricValue]").inner_text()

    def outside(self) -> list[str]:
        """Requests that left the host."""
        own = urlsplit(self.web.address).netloc
        return [url for url in self.requested if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != own]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium on this machine; `make system` says how to get one"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(demo: DemoInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoInstance]:
    """A copy of the demo on which people act."""
    copy = copy_for_people(demo, tmp_path_factory.mktemp("people") / "home", SystemClock())
    yield copy
    copy.close()


@pytest.fixture(scope="session")
def served(demo: DemoInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A copy of the demo, served, with campaigns and a person of each tier in each language: `distributor-de@alpenglut.example`."""
    refs = {
        Role.MANUFACTURER: demo.manifest.manufacturer_ref,
        Role.DISTRIBUTOR: demo.manifest.distributor_ref,
        Role.RETAILER: demo.manifest.retailer_ref,
    }
    launch_demo_campaign(demo.settings, load_programme("demo"), demo.party_id(refs[Role.MANUFACTURER]), demo.party_id(refs[Role.DISTRIBUTOR]),
                         date(2026, 6, 29))  # fmt: skip
    with serving(demo.settings, tmp_path_factory.mktemp("served")) as web:
        for role, ref in refs.items():
            for language in ("de", "en"):
                web.add_person(f"{role}-{language}@alpenglut.example", role, demo.party_id(ref), language)
        yield web


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(chromium: Browser, served: Web) -> Iterator[Visitor]:
    """Opens a window of its own: `visitor("distributor-de@…", width=390, color_scheme="dark")`; None: nobody is logged in."""
    contexts: list[BrowserContext] = []

    def visit(email: str | None, *, width: int = 1280, **options: str) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        result = Visit(context.new_page(), served)
        result.page.on("request", lambda request: result.requested.append(request.url))
        result.page.on("console", lambda message: result.complaints.append(message.text) if _is_complaint(message) else None)
        result.page.on("pageerror", lambda error: result.complaints.append(str(error)))
        if email:
            result.log_in(email)
            result.settle()
        return result

    yield visit
    for context in contexts:
        context.close()


def _is_complaint(message: ConsoleMessage) -> bool:
    """On the address of a page below the first one, Streamlit looks for its server there before it looks at the root."""
    return message.type == "error" and not message.location["url"].endswith(("/_stcore/health", "/_stcore/host-config"))
