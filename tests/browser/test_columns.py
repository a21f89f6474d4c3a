"""Columns, density, times, chosen rows and their copies."""

from __future__ import annotations

import csv
import io
import json
import re

from playwright.sync_api import Page, Response, expect
from tests.browser.conftest import Screen
from tests.browser.look import cells, drawer, open_list, row_at, rows
from tests.browser.sample import HOSTILE_OPERATION
from tests.browser.test_list import COLUMNS


def heads(page: Page) -> list[str]:
    return [head.strip() for head in page.get_by_role("columnheader").all_inner_texts()]


def width_of(page: Page, name: str) -> float:
    box = page.get_by_role("columnheader", name=name).bounding_box()
    assert box is not None
    return box["width"]


def is_kept(answer: Response) -> bool:
    """Whether this is the account's answer to a change of how the list is drawn."""
    is_change = answer.url.endswith("/v1/session/preferences") and answer.request.method == "PATCH"
    return is_change and answer.ok


def test_columns_are_chosen_ordered_sized_pinned_kept_and_reset(own_screen: Screen) -> None:
    screen = own_screen
    page = screen.open("/")
    open_list(page, "900")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Columns")
    dialog.get_by_role("checkbox", name="Show Changes").check()
    dialog.get_by_role("checkbox", name="Show Target").check()
    dialog.get_by_role("checkbox", name="Show Method").uncheck()
    dialog.get_by_role("button", name="Move Target to the left").click()
    dialog.get_by_role("spinbutton", name="Width of Changes in pixels").fill("320")
    # Everything is with the account once its answer tells the last change.
    with page.expect_response(
        lambda answer: is_kept(answer) and answer.json()["columns"]["pinned"] == ["operation"]
    ):
        dialog.get_by_role("button", name="Keep Operation in sight").click()
    dialog.get_by_role("button", name="Done").click()
    wanted = [
        "Operation", "Date", "User Email", "User IP Address", "Endpoint", "Status", "Target",
        "Changes",
    ]  # fmt: skip
    assert heads(page) == wanted
    assert "cols=operation%2Cdate%2Cemail" in page.url
    assert width_of(page, "Changes") == 320
    row = cells(page, 0)
    assert row[0] == "AssignRole"
    assert row[6] == "role r_1 (Administrator)"
    assert row[7].startswith("role: viewer → admin; scope: not set →")
    # The pinned one stays where it is while the others are scrolled sideways.
    page.set_viewport_size({"width": 900, "height": 800})
    left = page.evaluate("document.querySelector('td.pin').getBoundingClientRect().left")
    page.evaluate("document.querySelector('.scroll').scrollLeft = 300")
    assert page.evaluate("document.querySelector('.scroll').scrollLeft") > 0
    assert page.evaluate("document.querySelector('td.pin').getBoundingClientRect().left") == left
    page.set_viewport_size({"width": 1440, "height": 900})
    # The account keeps them: another browser draws them, too. An address says its own;
    # what stays in sight stays the person's choice.
    again = screen.open("/")
    open_list(again, "900")
    assert heads(again) == wanted
    assert width_of(again, "Changes") == 320
    other = screen.open("/?cols=status,operation,index")
    open_list(other, "900")
    assert heads(other) == ["Operation", "Status", "Index"]
    # An edge is dragged.
    edge = again.get_by_role("columnheader", name="Endpoint").locator(".edge")
    box = edge.bounding_box()
    before = width_of(again, "Endpoint")
    assert box is not None
    again.mouse.move(box["x"] + 3, box["y"] + 10)
    again.mouse.down()
    again.mouse.move(box["x"] + 63, box["y"] + 10, steps=3)
    again.mouse.up()
    assert abs(width_of(again, "Endpoint") - before - 60) <= 2
    again.get_by_role("button", name="Columns", exact=True).click()
    with again.expect_response(
        lambda answer: is_kept(answer) and answer.json()["columns"]["widths"] == {}
    ):
        again.get_by_role("dialog", name="Columns").get_by_role("button", name="Reset").click()
    again.keyboard.press("Escape")
    assert heads(again) == COLUMNS
    assert "cols=" not in again.url
    again = screen.open("/")
    open_list(again, "900")
    assert heads(again) == COLUMNS


