"""
Masks secrets in what arrives: the rules of the SDK once more, for senders that have none.

Nearly every event holds no secret, so each is first asked, in one pass over its texts, whether it
could. Only those that could are walked, and what was masked is named in `context.altered`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from indelible.codec import encode_json
from indelible.event import SentEvent
from indelible.event.mend import MAX_MARKS
from indelible.event.model import Change, Context, Target
from indelible.event.numbers import is_card_number
from indelible.event.redact import Redaction, is_secret_name, rules_of_redaction
from indelible.server.setting_groups import RedactSettings

# Every form of event/secrets.py has one of these: fifteen characters in a row as in a token, the
# sign of a pair or of a scheme, eight digits of a card, the head of a PEM block, or a word before.
_RUN = re.compile(r"[\w.+=-]{15}").search
_CARD = re.compile(r"\d{4}[ -]?\d{4}").search
_WORDS = re.compile(r"(?:earer|asic|igest|EARER|ASIC|IGEST) ").search
_MOST_NAMES = 40

# The same for the texts of a whole batch, if they are ASCII, as nearly all are: what may stand in a
# run becomes x, in a card d and -, and a search for bytes goes over all events at once.
_RUNS = bytes(120 if _RUN(chr(c) * 15) else c for c in range(128)).ljust(256)
_CARDS = bytes(100 if c in b"0123456789" else 45 if c in b" -" else c for c in range(256))
_RUN_FORMS, _CARD_FORMS = (b"x" * 15,), (b"dddddddd", b"dddd-dddd")
_FORMS = (b":", b"=", b"-----", b"earer ", b"asic ", b"igest ", b"EARER ", b"ASIC ", b"IGEST ")


class Masking:
    """The rules of one service. Immutable and safe for all threads."""

    def __init__(self, settings: RedactSettings | None = None) -> None:
        self.settings = settings or RedactSettings()
        chosen = self.settings
        self._redaction = Redaction(
            keys=chosen.keys, paths=chosen.paths, patterns=chosen.patterns, keep=chosen.keep
        )
        # Rules of one's own can look for anything, so every event is walked.
        self._walks_all = bool(chosen.keys or chosen.paths or chosen.patterns)

    def rules(self) -> str:
        """SHA-256 of the rules in force, told when the service starts."""
        if not self.settings.enabled:
            return "off"
        return sha256(encode_json([rules_of_redaction(), self.settings])).hexdigest()

    def mask(self, sent: SentEvent) -> SentEvent:
        """The event without its secrets; the same value where there are none."""
        if not self.settings.enabled:
            return sent
        if not self._walks_all and not _may_hold_secrets(sent):
            return sent
        return self._walk(sent)

    def mask_all(self, batch: Sequence[SentEvent]) -> Sequence[SentEvent]:
        """As `mask` for events that came together, in half the time."""
        if not self.settings.enabled:
            return batch
        places = range(len(batch)) if self._walks_all else _suspects(batch)
        if not places:
            return batch
        masked = list(batch)
        for place in places:
            masked[place] = self._walk(masked[place])
        return masked

    def _walk(self, sent: SentEvent) -> SentEvent:
        value, marks = self._redaction.value, _Marks()
        new: dict[str, Any] = {}
        for name in ("endpoint", "reason"):
            text = getattr(sent, name)
            if text is not None and (masked := value(name, text)) != text:
                new[name] = marks.at(name, str(masked)[:4000])
        if sent.metadata:
            metadata = {
                name: value(name, item, f"metadata.{name}") for name, item in sent.metadata.items()
            }
            if metadata != sent.metadata:
                new["metadata"] = metadata
                marks.differences("metadata", sent.metadata, metadata)
        if sent.changes:
            changes = [self._change(change, marks) for change in sent.changes]
            if changes != sent.changes:
                new["changes"] = changes
        if sent.targets:
            targets = [self._target(at, target, marks) for at, target in enumerate(sent.targets)]
            if targets != sent.targets:
                new["targets"] = targets
        if not new:
            return sent
        context = sent.context or Context()
        altered = [*(context.altered or ()), *marks.told()]
        new["context"] = msgspec.structs.replace(context, altered=altered)
        return msgspec.structs.replace(sent, **new)

    def _change(self, change: Change, marks: _Marks) -> Change:
        before = self._redaction.change(change.path, change.before)
        after = self._redaction.change(change.path, change.after)
        if before == change.before and after == change.after:
            return change
        marks.at(f"changes.{change.path}", None)
        return Change(path=change.path, before=before, after=after)

    def _target(self, at: int, target: Target, marks: _Marks) -> Target:
        if target.name is None or (name := self._redaction.text(target.name)) == target.name:
            return target
        marks.at(f"targets.{at}.name", None)
        return msgspec.structs.replace(target, name=name[:500])


class _Marks:
    """The places that were masked, at most as many as an event may name."""

    def __init__(self) -> None:
        self._places: list[str] = []

    def at(self, place: str, value: Any) -> Any:
        self._places.append(place[:500])
        return value

    def differences(self, place: str, before: Any, after: Any) -> None:
        """Every leaf that is another one now."""
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for name in before:
                self.differences(f"{place}.{name}", before[name], after.get(name))
        elif isinstance(before, list) and isinstance(after, list):
            for number, (one, other) in enumerate(zip(before, after, strict=False)):
                self.differences(f"{place}.{number}", one, other)
        elif before != after:
            self.at(place, None)

    def told(self) -> Iterator[str]:
        for place in self._places[: MAX_MARKS - 1]:
            yield f"{place}: secret masked"
        if (more := len(self._places) - MAX_MARKS + 1) > 0:
            yield f"and {more} more"


def _suspects(batch: Sequence[SentEvent]) -> Sequence[int]:
    """The places of the events of a batch for which `_may_hold_secrets` holds."""
    found: set[int] = set()
    texts: list[str] = []
    for place, sent in enumerate(batch):
        text = _texts_of(sent)
        if text is None:
            found.add(place)
            text = ""
        texts.append(text)
    every = "\n".join(texts)
    if not every.isascii() or not "".join(texts).isprintable():
        found.update(place for place, text in enumerate(texts) if _may_be_secret(text))
        return sorted(found)
    data = every.encode()
    for shape, forms in (
        (data, _FORMS),
        (data.translate(_RUNS), _RUN_FORMS),
        (data.translate(_CARDS), _CARD_FORMS),
    ):
        for form in forms:
            if form in shape:
                found.update(n for n, line in enumerate(shape.split(b"\n")) if form in line)
    return sorted(found)


def _may_hold_secrets(sent: SentEvent) -> bool:
    """
    Whether a built-in rule could find something; wrong in one direction only. Runs for each event
    that is sent alone.
    """
    text = _texts_of(sent)
    return text is None or _may_be_secret(text)


def _may_be_secret(text: str) -> bool:
    return (
        ":" in text
        or "=" in text
        or _RUN(text) is not None
        or _CARD(text) is not None
        or "-----" in text
        or (" " in text and _WORDS(text) is not None)
        or not text.isprintable()  # other white space may stand where these have a space
    )


def _texts_of(sent: SentEvent) -> str | None:
    """The texts that rules look at; None where a name or a nested value asks for a closer look."""
    texts: list[str] = []
    if sent.endpoint is not None:
        texts.append(sent.endpoint)
    if sent.reason is not None:
        texts.append(sent.reason)
    if sent.targets:
        texts += [target.name for target in sent.targets if target.name is not None]
    for change in sent.changes or ():
        if any(is_secret_name(step) for step in change.path.split(".")):
            return None
        for value in (change.before, change.after):
            if isinstance(value, str):
                texts.append(value)
            elif value is not None and _asks_for_a_look(value):
                return None
    if sent.metadata:
        if len(sent.metadata) > _MOST_NAMES:
            return None
        for name, value in sent.metadata.items():
            if is_secret_name(name):
                return None
            if isinstance(value, str):
                texts.append(value)
            elif value is not None and _asks_for_a_look(value):
                return None
    return "|".join(texts)


def _asks_for_a_look(value: object) -> bool:
    """Whether what is no text could be a secret or hold one."""
    if isinstance(value, int):
        return is_card_number(value)
    return not isinstance(value, float)
