"""What the first look costs over the network."""

from __future__ import annotations

from playwright.sync_api import Response
from tests.browser.conftest import Screen
from tests.browser.look import open_list

MOST_BYTES = 250_000


def test_first_load_is_light(screen: Screen) -> None:
    context = screen.context()
    replies: list[Response] = []
    context.on("response", lambda reply: replies.append(reply))  # noqa: PLW0108 - not a built-in
    page = screen.open("/", context)
    open_list(page, "900")
    page.wait_for_load_state("networkidle")
    sizes = {
        reply.url: reply.request.sizes()["responseBodySize"]
        for reply in replies
        if "/v1/" not in reply.url
    }
    assert sum(sizes.values()) < MOST_BYTES, sizes
    # The calendar and the drawer come when they are wanted.
    assert not any("Calendar" in url.rsplit("/", 1)[1] and "Panel" in url for url in sizes)
    assert not any("EventDrawer" in url for url in sizes)
