"""
What the service and the index process say to each other over their socket pair.

A frame is a length (u32, big-endian) and that many bytes of MessagePack: one of the structs below,
told apart by its tag. Requests carry a number of the service's choosing; replies repeat it and come
in any order. A stream sends as many chunks as it was given credits for, so that a slow reader
holds up nobody else and fills no memory.
"""

from __future__ import annotations

import socket
from typing import Any, Final

import msgspec

from indelible.server.index.status import IndexStatus

MAX_FRAME: Final = 512 * 1024 * 1024
LENGTH_BYTES: Final = 4


class Query(msgspec.Struct, frozen=True, tag="q", array_like=True):
    """Run one statement and send its whole result."""

    number: int
    sql: str
    parameters: dict[str, Any]


class Stream(msgspec.Struct, frozen=True, tag="s", array_like=True):
    """Run one statement and send its result in chunks, `credits` of them for now."""

    number: int
    sql: str
    parameters: dict[str, Any]
    form: str
    credits: int


class Credit(msgspec.Struct, frozen=True, tag="c", array_like=True):
    """Send so many chunks more."""

    number: int
    credits: int


class Cancel(msgspec.Struct, frozen=True, tag="x", array_like=True):
    """Nobody reads this stream any more."""

    number: int


class Grown(msgspec.Struct, frozen=True, tag="n", array_like=True):
    """The ledger of a tenant has so many entries now."""

    tenant_id: int
    size: int


class Result(msgspec.Struct, frozen=True, tag="r", array_like=True):
    """The whole result of a query."""

    number: int
    data: bytes


class Chunk(msgspec.Struct, frozen=True, tag="d", array_like=True):
    """A piece of a stream's result."""

    number: int
    data: bytes


class End(msgspec.Struct, frozen=True, tag="e", array_like=True):
    """The stream is complete."""

    number: int


class Failed(msgspec.Struct, frozen=True, tag="f", array_like=True):
    """The query or stream failed; `code` is the engine's, 0 when it has none."""

    number: int
    code: int
    message: str


class News(msgspec.Struct, frozen=True, tag="st", array_like=True):
    """The follower moved, or the state changed."""

    status: IndexStatus


ToIndex = Query | Stream | Credit | Cancel | Grown
ToService = Result | Chunk | End | Failed | News

_encode = msgspec.msgpack.Encoder().encode
decode_to_index = msgspec.msgpack.Decoder(ToIndex).decode
decode_to_service = msgspec.msgpack.Decoder(ToService).decode


def encode_frame(message: ToIndex | ToService) -> bytes:
    """The frame of a message, ready to be sent."""
    body = _encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read_frame(channel: socket.socket) -> bytes | None:
    """The next frame's body; None when the other side has gone, even in mid-frame."""
    head = _read_exactly(channel, LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    return _read_exactly(channel, length) if length <= MAX_FRAME else None


def _read_exactly(channel: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            piece = channel.recv(min(count - len(parts), 1 << 20))
        except ConnectionError:
            return None
        if not piece:
            return None
        parts += piece
    return bytes(parts)
