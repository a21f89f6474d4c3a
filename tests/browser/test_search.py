"""Search Logs: what it finds, when it asks, and what it says when it cannot read the text."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Request, Route, expect
from tests.browser.conftest import Screen
from tests.browser.look import explained, open_list, row_at, search_box, tab

PAUSE_S = 0.4  # web/src/logs/SearchBox.tsx


def test_words_and_fields(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    search_box(page).fill("greta.holm operation:AssignRole")
    search_box(page).press("Enter")
    open_list(page, "45")
    expect(explained(page)).to_contain_text("greta.holm")
    expect(row_at(page, 0)).to_contain_text("greta.holm")
    assert "q=greta.holm+operation%3AAssignRole" in page.url
    expect(page).to_have_title(re.compile("^Audit Logs · greta.holm operation:AssignRole"))
    # The other tabs count the same search.
    expect(tab(page, "System")).to_contain_text("0")


def test_finds_inside_words_and_changed_values(screen: Screen) -> None:
    page = screen.open("/?q=HARINGPROF")
    open_list(page, "225")
    page = screen.open("/?q=depots")
    open_list(page, "900")


def test_typing_asks_once_after_a_pause(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/v1/events?" in request.url:
            asked.append(request.url)

    page.on("request", note)
    search_box(page).click()
    expect(page.locator("search .editor")).to_be_visible()
    for _ in range(10):
        asked.clear()
        begun_s = time.monotonic()
        page.keyboard.type("tomas")
        is_quick = time.monotonic() - begun_s < PAUSE_S
        open_list(page, "180")
        if is_quick:
            break
        # This machine made the pause: again from the start.
        page.keyboard.press("Escape")
        open_list(page, "900")
    assert [re.search(r"[?&]q=([^&]*)", url)[1] for url in asked] == ["tomas"]  # type: ignore[index]


def test_mistake_is_shown_at_its_place(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    search_box(page).fill("Assign status:abc")
    search_box(page).press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This search cannot be read: abc is not a status.")
    expect(alert.locator("mark")).to_have_text("abc")
    expect(search_box(page)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("heading", name="This search cannot be read")).to_be_visible()
    expect(page.get_by_role("grid")).to_have_count(0)
    search_box(page).fill("Assign status:403")
    search_box(page).press("Enter")
    expect(alert).to_have_count(0)
    expect(row_at(page, 0)).to_contain_text("403")


def test_what_is_selected_stays_so_when_the_editor_takes_the_fields_place(screen: Screen) -> None:
    """A person may be quicker than the editor's file: what is typed next replaces the selection."""
    page = screen.open()
    open_list(page, "900")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/Editor-*.js", hold)
    box = search_box(page)
    box.click()
    box.press_sequentially("anybody")
    box.press("Control+a")
    expect(page.locator("search input")).to_be_focused()
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    expect(page.locator("search .editor")).to_be_visible()
    page.keyboard.type("status:403")
    expect(search_box(page)).to_have_text("status:403")
    expect(row_at(page, 0)).to_contain_text("403")


def test_no_hit_says_so_and_lets_go_of_the_search(screen: Screen) -> None:
    page = screen.open("/?q=nobody.has.this")
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="nobody.has.this")).to_be_visible()
    page.get_by_role("link", name="Show without the search").click()
    open_list(page, "900")
    expect(page.locator("search .clear")).to_have_count(0)


def test_clear_and_escape(screen: Screen) -> None:
    page = screen.open("/?q=tomas")
    open_list(page, "180")
    page.get_by_role("button", name="Clear the search").click()
    open_list(page, "900")
    expect(search_box(page)).to_be_focused()
    search_box(page).fill("tomas")
    search_box(page).press("Enter")
    open_list(page, "180")
    search_box(page).press("Escape")
    open_list(page, "900")
