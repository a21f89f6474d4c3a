"""The Summary view: two periods side by side, what changed, and the way back to the list."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import explained, rows


def test_summary_from_the_list_and_back(screen: Screen, story: None, axe_source: str) -> None:
    page = screen.open("/?period=week&date=2024-03-15")
    page.get_by_role("group", name="Show as").get_by_role("button", name="Summary").click()
    expect(page).to_have_url(re.compile("view=summary"))
    cards = page.locator(".cards > div")
    # One of the eight also acts in the story of two years before.
    # 900 events of the Friday and 5 of the day before, against one of the week before.
    expect(cards.nth(0)).to_contain_text("905")
    expect(cards.nth(2)).to_contain_text("7 for the first time")
    table = page.locator("table.sum")
    first = table.locator("tbody tr").first
    expect(first).to_contain_text("225")
    expect(first.locator(".tag.new")).to_have_text("New")
    expect(table.locator("tbody tr")).to_have_count(6)
    expect(table.get_by_text("Gone")).to_have_count(1)
    expect(explained(page)).to_contain_text("against")
    # Hostile text is inert here too, and nothing breaks the rules of accessibility.
    assert page.evaluate("window.hacked") is None
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => one.id))")
    assert found == []
    if shots := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(shots) / "summary.png"))
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=str(Path(shots) / "summary-dark.png"))

    # The order, the other fields, and what changed: all in the address.
    table.get_by_role("button", name="Operation").click()
    expect(table.locator("tbody tr").first).to_contain_text("UpdateSharingProfile")
    group = page.get_by_role("group", name="Group by")
    group.get_by_role("button", name="Actor").click()
    expect(table.locator("tbody th").first).to_contain_text("@meridian.example")
    group.get_by_role("button", name="Changes").click()
    operations = page.get_by_role("region", name="Operations")
    expect(operations.get_by_role("link", name="AssignRole")).to_be_visible()
    if shots:
        page.screenshot(path=str(Path(shots) / "changes.png"))

    # Any second period.
    page.get_by_role("button", name="Choose…").click()
    page.get_by_label("From").fill("2024-03-14")
    page.get_by_label("To (included)").fill("2024-03-14")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile("compare=2024-03-14%2F2024-03-15"))
    expect(page.locator(".key.line")).to_contain_text("14/03/2024")

    # A line opens the list, filtered to it.
    operations.get_by_role("link", name="AssignRole").first.click()
    expect(explained(page)).to_contain_text("225 events.")
    expect(rows(page).first).to_contain_text("AssignRole")
    assert "view=summary" not in page.url


def test_summary_on_a_narrow_screen(screen: Screen) -> None:
    page = screen.open(
        "/?period=week&date=2024-03-15&view=summary", viewport={"width": 390, "height": 844}
    )
    expect(page.locator("table.sum tbody tr").first).to_contain_text("225")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if shots := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(shots) / "summary-390.png"))
