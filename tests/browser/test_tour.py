"""
Six questions that people come with, each answered within five clicks from landing.

The log is that of the sample product (`examples/fleet`): a month of history, told as if it were a
Friday long ago, so that every run sees the same. Typing and keys are no clicks; every press of the
mouse is. `docs/tour.md` tells the same with pictures; set INDELIBLE_TOUR_PICTURES to a folder to
take these again.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, explained, search_box, tab
from tests.integration.conftest import RunningService, init_folder, start

from fleet.seed import DAYS, Plan, seed, write_plan

PICTURES = os.environ.get("INDELIBLE_TOUR_PICTURES")
MOST_CLICKS = 5
NOW = datetime(2024, 3, 15, 15, 0, tzinfo=UTC)
FOLDER = "018e0000-0000-4000-8000-00000000f1ee"  # what the dice of the history follow from
ATTACKER = "198.51.100.201"


@dataclass
class Visit:
    """A page on which every click is counted."""

    page: Page
    clicks: int = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def search(self, text: str) -> None:
        """Types into the search box, reached by its key."""
        expect(explained(self.page)).to_contain_text("event")
        self.page.keyboard.press("/")
        expect(search_box(self.page)).to_be_focused()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def done(self, name: str, most: int = MOST_CLICKS) -> None:
        """Ends the visit: not too many clicks, and a picture if these are wanted."""
        assert self.clicks <= most, f"{self.clicks} clicks"
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"tour-{name}.png")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with the sample product's last 30 days."""
    data = tmp_path_factory.mktemp("tour") / "data"
    service = start(data, setup_token=init_folder(data)["token"])
    midnight = NOW.replace(hour=0)
    plan = Plan(FOLDER, midnight - timedelta(days=DAYS - 1), NOW)
    write_plan(data.parent / "fleet" / "seed.json", plan)
    seed(service.url, service.key("w"), data.parent / "fleet", NOW)
    service.settle()
    yield service
    service.stop()


@pytest.fixture
def visit(history: RunningService, browser: Browser) -> Iterator[Visit]:
    """The landing page, logged in, a minute after the last event."""
    name, _, value = history.set_up().cookie.partition("=")
    screen = Screen(history, browser, (name, value), now=(NOW + timedelta(minutes=1)).isoformat())
    page = screen.open("/", viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield Visit(page)
    screen.close()


def first_row(page: Page, operation: str) -> Locator:
    return page.locator("tr[data-place]").filter(has_text=operation).first


def saved(page: Page, visit: Visit) -> Download:
    """The export with what the dialog proposes."""
    visit.click(page.get_by_role("button", name="Export", exact=True))
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text("event")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "tour-export.png")
    with page.expect_download() as waiting:
        visit.click(dialog.locator("button[type=submit]"))
    return waiting.value


def test_1_who_changed_a_dashboard_and_was_it_a_person_or_the_api(visit: Visit) -> None:
    page = visit.page
    visit.search("operation:UpdateDashboard target:d_418 change:description")
    expect(explained(page)).to_contain_text("d_418")
    row = first_row(page, "UpdateDashboard")
    expect(row).to_contain_text("Person")
    visit.click(row)
    expect(drawer(page)).to_contain_text("did UpdateDashboard on dashboard Arrivals today")
    expect(drawer(page)).to_contain_text("ana@meridian.example")
    expect(drawer(page).locator("ins mark").first).to_be_visible()
    visit.done("1-dashboard")


