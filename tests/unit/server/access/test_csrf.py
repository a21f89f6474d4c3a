"""What a request with a cookie must show."""

from __future__ import annotations

import pytest

from indelible.server.access.csrf import CrossSite, check_csrf, check_origin, csrf_token

OWN = {"https://audit.example.com"}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://audit.example.com"},
        {},
    ],
)
def test_own_requests_pass(headers: dict[str, str]) -> None:
    check_origin(headers, OWN)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://audit.example.com"},
        {"origin": "https://audit.example.com.evil.example"},
        {"origin": "http://audit.example.com"},
        {"origin": "null"},
    ],
)
def test_foreign_requests_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CrossSite):
        check_origin(headers, OWN)


def test_the_token_goes_with_its_login() -> None:
    token = csrf_token("session-1")
    check_csrf({"sec-fetch-site": "same-origin", "x-csrf-token": token}, OWN, "session-1")
    for headers in ({}, {"x-csrf-token": csrf_token("session-2")}, {"x-csrf-token": "é"}):
        with pytest.raises(CrossSite):
            check_csrf({"sec-fetch-site": "same-origin", **headers}, OWN, "session-1")
    assert "session-1" not in token
