"""
Keys that sign checkpoints, and checking what they signed (C2SP signed-note and tlog-cosignature).

Ed25519 (0x01) always; ML-DSA-44 (0x06) where the `cryptography` backend has it. A log signs each
checkpoint with both, under one name, its origin. Pure: where keys are stored is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from indelible.errors import BadSignature, MalformedProof
from indelible.tlog.checkpoint import Checkpoint, encode_checkpoint, parse_checkpoint
from indelible.tlog.cosignature import (
    cosignature_message,
    encode_timestamped,
    parse_timestamped,
    subtree_message,
)
from indelible.tlog.note import (
    Note,
    SignatureLine,
    check_key_name,
    encode_base64,
    encode_note,
    parse_base64,
    parse_note,
)

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import (
        MLDSA44PrivateKey,
        MLDSA44PublicKey,
    )

    _HAS_MLDSA_MODULE = True
except ImportError:  # an older release of cryptography
    _HAS_MLDSA_MODULE = False

ED25519, ED25519_COSIGNATURE, MLDSA44 = 0x01, 0x04, 0x06
_PUBLIC_SIZE = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44: 1312}
_SIGNATURE_SIZE = {ED25519: 64, ED25519_COSIGNATURE: 64, MLDSA44: 2420}
ALGORITHM_NAMES = {
    ED25519: "ed25519",
    ED25519_COSIGNATURE: "ed25519-cosignature",
    MLDSA44: "ml-dsa-44",
}
SEED_SIZE = 32


class Verifier(Protocol):
    """Checks signature lines of one key. Safe to share between threads."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verify(self, note: Note, payload: bytes) -> int | None:
        """Raises BadSignature unless it holds; returns the time it carries, if its type does."""
        ...


class Signer(Protocol):
    """Signs notes with one key. Safe to share between threads; may live outside this process."""

    @property
    def vkey(self) -> VerifierKey: ...

    def sign(self, text: str, time_s: int) -> bytes:
        """The payload of a signature line over the text; types without a time ignore it."""
        ...


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name and signature type, as in a vkey text. Is a Verifier."""

    name: str
    algorithm: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name, newline, type, key)."""
        coded = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key
        return sha256(coded).digest()[:4]

    @property
    def supported(self) -> bool:
        """Whether this machine's cryptography can check it."""
        return self.algorithm != MLDSA44 or supports_mldsa44()

    def verify(self, note: Note, payload: bytes) -> int | None:
        """Raises BadSignature unless it holds; returns the time it carries, if its type does."""
        time_s, message, signature = _open_payload(self, note, payload)
        try:
            check_signature(self.algorithm, self.public_key, signature, message)
        except BadSignature as error:
            raise BadSignature(f"the signature of {self.name} does not hold") from error
        return time_s


class SigningKey:
    """A private key held in memory. Is a Signer; `repr` never shows the seed."""

    def __init__(self, name: str, algorithm: int, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise MalformedProof(f"a private key has {SEED_SIZE} bytes, not {len(seed)}")
        self._seed = seed
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey
        if algorithm == MLDSA44:
            self._private = MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes_raw()
        self.vkey = VerifierKey(check_key_name(name), algorithm, public)

    @classmethod
    def generate(
        cls, name: str, random_bytes: Callable[[int], bytes], algorithm: int = ED25519
    ) -> SigningKey:
        """A new key from the given source of randomness, which must be the system's."""
        return cls(name, algorithm, random_bytes(SEED_SIZE))

    @property
    def name(self) -> str:
        """The key's name; of a log, its origin."""
        return self.vkey.name

    @property
    def algorithm(self) -> int:
        """The signature type byte."""
        return self.vkey.algorithm

    @property
    def seed(self) -> bytes:
        """The secret. Only for writing it to a key file."""
        return self._seed

    def sign(self, text: str, time_s: int) -> bytes:
        """The payload of a signature line over the text."""
        if self.algorithm == ED25519:
            return self._private.sign(text.encode())
        return encode_timestamped(time_s, self._private.sign(_message(self.vkey, text, time_s)))

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, {ALGORITHM_NAMES[self.algorithm]})"


class OpenedNote(msgspec.Struct, frozen=True):
    """A note of which at least one known key's signature holds, and no known key's fails."""

    note: Note
    signers: tuple[tuple[VerifierKey, int | None], ...]
    # Known keys whose type this machine cannot check; never counted as valid.
    unchecked: tuple[VerifierKey, ...]


