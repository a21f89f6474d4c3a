"""
Random aliases of subjects whose id is itself personal data (formats.md B, Parts).

The fact part holds the alias, the person part the original. An alias is drawn once per tenant and
subject, kept in the ledger database, and says nothing about the subject.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection

_CACHED = 100_000


class Aliases:
    """
    Gives aliases before the event is committed; new ones are written with the next commit.

    Safe to call from several threads. An alias that was given out and then lost in a crash was
    never part of a durable event, because both go to disk in one transaction.
    """

    def __init__(
        self, connection: sqlite3.Connection, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._random_bytes = random_bytes
        self._lock = threading.Lock()  # guards everything below, the connection's use included
        self._connection = connection  # read-only, ours alone
        self._known: OrderedDict[tuple[int, str], str] = OrderedDict()
        self._unwritten: dict[tuple[int, str], str] = {}
        self._left: set[int] = set()

    def give(self, tenant_id: int, subject: str) -> str:
        """The alias of a subject, the same each time."""
        key = (tenant_id, subject)
        with self._lock:
            alias = self._known.get(key) or self._unwritten.get(key)
            if alias is not None:
                return alias
            row = self._connection.execute(
                "SELECT alias FROM alias WHERE tenant = ? AND subject = ?", key
            ).fetchone()
            if row is not None:
                alias = str(row[0])
            elif tenant_id in self._left:
                # Of an event that was being read when its tenant left: it is refused in a moment.
                return "p_" + self._random_bytes(10).hex()
            else:
                alias = "p_" + self._random_bytes(10).hex()
                self._unwritten[key] = alias
            self._remember(key, alias)
            return alias

    def unwritten(self) -> dict[tuple[int, str], str]:
        """Those that no commit has written yet; a copy."""
        with self._lock:
            return dict(self._unwritten)

    def written(self, keys: dict[tuple[int, str], str]) -> None:
        """Says that a commit has made these durable."""
        with self._lock:
            for key in keys:
                self._unwritten.pop(key, None)

    def forget(self, tenant_id: int, subjects: Collection[str]) -> None:
        """Drops from memory what an act has deleted: from now on they would get new ones."""
        with self._lock:
            for subject in subjects:
                self._known.pop((tenant_id, subject), None)
                self._unwritten.pop((tenant_id, subject), None)

    def forget_tenant(self, tenant_id: int) -> None:
        """Drops everything of a tenant that has left."""
        with self._lock:
            self._left.add(tenant_id)
            for kept in (self._known, self._unwritten):
                for key in [key for key in kept if key[0] == tenant_id]:
                    del kept[key]

    def _remember(self, key: tuple[int, str], alias: str) -> None:
        self._known[key] = alias
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)
