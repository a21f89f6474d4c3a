"""
Standard Webhooks: the signature of a sender, and its payload as a CloudEvent (spec/doors.md).

A source has a file with its secrets, one a line, so that a new one can be added before the sender
changes to it. Pure but for reading that file.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from indelible.codec import DecodeError, decode_json
from indelible.errors import InvalidRequest, Unauthenticated
from indelible.importers.fields import words

WINDOW_S: Final = 5 * 60
"""How far the time of a message may lie from ours: later ones could be repeats of a thief."""
_PREFIX: Final = "whsec_"
_SHORTEST_SECRET: Final = 24  # bytes, as the specification asks for
_MOST_SIGNATURES: Final = 20


def read_secrets(path: Path) -> list[bytes]:
    """The secrets of a source. Raises ValueError that names the line, never its text."""
    secrets = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            secret = base64.b64decode(line.strip().removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"{path}:{number}: a secret is {_PREFIX} and base64") from None
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError(f"{path}:{number}: a secret has at least {_SHORTEST_SECRET} bytes")
        secrets.append(secret)
    if not secrets:
        raise ValueError(f"{path} holds no secret")
    return secrets


def check_signature(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[bytes], now_s: int
) -> str:
    """
    The id of a message that one of the secrets has signed.

    Raises Unauthenticated, which does not tell what was wrong with it beyond the headers.
    """
    message_id = headers.get("webhook-id", "")
    said_s, signatures = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    if not message_id or len(message_id) > 256 or not said_s.isdecimal() or len(said_s) > 12:
        raise Unauthenticated(
            "no signed webhook", hint="send webhook-id, webhook-timestamp and webhook-signature"
        )
    if abs(int(said_s) - now_s) > WINDOW_S:
        raise Unauthenticated("the webhook is older or newer than five minutes")
    signed = f"{message_id}.{said_s}.".encode() + body
    wanted = [base64.b64encode(hmac.digest(secret, signed, sha256)) for secret in secrets]
    for signature in signatures.split()[:_MOST_SIGNATURES]:
        version, _, text = signature.partition(",")
        given = text.encode()
        if version == "v1" and any(hmac.compare_digest(one, given) for one in wanted):
            return message_id
    raise Unauthenticated("the webhook is not signed with a secret of this source")


def as_cloudevent(body: bytes, source: str, message_id: str) -> dict[str, Any]:
    """The payload (`type`, `timestamp`, `data`) as the CloudEvent that says the same."""
    try:
        payload = decode_json(body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise InvalidRequest("a webhook is an object")
    event = {
        "specversion": "1.0",
        "id": message_id,
        "source": source,
        "type": words(payload.get("type")) or "WebhookReceived",
        "data": payload.get("data", payload),
    }
    if words(payload.get("timestamp")) is not None:
        event["time"] = payload["timestamp"]
    return event