def test_density_and_times_are_kept_by_the_account_and_meanwhile_by_the_browser(
    own_screen: Screen,
) -> None:
    screen = own_screen
    context = screen.context()
    first = screen.open("/", context)
    open_list(first, "900")
    # Another tab, opened before the change, follows it and changes something else.
    page = screen.open("/", context)
    open_list(page, "900")
    with page.expect_response(is_kept):
        page.get_by_role("button", name="Compact").click()
    expect(first.get_by_role("button", name="Cosy")).to_be_visible()
    # The service cannot be reached: the browser keeps what the account could not.
    context.route("**/v1/session/preferences", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="DD/MM/YYYY, UTC").click()
    expect(row_at(page, 0)).to_have_css("height", "32px")
    expect(row_at(page, 5)).to_have_css("transform", "matrix(1, 0, 0, 1, 0, 160)")
    assert cells(page, 0)[0] == "40 s ago"
    assert cells(page, 10)[0] == "9 min ago"
    expect(row_at(page, 0).locator("time")).to_have_attribute(
        "title", re.compile("Occurred: 15/03/2024 14:44:30.*Received:", re.DOTALL)
    )
    # Sent years after it is said to have happened: the mark says so.
    expect(
        row_at(page, 0).get_by_role("img", name=re.compile(r"Received .* later"))
    ).to_be_visible()
    # What could not be sent goes when the page is opened again, and another browser has both.
    context.unroute("**/v1/session/preferences")
    with page.expect_response(is_kept):
        page.reload()
    open_list(page, "900")
    assert cells(page, 0)[0] == "40 s ago"
    page = screen.open("/")
    open_list(page, "900")
    assert cells(page, 0)[0] == "40 s ago"
    expect(row_at(page, 0)).to_have_css("height", "32px")


def test_rows_are_chosen_and_copied(screen: Screen) -> None:
    context = screen.context(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open("/", context)
    open_list(page, "900")
    row_at(page, 1).click(modifiers=["ControlOrMeta"])
    row_at(page, 4).click(modifiers=["Shift"])
    chosen = page.get_by_role("region", name=re.compile("selected"))
    expect(chosen).to_have_attribute("aria-label", "4 events selected")
    expect(drawer(page)).to_be_hidden()
    expect(row_at(page, 2)).to_have_attribute("aria-selected", "true")
    chosen.get_by_role("button", name="CSV").click()
    expect(chosen).to_contain_text("4 events copied as CSV")
    lines = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    assert lines[0] == COLUMNS
    assert lines[1][0] == "15/03/2024 14:43:40"
    assert lines[2][1] == "m.lind@meridian.example as j.osei@meridian.example"
    assert len(lines) == 5
    chosen.get_by_role("button", name="Markdown").click()
    expect(chosen).to_contain_text("as Markdown")
    table = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert (
        table[0]
        == "| Date | User Email | User IP Address | Method | Endpoint | Status | Operation |"
    )
    assert len(table) == 6
    # By keys: Space and Shift with arrows; Escape lets go; Ctrl+A takes what is loaded.
    page.keyboard.press("Tab")
    row_at(page, 0).focus()
    page.keyboard.press("Escape")
    expect(chosen).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(chosen).to_have_attribute("aria-label", "3 events selected")
    expect(row_at(page, 2)).to_be_focused()
    page.keyboard.press("Control+a")
    expect(chosen).to_have_attribute("aria-label", re.compile("^[2-9]00 events selected"))
    assert rows(page).count() <= 60
    # What is hostile stays text: formulas are disarmed, Markdown and HTML are escaped.
    page = screen.open("/?date=2024-03-09", context)
    open_list(page, "1")
    row_at(page, 0).click(modifiers=["ControlOrMeta"])
    chosen = page.get_by_role("region", name="1 event selected")
    chosen.get_by_role("button", name="CSV").click()
    expect(chosen).to_contain_text("copied as CSV")
    line = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))[1]
    assert line[4] == "'=cmd|'/c calc'!A1"
    chosen.get_by_role("button", name="Markdown").click()
    expect(chosen).to_contain_text("as Markdown")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "<" not in text
    assert "&lt;img" in text
    chosen.get_by_role("button", name="JSON").click()
    expect(chosen).to_contain_text("as JSON")
    (event,) = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert event["operation"] == HOSTILE_OPERATION
