"""
Timestamped signatures over checkpoints: what is signed, and how it is framed (C2SP
tlog-cosignature, types 0x04 and 0x06).

Messages and framing only; no keys here. Type 0x06 is also a log's own ML-DSA-44 signature.
"""

from __future__ import annotations

import struct

from indelible.errors import MalformedProof
from indelible.tlog.merkle import HASH_SIZE, MAX_SIZE

_SUBTREE_LABEL = b"subtree/v1\n\x00"
_MAX_TIME = (1 << 63) - 1


def cosignature_message(time_s: int, text: str) -> bytes:
    """What type 0x04 signs: two header lines, then the whole checkpoint text."""
    return f"cosignature/v1\ntime {_checked_time(time_s)}\n{text}".encode()


def subtree_message(
    cosigner: str, time_s: int, origin: str, *, start: int = 0, end: int, root: bytes
) -> bytes:
    """
    What type 0x06 signs: the root over entries [start, end), here nearly always a checkpoint.

    Extension lines of a checkpoint are not covered. Time 0 makes no statement about the largest
    tree, and is the only time allowed when `start` is not 0.
    """
    if not 0 <= start <= end <= MAX_SIZE or len(root) != HASH_SIZE or (start and time_s):
        raise MalformedProof(f"no subtree signature for [{start}, {end}) at time {time_s}")
    return b"".join(
        (
            _SUBTREE_LABEL,
            _short(cosigner),
            struct.pack(">Q", _checked_time(time_s)),
            _short(origin),
            struct.pack(">QQ", start, end),
            root,
        )
    )


def encode_timestamped(time_s: int, signature: bytes) -> bytes:
    """The payload of a signature line: u64 POSIX seconds, then the signature."""
    return struct.pack(">Q", _checked_time(time_s)) + signature


def parse_timestamped(payload: bytes, signature_size: int) -> tuple[int, bytes]:
    """Reads time and signature of a payload. Raises MalformedProof."""
    if len(payload) != 8 + signature_size:
        raise MalformedProof(f"a timestamped signature of {len(payload)} bytes cannot be")
    (time_s,) = struct.unpack_from(">Q", payload)
    return _checked_time(time_s), payload[8:]


def _checked_time(time_s: int) -> int:
    if not 0 <= time_s <= _MAX_TIME:
        raise MalformedProof(f"not a POSIX time: {time_s}")
    return time_s


def _short(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:
        raise MalformedProof("a name in a subtree signature has 1 to 255 bytes")
    return bytes([len(data)]) + data
