"""The capture hooks run against the same local server as the client."""

from __future__ import annotations

from tests.unit.client.conftest import new_client, service, swallow_nothing

__all__ = ["new_client", "service", "swallow_nothing"]
