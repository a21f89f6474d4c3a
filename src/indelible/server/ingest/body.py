"""
From the bytes of a request to the bytes of single events: encodings, limits, splitting.

Pure. A body that does not decode as a whole is split by a tolerant scanner, so that one ill-formed
event does not sink the others (formats.md B, Bad values never lose an event).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
import zstandard

from indelible.codec import DecodeError, decode_raw_list
from indelible.errors import InvalidEvent, InvalidRequest, TooLarge, UnsupportedMedia
from indelible.event import SentEvent, parse_batch, parse_event

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_EVENTS = 10_000
MAX_MEMBERS = 10_000  # of one compressed body: an event each, if a sender likes

# zlib is told how much may come out; zstd is not, and makes at most 128 KiB of four bytes.
_GZIP_PIECE = 64 * 1024
_ZSTD_PIECE = 256
# More commas than any honest body: then elements are counted before they are kept.
_MANY_COMMAS = 1_000_000
_JSON = frozenset({"", "application/json", "text/json"})
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl",
                    "application/x-jsonlines"})  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
_LINE = re.compile(rb"[^\n]+")
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
    unpacked = _Unpacked()
    stream = None
    try:
        for piece in _pieces(body, _GZIP_PIECE):
            rest = piece
            while rest:
                # Several members may follow each other (RFC 1952, 2.2).
                if stream is None:
                    unpacked.begin_member()
                    stream = zlib.decompressobj(wbits=31)
                unpacked.take(stream.decompress(rest, unpacked.left))
                rest = stream.unused_data
                if stream.eof:
                    stream = None
    except zlib.error as cause:
        raise InvalidRequest(f"the body is not gzip: {cause}", code="invalid-body") from cause
    if stream is not None:
        raise InvalidRequest("the gzip body is cut off", code="invalid-body")
    return unpacked.all()


def _unzstd(body: bytes) -> bytes:
    unpacked = _Unpacked()
    unpacker = zstandard.ZstdDecompressor(max_window_size=2**25)
    stream = None
    try:
        for piece in _pieces(body, _ZSTD_PIECE):
            rest = piece
            while rest:
                if stream is None:
                    unpacked.begin_member()
                    stream = unpacker.decompressobj()
                unpacked.take(stream.decompress(rest))
                rest = stream.unused_data
                if stream.eof:
                    stream = None
    except zstandard.ZstdError as cause:
        raise InvalidRequest(f"the body is not zstd: {cause}", code="invalid-body") from cause
    if stream is not None:
        raise InvalidRequest("the zstd body is cut off", code="invalid-body")
    return unpacked.all()


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


class _Unpacked:
    """What has come out so far. Stops at the limits, so that a bomb costs no more than they do."""

    def __init__(self) -> None:
        self.left = MAX_BODY_BYTES + 1
        self._members = 0
        self._plain: list[bytes] = []

    def begin_member(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise TooLarge(
                f"a compressed body has at most {MAX_MEMBERS} members",
                hint="compress the whole batch at once",
            )

    def take(self, data: bytes) -> None:
        self._plain.append(data)
        self.left -= len(data)
        if self.left <= 0:
            raise _too_large()

    def all(self) -> bytes:
        return b"".join(self._plain)


def read_events(body: bytes, content_type: str | None) -> Iterable[SentEvent | InvalidEvent]:
    """
    The events of a body in order, and in place of one that is wrong what is wrong with it; a list
    where all are right.

    Raises what `split_events` raises.
    """
    media = _media(content_type)
    batch = None
    if media in _LINES or (media in _JSON and body[:1] == b"["):
        batch = parse_batch(body, lines=media in _LINES)
    if batch is None:
        return judge_each(split_events(body, content_type))
    if len(batch) > MAX_EVENTS:
        raise _too_many()
    return batch


def judge_each(events: Iterable[bytes | msgspec.Raw]) -> Iterator[SentEvent | InvalidEvent]:
    """Each event by itself, or the error that it is."""
    for raw in events:
        try:
            yield parse_event(raw)
        except InvalidEvent as error:
            yield error


def split_events(body: bytes, content_type: str | None) -> Sequence[bytes | msgspec.Raw]:
    """
    The events of a body as they were sent, in order.

    Raises UnsupportedMedia, TooLarge (too many), InvalidRequest (no JSON at all).
    """
    media = _media(content_type)
    if media in _LINES:
        lines = (line[0] for line in _LINE.finditer(body))
        filled = (line for line in lines if not line.isspace())
        events: Sequence[bytes | msgspec.Raw] = list(islice(filled, MAX_EVENTS + 1))
    elif media in _JSON:
        events = _split_json(body)
    else:
        raise UnsupportedMedia(
            f"content type {media[:60]!r} is not read here",
            hint="use application/json (one event or an array) or application/x-ndjson",
        )
    if len(events) > MAX_EVENTS:
        raise _too_many()
    return events


def _media(content_type: str | None) -> str:
    return (content_type or "").split(";")[0].strip().lower()


def _too_many() -> TooLarge:
    return TooLarge(
        f"a request has at most {MAX_EVENTS} events, this one has more",
        hint="send smaller batches",
    )


def _split_json(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    start = body.lstrip(_SPACE)
    if not start:
        raise InvalidRequest(
            "the body is empty", code="invalid-body", hint="send one event or an array of events"
        )
    if start[:1] != b"[":
        return [body]
    if body.count(b",") <= _MANY_COMMAS:
        try:
            return decode_raw_list(body)
        except (DecodeError, RecursionError, UnicodeDecodeError):
            pass
    return _split_tolerantly(body)


def _split_tolerantly(body: bytes) -> list[bytes]:
    """
    Cuts an array at its commas by looking at brackets and strings only.

    Stops one event after the limit: the rest of the body is not looked at.
    """
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
                if first == b"}" or body[token.end() :].strip(_SPACE):
                    break
                last = body[since : token.start()]
                if last.strip(_SPACE) or events:
                    events.append(last)
                return events
        elif first == b"," and depth == 1:
            events.append(body[since : token.start()])
            since = token.end()
            if len(events) > MAX_EVENTS:
                return events
    raise InvalidRequest(
        "the body is not a JSON array: its brackets do not match",
        code="invalid-body",
        hint="nothing of this request was stored",
    )
