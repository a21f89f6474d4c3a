"""Words for what the tests do on a page, so that they read like what a person does."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def rows(page: Page) -> Locator:
    """The rows of the list that are drawn and read, in the order of the page."""
    return page.get_by_role("grid", name="Events").locator("tbody tr[data-place]")


_CELLS = """(row) => [...row.cells].map((cell) => {
  const copy = cell.cloneNode(true);
  for (const drawn of copy.querySelectorAll("[aria-hidden=true]")) drawn.remove();
  const texts = [];
  const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) texts.push(walk.currentNode.textContent.trim());
  return texts.filter(Boolean).join(" ");
})"""


def cells(page: Page, row: int) -> list[str]:
    """The text of one row's cells, as a screen reader has it."""
    found: list[str] = row_at(page, row).evaluate(_CELLS)
    return found


def row_at(page: Page, place: int) -> Locator:
    """The row at a place of the list, counted from 0."""
    return page.locator(f'tr[data-place="{place}"]')


def tab(page: Page, name: str) -> Locator:
    """A tab of the list."""
    return page.get_by_role("tablist", name="Streams").get_by_role("tab", name=name)


def search_box(page: Page) -> Locator:
    """The search box."""
    return page.get_by_role("textbox", name="Search Logs")


def explained(page: Page) -> Locator:
    """The sentence under the search box."""
    return page.locator("#explain")


def drawer(page: Page) -> Locator:
    """The open event."""
    return page.get_by_role("dialog", name="Event, entry")


def open_list(page: Page, count: str) -> None:
    """Waits until the list shows what its sentence counts."""
    expect(explained(page)).to_contain_text(re.compile(rf"\. {count} (of [\d,]+ )?events?\."))
    expect(page.locator(".endbar")).to_contain_text(f"{count} event")
