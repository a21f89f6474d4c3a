"""
Trust policies: which logs and witnesses are known, and which witnesses suffice (C2SP tlog-policy).

Called a trust policy in code, to keep it apart from the retention policy in a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from indelible.errors import BadSignature, MalformedProof
from indelible.tlog.note import parse_decimal
from indelible.tlog.signature import (
    ED25519_COSIGNATURE,
    MLDSA44,
    VerifierKey,
    encode_vkey,
    parse_vkey,
)

NO_QUORUM = "none"
_COMMENT_OR_BLANK = re.compile(r"[ \t]*(#.*)?", re.DOTALL)
_MAX_GROUP = 1_000_000


class LogEntry(msgspec.Struct, frozen=True):
    """A log whose checkpoints are accepted. Its key's name is its origin."""

    key: VerifierKey
    url: str | None = None


class Witness(msgspec.Struct, frozen=True):
    """A witness under its name in this policy."""

    name: str
    key: VerifierKey
    url: str | None = None


class Group(msgspec.Struct, frozen=True):
    """A group that has witnessed when `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


class TrustPolicy(msgspec.Struct, frozen=True):
    """A whole policy file. `quorum` names a witness or group, or is `none`."""

    logs: tuple[LogEntry, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def check_quorum(self, cosigned: Iterable[VerifierKey]) -> None:
        """Raises BadSignature (code `quorum-not-met`) unless these keys are enough."""
        keys = {(key.name, key.algorithm, key.public_key) for key in cosigned}
        met = {
            w.name: (w.key.name, w.key.algorithm, w.key.public_key) in keys for w in self.witnesses
        }
        for group in self.groups:
            met[group.name] = sum(met[member] for member in group.members) >= group.threshold
        if self.quorum != NO_QUORUM and not met[self.quorum]:
            raise BadSignature(
                f"too few witnesses for the quorum {self.quorum!r}", code="quorum-not-met"
            )


def encode_policy(policy: TrustPolicy) -> bytes:
    """The policy as a file, without comments."""
    lines = [_line("log", encode_vkey(log.key), log.url) for log in policy.logs]
    lines += [_line("witness", w.name, encode_vkey(w.key), w.url) for w in policy.witnesses]
    lines += [_line("group", g.name, str(g.threshold), *g.members) for g in policy.groups]
    lines.append(_line("quorum", policy.quorum))
    data = "".join(lines).encode("utf-8", "surrogateescape")
    if parse_policy(data) != policy:
        raise MalformedProof("not a policy that can be read back")
    return data


def parse_policy(data: bytes) -> TrustPolicy:
    """Reads a whole policy file. Raises MalformedProof naming the line."""
    # Octets above 0x7E are opaque: surrogate escapes keep them apart and give them back.
    text = data.decode("utf-8", "surrogateescape")
    if not text.endswith("\n"):
        raise MalformedProof("the last line of a policy ends with a newline")
    builder = _Builder()
    for number, line in enumerate(text[:-1].split("\n"), 1):
        try:
            if any((c < " " and c != "\t") or c == "\x7f" for c in line):
                raise MalformedProof("it has control characters")
            if not _COMMENT_OR_BLANK.fullmatch(line):
                builder.add([word for word in re.split(r"[ \t]+", line) if word])
        except MalformedProof as error:
            raise MalformedProof(f"policy, line {number}: {error}") from error
    return builder.finish()


class _Builder:
    """Collects the lines of a policy and checks them in the order they come."""

    def __init__(self) -> None:
        self._logs: list[LogEntry] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        # Names that may be used, and those already used as a member.
        self._names: set[str] = set()
        self._members: set[str] = set()

    def add(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                key = parse_vkey(vkey)
                self._no_duplicate(key, [log.key for log in self._logs])
                self._logs.append(LogEntry(key, *url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                key = parse_vkey(vkey)
                if key.algorithm not in (ED25519_COSIGNATURE, MLDSA44):
                    raise MalformedProof("the key of a witness is of type 0x04 or 0x06")
                self._no_duplicate(key, [w.key for w in self._witnesses])
                self._witnesses.append(Witness(self._new_name(name), key, *url))
            case ["group", name, threshold, *members] if members:
                self._groups.append(self._group(name, threshold, members))
            case ["quorum", name]:
                if self._quorum is not None:
                    raise MalformedProof("there is a quorum already")
                if name != NO_QUORUM and name not in self._names:
                    raise MalformedProof(f"unknown name {name!r}")
                self._quorum = name
            case _:
                raise MalformedProof(f"cannot read {' '.join(words)[:80]!r}")

    def finish(self) -> TrustPolicy:
        if self._quorum is None:
            raise MalformedProof("the policy has no quorum line")
        return TrustPolicy(
            tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum
        )

    def _group(self, name: str, threshold: str, members: list[str]) -> Group:
        for member in members:
            if member not in self._names:
                raise MalformedProof(f"unknown name {member!r}")
            if member in self._members:
                raise MalformedProof(f"{member!r} is a member of a group already")
            self._members.add(member)
        words = {"all": len(members), "any": 1}
        count = words.get(threshold) or parse_decimal(threshold, _MAX_GROUP)
        if not 1 <= count <= len(members):
            raise MalformedProof(f"a threshold of {count} for {len(members)} members")
        return Group(self._new_name(name), count, tuple(members))

    def _new_name(self, name: str) -> str:
        if name == NO_QUORUM or name in self._names:
            raise MalformedProof(f"the name {name!r} is taken")
        self._names.add(name)
        return name

    @staticmethod
    def _no_duplicate(key: VerifierKey, others: list[VerifierKey]) -> None:
        if any(key.public_key == other.public_key for other in others):
            raise MalformedProof("this public key is there already")


def _line(*words: str | None) -> str:
    return " ".join(word for word in words if word is not None) + "\n"
