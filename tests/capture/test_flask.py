"""Flask with Flask-Login: routes, users, errors, logins."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from flask import Flask, abort
from flask.views import MethodView

from indelible.capture.flask import capture_flask
from indelible.client import audited, describe
from indelible.testing import MemoryAudit, assert_audited

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # flask-login 0.6 on a newer Flask
    import flask_login

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:flask_login.*")


class User(flask_login.UserMixin):
    def __init__(self, key: str) -> None:
        self.id = key
        self.email = f"{key}@meridian.example"


@pytest.fixture
def app(audit: MemoryAudit) -> Flask:
    app = Flask("shop")
    app.secret_key = "for this test"
    manager = flask_login.LoginManager(app)
    manager.user_loader(User)

    @app.post("/login/<name>")
    def login(name: str) -> str:
        flask_login.login_user(User(name))
        return "in"

    @app.post("/logout")
    def logout() -> str:
        flask_login.logout_user()
        return "out"

    @app.post("/groups/<int:group_id>/rename")
    def rename_group(group_id: int) -> str:
        describe(targets=[{"type": "group", "id": str(group_id)}])
        return "renamed"

    @app.delete("/groups/<int:group_id>")
    @audited("RemoveGroup", category="configuration")
    @flask_login.login_required
    def delete_group(group_id: int) -> str:
        return "gone"

    @app.get("/report")
    @audited("ReadReport", record=True)
    def report() -> str:
        return "numbers"

    @app.post("/fail")
    def fail() -> str:
        raise ZeroDivisionError("secret=hunter2")

    @app.get("/forbidden")
    def forbidden() -> str:
        abort(403)

    class Things(MethodView):
        def get(self) -> str:
            return "things"

        @audited("AddThing")
        def post(self) -> str:
            return "added"

    app.add_url_rule("/things", view_func=Things.as_view("things"))
    capture_flask(app, client=audit)
    return app


def test_a_request_is_named_by_its_view_and_its_user_is_the_actor(
    app: Flask, audit: MemoryAudit
) -> None:
    browser = app.test_client()
    assert browser.post("/login/ana").status_code == 200
    assert browser.post("/groups/7/rename").text == "renamed"
    event = assert_audited(audit, operation="RenameGroup", actor="ana@meridian.example", times=1)
    assert (event["endpoint"], event["status"], event["method"]) == (
        "/groups/{group_id}/rename",
        200,
        "POST",
    )
    assert event["targets"] == [{"type": "group", "id": "7"}]
    assert event["actor"] == {"kind": "user", "id": "ana", "email": "ana@meridian.example"}


def test_logins_and_logouts_are_events(app: Flask, audit: MemoryAudit) -> None:
    browser = app.test_client()
    browser.post("/login/ana")
    browser.post("/logout")
    logged_in = assert_audited(audit, method="UserLogin", actor="ana", times=1)
    logged_out = assert_audited(audit, method="UserLogout", actor="ana", times=1)
    assert logged_in["origin"]["ip"] == logged_out["origin"]["ip"] == "127.0.0.1"


def test_denied_marked_and_failing_requests(app: Flask, audit: MemoryAudit) -> None:
    browser = app.test_client()
    assert browser.delete("/groups/7").status_code == 401
    assert_audited(audit, operation="RemoveGroup", category="configuration", status=401)
    assert browser.get("/forbidden").status_code == 403
    assert_audited(audit, operation="Forbidden", status=403)
    assert browser.get("/report").status_code == 200
    assert_audited(audit, operation="ReadReport", status=200)
    assert browser.post("/fail").status_code == 500
    failed = assert_audited(audit, operation="Fail", status=500)
    assert failed["metadata"] == {"error": "ZeroDivisionError"}
    browser.get("/things")
    browser.post("/things")
    assert_audited(audit, operation="AddThing", endpoint="/things", times=1)
    browser.post("/nowhere")
    assert_audited(audit, operation="UnmatchedRequest", status=404, endpoint="/nowhere")
    assert len(audit.events) == 6


def test_an_exception_that_the_host_lets_through_is_told_too(
    app: Flask, audit: MemoryAudit
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        app.test_client().post("/fail")
    assert_audited(audit, operation="Fail", status=500, times=1)


def test_requests_after_a_logout_are_nobodys(app: Flask, audit: MemoryAudit) -> None:
    browser = app.test_client()
    browser.post("/login/ana")
    browser.post("/logout")
    audit.take()
    browser.post("/groups/7/rename")
    (event,) = audit.events
    assert "actor" not in event


def test_a_broken_user_does_not_break_the_request(app: Flask, audit: MemoryAudit) -> None:
    def broken(_: Any) -> None:
        raise OSError("database is away")

    browser = app.test_client()
    browser.post("/login/ana")
    app.login_manager.user_loader(broken)  # type: ignore[attr-defined]
    from indelible.client import guard

    guard.reraise = False
    assert browser.post("/groups/7/rename").status_code == 200
    assert audit.health().swallowed >= 1
