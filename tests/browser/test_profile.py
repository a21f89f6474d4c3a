"""Pages of a target and an actor: reached from an event, history, seams, state at a moment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, explained
from tests.browser.sample import event_id


def test_from_an_event_to_its_target_and_actor(screen: Screen, axe_source: str) -> None:
    page = screen.open(f"/?date=2024-03-15&event={event_id(0)}")
    links = drawer(page).get_by_role("navigation", name="Pages of this event")
    links.get_by_role("link", name="Administrator").click()
    expect(page).to_have_url(re.compile(r"target\?value=r_1&type=role"))
    expect(page.locator(".lead")).to_contain_text("Last updated by")
    expect(page.locator(".lead")).to_contain_text("15/03/2024")
    state = page.get_by_role("region", name="State")
    expect(state.locator("tbody tr").first).to_contain_text("admin")
    # Each change says it replaced "viewer" though the one before left "admin".
    expect(page.locator(".seam").first).to_contain_text("Changed outside the log between")
    slider = state.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("at=2024-03-15T02"))
    expect(state.get_by_role("heading")).to_contain_text("15/03/2024 02:1")
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => one.id))")
    assert found == []
    if shots := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(shots) / "target.png"))
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        moving = "document.getAnimations().map((one) => one.finished)"
        page.evaluate(f"Promise.all({moving}).then(() => 1)")
        page.screenshot(path=str(Path(shots) / "target-390-dark.png"))
        page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("region", name="Actors").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/actor"))
    expect(page.get_by_role("region", name="Operations")).to_contain_text("AssignRole")
    expect(page.get_by_role("link", name="Last steps")).to_have_attribute(
        "href", re.compile(r"steps\?actor=")
    )
    page.get_by_role("link", name="Show in the list").click()
    expect(explained(page)).to_contain_text("actor is")
