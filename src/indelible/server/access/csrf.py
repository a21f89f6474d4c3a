"""Cross-site request forgery: what an unsafe request with a cookie must show."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from hmac import compare_digest

from indelible.errors import Denied

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite(Denied):
    """A request that another site may have caused."""

    code = "cross-site"


def csrf_token(session_token: str) -> str:
    """The token that goes with a login. Derived, so nothing more is stored; one way, so no leak."""
    return hashlib.sha256(b"indelible/v1/csrf\0" + session_token.encode()).hexdigest()[:43]


def check_origin(headers: Mapping[str, str], own_origins: Collection[str]) -> None:
    """
    Raises CrossSite unless the browser says that our own page sent the request.

    Sec-Fetch-Site is set by the browser and out of reach of scripts; where it is missing (old
    browsers, plain HTTP) the Origin header must name us. Programs without both send no cookie.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite(f"request from another site (Sec-Fetch-Site: {site[:20]})")
        return
    origin = headers.get("origin")
    if origin is not None and origin not in own_origins:
        raise CrossSite(
            "request from another origin",
            hint="set --public-url to the address in the browser, or --trusted-proxies",
        )


def check_csrf(
    headers: Mapping[str, str], own_origins: Collection[str], session_token: str
) -> None:
    """Raises CrossSite unless origin and X-Csrf-Token are right."""
    check_origin(headers, own_origins)
    given = headers.get("x-csrf-token", "")
    if not compare_digest(given.encode(), csrf_token(session_token).encode()):
        raise CrossSite(
            "the X-CSRF-Token header is missing or wrong",
            hint="send the `csrf` value of GET /v1/session",
        )
