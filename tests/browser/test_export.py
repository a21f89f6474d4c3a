"""Export: what it says before, and that the file holds exactly that."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import open_list


def save(page: Page, form: str, folder: Path) -> bytes:
    """Exports in a form; returns the file."""
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_role("radio", name=form).check()
    with page.expect_download() as waiting:
        dialog.get_by_role("button", name="Export", exact=True).click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file.read_bytes()


def test_says_the_scope_first(screen: Screen) -> None:
    page = screen.open("/?q=tomas&tz=Europe/Berlin")
    open_list(page, "180")
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text("180 events, these filters, columns, zone")
    expect(dialog).to_contain_text("Friday 15/03/2024, 00:00 to 24:00")
    expect(dialog).to_contain_text("Europe/Berlin")
    expect(dialog.locator("code")).to_have_text("tomas")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_csv_reads_back_as_the_list(screen: Screen, tmp_path: Path) -> None:
    page = screen.open("/?q=tomas&tz=Europe/Berlin")
    open_list(page, "180")
    text = save(page, "CSV, raw", tmp_path).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 180
    assert list(rows[0])[:7] == [
        "Date", "User Email", "User IP Address", "Method", "Endpoint", "Status", "Operation",
    ]  # fmt: skip
    assert rows[0]["Date"] == "15/03/2024 15:43:40"
    assert {row["User Email"] for row in rows} == {"tomas.brandt@meridian.example"}


@pytest.mark.parametrize(("form", "endpoint"), [("CSV, safe", "'=cmd|"), ("CSV, raw", "=cmd|")])
def test_formula_is_neutralised_unless_raw(
    screen: Screen, tmp_path: Path, form: str, endpoint: str
) -> None:
    page = screen.open("/?date=2024-03-09")
    open_list(page, "1")
    text = save(page, form, tmp_path).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["Endpoint"].startswith(endpoint)


def test_json_lines(screen: Screen, tmp_path: Path) -> None:
    page = screen.open("/?stream=task&rows=entries")
    open_list(page, "12")
    lines = save(page, "JSON Lines", tmp_path).splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["operation"] for event in events] == ["NightlyExport"] * 12
