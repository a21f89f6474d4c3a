"""axe finds nothing on any page, in either theme; forced colours and print keep what matters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at
from tests.browser.sample import event_id
from tests.browser.story import DAY as STORY

THEMES = ("light", "dark")
ANA = "ana.keller@meridian.example"
INK = "rgb(22, 26, 33)"
# What stands in a box that cuts it off.
_CUT = """[...document.querySelectorAll(".app *")].filter((one) => {
  if (one.closest("svg, .vh, .bone") || !one.checkVisibility()) return false;
  const { overflowX, overflowY } = getComputedStyle(one);
  return (overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1)
    || (overflowY !== "visible" && one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.outerHTML.slice(0, 120))"""


def faults(page: Page, axe_source: str) -> list[str]:
    """What axe finds, rules of WCAG 2.2 AA and good practice, one line each."""
    page.evaluate(
        "document.getAnimations().filter((one) => "
        "one.effect?.getComputedTiming().endTime !== Infinity).forEach((one) => one.finish())"
    )
    page.evaluate(axe_source)
    options = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_list_and_its_panels(screen: Screen, axe_source: str, theme: str) -> None:
    page = screen.open(color_scheme=theme)
    open_list(page, "900")
    assert faults(page, axe_source) == []
    page.get_by_role("button", name="Choose a date").click()
    expect(page.get_by_role("application")).to_be_visible()
    assert faults(page, axe_source) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Time zone").click()
    expect(page.get_by_role("combobox")).to_be_focused()
    assert faults(page, axe_source) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account of").click()
    expect(page.get_by_role("menuitem", name="My account")).to_be_focused()
    assert faults(page, axe_source) == []
    page.keyboard.press("Escape")
    for button, dialog in (
        ("Export", "Export"),
        ("Keyboard and help",) * 2,
    ):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        assert faults(page, axe_source) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", THEMES)
def test_open_event(screen: Screen, axe_source: str, theme: str) -> None:
    page = screen.open(f"/?event={event_id(0)}", color_scheme=theme)
    expect(drawer(page)).to_contain_text("Path checked in this browser")
    assert faults(page, axe_source) == []
    for part in ("Changes", "Request", "Integrity", "Raw JSON"):
        drawer(page).get_by_role("tab", name=part).click()
        expect(drawer(page).get_by_role("tab", name=part)).to_have_attribute(
            "aria-selected", "true"
        )
        assert faults(page, axe_source) == []


@pytest.mark.parametrize("theme", THEMES)
def test_other_states(screen: Screen, axe_source: str, theme: str) -> None:
    context = screen.context(color_scheme=theme)
    page = screen.open("/?date=2023-08-01", context)
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    assert faults(page, axe_source) == []
    page = screen.open("/?q=status:abc", context)
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page, axe_source) == []
    page = screen.open("/?date=2024-03-09", context)
    open_list(page, "1")
    assert faults(page, axe_source) == []
    page = screen.open("/keys", context)
    expect(page.get_by_role("table")).to_be_visible()
    assert faults(page, axe_source) == []
    page.get_by_role("button", name="Create a key").click()
    expect(page.get_by_role("dialog", name="Create a key")).to_be_visible()
    assert faults(page, axe_source) == []
    page = screen.open("/welcome", context)
    expect(page.get_by_role("heading", name="See it here")).to_be_visible()
    assert faults(page, axe_source) == []


@pytest.mark.parametrize("theme", THEMES)
def test_login_and_narrow(screen: Screen, axe_source: str, theme: str) -> None:
    screen.cookie = None
    page = screen.open(color_scheme=theme)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert faults(page, axe_source) == []
    page = screen.open("/setup#token=nothing", color_scheme=theme)
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page, axe_source) == []


@pytest.mark.parametrize("theme", THEMES)
def test_cards(screen: Screen, axe_source: str, theme: str) -> None:
    page = screen.open(color_scheme=theme, viewport={"width": 390, "height": 844}, has_touch=True)
    open_list(page, "900")
    assert faults(page, axe_source) == []


def test_forced_colours_keep_the_selection_and_the_outcome(screen: Screen) -> None:
    page = screen.open(f"/?event={event_id(1)}", forced_colors="active")
    open_list(page, "900")
    expect(drawer(page)).to_be_visible()
    selected = row_at(page, 1).locator("td").first
    other = row_at(page, 2).locator("td").first
    background = "(cell) => getComputedStyle(cell).backgroundColor"
    assert selected.evaluate(background) != other.evaluate(background)
    expect(row_at(page, 1).locator(".st svg")).to_be_visible()


def test_print_has_everything_and_no_controls(screen: Screen, story: None) -> None:
    context = screen.context(color_scheme="dark")
    page = screen.open(f"/?date=2024-03-15&event={event_id(1)}", context=context)
    open_list(page, "900")
    expect(drawer(page).locator(".say")).to_be_visible()
    page.emulate_media(media="print")
    # With an event open it is the event, all of it, in the colours of paper.
    expect(row_at(page, 0)).to_be_hidden()
    expect(drawer(page).get_by_role("heading", name="Related")).to_be_visible()
    assert page.evaluate(_CUT) == []
    assert page.evaluate("getComputedStyle(document.querySelector('.say')).color") == INK
    page.emulate_media(media="screen")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    page.emulate_media(media="print")
    expect(row_at(page, 0)).to_be_visible()
    expect(page.locator("#explain")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main menu")).to_be_hidden()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_hidden()
    assert page.evaluate(_CUT) == []
    for address, there in (
        (f"/steps?actor={ANA}&from={STORY}T00:00:00Z&to={STORY}T23:59:00Z", ".a-step"),
        ("/target?value=r_1&type=role", ".profile .history li"),
        ("/governance", "main h2"),
    ):
        page.goto(screen.service.url + address)
        expect(page.locator(there).first).to_be_visible()
        assert page.evaluate(_CUT) == []
