"""
Logins that have begun: what was shown so far, found by the hash of a token that the browser has.

A step is taken once. It lives for minutes; those that nobody took are dropped by the next.
"""

from __future__ import annotations

from typing import Any

from indelible.clock import US_PER_S, Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Denied
from indelible.server.access.control import ControlDatabase
from indelible.server.access.token import RandomBytes, hash_token, random_text

VALID_S = 600
_TOKEN_LENGTH = 43


class StepEnded(Denied):
    """The step is unknown, used or too old; which of these is not told."""

    code = "login-step-ended"

    def __init__(self) -> None:
        super().__init__("this login took too long or was used already", hint="begin again")


class LoginSteps:
    """Safe for several threads."""

    def __init__(self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes

    def begin(self, kind: str, data: dict[str, Any]) -> str:
        """Writes a step down; returns its token."""
        token = random_text(self._random_bytes, _TOKEN_LENGTH)
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            transaction.execute("DELETE FROM login_step WHERE expires_us < ?", (now_us,))
            transaction.execute(
                "INSERT INTO login_step(token_hash, kind, data, expires_us) VALUES(?, ?, ?, ?)",
                (hash_token(token), kind, encode_json(data).decode(), now_us + VALID_S * US_PER_S),
            )
        return token

    def look(self, kind: str, token: str) -> dict[str, Any]:
        """What a step holds, without taking it. Raises StepEnded."""
        rows = self._control.read(
            "SELECT data FROM login_step WHERE token_hash = ? AND kind = ? AND expires_us > ?",
            (hash_token(token), kind, self._clock.now_us()),
        )
        if not rows:
            raise StepEnded
        found: dict[str, Any] = decode_json(rows[0][0])
        return found

    def take(self, kind: str, token: str) -> dict[str, Any]:
        """What a step holds; it is gone then. Of two at once one wins. Raises StepEnded."""
        with self._control.write() as transaction:
            row = transaction.execute(
                "DELETE FROM login_step WHERE token_hash = ? AND kind = ? AND expires_us > ?"
                " RETURNING data",
                (hash_token(token), kind, self._clock.now_us()),
            ).fetchone()
        if row is None:
            raise StepEnded
        found: dict[str, Any] = decode_json(row[0])
        return found
