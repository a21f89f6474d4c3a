"""Errors as problems: what people see, and what they never see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from indelible.errors import (
    Denied,
    Error,
    FatalError,
    InvalidRequest,
    Pushback,
    TooManyAttempts,
    Unauthenticated,
)
from indelible.server.web.problem import bug_response, problem_response


def body(response: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(response.body)
    return content


def test_the_fields_of_a_problem() -> None:
    error = InvalidRequest("q: expected a word", position=4, expected="a word", parameter="q")
    response = problem_response(error, "r1")
    assert response.media_type == "application/problem+json"
    assert body(response) == {
        "type": "about:blank", "title": "Bad Request", "status": 400, "code": "invalid-request",
        "detail": "q: expected a word", "request_id": "r1", "parameter": "q", "position": 4,
        "expected": "a word",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (Unauthenticated("no"), 401, ("www-authenticate", 'Bearer realm="indelible"')),
        (Denied("no"), 403, None),
        (TooManyAttempts("no", retry_after_s=7), 429, ("retry-after", "7")),
        (Pushback("no", retry_after_s=2), 503, ("retry-after", "2")),
        (FatalError("no"), 500, None),
    ],
)
def test_status_and_headers(error: Error, status: int, header: tuple[str, str] | None) -> None:
    response = problem_response(error, "r1")
    assert response.status_code == status
    if header is not None:
        assert response.headers[header[0]] == header[1]


def test_a_bug_tells_nothing() -> None:
    assert body(bug_response("r1")) == {
        "type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal",
        "hint": "the service's log has the request id and the cause", "request_id": "r1",
    }  # fmt: skip
