"""Every page by Tab, Enter and Escape alone: focus is seen, goes round, and comes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.test_every_page import PAGES

MOST = 60
"""Stops that are gone to; of a longer page (a history of hundreds of events) these are enough."""
# Where the focus is, and whether it can be seen: a ring or line of its own, of the box around it,
# or of the cells of its row. `key` tells one stop from another.
_STOP = """() => {
  const outer = document.activeElement;
  if (outer === null || outer === document.body) return null;
  const inner = outer.shadowRoot?.activeElement ?? outer;
  window.stops ??= new WeakMap();
  window.stopCount ??= 0;
  if (!window.stops.has(outer)) window.stops.set(outer, ++window.stopCount);
  const drawn = (one) => {
    if (!one) return false;
    const style = getComputedStyle(one);
    return style.boxShadow !== "none" || style.outlineStyle !== "none";
  };
  const near = [outer, outer.parentElement, outer.closest("search"),
                outer.nextElementSibling, ...(outer.cells ?? [])];
  const box = outer.getBoundingClientRect();
  return {
    key: window.stops.get(outer),
    tells: (inner.getAttribute("aria-label") || inner.textContent || inner.tagName).trim()
      .slice(0, 60),
    html: outer.outerHTML.slice(0, 120),
    ring: near.some(drawn),
    inside: box.width === 0 || (box.bottom > 0 && box.top < innerHeight
                                && box.right > 0 && box.left < innerWidth),
    isButton: outer.tagName === "BUTTON",
  };
}"""

# On these pages, these buttons open a dialog or a panel.
OPENERS = {
    "plain list": ("Views", "Choose a date", "Export", "Columns", "Keyboard and help"),
    "users": ("Invite a person",),
    "keys": ("Create a key",),
    "retention": ("Add a category",),
    "holds": ("Place a hold",),
    "steps": ("Copy",),
}


def stop(page: Page) -> dict[str, Any] | None:
    """Where the focus is now."""
    found: dict[str, Any] | None = page.evaluate(_STOP)
    return found


def go_round(page: Page, openers: tuple[str, ...]) -> list[str]:
    """Presses Tab from the top of a page until its end; what was wrong."""
    wrong: list[str] = []
    left = list(openers)
    seen: list[int] = []
    for _ in range(MOST + 200 * bool(openers)):
        page.keyboard.press("Tab")
        at = stop(page)
        if at is None or at["key"] == next(iter(seen), None):
            # The end, or the page drew anew what had the focus: then it goes on from the top.
            if not left:
                break
            seen = []
            continue
        # A field of date and time has a stop for each of its parts; anything else that comes again
        # before the page's end is a trap.
        stays = seen[-1:] == [at["key"]]
        if (stays and seen[-9:] == [at["key"]] * 9) or (not stays and at["key"] in seen):
            return [*wrong, f"no way on from {at['html']}"]
        seen.append(at["key"])
        if not at["ring"]:
            wrong.append(f"no ring: {at['html']}")
        if not at["inside"]:
            wrong.append(f"out of sight: {at['html']}")
        told = at["tells"] if at["isButton"] else ""
        name = next((one for one in left if told.startswith(one)), None)
        if name is not None:
            left.remove(name)
            wrong += open_and_close(page, at, name)
    return wrong + [f"never reached: {name}" for name in left]


def open_and_close(page: Page, at: dict[str, Any], name: str) -> list[str]:
    """Enter opens what takes the focus, Escape closes it and gives the focus back."""
    page.keyboard.press("Enter")
    opened = page.locator("dialog[open], [role=dialog], [role=menu]").last
    expect(opened).to_be_visible()
    expect(
        page.locator(":is(dialog, [role=dialog], [role=menu]):focus-within").last
    ).to_be_visible()
    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    back = stop(page)
    if back is None or back["key"] != at["key"]:
        return [f"focus did not come back to {name}: {back and back['html']}"]
    return []


@pytest.mark.timeout(400)
def test_every_page_by_keys_alone(screen: Screen, story: None) -> None:
    page = screen.open("/welcome")
    wrong = {}
    pages = {**PAGES, "plain list": ("/?date=2024-03-15", "tr[data-place]")}
    # A summary like the other one, with hundreds of links.
    del pages["new addresses"]
    for name, (address, there) in pages.items():
        page.goto(screen.service.url + address)
        expect(page.locator(there).first).to_be_visible()
        if found := go_round(page, OPENERS.get(name, ())):
            wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
