"""Holds, erasures and approvals on the screen, from the first look to the certificate."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.integration.test_approvals import second_administrator

SUBJECT = "zoe@example.net"
PICTURES = os.environ.get("INDELIBLE_PICTURES")


def picture(page: Page, name: str) -> None:
    """Only where somebody wants to look."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def faults(page: Page, axe_source: str) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(
        f"{axe_source}; axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))"
    )
    return found


@pytest.mark.timeout(300)
def test_a_hold_stands_in_the_way_of_an_erasure_that_two_people_agree_on(
    fresh: Callable[[], Screen], axe_source: str
) -> None:
    screen = fresh()
    service = screen.service
    ana = service.set_up()
    bea = second_administrator(service, ana, "bea@example.com")
    zoe = {"kind": "user", "id": "u_zoe", "email": SUBJECT, "name": "Zoe <b>Quill</b>"}
    service.send(
        *({"operation": f"Edit{n}", "category": "data", "actor": zoe} for n in range(3)),
        *({"operation": f"Share{n}", "category": "sharing", "actor": zoe} for n in range(2)),
    )
    service.settle()
    name, _, value = ana.cookie.partition("=")
    screen.cookie = (name, value)

    page = screen.open("/settings?tab=holds")
    page.get_by_role("button", name="Place a hold").click()
    dialog = page.get_by_role("dialog", name="Place a hold")
    dialog.get_by_role("textbox", name="Name How").fill("Case 9")
    dialog.get_by_label("Reason").fill("A claim")
    dialog.get_by_label("Actor").fill(SUBJECT)
    dialog.get_by_label("Search text").fill("category:sharing")
    dialog.get_by_role("button", name="Count").click()
    expect(dialog.get_by_role("status")).to_contain_text("Holds 2 events")
    picture(page, "hold-place")
    dialog.get_by_role("button", name="Place the hold").click()
    row = page.get_by_role("listitem").filter(has_text="Case 9")
    expect(row).to_contain_text("2 events")
    expect(row).to_contain_text("A claim")
    picture(page, "holds")
    assert faults(page, axe_source) == []

    page.get_by_role("tab", name="Erasures").click()
    page.get_by_role("textbox", name="Value").fill(SUBJECT)
    page.get_by_role("textbox", name="Value").press("Enter")
    found = page.locator(".found")
    expect(found.get_by_role("status")).to_contain_text("Would erase")
    expect(found).to_contain_text("Person, sharing, 2 events: kept by a hold (Case 9)")
    expect(found.get_by_role("button", name="Look for u_zoe too")).to_be_visible()
    with page.expect_download() as packed:
        found.get_by_role("button", name="Export what is held on the person").click()
    assert packed.value.suggested_filename == "subject.zip"
    ask = page.get_by_role("button", name="Ask a second administrator")
    expect(ask).to_be_disabled()
    page.get_by_label("Case number").fill("DSR-1")
    page.get_by_label("Reason in words").fill("Asked by letter")
    page.get_by_label("At once").check()
    events = page.locator(".found h2").inner_text().rsplit(" of ", 1)[1].split()[0]
    typed = page.get_by_label("to go on")
    typed.fill("7777")
    expect(ask).to_be_disabled()
    typed.fill(events)
    picture(page, "erasure-found")
    assert faults(page, axe_source) == []
    ask.click()
    request = page.get_by_role("listitem").filter(has_text="DSR-1")
    expect(request).to_contain_text("waits for a second person")

    # Who asked sees it in the inbox, and why they cannot decide.
    request.get_by_role("link", name="Decide").click()
    card = page.get_by_role("article").filter(has_text="DSR-1")
    expect(card.get_by_role("button", name="Approve")).to_be_disabled()
    expect(card).to_contain_text("somebody else has to decide")
    expect(page.get_by_text("waits for you")).to_have_count(0)
    picture(page, "approval-own")

    name, _, value = bea.cookie.partition("=")
    screen.cookie = (name, value)
    other = screen.open("/")
    menu = other.get_by_role("link", name="Approvals")
    expect(menu).to_contain_text("1 request waits for you")
    menu.click()
    card = other.get_by_role("article").filter(has_text="DSR-1")
    expect(card).to_contain_text("Request of the data subject")
    picture(other, "approval")
    assert faults(other, axe_source) == []
    card.get_by_role("button", name="Approve").click()
    decision = other.get_by_role("dialog", name="Approve this?")
    expect(decision).to_contain_text("erased for good")
    decision.get_by_label("Your reason").fill("Identity checked")
    picture(other, "approval-dialog")
    decision.get_by_role("button", name="Approve").click()
    expect(card).to_contain_text("approved")

    page.goto(service.url + "/settings?tab=erasures")
    request = page.get_by_role("listitem").filter(has_text="DSR-1")
    # Old files of the index linger for some ten seconds before an erasure is done.
    expect(request.locator(".st")).to_contain_text("done", timeout=150_000)
    with page.expect_download() as download:
        request.get_by_role("link", name="Certificate DSR-1, PDF").click()
    assert download.value.suggested_filename.endswith(".certificate.pdf")
    picture(page, "erasure-done")

    # One event leads there from its drawer.
    page.goto(service.url + "/?period=month&q=operation%3AShare0")
    page.get_by_role("grid", name="Events").locator("tbody tr[data-place]").first.click()
    page.get_by_role("link", name="Erase parts of this event").click()
    expect(page.get_by_role("heading", name="Single events")).to_be_visible()
    expect(page.get_by_role("button", name="Look", exact=True)).to_be_enabled()

    # Releasing wants the name typed; nothing hides at 320 pixels.
    page.set_viewport_size({"width": 320, "height": 900})
    picture(page, "erasures-narrow")
    page.goto(service.url + "/settings?tab=holds")
    page.get_by_role("button", name="Release… Case 9").click()
    dialog = page.get_by_role("dialog", name="Release Case 9?")
    release = dialog.get_by_role("button", name="Release")
    dialog.get_by_label("Reason").fill("Settled")
    expect(release).to_be_disabled()
    dialog.get_by_label("Type Case 9 to go on").fill("Case 9")
    picture(page, "hold-release-narrow")
    release.click()
    expect(page.get_by_role("listitem").filter(has_text="Case 9")).to_contain_text("released")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page, axe_source) == []
