"""Times: relative, to the minute, over changes of clocks; links that keep what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import explained, open_list, row_at


def open_times(page: Page) -> Locator:
    page.get_by_role("button", name=re.compile("^Choose a date")).click()
    panel = page.get_by_role("dialog", name="Calendar")
    expect(panel.get_by_role("group", name="Recent")).to_be_visible()
    return panel


def type_minute(panel: Locator, label: str, digits: str) -> None:
    """Types into the parts of a field, as they follow each other."""
    panel.get_by_role("group", name=label).get_by_role("spinbutton").first.focus()
    panel.page.keyboard.type(digits)


def test_last_minutes_stay_relative_and_links_do_not(screen: Screen) -> None:
    context = screen.context(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open("/", context)
    open_list(page, "900")
    open_times(page).get_by_role("button", name="Last 15 minutes").click()
    expect(page.get_by_role("button", name="Choose a date")).to_have_text("Last 15 minutes")
    # From 14:30:00: one event each 50 seconds until 14:44:30.
    open_list(page, "18")
    assert page.url.endswith("/?last=15m")
    panel = open_times(page)
    panel.get_by_role("button", name="Copy link").click()
    expect(panel).to_contain_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "last=" not in link
    assert "from=2024-03-15T14%3A30%3A00Z" in link
    assert "tz=UTC" in link
    page.goto(link)
    open_list(page, "18")
    page.get_by_role("button", name="Zoom out").click()
    open_list(page, "900")


def test_times_to_the_minute_and_go_to(screen: Screen) -> None:
    page = screen.open("/")
    open_list(page, "900")
    panel = open_times(page)
    type_minute(panel, "From", "150320241200")
    type_minute(panel, "To", "150320241159")
    expect(panel).to_contain_text("The end must lie after the beginning.")
    expect(panel.get_by_role("button", name="Show these times")).to_be_disabled()
    type_minute(panel, "To", "150320241210")
    panel.get_by_role("button", name="Show these times").click()
    open_list(page, "12")
    assert "from=2024-03-15T12%3A00%3A00Z&to=2024-03-15T12%3A10%3A00Z" in page.url
    panel = open_times(page)
    type_minute(panel, "From", "150320241030")
    panel.get_by_role("button", name="Go to").click()
    expect(page.get_by_role("button", name="Choose a date")).to_have_text("Friday 15/03/2024")
    expect(row_at(page, 0)).to_contain_text("15/03/2024 10:30:20")
    expect(page.get_by_role("columnheader", name="Date")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_days_on_which_clocks_change(fresh: Callable[[], Screen]) -> None:
    """Berlin's 31 March 2024 has 23 hours, New York's 3 November 2024 has 25."""
    screen = fresh()
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie, screen.now = (name, value), "2024-12-01T12:00:00Z"
    stamps = [f"2024-03-{day}:30:00Z" for day in ("30T22", "30T23", "31T00", "31T01", "31T21")]
    stamps += ["2024-03-31T22:30:00Z"]
    stamps += [f"2024-11-{day}:30:00Z" for day in ("03T03", "03T04", "03T05", "03T06", "04T04")]
    stamps += ["2024-11-04T05:30:00Z"]
    screen.service.send(*({"operation": "Tick", "occurred_at": at} for at in stamps))
    screen.service.settle()
    context = screen.context(timezone_id="America/New_York")
    page = screen.open("/?date=2024-03-31&tz=Europe/Berlin&order=asc", context)
    # 23:30 UTC of the 30th is 00:30 here, 00:30 UTC is 01:30, 01:30 UTC is 03:30 already.
    open_list(page, "4")
    times = [row_at(page, place).locator("time").inner_text()[11:16] for place in range(4)]
    assert times == ["00:30", "01:30", "03:30", "23:30"]
    expect(page.get_by_role("slider", name=re.compile("^Events per"))).to_have_attribute(
        "aria-valuemax", "91"
    )
    page = screen.open("/?date=2024-11-03&tz=America/New_York&order=asc", context)
    # 05:30 and 06:30 UTC both are 01:30 here.
    open_list(page, "4")
    times = [row_at(page, place).locator("time").inner_text()[11:16] for place in range(4)]
    assert times == ["00:30", "01:30", "01:30", "23:30"]
    expect(page.get_by_role("slider", name=re.compile("^Events per"))).to_have_attribute(
        "aria-valuemax", "99"
    )
    # The fields tell the two apart: from the second 01:30 on.
    page = screen.open("/?tz=America/New_York&from=2024-11-03T06:00:00Z&to=2024-11-03T07:00:00Z",
                       context)  # fmt: skip
    open_list(page, "1")
    open_times(page).get_by_role("button", name="Show these times").click()
    open_list(page, "1")
    assert "from=2024-11-03T06%3A00%3A00Z&to=2024-11-03T07%3A00%3A00Z" in page.url
    expect(explained(page)).to_contain_text("America/New_York")
