"""
Masks secrets in an event before it is stored: by key, by path, by the look of a value, by a rule of
the product. A masked value says so; with a fingerprint key equal values stay recognisable.

Pure, so that the SDK and the service use the same rules. A rule that fails masks the value: a
redaction never loses an event and never lets a value through because of an error.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from indelible.event.numbers import is_card_number
from indelible.event.secrets import find_secrets, forms_of_secrets, is_known_clean

MASK = "[redacted]"
Rule = Callable[[str, Any], Any]
"""Gets the path and the value of every leaf, returns what is to be kept."""

_MASKED = re.compile(r"\[redacted(?::[0-9a-f]{8})?\]")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALONE = frozenset(
    {
        "apikey", "authorization", "cookie", "credential", "credentials", "csrfmiddlewaretoken",
        "csrftoken", "cvc", "cvv", "iban", "jwt", "kennwort", "otp", "passcode", "passphrase",
        "passwd", "password", "passwords", "passwort", "pin", "pincode", "pwd", "secret",
        "secrets", "ssn", "token", "totp",
    }
)  # fmt: skip
_PAIRS = frozenset(
    {
        "access key", "account key", "api key", "backup code", "backup codes", "card number",
        "encryption key", "mfa code", "pass word", "private key", "recovery code",
        "recovery codes", "secret key", "security code", "session id", "session key", "sessionid",
        "signing key", "verification code",
    }
)  # fmt: skip
# Names that are written without a break end like this: "newpassword", "accesstoken".
_ENDINGS = (
    "accesskey", "apikey", "cardnumber", "encryptionkey", "kennwort", "passcode", "passphrase",
    "passwd", "password", "passwort", "privatekey", "secret", "secretkey", "sessionid",
    "sessionkey", "signingkey", "token",
)  # fmt: skip
# Numbers under other names ("token_count") are amounts; under these they are the secret itself.
_NUMERIC = frozenset(
    {
        "cardnumber", "cvc", "cvv", "otp", "passcode", "passwd", "password", "pin", "pincode",
        "pwd", "ssn", "totp",
    }
)  # fmt: skip
_NUMERIC_NAMES = frozenset(
    {
        "card number", "iban", "mfa code", "secret", "security code", "token",
        "verification code",
    }
)  # fmt: skip
_TEXTS = ("endpoint", "reason")
_MAX_DEPTH = 32  # as MAX_DEPTH of mend.py, which the SDK does without


class Redaction:
    """
    The rules of one product. Immutable and safe for all threads.

    Args:
        keys: further names whose values are masked wherever they stand (`"salary"`).
        paths: masked by place, `*` for one step and `**` for any (`"metadata.customer.*.iban"`).
        patterns: further regular expressions; what they match is masked inside of texts.
        keep: keys or paths that stay readable although a rule above would mask them.
        rule: called with path and value of every leaf; returns what is kept.
        fingerprint_key: equal secrets then get equal marks (`[redacted:3f1c9a02]`), keyed so that
            nobody without the key can guess the value from the mark.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        paths: Iterable[str] = (),
        patterns: Iterable[str | re.Pattern[str]] = (),
        keep: Iterable[str] = (),
        rule: Rule | None = None,
        fingerprint_key: bytes | None = None,
    ) -> None:
        self._keys = frozenset(" ".join(_words(key)) for key in keys)
        self._paths = tuple(_path_pattern(path) for path in paths)
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        kept = tuple(keep)
        self._kept_keys = frozenset(" ".join(_words(key)) for key in kept if "." not in key)
        self._kept_paths = tuple(_path_pattern(path) for path in kept)
        self._rule = rule
        self._fingerprint_key = fingerprint_key
        self._is_plain = not (self._keys or self._paths or self._patterns or rule)

    def mask(self, value: object) -> str:
        """What stands in the place of a secret."""
        if self._fingerprint_key is None:
            return MASK
        text = value if isinstance(value, str) else repr(value)
        mark = hmac.new(self._fingerprint_key, text.encode("utf-8", "replace"), hashlib.sha256)
        return f"[redacted:{mark.hexdigest()[:8]}]"

    def text(self, text: str) -> str:
        """The text with every secret in it masked: log lines, exception texts, query strings."""
        spans = find_secrets(text)
        if spans:
            pieces, at = [], 0
            for start, end in spans:
                pieces += [text[at:start], self.mask(text[start:end])]
                at = end
            text = "".join([*pieces, text[at:]])
        for pattern in self._patterns:
            text = pattern.sub(lambda match: self.mask(match[0]), text)
        return text

    def value(self, key: str, value: Any, path: str | None = None) -> Any:
        """The value of one field, masked as its name, place and look ask for."""
        return self._value(key, value, path or key, 0)

    def change(self, path: str, value: Any) -> Any:
        """
        One side of a change. A step before the last may tell the secret: `password.0`,
        `credentials.value`. What only speaks of one, `password_policy.name`, stays, and so do
        numbers: `password.min_length`.
        """
        place = f"changes.{path}"
        key = path.rpartition(".")[2]
        if "." in path and not isinstance(value, int | float) and not self._is_kept(key, place):
            for step in path.split("."):
                if is_secret_itself(step) and not self._is_kept(step, place):
                    key = step
                    break
        return self._value(key, value, place, 0)

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with its texts, metadata and changes masked; who and when stay as they are."""
        for name in _TEXTS:
            value = event.get(name)
            # A text that was found clean before needs no look, unless rules of the product ask.
            if isinstance(value, str) and not (self._is_plain and is_known_clean(value)):
                event[name] = self._value(name, value, name, 0)
        if event.get("metadata"):
            event["metadata"] = self._value("metadata", event["metadata"], "metadata", 0)
        if event.get("changes"):
            event["changes"] = [self._change(change) for change in event["changes"]]
        if event.get("targets"):
            event["targets"] = [self._target(target) for target in event["targets"]]
        return event

    def _change(self, change: Any) -> Any:
        fields = _as_dict(change)
        path = fields.get("path")
        if not isinstance(path, str):
            return change
        for side in ("before", "after"):
            if fields.get(side) is not None:
                fields[side] = self.change(path, fields[side])
        return fields

    def _target(self, target: Any) -> Any:
        fields = _as_dict(target)
        name = fields.get("name")
        if isinstance(name, str) and (masked := self.text(name)) != name:
            fields["name"] = masked
            return fields
        return target

    def _value(self, key: str, value: Any, path: str, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and _MASKED.fullmatch(value):
            return value  # masked already, by a hook or by an earlier pass
        kept = self._is_kept(key, path)
        if not kept and self._is_secret(key, value, path):
            return self.mask(value)
        if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
            value = _fields_of(value)  # JSON would have its fields: so are they masked
        if depth >= _MAX_DEPTH and isinstance(value, Mapping | list | tuple | set | frozenset):
            return MASK  # nobody has looked at what is in it
        if isinstance(value, Mapping):
            return {
                name: self._value(str(name), item, f"{path}.{name}", depth + 1)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [
                self._value(key, item, f"{path}.{place}", depth + 1)
                for place, item in enumerate(value)
            ]
        if not kept and isinstance(value, str):
            value = self.text(value)
        elif not kept and isinstance(value, int):
            value = self.mask(value) if is_card_number(value) else value
        elif not kept and not isinstance(value, float | bytes):
            value = self._object(value)
        return value if self._rule is None else self._ruled(path, value)

    def _object(self, value: Any) -> Any:
        """What becomes text only when it is sent, such as an error: masked if that has a secret."""
        try:
            text = str(value)
        except Exception:  # noqa: BLE001 - a host's __str__ may raise anything
            return value
        masked = self.text(text)
        return value if masked == text else masked

    def _ruled(self, path: str, value: Any) -> Any:
        try:
            return None if self._rule is None else self._rule(path, value)
        except Exception:  # noqa: BLE001 - a product's rule may raise anything; then nothing shows
            return MASK

    def _is_kept(self, key: str, path: str) -> bool:
        if not self._kept_keys and not self._kept_paths:
            return False
        return " ".join(_words(key)) in self._kept_keys or any(
            pattern.fullmatch(path) for pattern in self._kept_paths
        )

    def _is_secret(self, key: str, value: Any, path: str) -> bool:
        words = _words(key)
        if self._keys and " ".join(words) in self._keys:
            return True
        if any(pattern.fullmatch(path) for pattern in self._paths):
            return True
        if not is_secret_name(key):
            return False
        if not isinstance(value, int | float):
            return True
        return any(word in _NUMERIC for word in words) or " ".join(words) in _NUMERIC_NAMES


def secret_names() -> list[str]:
    """The names of fields that the built-in rules mask, in order; pairs stand with a space."""
    return sorted(_ALONE | _PAIRS)


def rules_of_redaction() -> list[Any]:
    """The built-in rules as plain values, to be hashed."""
    numeric = sorted(_NUMERIC | _NUMERIC_NAMES)
    return [sorted(_ALONE), sorted(_PAIRS), _ENDINGS, numeric, forms_of_secrets()]


def is_secret_itself(name: str) -> bool:
    """Whether a name is that of a secret and of nothing more: `api_key`, not `api_key_id`."""
    words = _words(name)
    return " ".join(words) in _PAIRS or "".join(words) in _ALONE


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: `password_hash`, `apiKey`, `X-Auth-Token`."""
    words = _words(name)
    if any(word in _ALONE or word.endswith(_ENDINGS) for word in words):
        return True
    pairs = (f"{one} {two}" for one, two in itertools.pairwise(words))
    return any(pair in _PAIRS for pair in pairs) or "".join(words) in _PAIRS


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name[:200]))


def _path_pattern(path: str) -> re.Pattern[str]:
    steps = []
    for step in path.split("."):
        if step == "**":
            steps.append(r".*")
        else:
            steps.append(re.escape(step).replace(r"\*", r"[^.]*"))
    return re.compile(r"\.".join(steps).replace(r".*\.", r"(?:.*\.)?"), re.DOTALL)


def _fields_of(value: Any) -> dict[str, Any]:
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}


def _as_dict(value: Any) -> dict[str, Any]:
    if isinstance(value, msgspec.Struct):
        pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {name: item for name, item in pairs if item is not None}
    return dict(value) if isinstance(value, Mapping) else {}
