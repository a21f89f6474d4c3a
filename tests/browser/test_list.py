"""The list: tabs, columns, cells, periods, zone, order, address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import cells, explained, open_list, row_at, rows, search_box, tab

COLUMNS = [
    "Date",
    "User Email",
    "User IP Address",
    "Method",
    "Endpoint",
    "Status",
    "Operation",
]


def test_opens_on_user_day_today(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    expect(tab(page, "User")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Day", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_role("button", name="Choose a date")).to_have_text("Friday 15/03/2024")
    expect(explained(page)).to_contain_text("on Friday 15/03/2024, 00:00 to 24:00 UTC")
    assert page.url == f"{screen.service.url}/"
    expect(page).to_have_title("Audit Logs · User, Friday 15/03/2024 · Indelible")


def test_menu_path(screen: Screen) -> None:
    page = screen.open()
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("heading", name="Administration")).to_be_visible()
    expect(menu.get_by_role("link", name="Audit Logs")).to_have_attribute("aria-current", "page")


def test_seven_columns_in_order(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert [head.strip() for head in heads] == COLUMNS


def test_cells(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    date, who, address, method, endpoint, status, operation = cells(page, 0)
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", date)
    assert (date, who) == ("15/03/2024 14:44:30", "ana.keller@meridian.example Person")
    assert (address, method, endpoint) == ("203.0.113.0", "POST", "/roles/v2/assignments")
    assert status.split()[0] == "200"
    assert operation == "AssignRole"
    assert cells(page, 2)[1].startswith("m.lind@meridian.example as j.osei@meridian.example")
    assert cells(page, 3)[1:3] == ["fleet-sync (3f9a) API key", "dev-7KQ2-41"]
    # No HTTP status reads N/A, with the outcome's shape and word; what is absent is a dash.
    assert cells(page, 4)[2] == "—"
    assert cells(page, 4)[4] == "—"
    assert cells(page, 4)[5].split()[:2] == ["N/A", "Denied,"]
    expect(row_at(page, 0).locator("time")).to_have_attribute("datetime", "2024-03-15T14:44:30Z")


def test_tabs_have_counts_and_switch(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    for name, count in (("User", "900"), ("System", "40"), ("Tasks", "12")):
        expect(tab(page, name)).to_contain_text(count)
    tab(page, "System").click()
    open_list(page, "40")
    expect(row_at(page, 0)).to_contain_text("RotateKey")
    expect(row_at(page, 0)).to_contain_text("system@main")
    assert page.url.endswith("/?stream=system")
    tab(page, "Tasks").click()
    expect(page.locator(".runs-explain")).to_contain_text("12 runs made 12 entries.")
    expect(page.locator("tr.run").first).to_contain_text("NightlyExport")


@pytest.mark.parametrize(
    ("letter", "name", "period", "count"),
    [
        ("Week", "11/03/2024 – 17/03/2024", "week", "905"),
        ("Month", "March 2024", "month", "906"),
    ],
)
def test_week_and_month(screen: Screen, letter: str, name: str, period: str, count: str) -> None:
    page = screen.open()
    page.get_by_role("button", name=letter, exact=True).click()
    open_list(page, count)
    expect(page.get_by_role("button", name="Choose a date")).to_have_text(name)
    assert f"period={period}" in page.url
    expect(page.get_by_role("button", name=re.compile("^Next"))).to_be_disabled()


def test_arrows_move_and_never_into_the_future(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    following = page.get_by_role("button", name=re.compile("^Next"))
    expect(following).to_be_disabled()
    page.get_by_role("button", name="Previous day").click()
    open_list(page, "5")
    assert page.url.endswith("/?date=2024-03-14")
    expect(following).to_be_enabled()
    following.click()
    open_list(page, "900")
    expect(following).to_be_disabled()
    assert page.url == f"{screen.service.url}/"
    page.keyboard.press("]")
    assert page.url == f"{screen.service.url}/"


def test_calendar_chooses_a_day_and_not_a_future_one(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    page.get_by_role("button", name="Choose a date").click()
    calendar = page.get_by_role("application", name=re.compile("Calendar"))
    expect(calendar).to_be_visible()
    expect(calendar.get_by_role("button", name=re.compile("16 March 2024"))).to_have_attribute(
        "aria-disabled", "true"
    )
    heads = calendar.locator("thead th").all_inner_texts()
    assert heads[0].startswith("M"), "the week begins on Monday"
    calendar.get_by_role("button", name=re.compile("14 March 2024")).click()
    expect(calendar).to_be_hidden()
    open_list(page, "5")
    page.get_by_role("button", name="Today").click()
    open_list(page, "900")


def test_zone_moves_the_day_and_the_times(screen: Screen) -> None:
    page = screen.open("/?date=2024-03-15")
    open_list(page, "900")
    page.get_by_role("button", name=re.compile("^Time zone")).click()
    page.get_by_role("combobox", name="Find a time zone").fill("auckland")
    page.keyboard.press("Enter")
    expect(explained(page)).to_contain_text("Pacific/Auckland")
    assert "tz=Pacific%2FAuckland" in page.url
    # 00:00 in Auckland is 11:00 UTC of the day before: events from 11:00 UTC on are of its 16th.
    open_list(page, "630")
    expect(row_at(page, 0).locator("td").first).to_have_text("15/03/2024 23:59:30")


def test_order_turns_around(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    head = page.get_by_role("columnheader", name="Date")
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(row_at(page, 0).locator("td").first).to_have_text("15/03/2024 02:15:20")
    assert "order=asc" in page.url


def test_address_is_the_whole_state_and_back_works(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    page.get_by_role("button", name="Previous day").click()
    open_list(page, "5")
    search_box(page).fill("hr-sync")
    search_box(page).press("Enter")
    expect(page).to_have_title(re.compile("hr-sync"))
    open_list(page, "5")
    address = page.url
    page.go_back()
    expect(page.locator("search .clear")).to_have_count(0)
    page.go_back()
    open_list(page, "900")
    other = screen.open(address.removeprefix(screen.service.url))
    open_list(other, "5")
    expect(search_box(other)).to_have_text("hr-sync")
    expect(other.get_by_role("button", name="Choose a date")).to_have_text("Thursday 14/03/2024")


def test_empty_day_leads_to_the_nearest_events(screen: Screen) -> None:
    page = screen.open("/?date=2023-08-01")
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    nearest = page.get_by_role("link", name="10/07/2023 →")
    expect(nearest).to_be_visible()
    nearest.click()
    open_list(page, "1")
    expect(row_at(page, 0)).to_contain_text("FoundIt")


_ROWS_IN_SIGHT = """() => {
  const box = document.querySelector(".scroll").getBoundingClientRect();
  const head = document.querySelector(".log thead").getBoundingClientRect().bottom;
  return [...document.querySelectorAll("tr[data-place]")].filter((row) => {
    const at = row.getBoundingClientRect();
    return at.top >= head - 1 && at.bottom <= box.bottom + 1;
  }).length;
}"""
_SIDEWAYS = """() => {
  const box = document.querySelector(".scroll");
  return [document.documentElement.scrollWidth - innerWidth, box.scrollWidth - box.clientWidth];
}"""
# Date, address, method, endpoint and operation of every row drawn.
_CUT = """() => [...document.querySelectorAll("tr[data-place]")]
  .flatMap((row) => [0, 2, 3, 4, 6].map((column) => row.cells[column]))
  .flatMap((cell) => [...cell.querySelectorAll(".cut, .mid > [aria-hidden]")])
  .filter((text) => text.scrollWidth > text.clientWidth + 1)
  .map((text) => text.textContent)"""


def test_rows_fit_the_reference(screen: Screen) -> None:
    """At 1440 × 900: 20 rows or more in sight, nothing wraps, is cut, or scrolls sideways."""
    page = screen.open()
    open_list(page, "900")
    assert page.evaluate(_ROWS_IN_SIGHT) >= 20
    assert page.evaluate(_SIDEWAYS) == [0, 0]
    heights = page.evaluate(
        "[...document.querySelectorAll('tr[data-place]')].map((row) => row.offsetHeight)"
    )
    assert set(heights) == {26}
    assert page.evaluate(_CUT) == []


def test_layout_does_not_jump(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    tab(page, "System").click()
    open_list(page, "40")
    page.get_by_role("button", name="Previous day").click()
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    assert page.evaluate("window.shift") < 0.02


def test_scrolls_through_all_pages_with_few_rows_in_the_document(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    most = 0
    last = row_at(page, 899)
    for _ in range(200):
        page.evaluate("document.querySelector('.scroll').scrollBy(0, 1500)")
        most = max(most, rows(page).count())
        if last.count():
            break
        page.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => done(1)))")
    expect(last).to_contain_text("15/03/2024 02:15:20")
    assert most <= 60
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "901")
