"""People of a running service: invited, and logged in with their role."""

from __future__ import annotations

from typing import Any

from tests.integration.conftest import Login, RunningService


def invite(service: RunningService, admin: Login, email: str, role: str) -> Login:
    """Somebody with this role, who has used the invitation and is logged in."""
    made = admin.request("POST", "/v1/users", json={"email": email, "role": role})
    assert made.status == 201, made.body
    first, service.setup_token = (
        service.setup_token,
        made.json["path"].removeprefix("/setup#token="),
    )
    try:
        return service.set_up(email)
    finally:
        service.setup_token = first


def account(admin: Login, email: str) -> dict[str, Any]:
    """An account as administrators see it."""
    users: list[dict[str, Any]] = admin.request("GET", "/v1/users").json["users"]
    return next(one for one in users if one["email"] == email)
