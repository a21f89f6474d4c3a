"""A second factor, a passkey and confirming, with Chromium's virtual authenticator."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

import pyotp
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.integration.conftest import EMAIL, PASSWORD


def _log_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_codes_passkey_and_confirming(fresh: Callable[[], Screen], axe_source: str) -> None:
    screen = fresh()
    # Passkeys belong to a name; an address of numbers is none.
    screen.service.url = screen.service.url.replace("127.0.0.1", "localhost")
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    page = screen.open("/account")
    page.get_by_role("button", name="Set up").click()
    expect(
        page.get_by_role("img", name="Code to be scanned by an authenticator app")
    ).to_be_visible()
    totp = pyotp.TOTP(page.locator(".factor-set-up .secret code").inner_text())
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong or too old")
    page.get_by_label("Code", exact=True).fill(totp.now())
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator(".recovery code")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    found = page.evaluate(f"{axe_source}; axe.run().then((r) => r.violations.map((v) => v.id))")
    assert found == []
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()

    new = "an entirely different sentence"
    form = page.get_by_role("region", name="Password")
    form.get_by_label("Present password").fill("not the password at all")
    form.get_by_label("New password").fill(new)
    form.get_by_role("button", name="Change the password").click()
    expect(form.get_by_role("alert")).to_contain_text("present password is wrong")
    form.get_by_label("Present password").fill(PASSWORD)
    form.get_by_role("button", name="Change the password").click()
    expect(form.get_by_role("status")).to_contain_text("The password is changed")

    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
               "hasUserVerification": True, "isUserVerified": True,
               "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.get_by_label("Name of the device").fill("Test device")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("row").filter(has_text="Test device")).to_be_visible()

    _log_out(page)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(new)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Account of Ana")).to_be_visible()

    _log_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Account of Ana")).to_be_visible()

    with sqlite3.connect(screen.service.data / "control.sqlite3", timeout=20) as control:
        control.execute("UPDATE session SET confirmed_us = 0")
    page.goto(f"{screen.service.url}/users")
    page.get_by_role("button", name="Invite a person").click()
    dialog = page.get_by_role("dialog", name="Invite a person")
    dialog.get_by_label("E-mail address").fill("bo@example.com")
    dialog.get_by_role("button", name="Invite a person").click()
    asks = page.get_by_role("dialog", name="Is it still you?")
    asks.get_by_role("button", name="Use a passkey").click()
    # The invitation goes on by itself.
    expect(page.get_by_role("heading", name="Open invitations")).to_be_visible()

    page.goto(f"{screen.service.url}/account")
    logins = page.get_by_role("table").last
    expect(logins.get_by_role("row").filter(has_text="passkey")).to_contain_text("this one")
    page.get_by_role("button", name="Remove Test device").click()
    expect(page.get_by_role("row").filter(has_text="Test device")).to_have_count(0)
    screen.service.settle()
    page.get_by_role("link", name="What I did").click()
    expect(page.get_by_role("cell", name="SetUpSecondFactor").first).to_be_visible()
