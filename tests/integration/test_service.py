"""The service from outside: start and stop, who gets in, security headers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
from tests.integration.conftest import EMAIL, PASSWORD, RunningService, run_command

pytestmark = pytest.mark.timeout(180)  # processes start and stop; two cores are shared

Start = Callable[..., RunningService]


def test_a_link_makes_one_administrator_once(service: RunningService) -> None:
    token = service.setup_token
    checked = service.request("POST", "/v1/setup/check", json={"token": token})
    assert (checked.status, checked.json) == (200, {"email": None})
    body = {"token": token, "email": EMAIL, "name": "Ana", "password": "short"}
    weak = service.request("POST", "/v1/setup", json=body)
    assert (weak.status, weak.code) == (422, "weak-password")
    for guess in ("qwerty123456", "Indelible2026!"):
        easy = service.request("POST", "/v1/setup", json=body | {"password": guess})
        assert (easy.status, easy.code) == (422, "weak-password")
        assert easy.json["hint"]
    made = service.request("POST", "/v1/setup", json=body | {"password": PASSWORD})
    assert made.status == 200
    assert made.json["person"] | {"id": ""} == {
        "id": "", "email": EMAIL, "name": "Ana", "role": "admin",
    }  # fmt: skip
    cookie = made.headers["set-cookie"].lower()
    assert cookie.startswith("indelible_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    for path, again in (
        ("/v1/setup", body | {"email": "eve@example.com", "password": PASSWORD}),
        ("/v1/setup/check", {"token": token}),
    ):
        reply = service.request("POST", path, json=again)
        assert (reply.status, reply.code) == (403, "link-invalid")


def test_nothing_is_open(service: RunningService) -> None:
    """Every route but logins, setup, health, description and hooks needs a key or a login."""
    document = service.request("GET", "/openapi.json").json
    open_paths = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if not operation["security"]
    }
    assert open_paths == {
        "/v1/session", "/v1/session/factor", "/v1/session/tenant", "/v1/session/ways",
        "/v1/session/passkey", "/v1/session/passkey/options", "/v1/oidc/login",
        "/v1/oidc/callback", "/v1/oidc/backchannel-logout", "/v1/setup", "/v1/setup/check",
        "/healthz", "/readyz", "/openapi.json", "/v1/webhooks/{source}",
    }  # fmt: skip
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["security"]:
                reply = service.request(method.upper(), path.replace("{", "").replace("}", ""))
                assert reply.status in (401, 404), (method, path)
                assert reply.status == 401 or "{" in path


@pytest.mark.parametrize(
    ("kind", "allowed"), [("w", {"write"}), ("r", {"read"}), ("a", {"write", "read", "admin"})]
)
def test_kinds_of_keys(service: RunningService, kind: str, allowed: set[str]) -> None:
    tried = {
        "write": service.request(
            "POST", "/v1/events", key=service.key(kind), json={"operation": "KindsOfKeys"}
        ),
        "read": service.request("GET", "/v1/status", key=service.key(kind)),
        "admin": service.request("GET", "/v1/keys", key=service.key(kind)),
    }
    assert {name for name, reply in tried.items() if reply.status == 200} == allowed
    assert all(reply.code == "denied" for reply in tried.values() if reply.status != 200)


def test_a_mistyped_or_revoked_key_is_refused(service: RunningService) -> None:
    made = service.request(
        "POST", "/v1/keys", key=service.key("a"), json={"name": "short life", "kind": "r"}
    )
    assert made.status == 201
    key = made.json["key"]
    assert service.request("GET", "/v1/status", key=key).status == 200
    for wrong in (key[:-1], key[:-1] + ("a" if key[-1] != "a" else "b"), "ind_r_x", "", "x y"):
        assert service.request("GET", "/v1/status", key=wrong).code == "unauthenticated"
    path = f"/v1/keys/{made.json['id']}"
    assert service.request("DELETE", path, key=service.key("a")).status == 204
    assert service.request("GET", "/v1/status", key=key).status == 401
    assert service.request("DELETE", "/v1/keys/none", key=service.key("a")).status == 404


def test_the_command_line_makes_and_revokes_keys_while_the_service_runs(
    service: RunningService,
) -> None:
    data = ("--data", str(service.data))
    made = json.loads(
        run_command("keys", "create", "--kind", "r", "--name", "n", "--json", *data).stdout
    )
    assert service.request("GET", "/v1/status", key=made["key"]).status == 200
    run_command("keys", "revoke", made["id"], *data)
    assert service.request("GET", "/v1/status", key=made["key"]).status == 401
    listed = json.loads(run_command("keys", "list", "--json", *data).stdout)["keys"]
    mine = next(key for key in listed if key["id"] == made["id"])
    assert mine["revoked_at"] is not None
    assert made["key"] not in json.dumps(listed)


def test_csrf(service: RunningService) -> None:
    login = service.set_up()
    body = {"zone": "Europe/Berlin"}
    for headers in (
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 43},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        reply = login.request("PATCH", "/v1/settings", json=body, headers=headers)
        assert (reply.status, reply.code) == (403, "cross-site"), headers
    own = {"cookie": login.cookie, "x-csrf-token": login.session["csrf"]}
    foreign = service.request(
        "PATCH", "/v1/settings", json=body, headers=own | {"origin": "https://evil.example"}
    )
    assert foreign.code == "cross-site"
    form = login.request(
        "PATCH", "/v1/settings", body=b"{}", headers={"content-type": "text/plain"}
    )
    assert form.code == "unsupported-media"
    right = service.request(
        "PATCH", "/v1/settings", json=body, headers=own | {"origin": service.url}
    )
    assert right.status == 200
    assert right.json["zone"] == "Europe/Berlin"
    assert login.request("PATCH", "/v1/settings", json={"zone": "UTC"}).status == 200


def test_log_out_ends_the_login_on_the_server(service: RunningService) -> None:
    service.set_up()
    login = service.log_in()
    assert login.request("GET", "/v1/session").status == 200
    assert login.request("DELETE", "/v1/session", headers={"x-csrf-token": "no"}).status == 403
    assert login.request("DELETE", "/v1/session").status == 204
    assert login.request("GET", "/v1/session").code == "unauthenticated"


def test_settings_are_checked(service: RunningService) -> None:
    login = service.set_up()
    for wrong, status in (
        ({"zone": "Mars/Olympus"}, 400),
        ({"week_start": "friday"}, 400),
        ({"colour": "red"}, 400),
        ({"show_own": "yes"}, 400),
    ):
        assert login.request("PATCH", "/v1/settings", json=wrong).status == status
    assert login.request("PATCH", "/v1/settings", json={"week_start": "sunday"}).json == {
        "zone": "UTC", "date_format": "dmy", "week_start": "sunday", "show_own": False,
    }  # fmt: skip
    login.request("PATCH", "/v1/settings", json={"week_start": "monday"})


def test_security_headers(service: RunningService) -> None:
    for path in ("/", "/docs", "/v1/status", "/healthz", "/nothing.js"):
        headers = service.request("GET", path).headers
        policy = headers["content-security-policy"]
        assert "'unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
        assert "strict-transport-security" not in headers
        assert len(headers["x-request-id"]) == 20
    assert service.request("GET", "/v1/status").headers["cache-control"] == "no-store"


def test_errors_are_problems(service: RunningService) -> None:
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not-found"),
        ("PUT", "/v1/keys", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
        ("POST", "/v1/session", 415, "unsupported-media"),
        ("GET", "/v1/keys", 401, "unauthenticated"),
    ):
        reply = service.request(method, path)
        assert reply.status == status, path
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.code == code
        assert reply.json["request_id"] == reply.headers["x-request-id"]


def test_a_second_service_on_the_same_folder_is_refused(service: RunningService) -> None:
    second = run_command("serve", "--data", str(service.data), "--port", "0", check=False)
    assert second.returncode == 1
    assert "in use by `indelible serve`, process" in second.stderr
    assert service.request("GET", "/healthz").status == 200


def test_logging_in_over_a_network_needs_https(service: RunningService) -> None:
    reply = service.request(
        "POST", "/v1/session", json={"email": "a@b.example", "password": "x"},
        headers={"host": "audit.example.com"},
    )  # fmt: skip
    assert (reply.status, reply.code) == (403, "https-needed")
    assert "--tls-cert" in reply.json["hint"]


def test_failed_logins_are_limited_and_told_apart_by_nobody(start_service: Start) -> None:
    service = start_service()
    service.set_up()
    wrong = [
        service.request("POST", "/v1/session", json={"email": email, "password": "no"})
        for email in (EMAIL, "nobody@example.com")
    ]
    assert [reply.code for reply in wrong] == ["invalid-credentials"] * 2
    first, second = (reply.json | {"request_id": ""} for reply in wrong)
    assert first == second
    for _ in range(4):
        service.request("POST", "/v1/session", json={"email": EMAIL, "password": "no"})
    right = {"email": EMAIL.upper(), "password": PASSWORD}
    limited = service.request("POST", "/v1/session", json=right)
    assert (limited.status, limited.code) == (429, "too-many-attempts")
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    # A new one-time link is the way back in; it ends the wait.
    link = run_command("users", "reset-link", EMAIL, "--json", "--data", str(service.data))
    token = json.loads(link.stdout)["token"]
    body = {"token": token, "email": EMAIL, "name": "Ana", "password": PASSWORD + "!"}
    assert service.request("POST", "/v1/setup", json=body).status == 200
    service.log_in(EMAIL, PASSWORD + "!")


def test_secrets_are_not_in_the_log_of_the_service(start_service: Start) -> None:
    service = start_service(None, "--log-level", "debug")
    key = service.key("a")
    login = service.set_up()
    service.send({"operation": "SecretBusiness", "metadata": {"note": "quiet word"}})
    service.request("GET", "/v1/status", key=key + "x")
    service.stop()
    text = service.log.read_text()
    assert "GET /v1/status 401" in text
    for secret in (key, service.setup_token, PASSWORD, login.cookie.split("=")[1], "quiet word"):
        assert secret not in text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_and_goes_on(start_service: Start, how: signal.Signals) -> None:
    """After a stop all that was acknowledged is under a checkpoint, and a start goes on from it."""
    service = start_service()
    answer = service.send({"operation": "BeforeTheStop"})
    login = service.set_up()
    assert service.stop(how) == 0
    again = start_service(service.data)
    status = again.request("GET", "/v1/status", key=again.key("r")).json
    assert status["ledger"]["size"] > answer["tree_size"]
    assert status["ledger"]["checkpoint"]["size"] > answer["tree_size"]
    # Logins are rows on the server: they outlive it.
    login.service = again
    assert login.request("GET", "/v1/session").json["has_events"] is True
