"""
The file of a log's private keys: one JSON object, read and written here as bytes.

Pure: whoever writes the file makes it mode 0600 and owns its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indelible.errors import MalformedProof
from indelible.tlog.note import encode_base64, parse_base64
from indelible.tlog.signature import (
    ALGORITHM_NAMES,
    ED25519,
    MLDSA44,
    SigningKey,
    supports_mldsa44,
)

_KEY_FILE_FORMAT = 1


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    algorithm: str
    seed: str


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    name: str
    keys: tuple[_StoredKey, ...]


def generate_log_keys(name: str, random_bytes: Callable[[int], bytes]) -> tuple[SigningKey, ...]:
    """The keys of a new log: Ed25519, and ML-DSA-44 where this machine has it."""
    algorithms = (ED25519, MLDSA44) if supports_mldsa44() else (ED25519,)
    return tuple(SigningKey.generate(name, random_bytes, a) for a in algorithms)


def encode_key_file(keys: Sequence[SigningKey]) -> bytes:
    """The private keys of one name as JSON. Whoever writes it makes the file mode 0600."""
    (name,) = {key.name for key in keys}
    stored = tuple(_StoredKey(ALGORITHM_NAMES[k.algorithm], encode_base64(k.seed)) for k in keys)
    return (
        msgspec.json.format(msgspec.json.encode(_KeyFile(_KEY_FILE_FORMAT, name, stored))) + b"\n"
    )


def parse_key_file(data: bytes) -> tuple[SigningKey, ...]:
    """
    Reads what `encode_key_file` wrote. Raises MalformedProof.

    ML-DSA-44 keys are left out where this machine cannot use them; the log then signs with Ed25519
    alone, which every verifier accepts.
    """
    try:
        file = msgspec.json.decode(data, type=_KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedProof(f"not a key file: {error}") from error
    algorithms = {name: algorithm for algorithm, name in ALGORITHM_NAMES.items()}
    if file.format != _KEY_FILE_FORMAT or any(k.algorithm not in algorithms for k in file.keys):
        raise MalformedProof("a key file of another version")
    keys = tuple(
        SigningKey(file.name, algorithms[k.algorithm], parse_base64(k.seed))
        for k in file.keys
        if algorithms[k.algorithm] != MLDSA44 or supports_mldsa44()
    )
    if not keys:
        raise MalformedProof("the key file has no key that can be used here")
    return keys
