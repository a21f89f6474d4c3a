"""Who may see the screen: first link, first run, log in and out, a session that ends, keys."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at
from tests.integration.conftest import EMAIL, PASSWORD


def log_in(page: Page, password: str = PASSWORD) -> None:
    """Fills and sends the login form."""
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_first_link_first_run_first_event(fresh: Callable[[], Screen]) -> None:
    """From the one-time link to the first event on the screen, with the page's own snippet."""
    screen = fresh()
    page = screen.open(f"/setup#token={screen.service.setup_token}")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Name").fill("Ana Keller")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Save and log in").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 12 characters")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Save and log in").click()
    expect(page.get_by_text("Nothing has been recorded yet.")).to_be_visible()
    page.get_by_role("button", name="Create a write key").click()
    expect(page.locator(".snippet pre")).to_have_count(2)
    curl, python = page.locator(".snippet pre").all_inner_texts()
    assert curl.startswith(f"curl -sS '{screen.service.url}/v1/events'")
    expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    sent = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, text=True, timeout=60, check=True
    )
    assert '"stored":1' in sent.stdout.replace(" ", "")
    expect(drawer(page)).to_contain_text("you@example.com did SendFirstEvent.")
    open_list(page, "1")
    # The link is used up.
    other = screen.open(f"/setup#token={screen.service.setup_token}")
    expect(other.get_by_role("alert")).to_contain_text("used up or not valid")


def test_curl_snippet_runs_as_it_stands(fresh: Callable[[], Screen]) -> None:
    screen = fresh()
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    page = screen.open("/welcome")
    page.get_by_role("button", name="Create a write key").click()
    curl = page.locator(".snippet pre").first.inner_text()
    subprocess.run(["bash", "-c", curl], capture_output=True, timeout=60, check=True)
    expect(drawer(page)).to_contain_text("SendFirstEvent")


def test_log_in_leads_to_the_address_asked_for(screen: Screen) -> None:
    screen.cookie = None
    page = screen.open("/?date=2024-03-14")
    log_in(page, "not the password")
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    log_in(page)
    open_list(page, "5")
    assert page.url.endswith("/?date=2024-03-14")


def test_log_out(screen: Screen) -> None:
    screen.cookie = None
    page = screen.open("/login")
    log_in(page)
    open_list(page, "900")
    page.get_by_role("button", name="Account of Ana").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.goto(screen.service.url)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_session_that_ends_asks_again_and_goes_back(screen: Screen) -> None:
    screen.cookie = None
    page = screen.open("/login")
    log_in(page)
    open_list(page, "900")
    page.context.clear_cookies()
    page.get_by_role("button", name="Previous day").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    log_in(page)
    open_list(page, "5")
    assert page.url.endswith("/?date=2024-03-14")


@pytest.mark.parametrize(("kind", "letter"), [("Write events", "w"), ("Read the log", "r")])
def test_keys_are_made_shown_once_and_revoked(screen: Screen, kind: str, letter: str) -> None:
    page = screen.open("/keys")
    name = f"robot {letter}"
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("dialog").get_by_role("button", name="Create a key").click()
    secret = page.locator(".secret code")
    expect(secret).to_contain_text(f"ind_{letter}_")
    key = secret.inner_text()
    path = "/v1/status" if letter == "r" else "/v1/events"
    wanted = 200 if letter == "r" else 403
    assert screen.service.request("GET", path, key=key).status == wanted
    page.get_by_role("button", name="Done").click()
    expect(secret).to_have_count(0)
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text(kind)
    row.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")
    assert screen.service.request("GET", path, key=key).status == 401


def test_settings_change_what_everybody_sees(fresh: Callable[[], Screen]) -> None:
    screen = fresh()
    screen.service.send({"operation": "One", "occurred_at": "2024-03-15T23:30:00Z"})
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    screen.service.events(limit=1)
    page = screen.open("/?date=2024-03-15")
    open_list(page, "1")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("tab", name="General").click()
    form = page.get_by_role("tabpanel")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_label("Date format").select_option("iso")
    form.get_by_label("Week begins on").select_option("sunday")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Saved")).to_be_visible()
    page.get_by_role("button", name="Back to the Audit Logs").click()
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    page.get_by_role("button", name="Next day").click()
    expect(row_at(page, 0).locator("td").first).to_have_text("2024-03-16 00:30:00")
    page.get_by_role("button", name="Week", exact=True).click()
    expect(page.get_by_role("button", name="Choose a date")).to_have_text("2024-03-10 – 2024-03-16")
    # Indelible's own events: off at the start, shown on request.
    page.get_by_role("button", name="Today").click()
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("tab", name="General").click()
    page.get_by_role("switch", name="Show Indelible's own events").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("tabpanel").get_by_text("Saved")).to_be_visible()
    page.get_by_role("button", name="Back to the Audit Logs").click()
    expect(page.get_by_role("grid")).to_contain_text("UpdateSettings")
