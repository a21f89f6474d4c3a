"""Governance: who can see what, and the table for an access review."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.test_accessibility import faults


def test_who_can_see_what(screen: Screen, axe_source: str) -> None:
    screen.service.key("w")
    page = screen.open("/governance", color_scheme="dark")
    people = page.get_by_role("table", name="People")
    expect(people).to_contain_text("ana@example.com")
    expect(people).to_contain_text("Administrator")
    expect(page.get_by_role("table", name="API keys")).to_contain_text("Write events")
    expect(page.locator(".bone")).to_have_count(0)
    assert faults(page, axe_source) == []
    with page.expect_download() as taken:
        page.get_by_role("link", name="Access review (CSV)").click()
    assert taken.value.suggested_filename.startswith("access-review-")
    assert "ana@example.com" in taken.value.path().read_text(encoding="utf-8")
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Open the menu").click()
    expect(page.get_by_role("link", name="Governance")).to_have_attribute("aria-current", "page")


def test_general_settings_by_keyboard(screen: Screen, axe_source: str) -> None:
    page = screen.open(
        "/settings?tab=general", locale="de-DE", viewport={"width": 390, "height": 844}
    )
    tab = page.get_by_role("tab", name="Allgemein")
    expect(tab).to_have_attribute("aria-selected", "true")
    tab.focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(tab).to_be_focused()
    expect(page.get_by_label("Datumsformat")).to_have_value("dmy")
    zone = page.get_by_label("Zeitzone", exact=False).first
    zone.fill("Nowhere/Land")
    expect(page.get_by_text("Diese Zeitzone kennt der Browser nicht.")).to_be_visible()
    expect(page.get_by_role("button", name="Speichern")).to_be_disabled()
    page.get_by_role("button", name="Verwerfen").click()
    expect(zone).to_have_value("UTC")
    assert faults(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_redaction_rules_and_a_try(screen: Screen, axe_source: str) -> None:
    page = screen.open("/settings?tab=redaction")
    expect(page.get_by_role("tab", name="Redaction")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("region", name="Rules in force")).to_contain_text("password")
    page.get_by_role("button", name="Show what would be masked").click()
    tried = page.get_by_role("region", name="Try an event")
    expect(tried).to_contain_text("2 places would be masked")
    expect(tried).to_contain_text('"before": "[redacted]"')
    assert faults(page, axe_source) == []
    tried.get_by_label("An event as JSON").fill("[1]")
    page.get_by_role("button", name="Show what would be masked").click()
    expect(tried).to_contain_text("This is no JSON object.")
