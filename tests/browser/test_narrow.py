"""Narrow screens: rows become cards, nothing scrolls sideways, everything is still there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at, rows
from tests.browser.sample import event_id

_WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => !one.closest(".vh, .menu, svg, thead, .tabs, .raw, pre, .cut, .mid"))
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [320, 390, 640, 768, 1024])
def test_no_sideways_scroll(screen: Screen, width: int) -> None:
    context = screen.context(viewport={"width": width, "height": 800})
    page = screen.open("/", context)
    open_list(page, "900")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(_WIDER) == []
    page = screen.open("/?date=2024-03-09", context)
    open_list(page, "1")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page = screen.open(f"/?event={event_id(0)}", context)
    expect(drawer(page)).to_contain_text("Path checked")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for path in ("/keys", "/welcome"):
        page = screen.open(path, context)
        expect(page.locator(".panel").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_cards_show_the_same_values(screen: Screen) -> None:
    page = screen.open(viewport={"width": 390, "height": 844}, has_touch=True)
    open_list(page, "900")
    card = row_at(page, 0)
    for text in (
        "AssignRole", "200", "ana.keller@meridian.example", "Person",
        "POST /roles/v2/assignments", "15/03/2024 14:44:30", "203.0.113.0",
    ):  # fmt: skip
        expect(card).to_contain_text(text)
    expect(row_at(page, 2)).to_contain_text("Acts as another")
    page.evaluate("document.querySelector('.results').scrollTop = 9000")
    expect(row_at(page, 80)).to_be_visible()
    assert rows(page).count() <= 60


def test_event_takes_the_whole_screen(screen: Screen) -> None:
    page = screen.open(viewport={"width": 390, "height": 844}, has_touch=True)
    open_list(page, "900")
    row_at(page, 1).tap()
    box = drawer(page).bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    drawer(page).get_by_role("button", name="Close (Esc)").tap()
    expect(drawer(page)).to_be_hidden()


def test_menu_slides_in(screen: Screen) -> None:
    page = screen.open(viewport={"width": 390, "height": 844}, has_touch=True)
    open_list(page, "900")
    expect(page.get_by_role("link", name="API keys")).to_be_hidden()
    page.get_by_role("button", name="Open the menu").tap()
    page.get_by_role("link", name="API keys").tap()
    expect(page.get_by_role("heading", name="API keys").first).to_be_visible()
