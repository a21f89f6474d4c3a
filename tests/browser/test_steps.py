"""Steps of an actor, copies of them as code, and the tree that says why an event happened."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer
from tests.browser.sample import HOSTILE_EMAIL
from tests.browser.story import CLOSED, DAY, DELETED, PROSE

pytestmark = pytest.mark.usefixtures("story")
WHEN = f"from={DAY}T08:30:00Z&to={DAY}T10:00:00Z"
STEPS = f"/steps?actor=ana.keller@meridian.example&{WHEN}"


def test_steps_with_gaps_and_the_failing_one(screen: Screen, axe_source: str) -> None:
    page = screen.open(STEPS)
    steps = page.get_by_role("region", name="Steps, oldest first").locator(".a-step")
    expect(steps).to_have_count(6)
    expect(page.get_by_role("heading", name="Session ses_ana")).to_be_visible()
    expect(steps.nth(1)).to_contain_text("4 min later")
    expect(steps.nth(2)).to_contain_text("+2 s")
    expect(steps.nth(3)).to_contain_text("/depots/v1/{depot_id}/close")
    expect(steps.nth(4)).to_contain_text("failed: report storage is away")
    assert page.locator(".a-step.failed").count() == 1
    page.get_by_role("button", name="Next failing step").click()
    expect(steps.nth(4).get_by_role("link")).to_be_focused()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    # A step opens its event; the way back leads to the steps.
    steps.nth(4).get_by_role("link", name="OpenReport").click()
    expect(page.get_by_role("tab", name="Event")).to_be_visible()
    expect(page.locator(".say")).to_contain_text("Ana Keller did OpenReport")
    page.go_back()
    expect(steps).to_have_count(6)
    # Another session has no steps: said, with what to do.
    page.get_by_label("Whose steps").select_option("Session")
    page.get_by_role("textbox", name="Session").fill("no-such-session")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was recorded of it in this time.")).to_be_visible()
    assert "session=no-such-session" in page.url
    assert "actor=" not in page.url


def test_copies_as_code_and_table(screen: Screen, tmp_path: Path) -> None:
    context = screen.context(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open(STEPS, context)
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("menuitem", name="Test (pytest, httpx)").click()
    dialog = page.get_by_role("dialog", name="Steps: Test (pytest, httpx)")
    expect(dialog.locator("pre")).to_contain_text("def test_005_openreport(client):")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copy")).to_contain_text("Copied")
    code = page.evaluate("navigator.clipboard.readText()")
    assert "'/depots/v1/d_7/close'" in code
    assert "assert response.status_code == 500" in code
    assert len([one for one in ast.parse(code).body if isinstance(one, ast.FunctionDef)]) == 6
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("menuitem", name="HAR file").click()
    dialog = page.get_by_role("dialog", name="Steps: HAR file")
    expect(dialog.locator("pre")).to_contain_text('"version": "1.2"')
    with page.expect_download() as waiting:
        dialog.get_by_role("button", name="Save").click()
    assert waiting.value.suggested_filename == "steps.har"
    saved = tmp_path / "steps.har"
    waiting.value.save_as(saved)
    entries = json.loads(saved.read_text(encoding="utf-8"))["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 200, 202, 500]


def test_why_the_system_deleted_a_group(screen: Screen, axe_source: str) -> None:
    """From landing on the day: row, Related. The tree leads up to the person."""
    page = screen.open(f"/?stream=system&date={DAY}")
    page.locator("tr[data-place='0']").click()
    drawer(page).get_by_role("tab", name="Related").click()
    expect(drawer(page)).to_contain_text("It began with CloseDepot by Ana Keller, 5 s before.")
    tree = drawer(page).get_by_role("list", name="What led to it")
    expect(tree.locator("[aria-current=true]")).to_contain_text("DeleteGroup")
    kinds = tree.locator(".why-node.on-path, .why-node.focus").all_inner_texts()
    assert [text.split()[0] for text in kinds] == [
        "Who", "Session", "Request", "Job", "Job", "DeleteGroup",
    ]  # fmt: skip
    expect(drawer(page).get_by_role("link", name="Everything done to Group Y")).to_be_visible()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run('.drawer', {resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    drawer(page).get_by_role("link", name="CloseDepot").first.click()
    # The part that is open stays open from event to event.
    expect(drawer(page).locator("[aria-current=true]")).to_contain_text("CloseDepot")
    drawer(page).get_by_role("tab", name="Event").click()
    expect(drawer(page)).to_contain_text("Ana Keller did CloseDepot on depot Depot seven.")
    assert page.url.endswith(f"event={CLOSED}")
    page.goto(f"{screen.service.url}/why?event={DELETED}")
    expect(page.locator(".say")).to_contain_text("did DeleteGroup on group Group Y")
    expect(page.locator(".why-node.focus")).to_contain_text("this event")


def test_changes_by_word_request_and_json_on_a_page_of_its_own(screen: Screen) -> None:
    page = screen.open(f"/?date={DAY}&event={PROSE}")
    expect(drawer(page).locator("del mark")).to_have_text("six")
    expect(drawer(page).locator("ins mark")).to_have_text("seven")
    expect(drawer(page).get_by_text("Redacted")).to_have_count(2)
    expect(drawer(page).locator(".diff tbody tr")).to_have_count(3)
    drawer(page).get_by_role("button", name="Show 1 unchanged").click()
    expect(drawer(page).locator(".diff tbody tr")).to_have_count(4)
    expect(drawer(page).get_by_text("after it happened")).to_be_visible()
    drawer(page).get_by_role("link", name="Full page").click()
    part = page.get_by_role("tablist", name="Parts of the event")
    part.get_by_role("tab", name="Request").click()
    for text in ("Firefox 145, Linux", "203.0.113.7 → 10.0.0.4", "Accept-Language", "de-DE"):
        expect(page.get_by_role("tabpanel")).to_contain_text(text)
    part.get_by_role("tab", name="Integrity").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(".tlog-proof --log-key log.vkey")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Receipt").click()
    assert waiting.value.suggested_filename.endswith(".receipt.json")
    part.get_by_role("tab", name="Raw JSON").click()
    page.get_by_role("button", name="Tree").click()
    tree = page.get_by_role("list", name="Event as a tree")
    expect(tree).to_contain_text("ana.keller@meridian.example")
    expect(tree.get_by_text('"de-DE"')).to_be_visible()
    tree.get_by_text("headers").click()
    expect(tree.get_by_text('"de-DE"')).to_be_hidden()


def test_hostile_text_is_inert_in_steps_and_copies(screen: Screen) -> None:
    page = screen.open("/steps?" + urlencode({"actor": HOSTILE_EMAIL}))
    step = page.locator(".a-step")
    expect(step).to_have_count(1)
    expect(step).to_contain_text("<img src=x onerror=window.hacked=1>")
    expect(step).to_contain_text("⟪U+202E⟫")
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("menuitem", name="Table (Markdown)").click()
    text = page.get_by_role("dialog").locator("pre")
    expect(text).to_contain_text("onerror")
    assert "<img" not in text.inner_text()
    page.keyboard.press("Escape")
    step.get_by_role("link").click()
    page.get_by_role("tab", name="Related").click()
    expect(page.locator(".why-node.focus")).to_contain_text("⟪U+202E⟫")
    assert page.evaluate("window.hacked === undefined")
