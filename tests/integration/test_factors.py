"""Second factors over HTTP: set up, log in with them, lose them; confirming; lists of logins."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from tests.integration.conftest import (
    EMAIL,
    PASSWORD,
    Login,
    Reply,
    RunningService,
    run_command,
)
from tests.integration.people import account, invite

pytestmark = pytest.mark.timeout(180)


def _step(service: RunningService, email: str = EMAIL) -> dict[str, Any]:
    """The first step of a login that has a second."""
    reply = service.request("POST", "/v1/session", json={"email": email, "password": PASSWORD})
    assert reply.status == 202, reply.body
    assert "set-cookie" not in reply.headers
    found: dict[str, Any] = reply.json
    return found


def _second(service: RunningService, step: str, code: str) -> Reply:
    return service.request("POST", "/v1/session/factor", json={"step": step, "code": code})


def _set_up(login: Login) -> tuple[pyotp.TOTP, list[str]]:
    begun = login.request("POST", "/v1/session/factors/totp").json
    assert begun["uri"].startswith("otpauth://totp/Indelible:")
    size = len(begun["qr"])
    assert all(len(row) == size and set(row) <= {"0", "1"} for row in begun["qr"])
    totp = pyotp.TOTP(begun["secret"])
    done = login.request("POST", "/v1/session/factors/totp/confirm", json={"code": totp.now()})
    assert done.status == 200, done.body
    return totp, done.json["recovery_codes"]


def _next(totp: pyotp.TOTP) -> str:
    """The code of the next half minute, which counts already: the present one was used."""
    return totp.at(int(time.time()) + 30)


def test_a_second_factor_from_set_up_to_loss(service: RunningService) -> None:
    ana = service.set_up()
    totp, recovery = _set_up(ana)
    assert len(set(recovery)) == 10
    again = ana.request("POST", "/v1/session/factors/totp")
    assert again.status == 409

    step = _step(service)
    assert step["ways"] == ["totp", "recovery"]
    wrong = _second(service, step["step"], "000000")
    assert (wrong.status, wrong.code) == (401, "wrong-code")
    code = _next(totp)
    right = _second(service, step["step"], code)
    assert right.status == 200, right.body
    assert right.json["person"]["email"] == EMAIL
    assert _second(service, step["step"], _next(totp)).code == "login-step-ended"
    replayed = _second(service, _step(service)["step"], code)
    assert replayed.code == "wrong-code"
    by_recovery = _second(service, _step(service)["step"], recovery[0])
    assert by_recovery.status == 200
    assert _second(service, _step(service)["step"], recovery[0]).code == "wrong-code"

    left = ana.request("GET", "/v1/session/factors").json
    assert left == {"totp": True, "recovery_left": 9, "passkeys": 0, "required": False,
                    "password": True}  # fmt: skip
    assert account(ana, EMAIL)["factors"] == ["totp"]
    renewed = ana.request("POST", "/v1/session/factors/recovery").json["recovery_codes"]
    assert _second(service, _step(service)["step"], recovery[1]).code == "wrong-code"
    assert _second(service, _step(service)["step"], renewed[0]).status == 200

    run_command("users", "reset-factors", EMAIL, "--data", str(service.data))
    plain = service.request("POST", "/v1/session", json={"email": EMAIL, "password": PASSWORD})
    assert plain.status == 200
    secrets = [*recovery, *renewed, totp.secret]
    on_disk = b"".join(path.read_bytes() for path in service.data.glob("control.sqlite3*"))
    assert len((service.data / "keys" / "accounts.key").read_bytes()) == 32
    assert not [one for one in secrets if one.replace("-", "").encode() in on_disk]

    ways = [
        (event["operation"], event["outcome"], event["metadata"].get("way"))
        for event in service.events(stream="user", q="operation:LogIn", order="asc")
    ]
    assert ("LogIn", "failure", "second factor") in ways
    assert ("LogIn", "success", "password, totp") in ways
    assert ("LogIn", "success", "password, recovery") in ways
    acts = {event["operation"] for event in service.events(stream="user", q="category:audit")}
    assert {"SetUpSecondFactor", "RenewRecoveryCodes", "ResetSecondFactors"} <= acts


def test_a_one_time_link_stands_for_the_password_alone(service: RunningService) -> None:
    admin = service.set_up()
    email, password = "linked@example.com", "a password that is entirely new"
    bo = invite(service, admin, email, "admin")
    _, recovery = _set_up(bo)
    made = admin.request("POST", f"/v1/users/{account(admin, email)['id']}/link")
    body = {"token": made.json["path"].removeprefix("/setup#token="), "email": email,
            "name": "Bo", "password": password}  # fmt: skip
    used = service.request("POST", "/v1/setup", json=body)
    assert (used.status, used.json["ways"]) == (202, ["totp", "recovery"])
    assert "set-cookie" not in used.headers
    assert bo.request("GET", "/v1/session").status == 401
    assert _second(service, used.json["step"], recovery[0]).status == 200
    again = service.request("POST", "/v1/session", json={"email": email, "password": password})
    assert again.status == 202


def test_a_login_begun_with_a_password_that_was_replaced_leads_nowhere(
    service: RunningService,
) -> None:
    admin = service.set_up()
    email = "replaced@example.com"
    _, recovery = _set_up(invite(service, admin, email, "auditor"))
    begun = _step(service, email)["step"]
    made = admin.request("POST", f"/v1/users/{account(admin, email)['id']}/link")
    body = {"token": made.json["path"].removeprefix("/setup#token="), "email": email,
            "name": "Re", "password": "a password that is entirely new"}  # fmt: skip
    assert service.request("POST", "/v1/setup", json=body).status == 202
    ended = _second(service, begun, recovery[0])
    assert (ended.status, ended.code) == (403, "login-step-ended")


def test_guessing_codes_is_limited(service: RunningService) -> None:
    admin = service.set_up()
    bo = invite(service, admin, "guess@example.com", "auditor")
    _set_up(bo)
    step = _step(service, "guess@example.com")["step"]
    codes = [_second(service, step, f"{number:06}").code for number in range(6)]
    assert codes == ["wrong-code"] * 5 + ["too-many-attempts"]


def test_a_policy_leads_to_the_set_up(start_service: Callable[..., RunningService]) -> None:
    first = start_service()
    first.stop()
    (first.data / "indelible.toml").write_text('[access]\nsecond_factor = "admins"\n')
    service = start_service(first.data)
    service.setup_token = first.setup_token
    ana = service.set_up()
    assert ana.session["needs_factor"]
    refused = ana.request("GET", "/v1/events")
    assert (refused.status, refused.code) == (403, "factor-needed")
    assert ana.request("GET", "/v1/session/factors").json["required"]
    _set_up(ana)
    assert ana.request("GET", "/v1/events").status == 200
    removed = ana.request("DELETE", "/v1/session/factors/totp")
    assert removed.status == 403
    # Keys are no people: the policy is not about them.
    assert service.request("GET", "/v1/events", key=service.key("r")).status == 200


def test_acts_of_administration_ask_again_after_a_while(service: RunningService) -> None:
    ana = service.set_up()
    with sqlite3.connect(service.data / "control.sqlite3", timeout=20) as control:
        control.execute("UPDATE session SET confirmed_us = confirmed_us - 16 * 60000000")
    body = {"email": "cy@example.com", "role": "viewer"}
    refused = ana.request("POST", "/v1/users", json=body)
    assert (refused.status, refused.code) == (403, "confirm-needed")
    assert ana.request("GET", "/v1/users").status == 200
    assert ana.request("POST", "/v1/session/factors/totp").code == "confirm-needed"
    wrong = ana.request("POST", "/v1/session/confirm", json={"password": "not the password"})
    assert (wrong.status, wrong.code) == (401, "invalid-credentials")
    neither = ana.request("POST", "/v1/session/confirm", json={})
    assert neither.status == 400
    assert ana.request("POST", "/v1/session/confirm", json={"password": PASSWORD}).status == 204
    assert ana.request("POST", "/v1/users", json=body).status == 201


def test_logins_are_listed_and_ended(service: RunningService) -> None:
    admin = service.set_up()
    bo = invite(service, admin, "logins@example.com", "viewer")
    other = service.log_in("logins@example.com")
    third = service.log_in("logins@example.com")
    listed = bo.request("GET", "/v1/session/logins").json["logins"]
    assert [one["is_this"] for one in listed].count(True) == 1
    assert {one["ip"] for one in listed} == {"127.0.0.1"}
    assert {one["way"] for one in listed} == {"password"}
    foreign = admin.request("GET", "/v1/session/logins").json["logins"][0]["id"]
    assert bo.request("DELETE", f"/v1/session/logins/{foreign}").status == 404
    newest = next(
        one["id"] for one in third.request("GET", "/v1/session/logins").json["logins"]
        if one["is_this"]
    )  # fmt: skip
    assert bo.request("DELETE", f"/v1/session/logins/{newest}").status == 204
    assert third.request("GET", "/v1/session").status == 401
    assert bo.request("DELETE", "/v1/session/logins").json == {"ended": 1}
    assert other.request("GET", "/v1/session").status == 401
    path = f"/v1/users/{account(admin, 'logins@example.com')['id']}/logins"
    assert bo.request("GET", path).status == 403
    assert len(admin.request("GET", path).json["logins"]) == 1
    assert admin.request("DELETE", path).json == {"ended": 1}
    assert bo.request("GET", "/v1/session").status == 401
    acts = service.events(stream="user", q="operation:EndLogin")
    assert len(acts) == 3
    key = service.request("GET", "/v1/session/logins", key=service.key("a"))
    assert key.status == 403


def test_a_new_password_ends_the_other_logins(service: RunningService) -> None:
    admin = service.set_up()
    email = "renewing@example.com"
    bo = invite(service, admin, email, "viewer")
    other = service.log_in(email)
    new = "an entirely different sentence"

    def change(current: str, wanted: str) -> Reply:
        body = {"current": current, "new": wanted}
        return bo.request("POST", "/v1/session/password", json=body)

    assert change("not the password at all", new).code == "invalid-credentials"
    assert change(PASSWORD, "short").code == "weak-password"
    assert change(PASSWORD, PASSWORD).status == 400
    assert other.request("GET", "/v1/session").status == 200
    done = change(PASSWORD, new)
    assert (done.status, done.json) == (200, {"ended": 1})
    assert other.request("GET", "/v1/session").status == 401
    assert bo.request("GET", "/v1/session").status == 200  # this one stays
    old = service.request("POST", "/v1/session", json={"email": email, "password": PASSWORD})
    assert old.status == 401
    service.log_in(email, new)
    found = service.events(stream="user", q=f"category:audit actor:{email}")
    told = [event["operation"] for event in found]
    assert told.count("ChangePassword") == 1
    assert "EndLogin" in told
    refused = admin.request("GET", "/v1/session/password")
    assert refused.status == 405
