"""The Status page: what it tells of a sound service, and what of one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.conftest import Screen
from tests.browser.test_accessibility import THEMES, faults


def panel(page: Page, name: str) -> Any:
    return page.locator("section.panel").filter(has=page.get_by_role("heading", name=name))


def changed(page: Page, **parts: dict[str, Any]) -> None:
    """The service's own reply with some values replaced."""

    def answer(route: Route) -> None:
        reply = route.fetch()
        told = reply.json()
        for part, values in parts.items():
            told[part] = told[part] | values if isinstance(told[part], dict) else values["all"]
        route.fulfill(response=reply, body=json.dumps(told))

    page.route("**/v1/status/full", answer)


def test_it_is_reached_by_the_menu_and_tells_the_state(screen: Screen) -> None:
    page = screen.open("/")
    page.get_by_role("link", name="Status").click()
    expect(page).to_have_title("Status · Indelible")
    expect(page.get_by_role("link", name="Status")).to_have_attribute("aria-current", "page")
    told = screen.service.request("GET", "/v1/status/full", key=screen.service.key("a")).json
    log = panel(page, "Log")
    expect(log).to_contain_text("test/main")
    expect(log).to_contain_text("(limit 40,000)")
    expect(log).to_contain_text(told["version"])
    expect(panel(page, "Search index")).to_contain_text("Ready")
    expect(panel(page, "Search index")).to_contain_text("nothing")
    expect(panel(page, "Disk")).to_contain_text("GiB")
    expect(panel(page, "Check of the ledger")).to_contain_text("24 hours")
    table = panel(page, "Sources").get_by_role("table")
    for source in told["sources"]:
        row = table.get_by_role("row").filter(has_text=source["source"])
        expect(row).to_contain_text(f"{source['events']:,}")


def test_troubles_are_named(screen: Screen) -> None:
    page = screen.open("/welcome")
    changed(
        page,
        index={"state": "failed", "detail": "<b>it broke</b>", "lag_entries": 5000, "lag_s": 61.2},
        check={"state": "fault", "fault": "does not fit", "fault_entry": 4711},
        expiry={
            "state": "stopped", "waits_for": "clock",
            "clock": {"doubt": "jump", "seconds": 30 * 86_400, "approval": None},
        },
        disk={"full_in_days": 3, "bytes_per_day": 5 * 1024**3},
        sources={
            "all": [
                {"source": "shop<i>\u202e", "events": 7, "last_at": "2024-03-15T10:00:00Z",
                 "instances": 2, "missing": 12},
                {"source": "plain", "events": 1, "last_at": "2024-03-15T10:00:00Z",
                 "instances": 0, "missing": 0},
            ]
        },
    )  # fmt: skip
    page.get_by_role("link", name="Status").click()
    index = panel(page, "Search index")
    expect(index).to_contain_text("Wrong: Failed")
    expect(index).to_contain_text("<b>it broke</b>")
    expect(index).to_contain_text("5,000 entries, 62 seconds")
    check = panel(page, "Check of the ledger")
    expect(check).to_contain_text("Entry 4,711: does not fit. Run “indelible verify”.")
    expect(panel(page, "Disk")).to_contain_text("Wrong: in 3 days")
    expect(panel(page, "Disk")).to_contain_text("5 GiB")
    expiry = panel(page, "Expiry")
    expect(expiry).to_contain_text("Wrong: The sweeper has stopped")
    expect(expiry).to_contain_text("The clock was set ahead by 30 days. Nothing expires until two")
    rows = panel(page, "Sources").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("shop<i>")
    expect(rows.nth(1)).not_to_contain_text("\u202e")
    expect(rows.nth(1)).to_contain_text("12")
    expect(rows.nth(1)).to_contain_text("15/03/2024 10:00:00")
    expect(rows.nth(2)).to_contain_text("not numbered")


def test_when_the_service_does_not_answer(screen: Screen) -> None:
    page = screen.open("/welcome")
    page.route("**/v1/status/full", lambda route: route.abort())
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/v1/status/full")
    page.get_by_role("button", name="Try again").click()
    expect(panel(page, "Log")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_accessible(screen: Screen, axe_source: str, theme: str) -> None:
    page = screen.open("/status", color_scheme=theme)
    expect(panel(page, "Sources")).to_be_visible()
    assert faults(page, axe_source) == []


@pytest.mark.parametrize("width", [360, 768])
def test_it_fits_narrow_screens(screen: Screen, width: int) -> None:
    page = screen.open("/status", viewport={"width": width, "height": 800})
    expect(panel(page, "Sources")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
