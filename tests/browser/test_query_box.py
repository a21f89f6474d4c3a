"""The search box: chips and text, proposals, mistakes, recent searches; and what to drop."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import explained, open_list, row_at, search_box


def chip(page: Page, term: str) -> Locator:
    """The button that takes a chip away."""
    return page.get_by_role("button", name=f"Remove {term}")


def test_chips_and_text_are_one(screen: Screen) -> None:
    page = screen.open("/?q=operation%3AAssignRole%20OR%20-status%3A2xx")
    open_list(page, "675")
    expect(explained(page).locator("b").first).to_have_text("AssignRole")
    expect(explained(page).locator("b").nth(1)).to_have_text("not 2xx")
    # Typing goes on after the chips; a proposal completes the field.
    page.keyboard.press("/")
    page.keyboard.press("End")
    page.keyboard.type(" meth")
    expect(page.get_by_role("option", name="method:")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("DELETE")
    page.keyboard.press("Enter")
    # AND binds tighter: AssignRole, or not 2xx by DELETE.
    expect(search_box(page)).to_have_text("operation:AssignRole OR -status:2xx method:DELETE")
    expect(chip(page, "operation:AssignRole")).to_be_visible()
    chip(page, "operation:AssignRole").click()
    open_list(page, "150")
    expect(search_box(page)).to_have_text("-status:2xx method:DELETE")
    page.go_back()
    expect(search_box(page)).to_have_text("operation:AssignRole OR -status:2xx method:DELETE")
    # Typed over: the whole text is chosen, and the mistake is underlined at its token.
    search_box(page).press("Control+a")
    page.keyboard.type("LoginUser status:abc")
    page.keyboard.press("Enter")
    expect(page.locator("search .wrong")).to_have_text("abc")
    expect(search_box(page)).to_have_attribute("aria-invalid", "true")
    search_box(page).press("Escape")
    open_list(page, "900")
    # An empty box offers what was searched before.
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_text("LoginUser status:abc")


def test_nothing_found_names_the_term_to_drop(screen: Screen) -> None:
    page = screen.open("/?q=operation%3AAssignRole%20method%3ADELETE")
    drop = page.locator(".drops")
    expect(drop).to_contain_text("Without operation:AssignRole: 225 events")
    expect(drop).to_contain_text("Without method:DELETE: 225 events")
    drop.get_by_role("link", name="Without method:DELETE").click()
    open_list(page, "225")
    expect(row_at(page, 0)).to_contain_text("AssignRole")
