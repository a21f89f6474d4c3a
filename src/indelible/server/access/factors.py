"""
Second factors: one-time codes by time (RFC 6238) and recovery codes, each used once.

The secret of the codes is sealed (`vault.py`); recovery codes are stored as hashes. A code that was
used is refused, also within its half minute.
"""

from __future__ import annotations

import sqlite3

import msgspec
import pyotp

from indelible.clock import US_PER_S, Clock
from indelible.errors import Conflict, StorageError, Unauthenticated
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.token import RandomBytes, hash_token, random_text
from indelible.server.access.vault import MARK, Vault

ISSUER = "Indelible"
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 12
_STEP_S = 30
_SECRET_LENGTH = 32  # base32 digits: 160 bits
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class WrongCode(Unauthenticated):
    """A one-time or recovery code that is wrong, too old or used."""

    code = "wrong-code"

    def __init__(self) -> None:
        super().__init__("this code is wrong, too old or used already")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has: codes by time, recovery codes that are left, passkeys."""

    totp: bool
    recovery_left: int
    passkeys: int

    @property
    def any(self) -> bool:
        return self.totp or self.passkeys > 0


class Factors:
    """The second factors of all people. Safe for several threads."""

    def __init__(
        self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes, vault: Vault
    ) -> None:
        self._control = control
        self._vault = vault
        self._clock = clock
        self._random_bytes = random_bytes

    def seal_old(self) -> int:
        """Seals secrets that an older version left in the clear; returns how many."""
        old = "SELECT person, secret FROM totp WHERE substr(secret, 1, 3) <> ?"
        if not self._control.read(old, (MARK,)):
            return 0
        with self._control.write() as transaction:
            rows = transaction.execute(old, (MARK,)).fetchall()
            transaction.executemany(
                "UPDATE totp SET secret = ? WHERE person = ?",
                [(self._vault.seal(secret, _purpose(person)), person) for person, secret in rows],
            )
        self._control.empty_log()
        return len(rows)

    def _check_key(self) -> None:
        """Raises StorageError when the key of sealed secrets is lost: a new one would hide it."""
        if self._vault.has_key:
            return
        sealed = self._control.read("SELECT 1 FROM totp WHERE substr(secret, 1, 3) = ?", (MARK,))
        if sealed:
            raise StorageError(
                "the key of the second factors, keys/accounts.key, is missing",
                hint="put it back from a backup",
            )

    def standing(self, person_id: str) -> Standing:
        """What the person has set up."""
        row = self._control.read(
            "SELECT (SELECT count(*) FROM totp WHERE person = ?1 AND confirmed_us IS NOT NULL),"
            " (SELECT count(*) FROM recovery_code WHERE person = ?1),"
            " (SELECT count(*) FROM passkey WHERE person = ?1)",
            (person_id,),
        )[0]
        return Standing(totp=bool(row[0]), recovery_left=row[1], passkeys=row[2])

    def begin(self, person_id: str) -> str:
        """
        A new secret that counts once a code of it was given. Raises Conflict when codes are set up.
        """
        secret = "".join(_DIGITS[byte % 32] for byte in self._random_bytes(_SECRET_LENGTH))
        self._check_key()
        sealed = self._vault.seal(secret, _purpose(person_id))
        with self._control.write() as transaction:
            transaction.execute(
                "DELETE FROM totp WHERE person = ? AND confirmed_us IS NULL", (person_id,)
            )
            if transaction.execute("SELECT 1 FROM totp WHERE person = ?", (person_id,)).fetchone():
                raise Conflict("codes are set up already", hint="turn them off first")
            transaction.execute(
                "INSERT INTO totp(person, secret) VALUES(?, ?)", (person_id, sealed)
            )
        return secret

    def confirm(self, tenant_id: int, person_id: str, code: str, event: OwnEvent) -> list[str]:
        """Sets the codes up, by the first of them; returns recovery codes. Raises WrongCode."""
        with self._control.write() as transaction:
            self._use(transaction, person_id, code, confirmed=False)
            transaction.execute(
                "UPDATE totp SET confirmed_us = ? WHERE person = ?",
                (self._clock.now_us(), person_id),
            )
            codes = self._new_recovery(transaction, person_id)
            put(transaction, tenant_id, event)
        return codes

    def use(self, person_id: str, code: str) -> str:
        """
        Uses a one-time or a recovery code up; returns which it was. Raises WrongCode.

        Of two uses of a code at once one wins.
        """
        digits = code.replace(" ", "").replace("-", "")
        with self._control.write() as transaction:
            if len(digits) == 6 and digits.isascii() and digits.isdecimal():
                self._use(transaction, person_id, digits, confirmed=True)
                return "totp"
            used = transaction.execute(
                "DELETE FROM recovery_code WHERE person = ? AND code_hash = ?",
                (person_id, hash_token(digits)),
            ).rowcount
            if not used:
                raise WrongCode
            return "recovery"

    def renew_recovery(self, tenant_id: int, person_id: str, event: OwnEvent) -> list[str]:
        """New recovery codes; the ones before end."""
        with self._control.write() as transaction:
            codes = self._new_recovery(transaction, person_id)
            put(transaction, tenant_id, event)
        return codes

    def remove(self, tenant_id: int, person_id: str, event: OwnEvent, *, passkeys: bool) -> None:
        """Turns codes off; with `passkeys` those too, as an administrator's reset does."""
        tables = ("totp", "recovery_code", "passkey") if passkeys else ("totp", "recovery_code")
        with self._control.write() as transaction:
            for table in tables:
                transaction.execute(f"DELETE FROM {table} WHERE person = ?", (person_id,))
            put(transaction, tenant_id, event)

    def _use(
        self, transaction: sqlite3.Connection, person_id: str, code: str, *, confirmed: bool
    ) -> None:
        row = transaction.execute(
            "SELECT secret, last_step, confirmed_us IS NOT NULL FROM totp WHERE person = ?",
            (person_id,),
        ).fetchone()
        if row is None or bool(row[2]) != confirmed:
            raise WrongCode
        secret = self._vault.open(row[0], _purpose(person_id))
        totp = pyotp.TOTP(secret, interval=_STEP_S)
        now_step = self._clock.now_us() // US_PER_S // _STEP_S
        # The clock of a telephone may be half a minute off, either way.
        for step in (now_step, now_step - 1, now_step + 1):
            if step > row[1] and pyotp.utils.strings_equal(totp.generate_otp(step), code):
                transaction.execute(
                    "UPDATE totp SET last_step = ? WHERE person = ?", (step, person_id)
                )
                return
        raise WrongCode

    def _new_recovery(self, transaction: sqlite3.Connection, person_id: str) -> list[str]:
        codes = [random_text(self._random_bytes, _RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
        transaction.execute("DELETE FROM recovery_code WHERE person = ?", (person_id,))
        transaction.executemany(
            "INSERT INTO recovery_code(person, code_hash) VALUES(?, ?)",
            [(person_id, hash_token(code)) for code in codes],
        )
        return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _purpose(person_id: str) -> str:
    return f"totp {person_id}"


def provisioning_uri(secret: str, email: str, log: str) -> str:
    """What an authenticator takes in by its camera."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(
        name=f"{email} ({log})", issuer_name=ISSUER
    )
