"""
Signs checkpoints, and guards against signing two histories (formats.md B, Around the tree).

Order: the entries are durable, then the guard outside the database, then the signature, then the
checkpoint in the database. A crash between any two leaves a checkpoint that can be signed again
for the same size and root; a database older than the guard is refused.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import MalformedProof, SettingsError
from indelible.seal import Genesis
from indelible.server.ledger.durable import write_durably
from indelible.tlog.checkpoint import Checkpoint
from indelible.tlog.keyfile import encode_key_file, generate_log_keys, parse_key_file
from indelible.tlog.signature import (
    ED25519,
    SigningKey,
    encode_vkey,
    sign_checkpoint,
    sign_note,
)


class Guard(msgspec.Struct, frozen=True):
    """The largest size that was ever signed, and its root in hex."""

    size: int
    root: str


class Checkpointer:
    """Signs for one tenant. Owned by the writer thread; the key file is read once."""

    def __init__(self, data_dir: Path, tenant_id: int, origin: str) -> None:
        self._guard_file = guard_file(data_dir, tenant_id)
        self._origin = origin
        path = key_file(data_dir, tenant_id)
        try:
            self._keys: tuple[SigningKey, ...] = parse_key_file(path.read_bytes())
        except (OSError, MalformedProof) as cause:
            raise SettingsError(
                f"cannot read the signing key {path}: {cause}",
                hint="restore it from a backup; without it the log cannot go on",
            ) from cause
        if any(key.name != origin for key in self._keys):
            raise SettingsError(f"the signing key {path} is not of origin {origin!r}")

    def vkeys(self) -> list[str]:
        """The public keys as vkey texts."""
        return [encode_vkey(key.vkey) for key in self._keys]

    def guard(self) -> Guard | None:
        """What was signed last, None before the first."""
        try:
            return msgspec.convert(decode_json(self._guard_file.read_bytes()), Guard)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as cause:
            raise SettingsError(f"cannot read {self._guard_file}: {cause}") from cause

    def sign(self, size: int, root: bytes, time_us: int) -> str:
        """The signed note of a checkpoint; the guard is on disk before anything is signed."""
        write_durably(self._guard_file, encode_json(Guard(size, root.hex())) + b"\n")
        note = sign_checkpoint(
            Checkpoint(self._origin, size, root), self._keys, time_us // 1_000_000
        )
        return note.decode()

    def sign_statement(self, text: str, time_s: int) -> str:
        """
        A signed note over a statement that is no checkpoint, by Ed25519: the other algorithm signs
        checkpoints only. Its first line must name what it is, so that nobody takes it for one.
        """
        keys = [key for key in self._keys if key.algorithm == ED25519]
        return sign_note(text, keys, time_s).decode()


def create_keys(data_dir: Path, tenant_id: int, origin: str) -> Genesis:
    """Makes and stores the signing keys of a new log; returns its genesis."""
    for name in ("keys", "guard"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    keys = generate_log_keys(origin, os.urandom)
    write_durably(key_file(data_dir, tenant_id), encode_key_file(keys))
    return Genesis(format=1, origin=origin, keys=tuple(encode_vkey(key.vkey) for key in keys))


def guard_file(data_dir: Path, tenant_id: int) -> Path:
    """Where it is written what was signed last."""
    return data_dir / "guard" / f"{tenant_id}.json"


def key_file(data_dir: Path, tenant_id: int) -> Path:
    """Where a tenant's signing keys lie."""
    return data_dir / "keys" / f"{tenant_id}.key"
