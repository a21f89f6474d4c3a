"""Logins from outside: what ends them, what they need to change something, what limits guessing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.conftest import EMAIL, PASSWORD, Login, RunningService

pytestmark = pytest.mark.timeout(240)

Start = Callable[..., RunningService]


@pytest.fixture(scope="module")
def login(service: RunningService) -> Login:
    return service.set_up()


def unsafe_operations(service: RunningService) -> list[tuple[str, str]]:
    document: dict[str, Any] = service.request("GET", "/openapi.json").json
    return [
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method not in ("get", "head") and operation["security"]
    ] + [("DELETE", "/v1/session")]


def test_every_unsafe_operation_needs_its_proofs(service: RunningService, login: Login) -> None:
    """The matrix: each operation × each way in which another site could send it."""
    operations = unsafe_operations(service)
    assert len(operations) >= 6
    own = {"cookie": login.cookie, "content-type": "application/json"}
    token = login.session["csrf"]
    attempts: list[dict[str, str]] = [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "x-csrf-token": ""},
        {"sec-fetch-site": "same-origin", "x-csrf-token": token[:-1]},
        {"sec-fetch-site": "same-origin", "x-csrf-token": token.upper()},
        {"sec-fetch-site": "cross-site", "x-csrf-token": token},
        {"sec-fetch-site": "same-site", "x-csrf-token": token},
        {"origin": "https://evil.example", "x-csrf-token": token},
        {"origin": "null", "x-csrf-token": token},
        {"origin": service.url + ".evil.example", "x-csrf-token": token},
    ]
    for method, path in operations:
        for headers in attempts:
            reply = service.request(method, path, body=b"{}", headers={**own, **headers})
            assert reply.status == 403, (method, path, headers)
            if path.startswith("/scim/"):  # its errors have the form of SCIM, without a code
                assert re.search("X-CSRF-Token|another (site|origin)", reply.json["detail"])
            else:
                assert reply.code == "cross-site", (method, path, headers)
    assert login.request("GET", "/v1/session").status == 200


def test_a_cookie_lends_nothing_to_a_request_with_a_key(
    service: RunningService, login: Login
) -> None:
    reply = login.request("GET", "/v1/keys", headers={"authorization": "Bearer nonsense"})
    assert reply.status == 401
    reply = login.request(
        "GET", "/v1/keys", headers={"authorization": f"Bearer {service.key('r')}"}
    )
    assert reply.status == 403


def test_each_login_has_a_token_of_its_own_and_ends_the_one_before(
    start_service: Start,
) -> None:
    service = start_service()
    first = service.set_up()
    other_browser = service.log_in()
    assert first.cookie != other_browser.cookie
    assert first.session["csrf"] != other_browser.session["csrf"]
    again = service.request(
        "POST", "/v1/session", json={"email": EMAIL, "password": PASSWORD},
        headers={"cookie": first.cookie},
    )  # fmt: skip
    assert again.status == 200
    assert again.headers["set-cookie"].split(";")[0] != first.cookie
    assert first.request("GET", "/v1/session").code == "unauthenticated"
    assert other_browser.request("GET", "/v1/session").status == 200
    made_up = "indelible_session=" + "a" * 43
    fixed = service.request(
        "POST", "/v1/session", json={"email": EMAIL, "password": PASSWORD},
        headers={"cookie": made_up},
    )  # fmt: skip
    assert fixed.headers["set-cookie"].split(";")[0] != made_up


def test_a_logged_out_cookie_is_dead_everywhere(start_service: Start) -> None:
    service = start_service()
    login = service.set_up()
    assert login.request("DELETE", "/v1/session").status == 204
    for path in ("/v1/events", "/v1/keys", "/v1/settings", "/v1/status", "/v1/export"):
        assert login.request("GET", path).code == "unauthenticated"


@pytest.mark.parametrize(
    "cookie",
    ["indelible_session=", "indelible_session=\xff\xfe", "indelible_session=" + "x" * 9000,
     "indelible_session=' OR 1=1 --", "=;;;=", "indelible_session", "__Host-indelible=x"],
)  # fmt: skip
def test_cookies_that_are_none(service: RunningService, cookie: str) -> None:
    reply = service.request("GET", "/v1/session", headers={"cookie": cookie})
    assert (reply.status, reply.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "bearer \xff\xfe", "Bearer ind_a_",
     "Bearer " + "i" * 9000, "Digest x", "Bearer ind_a_0000000000_" + "0" * 38, "Bearer\tx"],
)  # fmt: skip
def test_keys_that_are_none(service: RunningService, authorization: str) -> None:
    reply = service.request("GET", "/v1/status", headers={"authorization": authorization})
    assert (reply.status, reply.code) == (401, "unauthenticated")


def test_guessing_is_limited_and_says_nothing(start_service: Start) -> None:
    """The same reply for a wrong password and for no such account, until both must wait."""
    service = start_service()
    service.set_up()
    replies = []
    for email in (EMAIL, "nobody@example.com"):
        for number in range(8):
            reply = service.request(
                "POST", "/v1/session", json={"email": email, "password": f"guess number {number}"}
            )
            replies.append((email, reply.status, reply.code, reply.json["detail"]))
    known = [row[1:] for row in replies if row[0] == EMAIL]
    unknown = [row[1:] for row in replies if row[0] != EMAIL]
    assert known == unknown
    assert [row[0] for row in known] == [401] * 5 + [429] * 3
    # A right password does not open the door before its time.
    late = service.request("POST", "/v1/session", json={"email": EMAIL, "password": PASSWORD})
    assert (late.status, late.code) == (429, "too-many-attempts")
    assert int(late.headers["retry-after"]) > 0
