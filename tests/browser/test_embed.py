"""The screen inside a host product on another site: locked, themed, renewed, ended."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import uvicorn
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect
from tests.browser.conftest import _WATCH
from tests.browser.host import HostProduct
from tests.browser.test_accessibility import faults
from tests.integration.conftest import init_folder, start
from tests.integration.embed_host import EVENTS

OTHER = "http://localhost:9"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProduct]:
    product = HostProduct()
    data = tmp_path_factory.mktemp("embed") / "data"
    init_folder(data)
    origins = f'["{product.origin}", "{product.program_origin}", "{OTHER}"]'
    (data / "indelible.toml").write_text(f"[embed]\norigins = {origins}\n")
    product.service = start(data)
    product.service.send(*EVENTS)
    product.service.settle()
    yield product
    product.service.stop()
    product.close()


@pytest.fixture
def open_host(host: HostProduct, browser: Browser) -> Iterator[Open]:
    """Pages of the host. Nothing else than host and service is asked, and no policy is broken."""
    contexts: list[BrowserContext] = []
    seen: list[str] = []
    wrong: list[str] = []

    def make(path: str = "/", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(locale="en-GB", timezone_id="UTC", **options)
        contexts.append(context)
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("request", lambda request: seen.append(request.url))
        page.goto(host.origin + path)
        return page

    host.refuse, host.more = False, {}
    yield make
    assert host.service is not None
    mine = urlsplit(host.origin).netloc
    ours = {mine, mine.replace("localhost", "127.0.0.1"), urlsplit(host.service.url).netloc}
    wrong += [url for url in seen if urlsplit(url).netloc not in (*ours, "")]
    for context in contexts:
        for frame in context.pages[0].frames:
            if urlsplit(frame.url).netloc in ours:
                wrong += frame.evaluate("window.violations ?? []")
        assert context.cookies() == []
        context.close()
    assert wrong == []
    # A token in an address would be in the logs of every proxy on the way.
    assert not [url for url in seen if "ind_v_" in url.partition("#")[0]]
    assert "ind_v_" not in host.service.log.read_text()


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def explained(page: Page) -> Any:
    return inside(page).locator("#explain")


def test_list_search_event_and_export_of_one_target(
    open_host: Open, axe_source: str, tmp_path: Path
) -> None:
    page = open_host()
    frame = inside(page)
    expect(explained(page)).to_contain_text("2 events.")
    expect(page.locator("iframe")).to_have_attribute("title", "Audit Logs of Depot north")
    expect(frame.get_by_role("heading", name="Audit Logs of Depot north")).to_be_visible()
    for absent in ("Views", "Settings", "Live"):
        expect(frame.get_by_role("button", name=absent)).to_have_count(0)
    expect(frame.get_by_role("navigation")).to_have_count(0)
    child = page.frames[1]
    assert faults(child, axe_source) == []  # type: ignore[arg-type]
    # No search widens the lock, typed or in the address.
    box = frame.get_by_role("textbox", name="Search Logs")
    box.fill("operation:CreateGroup OR operation:OutsideLogin")
    box.press("Enter")
    expect(explained(page)).to_contain_text("1 event.")
    address = child.url
    assert "origin=" in address
    child.goto(address.split("q=")[0] + "q=outside&origin=" + address.split("origin=")[1])
    expect(explained(page)).to_contain_text("0 events")
    expect(frame.get_by_role("heading", name="No events")).to_be_visible()
    assert "outside@" not in child.content()
    child.goto(address.replace("q=", "p="))
    # An event beside the list, proved in this browser.
    expect(explained(page)).to_contain_text("2 events.")
    frame.get_by_role("gridcell", name="RenameGroup").click()
    opened = frame.get_by_role("dialog", name="Event, entry")
    expect(opened).to_contain_text("Path checked in this browser")
    expect(opened.get_by_role("button", name="Copy link")).to_have_count(0)
    with page.expect_download() as proof:
        opened.get_by_role("button", name="Proof", exact=True).click()
    assert proof.value.path().read_text().startswith("c2sp.org/tlog-proof")
    page.keyboard.press("Escape")
    frame.get_by_role("button", name="Export").click()
    dialog = frame.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text("2 events of the period")
    with page.expect_download() as file:
        dialog.get_by_role("button", name="Save file").click()
    assert file.value.suggested_filename.endswith(".csv")
    text = file.value.path().read_text()
    assert "RenameGroup" in text
    assert "utside" not in text


def test_the_hosts_look(host: HostProduct, open_host: Open) -> None:
    look = (
        "audit-log { --audit-log-accent: #e07a1f; --audit-log-radius: 9px;"
        " --audit-log-font: Georgia; --audit-log-surface: url(https://evil.example/x);"
        " --audit-log-row: 99px; height: 30rem; }"
    )
    host.more = {"locale": "de", "zone": "Asia/Tokyo", "theme": "light", "streams": ["task"]}
    page = open_host(f"/?theme=dark&css={quote(look)}", viewport={"width": 390, "height": 800})
    frame = inside(page)
    expect(frame.get_by_role("tab")).to_have_count(1)
    expect(frame.get_by_role("tab", name="Aufgaben")).to_be_visible()
    # The page around says its look when the frame is there, which has shown something by then; it
    # says dark, and goes before the token's own theme.
    expect(frame.locator(":root")).to_have_attribute("data-theme", "dark")
    tokens = frame.locator(":root").evaluate(
        "(root) => ['--accent', '--r2', '--font', '--surface', '--row']"
        ".map((name) => getComputedStyle(root).getPropertyValue(name).trim())"
    )
    assert tokens[:2] == ["#e07a1f", "9px"]
    assert tokens[2].startswith("Georgia")
    assert "evil" not in tokens[3]
    assert tokens[4] != "99px"
    expect(frame.locator(":root")).to_have_attribute("lang", "de-DE")
    page.evaluate("document.querySelector('audit-log').setAttribute('theme', 'light')")
    expect(frame.locator(":root")).to_have_attribute("data-theme", "light")
    assert page.locator("audit-log").bounding_box()["height"] == 480  # type: ignore[index]


def test_a_view_is_renewed_and_ends(host: HostProduct, open_host: Open) -> None:
    host.more = {"lifetime_s": 4}
    begun = len(host.asked)
    page = open_host()
    expect(explained(page)).to_contain_text("2 events.")
    # The frame asks again before the end, and goes on.
    while len(host.asked) < begun + 2:
        page.wait_for_timeout(100)
    expect(explained(page)).to_contain_text("2 events.")
    host.refuse = True
    ended = inside(page).get_by_role("heading", name="This view has ended")
    expect(ended).to_be_visible()
    assert "RenameGroup" not in page.frames[1].content()
    # Another token, for another person and part of the log: nothing of the one before is left.
    host.refuse = False
    host.more = {"lifetime_s": 60, "target": {"type": "user", "id": "u1"}}
    inside(page).get_by_role("button", name="Load again").click()
    expect(explained(page)).to_contain_text("1 event.")
    host.more = {"subject": {"id": "u_2"}}
    page.evaluate("document.querySelector('audit-log').refreshToken()")
    expect(explained(page)).to_contain_text("2 events.")


def test_a_frame_without_the_script_and_where_it_may_stand(
    host: HostProduct, open_host: Open
) -> None:
    assert host.service is not None
    host.fragment = host.token()
    page = open_host("/plain")
    expect(inside(page).get_by_role("tab", name="User")).to_be_visible()
    assert "#" not in page.frames[1].evaluate("location.href")
    # A token that does not name the page around, though the settings list both.
    host.fragment = host.token(origins=[OTHER])
    page.goto(f"{host.origin}/plain")
    refused = inside(page).get_by_role("heading", name="This view cannot be shown here")
    expect(refused).to_be_visible()
    host.fragment = host.token()[:-1] + "!"
    page.goto(f"{host.origin}/plain")
    expect(inside(page).get_by_role("heading", name="This view has ended")).to_be_visible()
    # The same page on an origin that nobody named: the browser shows no frame.
    host.fragment = host.token()
    page.goto(host.origin.replace("localhost", "127.0.0.1") + "/plain")
    end_s = time.monotonic() + 40
    while not page.frames[1].url.startswith("chrome-error:"):
        assert time.monotonic() < end_s, page.frames[1].url
        page.wait_for_timeout(50)


def test_the_program_of_the_page(
    host: HostProduct, browser: Browser, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    """docs/how-to/embed.md as it stands: its backend and its HTML."""
    assert host.service is not None
    page_text = (root / "docs/how-to/embed.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page_text, re.MULTILINE | re.DOTALL)
    (markup,) = re.findall(r"^```html\n(.*?)^```", page_text, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("AUDIT_URL", host.service.url)
    monkeypatch.setenv("AUDIT_VIEWER_KEY", host.service.key("r"))
    monkeypatch.setenv("APP_ORIGIN", host.program_origin)
    names: dict[str, Any] = {"__name__": "how_to_embed"}
    exec(compile(program, "docs/how-to/embed.md", "exec"), names)
    shown = markup.replace("https://audit.example", host.service.url)

    @names["app"].get("/")  # type: ignore[untyped-decorator]
    def home() -> HTMLResponse:
        return HTMLResponse(f"<!doctype html><title>Host</title>{shown}")

    server = uvicorn.Server(uvicorn.Config(names["app"], log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [host.program]}, daemon=True)
    thread.start()
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    try:
        page = context.new_page()
        page.goto(f"{host.program_origin}/")
        expect(inside(page).get_by_role("tab", name="User")).to_be_visible()
        expect(page.locator("iframe")).to_have_attribute("title", "Audit Logs of Depot north")
        expect(inside(page).get_by_role("button", name="Export")).to_be_visible()
    finally:
        context.close()
        server.should_exit = True
        thread.join(20)
