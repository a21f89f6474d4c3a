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


def test_handles_move_by_keys_and_by_drag_zoom_and_widen(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    press(page, 12.1)
    open_list(page, "18")
    end = page.get_by_role("slider", name="End of the chosen time")
    begin = page.get_by_role("slider", name="Begin of the chosen time")
    expect(end).to_have_attribute("aria-valuetext", "15/03/2024 12:15:00")
    end.press("ArrowRight")
    end.press("ArrowRight")
    begin.press("ArrowLeft")
    open_list(page, "72")
    expect(begin).to_have_attribute("aria-valuetext", "15/03/2024 11:45:00")
    expect(end).to_be_visible()
    box = end.bounding_box()
    whole = plot(page).bounding_box()
    assert box is not None
    assert whole is not None
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(whole["x"] + whole["width"] * 13.01 / 24, box["y"] + 12, steps=4)
    page.mouse.up()
    open_list(page, "90")
    assert "to=2024-03-15T13%3A00%3A00Z" in page.url
    # The begin never passes the end.
    begin.press("End")
    open_list(page, "18")
    expect(begin).to_have_attribute("aria-valuetext", "15/03/2024 12:45:00")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("slider", name=re.compile("^Events per")).wait_for()
    open_list(page, "18")
    assert "period=" not in page.url
    page.get_by_role("button", name="Zoom out").click()
    open_list(page, "900")
    assert "from=" not in page.url


def test_outcomes_are_switched_in_the_legend(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    denied = page.get_by_role("button", name=re.compile("^Denied"))
    expect(denied).to_have_attribute("aria-pressed", "true")
    denied.click()
    open_list(page, "700")
    assert "q=-outcome%3Adenied" in page.url
    expect(denied).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name=re.compile("^Failure")).click()
    open_list(page, "400")
    denied.click()
    page.get_by_role("button", name=re.compile("^Failure")).click()
    open_list(page, "900")
    assert "q=" not in page.url


def test_times_without_records_are_bands(screen: Screen) -> None:
    """The answer about gaps stands in for a service that was down on the sample's day."""
    page = screen.open("/keys")
    gap = {
        "kind": "down", "from": "2024-03-15T03:15:00Z", "to": "2024-03-15T03:45:00Z",
        "clean": False, "source": None, "instance": None, "missing": None,
    }  # fmt: skip
    lost = gap | {
        "kind": "missing", "from": "2024-03-15T09:00:00Z", "to": "2024-03-15T09:10:00Z",
        "clean": None, "source": "fleet-web", "missing": 3,
    }  # fmt: skip
    answer = {
        "gaps": [gap, lost],
        "sequences_checked": True,
        "range": {"from": "2024-03-15T00:00:00Z", "to": "2024-03-16T00:00:00Z", "tz": "UTC"},
        "indexed_through": 960,
    }
    page.route("**/v1/gaps?*", lambda route: route.fulfill(json=answer))
    page.goto(screen.service.url)
    open_list(page, "900")
    bands = page.locator(".plot .gap")
    expect(bands).to_have_count(2)
    expect(bands.first).to_contain_text("not recorded")
    box = bands.first.bounding_box()
    whole = plot(page).bounding_box()
    assert box is not None
    assert whole is not None
    assert abs((box["x"] - whole["x"]) / whole["width"] - 3.25 / 24) < 0.004
    told = page.get_by_role("list", name="Not recorded").get_by_role("listitem")
    expect(told.first).to_contain_text(
        "did not run from 15/03/2024 03:15:00 to 15/03/2024 03:45:00"
    )
    expect(told.last).to_contain_text("3 events of fleet-web missing")
    expect(page.locator(".hist-top")).to_contain_text("Not recorded")
