"""Event text is written by strangers: it is shown, never run, and hides nothing."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.conftest import Screen
from tests.browser.look import drawer, open_list, row_at
from tests.browser.sample import HOSTILE_EMAIL


def is_untouched(page: Page) -> bool:
    """Whether nothing of the event became part of the page."""
    made = page.locator("main").locator("img[src], script, iframe, [onload], [onerror]").count()
    return made == 0 and page.evaluate("window.hacked") is None


def test_row_is_inert_and_shows_hidden_characters(screen: Screen) -> None:
    page = screen.open("/?date=2024-03-09")
    open_list(page, "1")
    row = row_at(page, 0)
    expect(row).to_contain_text("<img src=x onerror=window.hacked=1>")
    expect(row).to_contain_text("⟪U+202E⟫")
    expect(row).to_contain_text("<script>window.hacked=1</script>@example.com")
    assert is_untouched(page)
    titles = row.locator("[title]").evaluate_all("(all) => all.map((one) => one.title)")
    assert HOSTILE_EMAIL in titles
    assert not any("\u202e" in title for title in titles)


def test_event_is_inert_in_every_part(screen: Screen) -> None:
    page = screen.open("/?date=2024-03-09")
    open_list(page, "1")
    row_at(page, 0).click()
    expect(drawer(page)).to_contain_text("Eve⟪U+202E⟫nA")
    expect(drawer(page)).to_contain_text("page javascript:window.hacked=1")
    expect(drawer(page)).to_contain_text("<b>x</b>")
    expect(drawer(page)).to_contain_text("⟪U+200B⟫hidden")
    for part in ("Changes", "Request", "Raw JSON"):
        drawer(page).get_by_role("tab", name=part).click()
        expect(drawer(page).get_by_role("tabpanel")).to_contain_text("⟪U+202E⟫")
        assert is_untouched(page)
    # No text of an event is a link.
    links = drawer(page).get_by_role("link").evaluate_all("(all) => all.map((one) => one.href)")
    assert all(link.startswith(screen.service.url) for link in links)
    assert "\u202e" not in page.inner_text("body")


def test_hostile_search_in_the_address(screen: Screen) -> None:
    page = screen.open("/?q=%22%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E%E2%80%AE%22")
    expect(page.get_by_role("heading", name="No events here")).to_be_visible()
    assert "⟪U+202E⟫" in page.title()
    assert is_untouched(page)


def test_policy_forbids_inline_script_and_style(screen: Screen) -> None:
    page = screen.open()
    open_list(page, "900")
    reply = screen.service.request("GET", "/")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.locator("style, [onclick], [style*='url(']").count() == 0
    assert page.evaluate("window.violations") == []


def test_part_that_is_gone_from_the_server_asks_to_load_again(screen: Screen) -> None:
    """An update while the page is open takes its lazily loaded parts away."""
    context = screen.context()
    context.route("**/EventDrawer-*.js", lambda route: route.fulfill(status=404, body=""))
    page = screen.open("/", context)
    open_list(page, "900")
    row_at(page, 0).click()
    expect(page.get_by_role("alert")).to_contain_text("Load it again")
    context.unroute_all()
    page.get_by_role("button", name="Load again").click()
    expect(drawer(page)).to_be_visible()
