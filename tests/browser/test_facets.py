"""The sidebar of values, and the menu of a cell."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import open_list, row_at


def query_of(page: Page) -> str:
    """The search in the address."""
    return unquote_plus(page.url.partition("?q=")[2].partition("&")[0])


def test_facets_narrow_the_list(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    facets = page.get_by_role("complementary", name="Filters")
    expect(facets.get_by_role("checkbox", name="Failure")).to_be_visible()
    facets.get_by_role("checkbox", name="LoginUser").click()
    open_list(page, "225")
    assert query_of(page) == "operation:LoginUser"
    # The other values of the field stay, and a second one is an alternative.
    facets.get_by_role("checkbox", name="AssignRole").click()
    open_list(page, "450")
    assert query_of(page) == "operation:LoginUser OR operation:AssignRole"
    expect(facets.get_by_role("checkbox", name="AssignRole")).to_be_checked()
    only = facets.get_by_role("button", name="Only DeleteDashboard")
    # By the keyboard: values may change places under the pointer when their counts come in.
    only.focus()
    page.keyboard.press("Enter")
    open_list(page, "225")
    assert query_of(page) == "operation:DeleteDashboard"
    facets.get_by_role("button", name="Leave out Success").focus()
    page.keyboard.press("Enter")
    open_list(page, "150")
    assert query_of(page) == "operation:DeleteDashboard -outcome:success"
    facets.get_by_role("checkbox", name="DeleteDashboard").click()
    assert query_of(page) == "-outcome:success"
    # Closed ones open, are remembered, and can be searched.
    facets.get_by_role("button", name="Address").click()
    facets.get_by_role("button", name="more").click()
    facets.get_by_role("searchbox", name="Find in Address").fill("113.19")
    expect(facets.get_by_role("checkbox", name="203.0.113.19", exact=False).first).to_be_visible()
    page.reload()
    expect(facets.get_by_role("button", name="Address")).to_have_attribute("aria-expanded", "true")


def test_cell_menu_by_pointer_and_keyboard(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    row_at(page, 1).locator("td").nth(6).hover()
    page.get_by_role("button", name="Actions on this value").click()
    menu = page.get_by_role("menu", name="Actions on this value")
    menu.get_by_role("menuitem", name="Filter by LoginUser").click()
    open_list(page, "225")
    assert query_of(page) == "operation:LoginUser"
    row_at(page, 0).focus()
    page.keyboard.press("Shift+F10")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(row_at(page, 0)).to_be_focused()
    row_at(page, 0).locator("td").nth(1).click(button="right")
    menu.get_by_role("menuitem", name="Leave out").click()
    open_list(page, "180")
    row_at(page, 0).click(button="right")
    menu.get_by_role("menuitem", name="Around this event").click()
    expect(page).to_have_url(re.compile("from=.*event="))
    page.keyboard.press("Escape")
    row_at(page, 0).locator("td").nth(1).click(button="right")
    menu.get_by_role("menuitem", name="Steps of this actor").click()
    expect(page).to_have_url(re.compile(r"/steps\?actor=.*from=.*to="))