def test_2_anas_last_half_hour_as_code_with_the_failing_500(visit: Visit) -> None:
    page = visit.page
    expect(explained(page)).to_contain_text("event")
    visit.click(page.get_by_role("link", name="Steps"))
    page.get_by_role("textbox", name="Actor").fill("ana@meridian.example")
    visit.click(page.get_by_role("button", name="Last 30 min"))
    failing = page.locator(".a-step.failed")
    expect(failing.first).to_contain_text("500")
    expect(failing.first).to_contain_text("report storage is away")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "tour-2-steps.png")
    visit.click(page.get_by_role("button", name="Copy as"))
    visit.click(page.get_by_role("menuitem", name="Test (pytest, httpx)"))
    dialog = page.get_by_role("dialog", name="Steps: Test")
    expect(dialog.locator("pre")).to_contain_text("assert response.status_code == 500")
    code = dialog.locator("pre").inner_text()
    assert "'/reports/v1/d_418/preview?page=2'" in code
    assert "share_token" not in code or "value('VALUE_SHARE_TOKEN')" in code
    ast.parse(code)
    visit.click(dialog.get_by_role("button", name="Copy"))
    visit.done("2-code")


def test_3_failed_logins_from_one_address_this_week_as_csv(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.search(f"operation:LoginUser outcome:failure ip:{ATTACKER}")
    visit.click(page.get_by_role("button", name="Week"))
    expect(explained(page)).to_contain_text(ATTACKER)
    expect(first_row(page, "LoginUser")).to_contain_text(ATTACKER)
    path = tmp_path / "logins.csv"
    saved(page, visit).save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) >= 7
    assert {(row["User IP Address"], row["Outcome"]) for row in rows} == {(ATTACKER, "failure")}
    visit.done("3-logins")


def test_4_who_got_admin_this_month_and_who_approved_it(visit: Visit) -> None:
    page = visit.page
    visit.search("operation:AssignRole change:admin approved")
    visit.click(page.get_by_role("button", name="Month"))
    expect(explained(page)).to_contain_text("approved")
    expect(explained(page)).to_contain_text("March 2024")
    visit.click(first_row(page, "AssignRole"))
    changes = drawer(page).get_by_role("table")
    expect(changes).to_contain_text("admin")
    expect(drawer(page)).to_contain_text("approved by j.osei@meridian.example")
    visit.click(drawer(page).get_by_role("link", name="Everything done to Administrator for"))
    expect(first_row(page, "ApproveRequest")).to_contain_text("j.osei@meridian.example")
    expect(first_row(page, "RequestApproval")).to_be_visible()
    visit.done("4-approval")


def test_5_yesterdays_whole_log_to_engineering(
    visit: Visit, history: RunningService, tmp_path: Path
) -> None:
    page = visit.page
    expect(explained(page)).to_contain_text("event")
    visit.click(page.get_by_role("button", name="Previous day"))
    expect(explained(page)).to_contain_text("14/03/2024")
    visit.click(page.get_by_role("button", name="Export", exact=True))
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text("Thursday 14/03/2024, 00:00 to 24:00")
    visit.click(dialog.get_by_role("button", name=re.compile("^All tabs, ")))
    visit.click(dialog.get_by_role("radio", name="JSON Lines"))
    scope = dialog.get_by_text(re.compile("events, these filters, columns, zone")).inner_text()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "tour-5-export.png")
    with page.expect_download() as waiting:
        visit.click(dialog.locator("button[type=submit]"))
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert scope.startswith(f"{len(events):,} events")
    assert {event["stream"] for event in events} == {"user", "system", "task"}
    assert {event["occurred_at"][:10] for event in events} == {"2024-03-14"}
    # What engineering gets can be told from any other file.
    listed = history.request("GET", "/v1/exports", key=history.key("a")).json["exports"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in {one["sha256"] for one in listed}
    visit.done("5-whole-log")


def test_6_why_the_system_deleted_a_group(visit: Visit) -> None:
    page = visit.page
    expect(explained(page)).to_contain_text("event")
    visit.click(tab(page, "System"))
    visit.search("operation:DeleteGroup")
    visit.click(first_row(page, "DeleteGroup"))
    expect(drawer(page)).to_contain_text("Depot west night shift")
    visit.click(drawer(page).get_by_role("tab", name="Related"))
    expect(drawer(page)).to_contain_text("It began with CloseDepot by Joseph Osei")
    expect(drawer(page).locator(".why-node.focus")).to_contain_text("DeleteGroup")
    visit.done("6-why")
