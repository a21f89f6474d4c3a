"""The rule table of defaults: each documented row, once."""

import pytest

from indelible.event.rules import default_actor_kind, default_category, default_outcome


@pytest.mark.parametrize(
    ("stream", "method", "operation", "category"),
    [
        ("user", "UserLogin", "LoginUser", "authentication"),
        ("user", "LoginFailed", "LoginUser", "authentication"),
        ("user", "SessionExpired", "CloseSession", "authentication"),
        ("user", "POST", "ChangePassword", "authentication"),
        ("user", "POST", "AssignRole", "access"),
        ("user", "POST", "RevokeAccessKey", "access"),
        ("user", "POST", "ApproveWorkflow", "approval"),
        ("user", "POST", "RejectRoleRequest", "approval"),
        ("user", "GET", "ExportReport", "export"),
        ("user", "POST", "CreateDetailsSharingProfile", "sharing"),
        ("user", "PUT", "UpdateSettings", "configuration"),
        ("system", None, "SyncDirectory", "integration"),
        ("task", None, "RunNightly", "job"),
        ("user", "DELETE", "DeleteDashboard", "data"),
    ],
)
def test_category(stream: str, method: str | None, operation: str, category: str) -> None:
    assert default_category(stream, method, operation) == category  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "method", "state", "outcome"),
    [
        (200, "POST", None, "success"),
        (302, "GET", None, "success"),
        (401, "POST", None, "denied"),
        (403, "POST", None, "denied"),
        (404, "GET", None, "failure"),
        (500, "GET", None, "failure"),
        (0, "GET", None, "unknown"),
        (None, "LoginFailed", None, "failure"),
        (None, None, "failed", "failure"),
        (None, None, "succeeded", "success"),
        (None, None, "started", "unknown"),
        (None, "Custom", None, "unknown"),
    ],
)
def test_outcome(status: int | None, method: str | None, state: str | None, outcome: str) -> None:
    assert default_outcome(status, method, state) == outcome


def test_actor_kind() -> None:
    assert default_actor_kind("user", known=True) == "user"
    assert default_actor_kind("user", known=False) == "anonymous"
    assert default_actor_kind("system", known=True) == "system"
    assert default_actor_kind("task", known=False) == "task"