def supports_mldsa44() -> bool:
    """Whether the cryptography backend on this machine has ML-DSA-44."""
    if not _HAS_MLDSA_MODULE:
        return False
    try:
        MLDSA44PrivateKey.from_seed_bytes(bytes(SEED_SIZE))
    except UnsupportedAlgorithm:
        return False
    return True


def check_signature(algorithm: int, public_key: bytes, signature: bytes, message: bytes) -> None:
    """Raises BadSignature unless the bare signature holds; ML-DSA-44 pure, with empty context."""
    try:
        if algorithm == MLDSA44:
            MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature does not hold") from error


def encode_vkey(key: VerifierKey) -> str:
    """`<name>+<key id in hex>+<base64(type, public key)>`."""
    return f"{key.name}+{key.key_id.hex()}+{encode_base64(bytes([key.algorithm]) + key.public_key)}"


def parse_vkey(text: str) -> VerifierKey:
    """Reads a vkey of a type we know; the key id must be right. Raises MalformedProof."""
    # Base64 may itself contain a plus sign: only the first two separate.
    fields = text.split("+", 2)
    if len(fields) != 3:
        raise MalformedProof("not a vkey: it has no three fields")
    data = parse_base64(fields[2])
    if not data or _PUBLIC_SIZE.get(data[0]) != len(data) - 1:
        raise MalformedProof("not a vkey: unknown signature type or wrong length of the key")
    key = VerifierKey(check_key_name(fields[0]), data[0], data[1:])
    if encode_vkey(key) != text:
        raise MalformedProof(f"the vkey's id {fields[1][:16]!r} is not that of its key")
    return key


def sign_note(text: str, signers: Iterable[Signer], time_s: int) -> bytes:
    """A signed note over the text: one line per signer, in order."""
    lines = tuple(SignatureLine(s.vkey.name, s.vkey.key_id, s.sign(text, time_s)) for s in signers)
    return encode_note(Note(text, lines))


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Signer], time_s: int) -> bytes:
    """A signed checkpoint. `time_s` is stated by the ML-DSA-44 line only."""
    return sign_note(encode_checkpoint(checkpoint), signers, time_s)


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """
    Reads a note and checks every line of a known key (C2SP signed-note, Verification).

    Raises:
        BadSignature: a known key's line fails, or no known key signed.
        MalformedProof: the bytes are not a signed note.
    """
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in keys}
    if len(known) != len({(k.name, k.algorithm, k.public_key) for k in keys}):
        raise BadSignature("two different keys share one name and id")
    signers: list[tuple[VerifierKey, int | None]] = []
    unchecked: list[VerifierKey] = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if key.supported:
            signers.append((key, key.verify(note, line.payload)))
        else:
            unchecked.append(key)
    if not signers:
        raise BadSignature("no known key has signed this note")
    return OpenedNote(note, tuple(signers), tuple(unchecked))


def open_checkpoint(
    data: bytes, origin: str, keys: Sequence[VerifierKey]
) -> tuple[Checkpoint, OpenedNote]:
    """
    Reads a checkpoint of this origin, signed by one of its log keys.

    Raises BadSignature, MalformedProof as `open_note`; BadSignature too for another origin.
    """
    opened = open_note(data, [key for key in keys if key.name == origin])
    checkpoint = parse_checkpoint(opened.note.text)
    if checkpoint.origin != origin:
        raise BadSignature(f"a checkpoint of {checkpoint.origin!r}, not of {origin!r}")
    return checkpoint, opened


def _message(key: VerifierKey, text: str, time_s: int) -> bytes:
    """What a key of this type signs, for a note with this text."""
    if key.algorithm == ED25519:
        return text.encode()
    if key.algorithm == ED25519_COSIGNATURE:
        return cosignature_message(time_s, text)
    checkpoint = parse_checkpoint(text)
    return subtree_message(
        key.name, time_s, checkpoint.origin, end=checkpoint.size, root=checkpoint.root
    )


def _open_payload(key: VerifierKey, note: Note, payload: bytes) -> tuple[int | None, bytes, bytes]:
    """Splits a payload in time, signed message and signature, by the key's type."""
    size = _SIGNATURE_SIZE[key.algorithm]
    try:
        if key.algorithm != ED25519:
            time_s, signature = parse_timestamped(payload, size)
            return time_s, _message(key, note.text, time_s), signature
        if len(payload) != size:
            raise MalformedProof(f"an Ed25519 signature of {len(payload)} bytes cannot be")
    except MalformedProof as error:
        raise BadSignature(f"the signature of {key.name} does not hold: {error}") from error
    return None, note.signed_bytes, payload
