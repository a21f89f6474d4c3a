"""The page of tenants: the consequence in numbers, the name typed in, withdrawn, deleted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.test_accessibility import faults
from tests.browser.test_every_page import _is_wider
from tests.integration.conftest import Login, run_command
from tests.integration.test_approvals import second_administrator
from tests.integration.test_tenant_deletion import make_due

pytestmark = pytest.mark.timeout(180)


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("INDELIBLE_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"tenants-{name}.png"))


def ask(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Delete {name}…").click()
    dialog = page.get_by_role("dialog", name=f"Delete {name}?")
    expect(dialog.locator(".tenant-numbers")).to_contain_text("Events")
    button = dialog.get_by_role("button", name="Ask for the deletion")
    dialog.get_by_label("Reason").fill("the contract has ended")
    expect(button).to_be_disabled()
    dialog.get_by_label(f"Type {name} to confirm").fill(name[:-1])
    expect(button).to_be_disabled()
    dialog.get_by_label(f"Type {name} to confirm").press_sequentially(name[-1])
    shot(page, "dialog")
    button.click()
    expect(dialog).to_be_hidden()


def approve(bea: Login) -> None:
    waiting = bea.request("GET", "/v1/approvals").json["approvals"]
    path = f"/v1/approvals/{waiting[0]['id']}/decision"
    reply = bea.request("POST", path, json={"decision": "approve", "reason": "agreed"})
    assert reply.status == 200, reply.body


def test_a_tenant_is_deleted_by_two(fresh: Callable[[], Screen], axe_source: str) -> None:
    screen = fresh()
    service = screen.service
    ana = service.set_up()
    bea = second_administrator(service, ana, "bea@example.com")
    assert ana.request("GET", "/v1/session").json["sees_tenants"] is False
    added = run_command("tenants", "add", "acme-east", "--data", str(service.data), "--json")
    service.setup_token = json.loads(added.stdout)["token"]
    guest = service.set_up("eve@acme.example")
    assert guest.request("GET", "/v1/session").json["sees_tenants"] is False
    name, value = ana.cookie.split("=", 1)
    screen.cookie = (name, value)

    page = screen.open("/tenants")
    there = page.get_by_role("region", name="Tenants")
    row = there.get_by_role("row", name="acme-east")
    expect(row).to_contain_text("in use")
    expect(there.get_by_role("row", name="main first").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("link", name="Tenants")).to_have_attribute("aria-current", "page")
    ask(page, "acme-east")
    expect(row).to_contain_text("waits for a second administrator")
    approve(bea)
    page.reload()
    expect(row).to_contain_text("will be deleted on")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert faults(page, axe_source) == [], scheme
        shot(page, scheme)

    page.emulate_media(forced_colors="active")
    assert faults(page, axe_source) == []
    page.emulate_media(forced_colors="none")
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert _is_wider(page) == []
    page.evaluate("document.documentElement.dir = 'ltr'")

    # Withdrawn, with a reason; then asked for anew, and this time it is the day.
    row.get_by_role("button", name="Withdraw the deletion of acme-east…").click()
    dialog = page.get_by_role("dialog", name="Keep acme-east?")
    dialog.get_by_label("Why it stays").fill("they stay a while")
    dialog.get_by_role("button", name="Withdraw the deletion").click()
    expect(row).to_contain_text("in use")
    ask(page, "acme-east")
    expect(row).to_contain_text("waits for a second administrator")
    approve(bea)
    make_due(service.data)
    page.reload()
    gone = page.get_by_role("region", name="Deleted").get_by_role("row", name="acme-east")
    expect(gone).to_be_visible(timeout=30_000)
    page.set_viewport_size({"width": 320, "height": 640})
    assert _is_wider(page) == []
    shot(page, "320")
    papers = gone.get_by_role("link", name="Certificate of acme-east, JSON")
    expect(papers).to_be_visible(timeout=60_000)
    page.set_viewport_size({"width": 1440, "height": 900})
    with page.expect_download() as download:
        papers.click()
    told = json.loads(download.value.path().read_text())
    assert (told["tenant"], told["approved_by"]["name"]) == ("acme-east", "Ana")
    assert faults(page, axe_source) == []
    shot(page, "deleted")

    german = screen.open("/tenants", locale="de-DE", viewport={"width": 390, "height": 844})
    expect(german.get_by_role("heading", name="Gelöscht")).to_be_visible()
    assert _is_wider(german) == []
    shot(german, "de-390")
