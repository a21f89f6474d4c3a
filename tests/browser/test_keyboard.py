"""Everything without a mouse, and the way to switch single keys off."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at, rows, search_box, tab
from tests.browser.sample import event_id

_REUSED = "[...document.querySelectorAll('tbody tr')].filter((row) => row.isOld).length"


def test_keys_reach_everything(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    press = page.keyboard.press
    press("/")
    expect(search_box(page)).to_be_focused()
    page.keyboard.type("tomas")
    press("Enter")
    open_list(page, "180")
    press("Escape")  # clears
    press("Escape")  # leaves the box
    expect(search_box(page)).not_to_be_focused()
    open_list(page, "900")
    press("2")
    expect(tab(page, "System")).to_have_attribute("aria-selected", "true")
    press("3")
    expect(tab(page, "Tasks")).to_have_attribute("aria-selected", "true")
    press("1")
    open_list(page, "900")
    press("w")
    open_list(page, "905")
    press("m")
    open_list(page, "906")
    press("d")
    press("[")
    open_list(page, "5")
    press("t")
    open_list(page, "900")
    press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard and help")
    expect(help_dialog).to_be_visible()
    press("Escape")
    expect(help_dialog).to_be_hidden()
    press("e")
    expect(page.get_by_role("dialog", name="Export")).to_be_visible()


def test_rows_by_keys(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    page.keyboard.press("j")
    expect(row_at(page, 0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(row_at(page, 2)).to_be_focused()
    page.keyboard.press("k")
    expect(row_at(page, 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer(page)).to_be_visible()
    assert page.url.endswith(event_id(1))
    page.keyboard.press("j")
    expect(row_at(page, 2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(row_at(page, 2)).to_be_focused()
    page.keyboard.press("End")
    expect(row_at(page, 199)).to_be_focused()
    assert rows(page).count() <= 60


def test_focused_row_survives_scrolling_away(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(row_at(page, 1)).to_be_focused()
    event = row_at(page, 1).get_attribute("data-event")
    page.evaluate("for (const row of document.querySelectorAll('tbody tr')) row.isOld = true")
    page.evaluate("document.querySelector('.scroll').scrollTop = 3000")
    expect(row_at(page, 120)).to_be_visible()
    expect(row_at(page, 1)).to_be_focused()
    # A whole screen of other rows: in the elements that were there, the focused one is its event's.
    assert page.evaluate(_REUSED) >= 20
    assert page.evaluate("document.activeElement.dataset.event") == event
    page.keyboard.press("ArrowDown")
    expect(row_at(page, 2)).to_be_focused()
    expect(row_at(page, 2)).to_be_in_viewport()


def test_tab_order_meets_every_control(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    expect(page.get_by_role("slider", name="Events per 15 minutes")).to_be_visible()
    names: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                # The editor takes the plain field's place, in a shadow tree of its own.
                "(() => { const outer = document.activeElement;"
                " const e = outer.shadowRoot?.activeElement ?? outer;"
                " return e.getAttribute('aria-label') || e.textContent.trim() || e.tagName })()"
            )
        )
        ring = page.evaluate(
            "(() => { const e = document.activeElement;"
            " const own = getComputedStyle(e); const box = getComputedStyle(e.parentElement);"
            " const cell = e.cells ? getComputedStyle(e.cells[0]).boxShadow : 'none';"
            " return [own.boxShadow, own.outlineStyle, box.boxShadow, cell] })()"
        )
        assert ring[:2] != ["none", "none"] or ring[2] != "none" or ring[3] != "none", names[-1]
        if names[-1].startswith("15/03/2024"):
            break
    for wanted in (
        "Audit Logs", "API keys", "Account of", "Time zone", "Theme", "Keyboard", "User", "Day",
        "Previous day", "Today", "Choose a date", "Search Logs", "Export", "Settings",
        "Events per 15", "Date", "15/03/2024",
    ):  # fmt: skip
        assert any(wanted in name for name in names), (wanted, names)


def test_single_keys_can_be_switched_off(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    page.keyboard.press("?")
    page.get_by_role("switch", name="Single-key shortcuts").click()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("/")
    expect(search_box(page)).not_to_be_focused()
    expect(tab(page, "User")).to_have_attribute("aria-selected", "true")
    page.reload()
    open_list(page, "900")
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Choose a date")).to_have_text(re.compile("^Friday"))
