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
