"""Live reading: new rows come by themselves only where they move nothing that is being read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, row_at


def moment(seconds_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


def event(name: str, seconds_ago: float = 0) -> dict[str, Any]:
    return {"operation": name, "status": 200, "occurred_at": moment(seconds_ago)}


def operation(page: Page, place: int) -> Any:
    return row_at(page, place).locator("td.c-operation")


def test_live(fresh: Callable[[], Screen]) -> None:
    screen = fresh()
    service = screen.service
    name, _, value = service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    service.send(*(event(f"Old{number}", 300 + number) for number in range(120)))
    service.settle()
    page = screen.open("/?last=4h")
    expect(operation(page, 0)).to_have_text("Old0")
    live = page.get_by_role("button", name="Live", exact=True)
    page.keyboard.press("l")
    expect(live).to_have_attribute("aria-pressed", "true")
    expect(live).to_contain_text("Live")

    # At the top new rows come by themselves, a late one at its place.
    service.send(event("NewA"))
    expect(operation(page, 0)).to_have_text("NewA")
    service.send(event("Late", 200), event("NewB"))
    expect(operation(page, 0)).to_have_text("NewB")
    expect(operation(page, 2)).to_have_text("Late")
    expect(live).to_contain_text(re.compile(r"\d/s"))
    expect(page.get_by_role("tab", name="User")).to_contain_text("123")

    # Scrolled away, paused, or with an event open, they wait behind the button.
    page.evaluate("document.querySelector('.scroll').scrollTop = 520")
    top = page.evaluate("document.querySelector('.scroll').scrollTop")
    service.send(event("NewC"))
    pill = page.get_by_role("button", name=re.compile(r"\d new events?$"))
    expect(pill).to_have_text("1 new event")
    expect(operation(page, 0)).not_to_have_text("NewC")
    assert page.evaluate("document.querySelector('.scroll').scrollTop") == top
    pill.click()
    expect(operation(page, 0)).to_have_text("NewC")
    expect(pill).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    expect(live).to_contain_text("Paused")
    service.send(event("NewD"))
    expect(pill).to_have_text("1 new event")
    expect(operation(page, 0)).to_have_text("NewC")
    page.get_by_role("button", name="Go on").click()
    expect(operation(page, 0)).to_have_text("NewD")
    operation(page, 0).click()
    expect(drawer(page)).to_be_visible()
    service.send(event("NewE"))
    expect(pill).to_have_text("1 new event")
    page.keyboard.press("Escape")
    expect(operation(page, 0)).to_have_text("NewE")

    # More than is sent at once is told, and the list is read anew for it.
    page.get_by_role("button", name="Pause").click()
    service.send(*(event(f"Flood{number}") for number in range(1500)))
    service.settle()
    expect(pill).to_have_text("More than 1,000 new events")
    pill.click()
    expect(operation(page, 0)).to_have_text(re.compile("^Flood"))
    expect(pill).to_be_hidden()
    assert page.locator("tr[data-place]").count() <= 60

    live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    # Another order or a day that is over has nothing to follow.
    page.goto(f"{service.url}/?date=2024-01-01")
    expect(live).to_be_disabled()
    # The list was read already: following it is the same look. (The period moves by the minute, so
    # another minute is another search, whichever of the two asks first.)
    looks = [
        json.dumps(one["metadata"]["query"], sort_keys=True)
        for one in service.events(q="operation:ReadAuditLog kind:user", limit=1000)
    ]
    assert looks
    assert len(looks) == len(set(looks))
