"""Views: built in, saved, starred in the main menu, changed by two at once, deleted."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import explained


def test_a_view_is_opened_saved_and_changed_by_two(screen: Screen, axe_source: str) -> None:
    page = screen.open("/?period=week&date=2024-03-15")
    views = page.get_by_role("button", name="Views")
    views.click()
    page.get_by_role("menuitem", name="Denied and failed").click()
    expect(page).to_have_url(re.compile("q=has%3Aerror"))
    page.goto(page.url + "&date=2024-03-15")
    expect(explained(page)).to_contain_text("500 events")
    views.click()
    page.get_by_role("menuitem", name="Save this view…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("<b>Errors</b>")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("link", name="<b>Errors</b>")).to_be_visible()

    # Another page of the same person changes it first; this one is told.
    views.click()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => one.id))")
    assert found == []
    if shots := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(shots) / "views.png"))
    page.get_by_role("menuitem", name="Manage views…").click()
    form = dialog.get_by_role("form", name="<b>Errors</b>")
    expect(form.get_by_label("Name")).to_have_value("<b>Errors</b>")
    other = screen.open("/?period=week&date=2024-03-15", context=page.context)
    other.get_by_role("button", name="Views").click()
    other.get_by_role("menuitem", name="Manage views…").click()
    there = other.get_by_role("dialog")
    there.get_by_label("Name").fill("Errors of the week")
    there.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_role("link", name="Errors of the week")).to_be_visible()
    form.get_by_label("Name").fill("Mine")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody has changed this view")
    expect(dialog.get_by_label("Name")).to_have_value("Errors of the week")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("No saved views yet.")


def test_new_addresses_and_one_day_as_steps(screen: Screen, story: None) -> None:
    page = screen.open("/?date=2024-03-15")
    views = page.get_by_role("button", name="Views")
    views.click()
    page.get_by_role("menuitem", name="Addresses new for a user").click()
    expect(page).to_have_url(re.compile("q=first%3Aip.*by=actor_ip"))
    # What is read: two periods of the summary, and not the list behind it.
    lists: list[str] = []
    page.on(
        "request",
        lambda request: lists.append(request.url) if "/v1/events?" in request.url else None,
    )
    page.goto(page.url + "&date=2024-03-15")
    line = page.locator("table.sum tbody tr").filter(has_text="m.lind@meridian.example")
    expect(line).to_contain_text("m.lind@meridian.example · 203.0.113.2")
    assert lists == []
    # The rows behind a line are one click away.
    line.get_by_role("link").click()
    expect(explained(page)).to_contain_text("new for the actor in this period")
    expect(explained(page)).to_contain_text("1 event.")
    assert "by%3A%22m.lind%40meridian.example%22" in page.url
    views.click()
    page.get_by_role("menuitem", name="One user's day as steps").click()
    expect(page).to_have_url(re.compile("steps\\?actor=m.lind"))
    expect(page.locator(".a-step")).to_have_count(1)
    # Without a name in the search: who acted then, each a click away.
    page.goto(re.sub("actor=[^&]*&", "", page.url))
    who = page.get_by_role("region", name="Who acted in this time")
    who.get_by_role("button", name="m.lind@meridian.example").click()
    expect(page.locator(".a-step")).to_have_count(1)
