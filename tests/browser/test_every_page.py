"""Every page: axe in both themes and forced colours, 320 px (400 % of 1280), right to left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.sample import event_id
from tests.browser.test_accessibility import faults

# Address, and what tells that the page is there.
PAGES = {
    "summary": ("/?date=2024-03-15&view=summary", "table.sum tbody tr"),
    "new addresses": ("/?date=2024-03-15&view=summary&by=actor_ip&q=first:ip", "table.sum tr"),
    "changes": ("/?date=2024-03-15&view=summary&by=changes", ".changes-grid"),
    "tasks": ("/?date=2024-03-15&stream=task", ".runs tbody tr"),
    "steps": (
        "/steps?actor=m.lind@meridian.example&from=2024-03-15T00:00:00Z&to=2024-03-16T00:00:00Z",
        ".a-step",
    ),
    "who acted": ("/steps?from=2024-03-15T00:00:00Z&to=2024-03-16T00:00:00Z", ".steps-who li"),
    "actor": ("/actor?value=ana.keller@meridian.example", ".profile .related li"),
    "target": ("/target?value=r_1&type=role", ".profile .history li"),
    "why": (f"/why?event={event_id(0)}", ".why-tree"),
    "event": (f"/event?id={event_id(0)}", "h2"),
    "users": ("/users", "table"),
    "keys": ("/keys", "table"),
    "status": ("/status", "main h2"),
    "welcome": ("/welcome", "main h2"),
    "exports": ("/exports", "main h2"),
    "settings": ("/settings?tab=general", "main h2"),
    "redaction": ("/settings?tab=redaction", "main h2"),
    "retention": ("/settings?tab=retention", ".cats tbody tr"),
    "holds": ("/settings?tab=holds", "main h2"),
    "erasures": ("/settings?tab=erasures", "main h2"),
    "governance": ("/governance", "main h2"),
    "approvals": ("/approvals", "main h2"),
    "account": ("/account", ".logins tbody tr"),
    "activity": ("/activity", "main table"),
    "list": (f"/?date=2024-03-15&event={event_id(1)}", "tr[data-place]"),
}


def _is_wider(page: Page) -> list[str]:
    """What stands out of the window to a side."""
    found: list[str] = page.evaluate(
        """() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const out = [...document.querySelectorAll("body *")].filter((one) => {
            const box = one.getBoundingClientRect();
            return box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1);
          });
          const told = out.slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
          return [`${root.scrollWidth} px`, ...told];
        }"""
    )
    return found


@pytest.mark.timeout(600)
def test_every_page(screen: Screen, story: None, axe_source: str) -> None:
    page = screen.open("/welcome")
    shots = os.environ.get("INDELIBLE_SHOTS")
    wrong: dict[str, list[str]] = {}

    def note(name: str, what: str, found: list[str]) -> None:
        if found:
            wrong[f"{name}, {what}"] = found

    for name, (address, there) in PAGES.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(screen.service.url + address)
        expect(page.locator(there).first).to_be_visible()
        note(name, "light", faults(page, axe_source))
        page.emulate_media(color_scheme="dark")
        note(name, "dark", faults(page, axe_source))
        page.emulate_media(color_scheme="light", forced_colors="active")
        note(name, "forced colours", faults(page, axe_source))
        page.emulate_media(forced_colors="none")
        page.evaluate("document.documentElement.dir = 'rtl'")
        note(name, "right to left", _is_wider(page))
        if shots:
            page.screenshot(path=str(Path(shots) / f"rtl-{name}.png"))
        page.evaluate("document.documentElement.dir = 'ltr'")
        page.set_viewport_size({"width": 320, "height": 640})
        expect(page.locator(there).first).to_be_visible()
        note(name, "320 px", _is_wider(page))
        if shots:
            page.screenshot(path=str(Path(shots) / f"320-{name}.png"))
        page.evaluate("document.documentElement.dir = 'rtl'")
        note(name, "320 px right to left", _is_wider(page))
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
