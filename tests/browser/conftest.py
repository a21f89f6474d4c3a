"""
A real service with known events, and a real browser looking at it.

Every page is watched: a script error, a breach of the content security policy, or a request to
anywhere else fails the test that made it, whatever the test itself looked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser.sample import NOW, sample_events
from tests.browser.story import story_events
from tests.integration.conftest import RunningService, init_folder, start, stay_within_a_day
from tests.integration.people import invite

CHROMIUM = os.environ.get("INDELIBLE_CHROMIUM") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PEOPLE = count()
# Two shared cores: a page may need a while, and nothing here measures how long.
expect.set_options(timeout=40_000)

_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests have their mark, and time for a shared machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium here; run: sudo apt-get install -y chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Screen:
    """The service, who is logged in, and the pages opened on it."""

    service: RunningService
    browser: Browser
    cookie: tuple[str, str] | None = None
    now: str | None = NOW
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        """A browser of its own, logged in, in English and UTC."""
        options.setdefault("viewport", {"width": 1440, "height": 900})
        options.setdefault("locale", "en-GB")
        options.setdefault("timezone_id", "UTC")
        context = self.browser.new_context(**options)
        context.add_init_script(_WATCH)
        if self.cookie is not None:
            name, value = self.cookie
            context.add_cookies([{"name": name, "value": value, "url": self.service.url}])
        if self.now is not None:
            context.clock.set_fixed_time(self.now)
        self.contexts.append(context)
        return context

    def open(self, path: str = "/", context: BrowserContext | None = None, **options: Any) -> Page:
        """A page at this address; watched until the test ends."""
        page = (context or self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("request", lambda request: self._see(request.url))
        self.pages.append(page)
        page.goto(self.service.url + path)
        return page

    def _see(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.netloc != urlsplit(self.service.url).netloc:
            self.faults.append(f"request to {url}")

    def close(self) -> None:
        """Closes everything and raises what the pages did wrong."""
        for page in self.pages:
            if not page.is_closed():
                self.faults += page.evaluate("window.violations ?? []")
        for context in self.contexts:
            context.close()
        assert self.faults == []


@pytest.fixture(scope="session")
def log_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that holds the sample events, searchable. Tests leave its events as they are."""
    data = tmp_path_factory.mktemp("log") / "data"
    token = init_folder(data)["token"]
    # One login serves all tests, however long they take.
    (data / "indelible.toml").write_text("[session]\nconfirm_minutes = 10080\n")
    service = start(data, setup_token=token)
    service.send(*sample_events())
    service.events(limit=1)  # waits until the index has them
    yield service
    service.stop()


@pytest.fixture(scope="session")
def story(log_service: RunningService) -> None:
    """A day in June 2022 with runs, steps and causes, beside the sample's days."""
    log_service.send(*story_events())
    log_service.settle()


@pytest.fixture(scope="session")
def cookie(log_service: RunningService) -> tuple[str, str]:
    """One session of the administrator for all tests that do not end it."""
    name, _, value = log_service.set_up().cookie.partition("=")
    return name, value


@pytest.fixture
def screen(
    log_service: RunningService, browser: Browser, cookie: tuple[str, str]
) -> Iterator[Screen]:
    """Pages on the sample log, logged in as its administrator."""
    opened = Screen(log_service, browser, cookie)
    yield opened
    opened.close()


@pytest.fixture
def own_screen(screen: Screen) -> Screen:
    """
    The same log, seen by somebody whom only this test knows.

    The account keeps how its list is drawn: who changes that changes it for every browser of it.
    """
    email = f"person{next(_PEOPLE)}@example.com"
    login = invite(screen.service, screen.service.set_up(), email, "admin")
    name, _, value = login.cookie.partition("=")
    screen.cookie = (name, value)
    return screen


@pytest.fixture
def fresh(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Callable[[], Screen]]:
    """Services of the test's own, on new folders; nobody is logged in and the clock is real."""
    made: list[Screen] = []

    def make() -> Screen:
        stay_within_a_day(60)  # what the list shows at first is this day
        data = tmp_path_factory.mktemp("fresh") / "data"
        service = start(data, setup_token=init_folder(data)["token"])
        made.append(Screen(service, browser, now=None))
        return made[-1]

    yield make
    for one in made:
        try:
            one.close()
        finally:
            one.service.stop()


@pytest.fixture(scope="session")
def axe_source(root: Path) -> str:
    """The axe-core script, from the screen's development packages."""
    return (root / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
