"""Says of parts that are gone what took them away, from the ledger, for one entry at a time."""

from __future__ import annotations

import threading
from typing import Any, Final

from indelible.seal import CONTENT, FACT, PERSON
from indelible.server.ledger import Declared, Entry, LedgerReader

_PARTS: Final = ((FACT, "fact"), (PERSON, "person"), (CONTENT, "content"))


class Explainer:
    """Safe to call from several threads."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()  # guards what is known
        self._known: dict[int, Declared] = {}

    def explain(self, tenant_id: int, entry: Entry, shown: dict[str, Any]) -> dict[str, Any]:
        """The event or entry as shown, with how each part went and by which entry."""
        here = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
        missing = sum(part for part in here if entry.parts & part and here[part] is None)
        if not missing or "state" not in shown:
            return shown
        with self._lock:
            declared = self._known.setdefault(tenant_id, Declared())
            self._reader.learn(declared, tenant_id)
            gone = declared.gone(entry.index, entry.category_id, entry.day, missing)
        state, by = dict(shown["state"]), {}
        for part, name in _PARTS:
            if not missing & part:
                continue
            how, _, index = gone.get(part, "missing").partition(" ")
            state[name] = how
            if index:
                by[name] = int(index)
        told = {**shown, "state": state, "explained_by": by}
        event = told.get("event")
        if isinstance(event, dict):
            told["event"] = {**event, "state": state, "explained_by": by}
        return told
