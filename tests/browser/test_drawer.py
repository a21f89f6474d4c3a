"""One event: opened from a row or by its address, moved through, proved, copied, saved."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Route, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at
from tests.browser.sample import event_id


def test_opens_from_a_row_and_closes_with_escape(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    row_at(page, 3).click()
    expect(drawer(page)).to_be_visible()
    assert page.url.endswith(f"/?event={event_id(3)}")
    expect(row_at(page, 3)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    expect(row_at(page, 3)).to_be_focused()
    assert page.url == f"{screen.service.url}/"


def test_says_what_happened(screen: Screen) -> None:
    page = screen.open(f"/?event={event_id(3)}")
    expect(drawer(page)).to_contain_text(
        "fleet-sync (3f9a) did DeleteDashboard on role Administrator, and was denied (401)."
    )
    expect(drawer(page)).to_contain_text("15/03/2024 14:42:00 UTC")
    changes = drawer(page).get_by_role("table")
    assert changes.get_by_role("columnheader").all_inner_texts() == ["Field", "Before", "After"]
    first, second = changes.get_by_role("row").all()[1:]
    assert first.get_by_role("cell").all_inner_texts() == ["role", "viewer", "admin"]
    assert second.get_by_role("cell").all_inner_texts() == ["scope", "not set", '["all","depots"]']
    expect(drawer(page)).to_contain_text("Holiday cover")


def test_arrows_go_through_the_list(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    row_at(page, 0).click()
    expect(drawer(page).get_by_role("button", name="Previous event in the list")).to_be_disabled()
    page.keyboard.press("ArrowDown")
    expect(row_at(page, 1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(row_at(page, 1)).to_have_attribute("aria-selected", "true")
    assert page.url.endswith(f"/?event={event_id(1)}")
    expect(drawer(page)).to_contain_text("tomas.brandt@meridian.example")
    # Moving replaces the address: one step back closes the event.
    page.go_back()
    expect(drawer(page)).to_be_hidden()


def test_address_outside_the_list_opens_too(screen: Screen) -> None:
    page = screen.open(f"/?date=2024-03-14&event={event_id(7)}")
    expect(drawer(page)).to_contain_text("DeleteDashboard")
    open_list(page, "5")
    for name in ("Previous event in the list", "Next event in the list"):
        expect(drawer(page).get_by_role("button", name=name)).to_be_disabled()


def test_unknown_event_says_so(screen: Screen) -> None:
    page = screen.open("/?event=018effff-0000-7000-8000-000000000000")
    expect(page.get_by_text("There is no event with this id")).to_be_visible()


def test_tabs_show_every_part(screen: Screen) -> None:
    page = screen.open(f"/?event={event_id(0)}")
    part = drawer(page).get_by_role("tablist", name="Parts of the event")
    part.get_by_role("tab", name="Event").focus()
    page.keyboard.press("ArrowRight")
    expect(part.get_by_role("tab", name="Changes")).to_be_focused()
    expect(part.get_by_role("tab", name="Changes")).to_have_attribute("aria-selected", "true")
    part.get_by_role("tab", name="Request").click()
    for text in ("req_0", "fleet-web", "203.0.113.0", event_id(0), "User"):
        expect(drawer(page).get_by_role("tabpanel")).to_contain_text(text)
    part.get_by_role("tab", name="Raw JSON").click()
    shown = json.loads(drawer(page).locator("pre").inner_text())
    assert shown["id"] == event_id(0)
    assert shown["changes"][0] == {"path": "role", "before": "viewer", "after": "admin"}


def test_integrity_is_checked_and_the_proof_can_be_saved(screen: Screen, tmp_path: Path) -> None:
    page = screen.open(f"/?event={event_id(0)}")
    expect(drawer(page)).to_contain_text("Path checked in this browser")
    event = screen.service.request(
        "GET", f"/v1/events/{event_id(0)}", key=screen.service.key("r")
    ).json
    expect(drawer(page)).to_contain_text(event["leaf_hash"])
    expect(drawer(page)).to_contain_text(f"Entry {event['index']:,}")
    expect(drawer(page).locator(".cmd code")).to_contain_text("indelible verify")
    with page.expect_download() as waiting:
        drawer(page).get_by_role("link", name="Proof").click()
    saved = tmp_path / "proof"
    waiting.value.save_as(saved)
    text = saved.read_text(encoding="utf-8")
    assert text.startswith("c2sp.org/tlog-proof@v1\n")
    assert f"\nindex {event['index']}\n" in text


def test_copied_link_pins_the_day(screen: Screen) -> None:
    context = screen.context(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open(f"/?event={event_id(0)}", context)
    drawer(page).get_by_role("button", name="Copy link").click()
    expect(drawer(page).get_by_role("button", name="Copy link")).to_contain_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{screen.service.url}/?date=2024-03-15&tz=UTC&event={event_id(0)}"


def test_long_json_is_drawn_in_part_and_saved_whole(screen: Screen) -> None:
    context = screen.context()

    def lengthen(route: Route) -> None:
        reply = route.fetch()
        event = reply.json()
        event["metadata"] = {"long": "wide " * 20_000 + "end of it"}
        route.fulfill(response=reply, json=event)

    context.route(f"**/v1/events/{event_id(4)}", lengthen)
    page = screen.open(f"/?date=2024-03-15&event={event_id(4)}", context=context)
    open_list(page, "900")
    drawer(page).get_by_role("tab", name="Raw JSON").click()
    shown = drawer(page).locator(".raw")
    expect(drawer(page).get_by_role("button", name=re.compile("Show all .*KiB"))).to_be_visible()
    assert len(shown.inner_text()) < 25_000
    with page.expect_download() as saved:
        drawer(page).get_by_role("button", name="Download", exact=True).click()
    assert "end of it" in Path(saved.value.path()).read_text(encoding="utf-8")
    drawer(page).get_by_role("button", name=re.compile("Show all")).click()
    expect(shown).to_contain_text("end of it")
    expect(drawer(page).get_by_role("button", name=re.compile("Show all"))).to_have_count(0)
    drawer(page).get_by_role("button", name="Tree", exact=True).click()
    leaf = drawer(page).locator(".json").get_by_role("button", name=re.compile("Show all"))
    leaf.click()
    expect(drawer(page).locator(".json")).to_contain_text("end of it")
