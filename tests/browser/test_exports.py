"""Exports on the screen: from the dialog to a file that is checked, and what can go wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import explained, open_list
from tests.integration.conftest import PASSWORD, Login, RunningService, init_folder, start

EVENTS = 300


def _dialog(page: Page) -> Locator:
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text("these filters, columns, zone")
    return dialog


def _row(page: Page, number: int = 0) -> Locator:
    return page.get_by_role("table").get_by_role("row").nth(number + 1)


def _faults(page: Page, axe_source: str) -> list[str]:
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finish()))")
    found: list[str] = page.evaluate(
        f"{axe_source}; axe.run().then((r) => r.violations.map((v) => v.id + v.nodes[0].html))"
    )
    return found


def test_a_kept_file_from_the_dialog_to_its_removal(
    screen: Screen, tmp_path: Path, axe_source: str
) -> None:
    page = screen.open("/?q=tomas&tz=Europe/Berlin", accept_downloads=True)
    open_list(page, "180")
    dialog = _dialog(page)
    expect(dialog.get_by_role("button", name="All tabs, 180")).to_be_visible()
    assert _faults(page, axe_source) == []
    page.emulate_media(color_scheme="dark")
    assert _faults(page, axe_source) == []
    page.emulate_media(color_scheme="light")
    dialog.get_by_role("radio", name="JSON Lines").check()
    expect(dialog).to_contain_text("Every field of every event")
    dialog.get_by_role("button", name="gzip").click()
    dialog.get_by_role("checkbox", name="keep the file for 7 days").check()
    dialog.get_by_role("button", name="Start the export").click()
    begun = page.get_by_role("dialog", name="The export has begun")
    expect(begun).to_contain_text("180 events are being written")
    begun.get_by_role("button", name="Close", exact=True).last.click()

    # Nothing is covered, nothing opened: a line says it, and the menu.
    notice = page.locator(".exports-notice")
    expect(notice).to_contain_text("Export ready:")
    expect(page.get_by_role("link", name=re.compile("^Exports 1 export ended"))).to_be_visible()
    with page.expect_download() as waiting:
        notice.get_by_role("link", name="Download").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name.endswith(".jsonl.gz")
    lines = gzip.decompress(file.read_bytes()).splitlines()
    assert {json.loads(line)["actor"]["email"] for line in lines} == {
        "tomas.brandt@meridian.example"
    }
    assert len(lines) == 180

    notice.get_by_role("link", name="Show all exports").click()
    expect(notice).to_have_text("")
    row = _row(page)
    for text in ("User, 15/03/2024, Europe/Berlin", "tomas", "JSON Lines · gzip", "180", "Ready",
                 "Kept until"):  # fmt: skip
        expect(row).to_contain_text(text)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    expect(row.locator("code[title]")).to_have_attribute("title", sha256)
    expect(page.get_by_role("link", name="Exports", exact=True)).to_be_visible()
    assert _faults(page, axe_source) == []
    page.emulate_media(color_scheme="dark")
    assert _faults(page, axe_source) == []

    row.get_by_role("button", name="Manifest:").press("Enter")
    manifest = page.get_by_role("dialog", name="Manifest")
    expect(manifest).to_contain_text(f'"sha256": "{sha256}"')
    assert _faults(page, axe_source) == []
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Remove:").click()
    page.get_by_role("dialog", name="Remove this file?").get_by_role(
        "button", name="Remove"
    ).click()
    expect(row).to_contain_text("File removed")
    expect(row.get_by_role("link", name="Download")).to_have_count(0)
    row.get_by_role("link", name="User, 15/03/2024").click()
    expect(explained(page)).to_contain_text("tomas")
    open_list(page, "180")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, Login]]:
    """A service where 100 events are many, and an auditor may have 200; and that auditor."""
    data = tmp_path_factory.mktemp("strict") / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text("[export]\nstream_rows = 100\nauditor_rows = 200\n")
    service = start(data, setup_token=token)
    admin = service.set_up()
    invited = admin.request(
        "POST", "/v1/users", json={"email": "bo@example.com", "role": "auditor"}
    ).json
    link = invited["path"].partition("token=")[2]
    made = service.request(
        "POST", "/v1/setup", json={"token": link, "email": "bo@example.com", "name": "Bo",
                                   "password": PASSWORD},
    )  # fmt: skip
    assert made.status == 200, made.body
    service.send(
        *({"operation": f"Op{n % 3}", "occurred_at": f"2024-03-15T10:{n % 60:02}:00Z"}
          for n in range(EVENTS))
    )  # fmt: skip
    service.settle()
    yield service, service.log_in("bo@example.com")
    service.stop()


def test_large_ones_are_jobs_and_roles_have_limits(
    strict: tuple[RunningService, Login], browser: Browser, axe_source: str
) -> None:
    service, auditor = strict
    name, _, value = service.log_in().cookie.partition("=")
    screen = Screen(service, browser, (name, value))
    try:
        page = screen.open("/exports", viewport={"width": 390, "height": 844})
        expect(page.get_by_text("Nothing has been exported yet.")).to_be_visible()
        assert _faults(page, axe_source) == []
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{service.url}/?date=2024-03-15")
        open_list(page, "300")
        dialog = _dialog(page)
        expect(dialog).to_contain_text("More than 100 events: the file is made in the background.")
        dialog.get_by_role("button", name="As in the list").click()
        expect(dialog).to_contain_text("The 7 columns that the list shows")
        dialog.get_by_role("button", name="Start the export").click()
        page.get_by_role("link", name="Show all exports").click()
        expect(_row(page)).to_contain_text("Ready")

        # The folder of exports is gone: the next one fails, and does not look complete.
        folder = service.data / "exports"
        folder.rename(folder.with_name("elsewhere"))
        folder.write_bytes(b"")
        page.goto(f"{service.url}/?date=2024-03-15&q=operation:Op1")
        open_list(page, "100")
        dialog = _dialog(page)
        dialog.get_by_role("checkbox", name="keep the file").check()
        dialog.get_by_role("button", name="Start the export").click()
        page.get_by_role("dialog", name="The export has begun").get_by_role(
            "button", name="Close", exact=True
        ).last.click()
        expect(page.locator(".exports-notice")).to_contain_text("Export failed:")
        page.get_by_role("link", name=re.compile("^Exports 1 export")).click()
        expect(_row(page)).to_contain_text("Failed, no whole file")
        expect(_row(page)).to_contain_text("0 of 100")
        expect(_row(page).get_by_role("link", name="Download")).to_have_count(0)
        folder.unlink()
        shutil.move(folder.with_name("elsewhere"), folder)
        _row(page).get_by_role("button", name="Export again:").click()
        expect(_row(page)).to_contain_text("Ready")
        expect(page.get_by_role("table").get_by_role("row")).to_have_count(4)
        assert _faults(page, axe_source) == []
    finally:
        screen.close()

    name, _, value = auditor.cookie.partition("=")
    screen = Screen(service, browser, (name, value))
    try:
        page = screen.open("/exports")
        expect(page.get_by_text("You see your own exports")).to_be_visible()
        expect(page.get_by_text("Nothing has been exported yet.")).to_be_visible()
        page.goto(f"{service.url}/?date=2024-03-15")
        open_list(page, "300")
        dialog = _dialog(page)
        expect(dialog.get_by_role("alert")).to_contain_text(
            "300 events are more than the 200 that you may export at once"
        )
        expect(dialog.get_by_role("button", name="Start the export")).to_be_disabled()
        assert _faults(page, axe_source) == []
    finally:
        screen.close()
