"""The histogram: a press, a drag and the keyboard narrow the list; zooming out widens it again."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import open_list, row_at
from tests.browser.sample import TODAY


def plot(page: Page) -> Locator:
    """The drawing; its slots are 15 minutes on a day."""
    return page.get_by_role("slider", name="Events per 15 minutes")


def press(page: Page, hour: float, until: float | None = None) -> None:
    """Presses at an hour of the day, or drags from it to another."""
    box = plot(page).bounding_box()
    assert box is not None
    y = box["y"] + box["height"] - 4
    page.mouse.move(box["x"] + box["width"] * hour / 24, y)
    page.mouse.down()
    if until is not None:
        page.mouse.move(box["x"] + box["width"] * until / 24, y, steps=4)
    page.mouse.up()


def test_counts_by_outcome(screen: Screen) -> None:
    filters = {"stream": "user", "period": "day", "date": TODAY, "tz": "UTC", "group": "outcome"}
    reply = screen.service.request(
        "GET", "/v1/stats", key=screen.service.key("r"), params=filters
    ).json
    counts = {group["key"]: group["count"] for group in reply["groups"]}
    assert sum(counts.values()) == 900
    page = screen.open()
    open_list(page, "900")
    legend = page.locator(".hist-top")
    for key, name in (
        ("success", "Success"), ("denied", "Denied"), ("failure", "Failure"),
        ("unknown", "Not stated"),
    ):  # fmt: skip
        expect(legend).to_contain_text(re.compile(rf"{name}\s*{counts[key]}"))


def test_bar_narrows_and_zoom_out_widens(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    press(page, 12.1)
    # 12:00 to 12:15: one event each 50 seconds.
    open_list(page, "18")
    assert "from=2024-03-15T12%3A00%3A00Z&to=2024-03-15T12%3A15%3A00Z" in page.url
    expect(page.locator(".endbar")).to_contain_text("18 events in 12:00 to 12:15")
    expect(page.locator(".endbar")).to_contain_text("of 900 on this day")
    expect(row_at(page, 0)).to_contain_text("12:14:30")
    page.get_by_role("button", name="Clear", exact=True).click()
    open_list(page, "900")
    assert "from=" not in page.url


def test_drag_takes_several_bars(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    press(page, 10.05, 10.95)
    open_list(page, "72")
    expect(page.locator(".hist-top")).to_contain_text("10:00 to 11:00 · 72 events")
    page.go_back()
    open_list(page, "900")


def test_keyboard_does_the_same(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    plot(page).focus()
    page.keyboard.press("Home")
    expect(plot(page)).to_have_attribute("aria-valuetext", "00:00 to 00:15, 0 events")
    for _ in range(4):
        page.keyboard.press("PageDown")
    expect(plot(page)).to_have_attribute("aria-valuetext", "10:00 to 10:15, 18 events")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(plot(page)).to_have_attribute("aria-valuetext", "10:00 to 11:00, 72 events")
    page.keyboard.press("Enter")
    open_list(page, "72")
    page.keyboard.press("Escape")
    open_list(page, "900")
