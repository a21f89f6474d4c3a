"""Security headers of every reply, by what kind of reply it is."""

from __future__ import annotations

RawHeaders = list[tuple[bytes, bytes]]

SCREEN_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self';"
    " form-action 'self'; frame-ancestors 'none'"
)
# Replies of the API are data: nothing in them may run, load or be framed if opened as a page.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_EVERYWHERE: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_ALWAYS: RawHeaders = [
    *_EVERYWHERE,
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_OF_PAGES: RawHeaders = [*_ALWAYS, (b"content-security-policy", SCREEN_POLICY.encode())]
_OF_DATA: RawHeaders = [*_ALWAYS, (b"content-security-policy", API_POLICY.encode())]
# What host products load: the page of a frame, which sets a policy of its own, and one script.
_OF_EMBEDDING: RawHeaders = [*_EVERYWHERE, (b"cross-origin-resource-policy", b"cross-origin")]
_NO_STORE = (b"cache-control", b"no-store")
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def frame_policy(ancestors: tuple[str, ...]) -> str:
    """The policy of the screen for a page that these origins may frame, or nobody."""
    allowed = " ".join(ancestors) or "'none'"
    return SCREEN_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")


def add_security_headers(headers: RawHeaders, *, secure: bool, request_id: str) -> None:
    """
    Adds them to the raw headers of a reply, keeping a cache rule that the handler chose.

    Written for speed: it runs once for each event that is sent alone.
    """
    is_page = has_cache_rule = has_policy = False
    for name, value in headers:
        if name == b"content-type":
            is_page = value.startswith(b"text/html")
        elif name == b"cache-control":
            has_cache_rule = True
        elif name == b"content-security-policy":
            has_policy = True
    headers += _OF_EMBEDDING if has_policy else _OF_PAGES if is_page else _OF_DATA
    headers.append((b"x-request-id", request_id.encode()))
    if not has_cache_rule:
        headers.append(_NO_STORE)
    if secure:
        headers.append(_HTTPS_ONLY)
