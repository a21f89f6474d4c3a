"""The Tasks tab: one row per run, its attempts, what is open too long, and the plain list."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, explained, tab
from tests.browser.story import DAY

TASKS = f"/?stream=task&date={DAY}"


pytestmark = pytest.mark.usefixtures("story")


def runs(page: Page) -> Locator:
    return page.get_by_role("treegrid", name="Runs").locator("tr.run")


def test_one_row_per_run_with_state_attempts_and_cause(screen: Screen) -> None:
    page = screen.open(TASKS)
    expect(page.locator(".runs-explain")).to_contain_text("6 runs made 15 entries.")
    expect(runs(page)).to_have_count(6)
    texts = runs(page).all_inner_texts()
    assert [text.split("\t")[0].strip()[-8:] for text in texts] == [
        "10:00:00", "09:10:02", "08:30:00", "08:00:00", "07:00:00", "06:00:00",
    ]  # fmt: skip
    expect(runs(page).nth(0)).to_contain_text("Running")
    expect(runs(page).nth(0)).to_contain_text("Past usual time")
    expect(runs(page).nth(1).get_by_role("link", name="ana.keller")).to_be_visible()
    expect(page.locator(".endbar")).to_contain_text("6 runs")
    expect(page.locator(".endbar")).to_contain_text("1 failed")
    expect(page.locator(".endbar")).to_contain_text("Median duration")
    # Opened by keyboard: attempts, then their entries, then the event.
    runs(page).nth(4).focus()
    page.keyboard.press("ArrowRight")
    attempts = page.locator("tr.att:not(.ent)")
    expect(attempts).to_have_count(2)
    expect(attempts.nth(0)).to_contain_text("Retried")
    expect(attempts.nth(0)).to_contain_text("TimeoutError: depot-api, 60 s")
    expect(attempts.nth(1)).to_contain_text("w2")
    page.keyboard.press("ArrowUp")
    expect(runs(page).nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr.att.ent")).to_have_count(2)
    page.locator("tr.att.ent").nth(1).get_by_role("button", name="SendDepotDigest").click()
    expect(drawer(page)).to_contain_text("SMTP 421, gave up")
    page.keyboard.press("Escape")
    # Only those that failed.
    page.locator(".endbar").get_by_role("button", name="1 failed").click()
    expect(runs(page)).to_have_count(1)
    expect(runs(page)).to_contain_text("SendDepotDigest")


def test_every_entry_is_one_click_away_and_in_the_address(screen: Screen) -> None:
    page = screen.open(TASKS)
    expect(runs(page)).to_have_count(6)
    page.get_by_role("button", name="Every entry").click()
    expect(explained(page)).to_contain_text("15 events")
    assert "rows=entries" in page.url
    page.go_back()
    expect(runs(page)).to_have_count(6)
    tab(page, "User").click()
    expect(explained(page)).to_contain_text("6 events")


def test_a_search_narrows_the_runs(screen: Screen) -> None:
    page = screen.open(f"{TASKS}&q=SMTP")
    expect(runs(page)).to_have_count(1)
    page.goto(f"{screen.service.url}{TASKS}&q=nothing-has-this")
    expect(page.get_by_text("No runs started in this time.")).to_be_visible()
    # A mistake in the text is shown at its place, as in the list.
    page.goto(f"{screen.service.url}{TASKS}&q=ip:(")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator(".runs-explain")).to_be_hidden()


def test_runs_on_a_narrow_screen(screen: Screen) -> None:
    page = screen.open(TASKS, viewport={"width": 390, "height": 844})
    expect(runs(page)).to_have_count(6)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
