"""
Which secrets are masked in what arrives, and what would be masked in an event.

The rules stand in the settings of the service: they are read here, never changed.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidEvent, InvalidRequest
from indelible.event import parse_value
from indelible.event.redact import MASK, secret_names
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api
from indelible.server.web.service import service_of


class OwnRules(msgspec.Struct, frozen=True, kw_only=True):
    """What this service's settings add to the built-in rules."""

    keys: list[str]
    paths: list[str]
    patterns: list[str]
    keep: list[str]


class RedactionReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    The rules in force. `names` are the built-in names of fields that are masked wherever they
    stand; tokens, keys and card numbers are known by their look besides. `hash` is the SHA-256 of
    all rules, as each start of the service tells it, or `off`.
    """

    enabled: bool
    mask: str
    names: list[str]
    own: OwnRules
    hash: str


class RedactionTestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event as a sender would send it; nothing is stored."""

    event: dict[str, Any]


class RedactionTestReply(msgspec.Struct, frozen=True, kw_only=True):
    """The event as it would be stored, and where something was masked."""

    event: dict[str, Any]
    masked: list[str]


async def get_redaction(request: Request) -> Response:
    """The rules in force."""
    masking = service_of(request).ingest.masking
    chosen = masking.settings
    reply = RedactionReply(
        enabled=chosen.enabled,
        mask=MASK,
        names=secret_names(),
        own=OwnRules(
            keys=list(chosen.keys),
            paths=list(chosen.paths),
            patterns=list(chosen.patterns),
            keep=list(chosen.keep),
        ),
        hash=masking.rules(),
    )
    return json_response(reply)


async def test_redaction(request: Request) -> Response:
    """What the service would mask in an event."""
    body = await read_json(request, RedactionTestBody)
    masking = service_of(request).ingest.masking
    try:
        sent = parse_value(body.event)
    except InvalidEvent as error:
        raise InvalidRequest(error.message, parameter="event", hint=error.hint) from error
    before = len(sent.context.altered or ()) if sent.context else 0
    # A pattern of one's own may be slow: not in the event loop.
    masked = await asyncio.to_thread(masking.mask, sent)
    altered = (masked.context.altered or []) if masked.context else []
    reply = RedactionTestReply(
        event=msgspec.to_builtins(masked),
        masked=[mark.removesuffix(": secret masked") for mark in altered[before:]],
    )
    return json_response(reply)


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/redaction",
        handler=get_redaction,
        permit="read",
        summary="Which secrets are masked",
        tag="Govern",
        reply=RedactionReply,
        errors=(401, 403),
    ),
    Api(
        method="POST",
        path="/v1/redaction/test",
        handler=test_redaction,
        permit="read",
        summary="What would be masked in an event",
        tag="Govern",
        description="By the service's rules; the SDK masks by its own before. Nothing is stored.",
        body=RedactionTestBody,
        reply=RedactionTestReply,
        errors=(400, 401, 403, 413, 415),
    ),
)
