"""
The one error family of Indelible.

    Error
    ├── InvalidEvent              422  the sender must change the event
    ├── InvalidRequest            400  a parameter, header or body is wrong
    ├── TooLarge                  413  over a stated limit
    ├── UnsupportedMedia          415  a content type or encoding we do not read
    ├── Unauthenticated           401
    ├── Denied                    403
    ├── NotFound                  404
    ├── RequestTimeout            408  the sender is too slow
    ├── Conflict                  409
    ├── TooManyAttempts           429  try again after `retry_after_s`
    ├── Pushback                  503  not now, nothing was stored; try again after `retry_after_s`
    ├── SettingsError                  a setting, folder or command line is wrong: do not start
    ├── VerificationError              a proof or signature that does not hold
    │   ├── MalformedProof, HashMismatch, BadSignature, Inconsistent, MissingEntry
    ├── StorageError              503  an operation failed and had no effect
    └── FatalError                500  effect unknown: stop the process; loading repairs

Each has a stable `code`, a message for people (lower case, no final dot) and sometimes a `hint`
that says what to do. What is not in this family is a bug: outsiders see no detail of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Error(Exception):
    """Base of the family. `code` is stable and documented; `status` is its HTTP status."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class InvalidEvent(Error):
    """An event that the sender must change. `path` names the field, `reason` what is wrong."""

    code = "invalid-event"
    status = 422

    def __init__(
        self, path: str, reason: str, *, hint: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(f"{path}: {reason}" if path else reason, hint=hint, code=code)
        self.path = path
        self.reason = reason


class InvalidRequest(Error):
    """
    A request parameter, header or body that cannot be read.

    For query text `position` and `end` say where, and `mistake` which one of those that are known
    by name, with the values that its words need: so that a screen can say it in its language.
    """

    code = "invalid-request"
    status = 400

    def __init__(
        self,
        message: str,
        *,
        parameter: str | None = None,
        position: int | None = None,
        end: int | None = None,
        expected: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        mistake: tuple[str, dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.mistake = mistake
        self.parameter = parameter
        self.position = position
        self.end = end
        self.expected = expected


class TooLarge(Error):
    """A body over its stated limit; nothing of it was stored."""

    code = "too-large"
    status = 413


class UnsupportedMedia(Error):
    """A content type or content encoding that is not read here."""

    code = "unsupported-media"
    status = 415


class Unauthenticated(Error):
    """No valid key or session came with the request."""

    code = "unauthenticated"
    status = 401


class Denied(Error):
    """The caller is known, but may not do this."""

    code = "denied"
    status = 403


class NotFound(Error):
    """There is no such thing, or the caller's tenant has none."""

    code = "not-found"
    status = 404


class RequestTimeout(Error):
    """A request whose body did not come in time; nothing of it was stored."""

    code = "request-timeout"
    status = 408


class Conflict(Error):
    """The request does not fit the present state."""

    code = "conflict"
    status = 409


class PolicyFault(NamedTuple):
    """What is wrong with a policy, and where: a category and a field of it, or None."""

    category: str | None
    path: str | None
    detail: str


class InvalidPolicy(InvalidRequest):
    """A policy that breaks a rule of the log (spec/leaf.md); nothing was changed."""

    code = "invalid-policy"

    def __init__(
        self, message: str, *, faults: Sequence[PolicyFault] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=self.code)
        self.faults = tuple(faults)


class PolicyChanged(Conflict):
    """Somebody else saved a policy meanwhile; `conflict` says who, when and what."""

    code = "policy-changed"

    def __init__(self, message: str, *, conflict: dict[str, Any], hint: str | None = None) -> None:
        super().__init__(message, hint=hint, code=self.code)
        self.conflict = conflict


class TooManyAttempts(Error):
    """A limit on attempts was reached; try again after `retry_after_s` seconds."""

    code = "too-many-attempts"
    status = 429

    def __init__(
        self, message: str, *, retry_after_s: int, hint: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class Pushback(Error):
    """Not now: nothing of the request was stored. Try again after `retry_after_s` seconds."""

    code = "pushback"
    status = 503

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: int = 1,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class SettingsError(Error):
    """A setting, a data folder or a command line that must be mended before the start."""

    code = "settings"


class VerificationError(Error):
    """A proof, signature or hash that does not hold."""

    code = "verification"


class MalformedProof(VerificationError):
    """The bytes are not a proof, note, checkpoint or leaf of the stated form."""

    code = "malformed-proof"


class HashMismatch(VerificationError):
    """Well formed, but it leads to another hash."""

    code = "hash-mismatch"


class BadSignature(VerificationError):
    """A signature of a known key does not hold, or no known key signed."""

    code = "bad-signature"


class Inconsistent(VerificationError):
    """Two tree heads of one log cannot both be right."""

    code = "inconsistent"


class MissingEntry(VerificationError):
    """An entry, tile or checkpoint that must be there is not."""

    code = "missing-entry"


class StorageError(Error):
    """A storage operation failed and had no effect."""

    code = "storage"
    status = 503


class FatalError(Error):
    """The effect of an operation is unknown: the process must stop, loading repairs."""

    code = "fatal"
