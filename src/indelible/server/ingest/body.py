"""
From the bytes of a request to the bytes of single events: encodings, limits, splitting.

Pure. A body that does not decode as a whole is split by a tolerant scanner, so that one ill-formed
event does not sink the others (formats.md B, Bad values never lose an event).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from io import BytesIO

import msgspec
import zstandard

from indelible.codec import DecodeError, decode_raw_list
from indelible.errors import InvalidRequest, TooLarge, UnsupportedMedia

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_EVENTS = 10_000

_JSON = frozenset({"", "application/json", "text/json"})
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl",
                    "application/x-jsonlines"})  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
_SPACE = b" \t\r\n"


def decompress(body: bytes, encoding: str | None) -> bytes:
    """
    The body without its content encoding, at most MAX_BODY_BYTES.

    Raises UnsupportedMedia, InvalidRequest for damaged data, TooLarge.
    """
    name = (encoding or "").strip().lower()
    if name in ("", "identity"):
        plain = body
    elif name in ("gzip", "x-gzip"):
        plain = _gunzip(body)
    elif name == "zstd":
        plain = _unzstd(body)
    else:
        raise UnsupportedMedia(
            f"content encoding {name[:40]!r} is not read here", hint="use gzip, zstd or none"
        )
    if len(plain) > MAX_BODY_BYTES:
        raise _too_large()
    return plain


def _too_large() -> TooLarge:
    return TooLarge(
        f"a request has at most {MAX_BODY_BYTES // 1024 // 1024} MiB, unpacked too",
        hint="send smaller batches",
    )


def _gunzip(body: bytes) -> bytes:
    plain: list[bytes] = []
    left = MAX_BODY_BYTES + 1
    rest = body
    try:
        while rest:
            # Several members may follow each other (RFC 1952, 2.2).
            stream = zlib.decompressobj(wbits=31)
            data = stream.decompress(rest, left)
            plain.append(data)
            left -= len(data)
            if left <= 0:
                raise _too_large()
            if not stream.eof:
                raise InvalidRequest("the gzip body is cut off", code="invalid-body")
            rest = stream.unused_data
    except zlib.error as cause:
        raise InvalidRequest(f"the body is not gzip: {cause}", code="invalid-body") from cause
    return b"".join(plain)


def _unzstd(body: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=2**25).stream_reader(
            BytesIO(body), read_across_frames=True
        ) as stream:
            plain = stream.read(MAX_BODY_BYTES + 1)
            if len(plain) > MAX_BODY_BYTES:
                raise _too_large()
    except zstandard.ZstdError as cause:
        raise InvalidRequest(f"the body is not zstd: {cause}", code="invalid-body") from cause
    if body and not plain and not _is_whole_frame(body):
        raise InvalidRequest("the zstd body is cut off", code="invalid-body")
    return plain


def _is_whole_frame(body: bytes) -> bool:
    stream = zstandard.ZstdDecompressor().decompressobj()
    try:
        stream.decompress(body)
    except zstandard.ZstdError:
        return False
    return bool(stream.eof)


def split_events(body: bytes, content_type: str | None) -> Sequence[bytes | msgspec.Raw]:
    """
    The events of a body as they were sent, in order.

    Raises UnsupportedMedia, TooLarge (too many), InvalidRequest (no JSON at all).
    """
    media = (content_type or "").split(";")[0].strip().lower()
    if media in _LINES:
        events: Sequence[bytes | msgspec.Raw] = [
            line for line in body.split(b"\n") if line.strip(_SPACE)
        ]
    elif media in _JSON:
        events = _split_json(body)
    else:
        raise UnsupportedMedia(
            f"content type {media[:60]!r} is not read here",
            hint="use application/json (one event or an array) or application/x-ndjson",
        )
    if len(events) > MAX_EVENTS:
        raise TooLarge(
            f"a request has at most {MAX_EVENTS} events, got {len(events)}",
            hint="send smaller batches",
        )
    return events


def _split_json(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    start = body.lstrip(_SPACE)
    if not start:
        raise InvalidRequest(
            "the body is empty", code="invalid-body", hint="send one event or an array of events"
        )
    if start[:1] != b"[":
        return [body]
    try:
        return decode_raw_list(body)
    except (DecodeError, RecursionError, UnicodeDecodeError):
        return _split_tolerantly(body)


def _split_tolerantly(body: bytes) -> list[bytes]:
    """Cuts an array at its commas by looking at brackets and strings only."""
    events: list[bytes] = []
    depth = 0
    since = -1
    for token in _TOKEN.finditer(body):
        first = body[token.start() : token.start() + 1]
        if first in (b"[", b"{"):
            depth += 1
            if depth == 1:
                since = token.end()
        elif first in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                if body[token.end() :].strip(_SPACE):
                    break
                last = body[since : token.start()]
                if last.strip(_SPACE) or events:
                    events.append(last)
                return events
        elif first == b"," and depth == 1:
            events.append(body[since : token.start()])
            since = token.end()
    raise InvalidRequest(
        "the body is not a JSON array: its brackets do not match",
        code="invalid-body",
        hint="nothing of this request was stored",
    )
