"""Accounts on the screen: invite, the link in another browser, another role, removal."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.integration.conftest import PASSWORD


def test_a_person_from_invitation_to_removal(fresh: Callable[[], Screen], axe_source: str) -> None:
    screen = fresh()
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    page = screen.open("/users")
    grid = page.get_by_role("table")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("(you)")
    page.get_by_role("button", name="Invite a person").click()
    dialog = page.get_by_role("dialog", name="Invite a person")
    dialog.get_by_label("E-mail address").fill("bo@example.com")
    dialog.get_by_role("button", name="Invite a person").click()
    link = page.locator(".secret code").inner_text()
    assert link.startswith(f"{screen.service.url}/setup#token=")
    expect(page.get_by_role("heading", name="Open invitations")).to_be_visible()
    found = page.evaluate(f"{axe_source}; axe.run().then((r) => r.violations.map((v) => v.id))")
    assert found == []

    screen.cookie = None
    other = screen.context().new_page()
    other.goto(link)
    expect(other.get_by_label("E-mail")).to_have_value("bo@example.com")
    other.get_by_label("Name").fill("Bo")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Save and log in").click()
    expect(other.get_by_role("button", name="Account of Bo")).to_contain_text("Auditor")
    expect(other.get_by_role("link", name="Users")).to_have_count(0)

    page.reload()
    row = grid.get_by_role("row").filter(has_text="bo@example.com")
    expect(row).to_contain_text("Auditor")
    row.get_by_role("button", name="Role and scope: Bo").click()
    page.get_by_role("radio", name="Administrator").check()
    page.get_by_role("button", name="Save the role").click()
    expect(row).to_contain_text("Administrator")
    row.get_by_role("button", name="Remove: Bo").click()
    page.get_by_role("dialog", name="Remove Bo?").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    other.reload()
    expect(other.get_by_role("button", name="Log in")).to_be_visible()

    mine = grid.get_by_role("row").nth(1)
    mine.get_by_role("button", name="Remove: Ana").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("is the last administrator")
