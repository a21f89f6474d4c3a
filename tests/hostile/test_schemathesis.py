"""
Random requests made from the OpenAPI document, by everybody who can send one.

In `make test` 2,000 cases at least, the same ones each time. INDELIBLE_TEST_CASES sets how many at
least (10,000 and more before a release), then with new random cases each time.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from tests.integration.conftest import RunningService

Record = Callable[[str, object], None]
WANTED = int(os.environ.get("INDELIBLE_TEST_CASES", "0"))
LEAST = 2_000
ROLES = ("nobody", "w", "r", "a", "s", "admin")
pytestmark = pytest.mark.timeout(300 + WANTED)
# Not asked for: the process must not be loaded with 64 MiB hashes for thousands of wrong passwords.
LOG_OUT = "delete /v1/session"
PASSWORD_PATHS = {"/v1/session", "/v1/session/password", "/v1/setup"}
LIVE = "/v1/live"  # goes on for an hour if it is let

# What the document does not promise may not come.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(service: RunningService) -> dict[str, Any]:
    found: dict[str, Any] = service.request("GET", "/openapi.json").json
    return found


def caller(service: RunningService, role: str) -> requests.Session:
    """A client that sends what this role sends."""
    client = requests.Session()
    if role == "admin":
        login = service.set_up()
        name, _, value = login.cookie.partition("=")
        client.headers.update(
            {
                "cookie": f"{name}={value}",
                "x-csrf-token": login.session["csrf"],
                "sec-fetch-site": "same-origin",
            }
        )
    elif role != "nobody":
        client.headers["authorization"] = f"Bearer {service.key(role)}"
    return client


@pytest.mark.parametrize("role", ROLES)
def test_random_requests(
    service: RunningService,
    document: dict[str, Any],
    role: str,
    record_property: Callable[..., None],
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    # Who asks is decided here: random keys and cookies would only be 401s.
    schema.config.generation.update(with_security_parameters=False)
    operations = [result.ok() for result in schema.get_all_operations()]
    share = max(WANTED, LEAST) * 1.25 / len(ROLES)
    # What takes no parameters and no body has one case; the others make up for it.
    varied = [one for one in operations if one.body or one.query or one.path_parameters]
    each = math.ceil(share / len(varied))
    client = caller(service, role)
    done: Counter[int] = Counter()
    for operation in operations:
        if role == "admin" and f"{operation.method} {operation.path}".lower() == LOG_OUT:
            continue  # would end the login that the others need
        run(service, client, operation, each, done)
    record_property("cases", sum(done.values()))
    print(role, dict(done))
    assert sum(done.values()) >= max(WANTED, LEAST) / len(ROLES)
    if role in ("a", "admin"):
        assert done[401] < 40, "the login or key was lost on the way"
        assert done[200] > share / 20, "hardly anything was accepted: the requests test nothing"


def run(
    service: RunningService,
    client: requests.Session,
    operation: Any,
    number: int,
    done: Counter[int],
) -> None:
    """Sends cases for one operation, and checks each reply against the document."""
    if operation.path in PASSWORD_PATHS:
        number = min(number, 10)

    @given(case=operation.as_strategy())
    @settings(
        max_examples=number,
        derandomize=not WANTED,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        if operation.path == LIVE:
            case.query = {**(case.query or {}), "seconds": 0}
        reply = case.call(base_url=service.url, session=client, timeout=60)
        done[reply.status_code] += 1
        case.validate_response(reply, checks=CHECKS)

    send()
