"""The screen in German: by the browser, and by choice."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.test_accessibility import faults


def test_german_by_browser_and_english_by_choice(screen: Screen, axe_source: str) -> None:
    page = screen.open("/?q=operation%3AAssignRole", locale="de-DE", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "de-DE")
    expect(page.get_by_role("heading", name="Audit-Logs")).to_be_visible()
    expect(page.locator("#explain")).to_contain_text("225 Ereignisse.")
    expect(page.locator("#explain")).to_contain_text(
        "für die gilt: der Vorgang ist AssignRole – am Freitag 15/03/2024"
    )
    expect(page.locator("#explain b").last).to_contain_text("00:00 bis 24:00 UTC")
    expect(page.get_by_role("checkbox", name="Erfolg")).to_be_visible()
    # The default format stays, whatever the language.
    expect(page.locator('tr[data-place="0"]')).to_contain_text("15/03/2024 14:44:30")
    assert faults(page, axe_source) == []
    # What is wrong with a search is said in German, too, and marked at its place.
    page.goto(screen.service.url + "/?q=operation%3AAssignRole%20opration%3Ax")
    wrong = page.get_by_role("alert").first
    expect(wrong).to_contain_text("Diese Suche ist nicht lesbar: Das Feld opration gibt es nicht.")
    expect(wrong.locator("mark")).to_have_text("opration:x")
    expect(page.get_by_text("Meinten Sie operation?")).to_be_visible()
    page.goto(screen.service.url + "/?q=operation%3AAssignRole%20outcome%3Asuccess")
    expect(page.locator("#explain b", has_text="Erfolg")).to_be_visible()
    page.goto(screen.service.url + "/?q=operation%3AAssignRole")
    expect(page.locator("#explain")).to_contain_text("225 Ereignisse.")
    page.get_by_role("button", name="Konto von").click()
    page.get_by_role("menuitemradio", name="English").click()
    expect(page.get_by_role("heading", name="Audit Logs")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(page.locator("#explain")).to_contain_text("225 events.")
