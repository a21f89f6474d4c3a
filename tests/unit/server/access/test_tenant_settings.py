"""Settings of the screen: what changes is told as it was, also by two at once."""

from __future__ import annotations

from typing import Any

from indelible.server.access.door import Access
from indelible.server.access.outbox import waiting


def test_the_second_of_two_tells_what_the_first_one_set(access: Access) -> None:
    settings = access.tenant_settings

    def event(changes: list[dict[str, Any]]) -> dict[str, Any]:
        return {"changes": changes}

    zone = settings.get(1).zone
    settings.change(1, {"zone": "Europe/Berlin"}, event)
    settings.change(1, {"zone": "Asia/Tokyo", "show_own": settings.get(1).show_own}, event)
    settings.change(1, {"zone": "Asia/Tokyo"}, event)  # nothing changes: nothing is told
    assert [one.event["changes"] for one in waiting(access.control)] == [
        [{"path": "zone", "before": zone, "after": "Europe/Berlin"}],
        [{"path": "zone", "before": "Europe/Berlin", "after": "Asia/Tokyo"}],
    ]
    assert settings.get(1).zone == "Asia/Tokyo"
    assert settings.get(2).zone == zone
