"""
What a tenant calls its categories, and the rules that lead to them: text beside a policy.

A policy entry holds the SHA-256 of a catalogue, and the catalogue itself lies in `record` at the
policy's index, so that an auditor can see by which rules events were sorted at any time. A policy
without one is of before there were own categories: the built-in rules alone.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Literal

import msgspec

from indelible.codec import encode_json
from indelible.event import Stream
from indelible.server.ledger.categories import rules_hash

Criticality = Literal["high", "normal", "low"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Leads events to a category when every pattern that is given matches; `*` stands for anything.
    """

    stream: Stream | None = None
    method: str | None = None
    operation: str | None = None
    endpoint: str | None = None


class CategoryText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a category is shown, and which own rules lead to it."""

    name: str
    label: str = ""
    description: str = ""
    criticality: Criticality = "normal"
    rules: tuple[Rule, ...] = ()


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Texts and rules of all categories that differ from the built-in ones."""

    format: int = 1
    # SHA-256 of the built-in rules that follow the own ones.
    built_in: str = msgspec.field(default_factory=rules_hash)
    categories: tuple[CategoryText, ...] = ()

    def text_of(self, name: str) -> CategoryText:
        """What is said of a category, by the tenant or by default."""
        own = next((text for text in self.categories if text.name == name), None)
        return own or BUILT_IN_TEXTS.get(name) or CategoryText(name=name, label=name)

    def with_text(self, text: CategoryText) -> Catalogue:
        """The same with another text for one category."""
        others = tuple(one for one in self.categories if one.name != text.name)
        return msgspec.structs.replace(self, categories=(*others, text))

    def encoded(self) -> bytes:
        """As it is stored and hashed."""
        return encode_json(self)


def catalogue_hash(data: bytes) -> str:
    """What a policy entry says of a catalogue."""
    return sha256(data).hexdigest()


def read_catalogue(data: bytes | None, rules: str) -> Catalogue:
    """The catalogue of a policy; the built-in one where its bytes are not what the policy says."""
    if data is None or catalogue_hash(data) != rules:
        return Catalogue()
    try:
        return msgspec.json.decode(data, type=Catalogue)
    except msgspec.MsgspecError:
        return Catalogue()


def _text(
    name: str, label: str, description: str, criticality: Criticality = "normal"
) -> CategoryText:
    return CategoryText(name=name, label=label, description=description, criticality=criticality)


BUILT_IN_TEXTS: Final = {
    text.name: text
    for text in (
        _text("audit", "Audit", "Changes to Indelible itself, and reads of the log", "high"),
        _text("authentication", "Authentication", "Logins, sessions, second factors", "high"),
        _text("access", "Access and roles", "Roles, groups, permissions, keys", "high"),
        _text("configuration", "Configuration", "Settings, workflows, dashboards", "high"),
        _text("data", "Data", "Everything else that people read and change"),
        _text("sharing", "Sharing", "Profiles, links, guests"),
        _text("export", "Data export", "Exports, reports, downloads", "high"),
        _text("approval", "Approvals", "Requests approved, rejected, endorsed"),
        _text("integration", "Integrations", "Webhooks, imports, external systems"),
        _text("job", "Tasks", "Runs, attempts, schedules", "low"),
    )
}
