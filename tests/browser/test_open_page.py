"""A page that is left open: new events wait behind a button, and looking on records nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import open_list, row_at
from tests.browser.sample import NOW

# The page is left open for ten minutes of its own clock, or for so many seconds by the wall.
OPEN_S = 600
STEP_S = 10
BY_THE_WALL_S = float(os.environ.get("INDELIBLE_TEST_OPEN_S", "0"))


def test_new_events_wait_behind_a_button(fresh: Callable[[], Screen]) -> None:
    screen = fresh()
    screen.now = NOW
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    old = {"operation": "Old", "occurred_at": "2024-03-15T14:00:00Z"}
    screen.service.send(old)
    screen.service.events(limit=1)
    page = screen.open()
    open_list(page, "1")
    new = [
        {"operation": f"New{number}", "occurred_at": f"2024-03-15T14:4{number}:00Z"}
        for number in range(3)
    ]
    screen.service.send(*new)
    button = page.get_by_role("button", name="3 new events")
    expect(button).to_be_visible()
    expect(row_at(page, 0)).to_contain_text("Old")
    button.click()
    expect(row_at(page, 0)).to_contain_text("New2")
    open_list(page, "4")
    expect(button).to_be_hidden()


def test_list_that_was_empty_fills_by_itself(fresh: Callable[[], Screen]) -> None:
    screen = fresh()
    screen.now = NOW
    name, _, value = screen.service.set_up().cookie.partition("=")
    screen.cookie = (name, value)
    screen.service.send({"operation": "Other", "occurred_at": "2024-03-01T14:00:00Z"})
    screen.service.events(limit=1)
    page = screen.open()
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    screen.service.send({"operation": "First", "occurred_at": "2024-03-15T14:00:00Z"})
    expect(row_at(page, 0)).to_contain_text("First")


@pytest.mark.timeout(BY_THE_WALL_S + 180)
def test_page_left_open_records_nothing_more(screen: Screen) -> None:
    asked: list[str] = []
    page = screen.open()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    open_list(page, "900")
    # The look itself is one event; it is held back for a moment, in case typing follows.
    page.wait_for_timeout(6_000)
    before = own_events(screen)
    asked.clear()
    if BY_THE_WALL_S:
        page.wait_for_timeout(BY_THE_WALL_S * 1000)
    else:
        for _ in range(OPEN_S // STEP_S):
            page.clock.run_for(STEP_S * 1000)
            page.wait_for_timeout(100)  # for what its timers asked the service
    page.wait_for_timeout(6_000)
    expect(row_at(page, 0)).to_be_visible()
    # It did ask for what is new all the while.
    assert len(asked) > (BY_THE_WALL_S or OPEN_S) / 30, asked
    assert own_events(screen) == before


def own_events(screen: Screen) -> list[str]:
    """Operations that people did in Indelible itself, as the log has them; read with a key."""
    events = screen.service.events(
        stream="user", q="source:indelible kind:user", limit=1000, **{"from": "2020-01-01"}
    )
    return [event["operation"] for event in events]
