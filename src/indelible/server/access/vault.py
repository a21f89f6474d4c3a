"""
Seals the secrets of accounts that the service must read again: those of one-time codes.

The key is a file of its own beside the signing keys (`keys/accounts.key`), so the control database
alone, or a copy of it, gives nobody's codes. Sealed with ChaCha20-Poly1305 and bound to the
account, so a secret that is moved to another row does not open.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from indelible.errors import StorageError
from indelible.server.access.token import RandomBytes

MARK = "v1."
_KEY_BYTES = 32
_NONCE_BYTES = 12
_LOST = "put the file back from a backup, or take the factors away: `indelible users reset-factors`"


class Vault:
    """One key file, made when something is sealed first. Safe for threads and processes."""

    def __init__(self, path: Path, random_bytes: RandomBytes) -> None:
        self._path = path
        self._random_bytes = random_bytes

    @property
    def has_key(self) -> bool:
        """Whether the key file is there."""
        return self._path.exists()

    def seal(self, secret: str, purpose: str) -> str:
        """The secret, sealed for this purpose. Raises StorageError."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._cipher(make=True).encrypt(nonce, secret.encode(), purpose.encode())
        return MARK + base64.b64encode(nonce + sealed).decode()

    def open(self, text: str, purpose: str) -> str:
        """What was sealed. Raises StorageError when the key is missing or another one."""
        data = base64.b64decode(text.removeprefix(MARK))
        cipher = self._cipher(make=False)
        try:
            return cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], purpose.encode()
            ).decode()
        except InvalidTag as error:
            raise StorageError(
                f"{self._path.name} is not the key of this secret", hint=_LOST
            ) from error

    def _cipher(self, *, make: bool) -> ChaCha20Poly1305:
        try:
            if make and not self._path.exists():
                self._make()
            key = self._path.read_bytes()
        except OSError as error:
            raise StorageError(f"cannot read {self._path}: {error.strerror}", hint=_LOST) from error
        if len(key) != _KEY_BYTES:
            raise StorageError(f"{self._path} is damaged", hint=_LOST)
        return ChaCha20Poly1305(key)

    def _make(self) -> None:
        """Whole or not at all; of two processes that make it at once one wins."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._random_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                self._path.hardlink_to(part)
            except FileExistsError:
                return
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
