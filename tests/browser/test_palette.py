"""Ctrl K: to a page, a view, an event, a search, by the keyboard alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, explained, open_list, search_box
from tests.browser.sample import event_id
from tests.browser.test_accessibility import faults


def test_the_palette_goes_anywhere(screen: Screen, axe_source: str) -> None:
    page = screen.open("/")
    open_list(page, "900")
    # Also from the search editor, whose own key it is elsewhere.
    search_box(page).click()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to")
    expect(field).to_be_focused()
    options = page.get_by_role("listbox", name="Go to").get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert faults(page, axe_source) == []
    if shots := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(shots) / "palette.png"))
    page.keyboard.type("new user")
    expect(options.first).to_contain_text("Addresses new for a user")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=first%3Aip"))
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("AssignRole")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(explained(page)).to_contain_text("AssignRole")
    page.keyboard.press("Control+k")
    page.keyboard.type(event_id(3))
    page.keyboard.press("Enter")
    expect(drawer(page)).to_contain_text("fleet-sync")
    page.keyboard.press("Control+k")
    page.keyboard.type("keys")
    expect(options.first).to_contain_text("keys")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/keys$"))
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
