"""Security headers of every reply, by what kind of reply it is."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

SCREEN_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self';"
    " form-action 'self'; frame-ancestors 'none'"
)
# Replies of the API are data: nothing in them may run, load or be framed if opened as a page.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ONE_YEAR = "max-age=31536000"


def add_security_headers(headers: MutableHeaders, *, secure: bool, is_page: bool) -> None:
    """Sets them, keeping a cache rule that the handler chose."""
    for name, value in _ALWAYS.items():
        headers[name] = value
    headers["content-security-policy"] = SCREEN_POLICY if is_page else API_POLICY
    headers.setdefault("cache-control", "no-store")
    if secure:
        headers["strict-transport-security"] = _ONE_YEAR
