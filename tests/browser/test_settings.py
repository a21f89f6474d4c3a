"""
Categories and retention on the screen: numbers before the button, two administrators at once,
taking back, own categories with rules, and what an auditor may do with all that.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.test_accessibility import faults
from tests.integration.conftest import PASSWORD, Login

_LOGIN = {
    "operation": "LoginUser",
    "method": "UserLogin",
    "endpoint": "/auth/v3/login",
    "actor": {"email": "lena@example.com"},
}
_SHARE = {"operation": "ShareProfile", "method": "POST", "endpoint": "/profiles/v3/share"}


@pytest.fixture
def govern(fresh: Callable[[], Screen]) -> tuple[Screen, Login]:
    """A service of its own with twelve logins and three shares, and its administrator."""
    screen = fresh()
    screen.service.send(*[_LOGIN] * 12, *[_SHARE] * 3)
    admin = screen.service.set_up()
    name, _, value = admin.cookie.partition("=")
    screen.cookie = (name, value)
    screen.service.settle()
    return screen, admin


def row(page: Page, name: str) -> Locator:
    """The row of a category."""
    return page.locator(".cats tbody tr").filter(has=page.get_by_role("button", name=name))


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_numbers_come_before_the_button_and_two_administrators_lose_nothing(
    govern: tuple[Screen, Login], axe_source: str
) -> None:
    screen, admin = govern
    page = screen.open("/")
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(page).to_have_url(f"{screen.service.url}/settings")
    person = page.get_by_label("Person of Authentication: kept for")
    expect(person).to_have_value("ever")
    expect(page.get_by_role("switch", name="Record Audit")).to_be_disabled()
    assert faults(page, axe_source) == []

    person.select_option("90")
    preview = card(page, "Preview")
    expect(preview).to_contain_text("events a day would expire from")
    expect(preview).to_contain_text("The 12 events that are there keep the time")
    expect(preview).to_contain_text("for ever to 90 days")
    save = preview.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    assert faults(page, axe_source) == []
    preview.get_by_label("Reason").fill("OPS-1198")
    expect(save).to_be_enabled()

    # Another administrator saves first.
    theirs = {"base_version": 1, "categories": [{"name": "sharing", "keep": {"fact": 730}}]}
    put = admin.request("PUT", "/v1/retention", json=theirs | {"reason": "sharing is short"})
    assert put.status == 200, put.body
    save.click()
    note = page.get_by_role("alert").filter(has_text="Somebody else has saved meanwhile")
    expect(note).to_contain_text("Ana saved version 2")
    expect(note).to_contain_text("Sharing Fact for ever → 2 years")
    expect(person).to_have_value("90")
    expect(preview.get_by_label("Reason")).to_have_value("OPS-1198")
    expect(page.get_by_label("Fact of Sharing: kept for")).to_have_value("730")
    expect(save).to_be_enabled()
    save.click()
    expect(preview).to_contain_text("Saved as policy version 3.")
    expect(row(page, "Authentication")).to_contain_text("now for ever")

    waiting = card(page, "Not in effect yet")
    expect(waiting).to_contain_text("Person for ever → 90 days")
    waiting.get_by_role("button", name="Withdraw").click()
    dialog = page.get_by_role("dialog", name="Withdraw these changes?")
    expect(dialog.get_by_role("button", name="Withdraw")).to_be_disabled()
    dialog.get_by_label("Reason").fill("too early")
    dialog.get_by_role("button", name="Withdraw").click()
    expect(waiting).to_have_count(0)
    expect(person).to_have_value("ever")

    page = screen.open("/governance", color_scheme="dark")
    history = page.get_by_role("table", name="Policy history")
    expect(history).to_contain_text("Person for ever → 90 days")
    expect(history).to_contain_text("OPS-1198")
    expect(history.get_by_role("row").nth(1)).to_contain_text("Takes back")
    expect(page.locator(".bone")).to_have_count(0)
    assert faults(page, axe_source) == []
    history.get_by_role("button", name="Show entry 1", exact=True).click()
    expect(page.get_by_role("dialog", name="Entry 1")).to_contain_text('"version": 1,')


def test_periods_floors_presets_and_discard_by_keyboard(
    govern: tuple[Screen, Login], axe_source: str
) -> None:
    screen, _ = govern
    page = screen.open("/settings", viewport={"width": 320, "height": 700}, color_scheme="dark")
    fact = page.get_by_label("Fact of Sharing: kept for")
    expect(fact).to_have_value("ever")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page, axe_source) == []
    fact.select_option("other")
    typed = page.get_by_label("Fact of Sharing: kept for (Days)")
    expect(typed).to_be_focused()
    typed.fill("400")
    typed.press("Enter")
    expect(fact).to_be_focused()
    expect(fact.locator("option:checked")).to_have_text("400 days")
    page.get_by_role("button", name="Look at the preview").click()
    preview = card(page, "Preview")
    expect(preview).to_contain_text("for ever to 400 days")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # A period below a floor is not offered; a floor goes through the preview like all else.
    authentication = page.get_by_label("Fact of Authentication: kept for")
    expect(authentication.locator("option[value='30']")).to_be_disabled()
    page.get_by_role("button", name="Add a floor for Sharing").click()
    dialog = page.get_by_role("dialog", name="A floor for Sharing")
    assert faults(page, axe_source) == []
    dialog.get_by_role("button", name="Put it into the preview").press("Enter")
    expect(row(page, "Sharing")).to_contain_text("Fact 1 year")
    preview.get_by_role("button", name="Discard").click()
    expect(fact).to_have_value("ever")
    expect(row(page, "Sharing")).not_to_contain_text("Fact 1 year")

    page.get_by_role("button", name="Presets").click()
    page.get_by_role("menuitem", name="GDPR, minimal").click()
    expect(fact).to_have_value("365")
    expect(page.get_by_label("Person of Sharing: kept for")).to_have_value("90")
    expect(preview).to_contain_text("categories changed")
    preview.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Look at the preview")).to_have_count(0)


def test_an_own_category_with_a_rule_gets_its_events_and_is_switched_off(
    govern: tuple[Screen, Login], axe_source: str
) -> None:
    screen, _ = govern
    page = screen.open("/settings")
    page.get_by_role("button", name="Add a category").click()
    dialog = page.get_by_role("dialog", name="A category of your own")
    dialog.get_by_label("Short name").fill("page-views")
    dialog.get_by_label("Name", exact=True).fill("Page <b>views")
    dialog.get_by_role("button", name="Add a rule").click()
    dialog.get_by_label("Operation of rule 1").fill("View*")
    tester = dialog.get_by_role("form", name="Which category would this event get?")
    tester.get_by_label("Operation").fill("ViewPage")
    tester.get_by_role("button", name="Find out").click()
    expect(tester).to_contain_text("page-views")
    expect(tester).to_contain_text("by rule 1 of your own")
    expect(tester).to_contain_text("these would have it, in this order:")
    assert faults(page, axe_source) == []
    dialog.get_by_role("button", name="Add it").click()
    expect(dialog).to_have_count(0)
    expect(row(page, "Page <b>views")).to_be_visible()
    screen.service.send({"operation": "ViewPage"})
    (seen,) = [e for e in screen.service.events() if e["operation"] == "ViewPage"]
    assert seen["category"] == "page-views"

    page.get_by_role("switch", name="Record Page <b>views").click()
    preview = card(page, "Preview")
    expect(preview).to_contain_text("not be recorded from")
    preview.get_by_label("Reason").fill("nobody reads them")
    preview.get_by_role("button", name="Save").click()
    expect(card(page, "Not in effect yet")).to_contain_text("recording On → Off")
    screen.service.settle()
    page.get_by_role("link", name="Every change here is an event").click()
    expect(page.get_by_role("grid", name="Events")).to_contain_text("Retention")


def test_an_auditor_sees_everything_and_changes_nothing(govern: tuple[Screen, Login]) -> None:
    screen, admin = govern
    made = admin.request("POST", "/v1/users", json={"email": "bo@example.com", "role": "auditor"})
    screen.service.setup_token = made.json["path"].removeprefix("/setup#token=")
    bo = screen.service.set_up("bo@example.com", PASSWORD)
    name, _, value = bo.cookie.partition("=")
    screen.cookie = (name, value)
    page = screen.open("/settings", locale="de-DE")
    expect(page.get_by_text("Ändern kann es nur ein Administrator.")).to_be_visible()
    expect(page.get_by_label("Person von Anmeldung: aufbewahrt")).to_be_disabled()
    expect(page.get_by_role("switch", name="Freigaben aufzeichnen")).to_be_disabled()
    expect(page.get_by_role("button", name="Vorlagen")).to_have_count(0)
    expect(page.get_by_role("button", name="Speichern")).to_have_count(0)
    page.get_by_role("button", name="Anmeldung").click()
    dialog = page.get_by_role("dialog", name="Kategorie Anmeldung")
    expect(dialog.get_by_label("Beschreibung")).to_be_disabled()
    body = {"base_version": 1, "categories": [], "reason": json.dumps("x")}
    assert bo.request("PUT", "/v1/retention", json=body).status == 403


def test_a_reduction_waits_for_a_second_administrator(govern: tuple[Screen, Login]) -> None:
    screen, admin = govern
    made = admin.request("POST", "/v1/users", json={"email": "bo@example.com", "role": "admin"})
    screen.service.setup_token = made.json["path"].removeprefix("/setup#token=")
    bo = screen.service.set_up("bo@example.com", PASSWORD)
    eyes = admin.request(
        "PUT", "/v1/four-eyes/retention_cut", json={"on": True, "reason": "two of us"}
    )
    assert eyes.status == 200, eyes.body
    page = screen.open("/settings")
    page.get_by_label("Person of Authentication: kept for").select_option("90")
    preview = card(page, "Preview")
    expect(preview).to_contain_text("A second administrator has to approve it.")
    preview.get_by_label("Reason").fill("OPS-1198")
    preview.get_by_role("button", name="Ask for approval").click()
    expect(preview).to_contain_text("It waits for a second administrator.")
    waiting = card(page, "Approval")
    expect(waiting).to_contain_text("Person for ever → 90 days")
    expect(waiting).to_contain_text("you cannot approve it")
    expect(waiting.get_by_role("button", name="Approve")).to_be_disabled()
    expect(card(page, "Not in effect yet")).to_have_count(0)

    name, _, value = bo.cookie.partition("=")
    screen.cookie = (name, value)
    page = screen.open("/settings")
    card(page, "Approval").get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve these changes?")
    dialog.get_by_label("Reason").fill("agreed")
    dialog.get_by_role("button", name="Approve").click()
    expect(card(page, "Not in effect yet")).to_contain_text("Person for ever → 90 days")
    expect(card(page, "Approval")).to_have_count(0)
