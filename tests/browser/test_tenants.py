"""Logging in with one address that has an account in two tenants."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.integration.conftest import EMAIL, PASSWORD, run_command

pytestmark = pytest.mark.timeout(120)


def test_the_login_asks_which_log(fresh: Callable[[], Screen], axe_source: str) -> None:
    screen = fresh()
    service = screen.service
    assert service.set_up().session["tenant"]["name"] == "main"
    added = run_command("tenants", "add", "acme-east", "--data", str(service.data), "--json")
    service.setup_token = json.loads(added.stdout)["token"]
    assert service.set_up().session["tenant"]["name"] == "acme-east"

    page = screen.open("/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose a log")).to_be_visible()
    expect(page.get_by_role("radio", name="main")).to_be_checked()
    wrong = page.evaluate(f"{axe_source}; axe.run().then((r) => r.violations.map((v) => v.id))")
    assert wrong == []
    # By keyboard alone: the choice, then Enter.
    page.get_by_role("radio", name="main").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="acme-east")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(".house")).to_have_text("acme-east")
