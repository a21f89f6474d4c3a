"""
Where entries of the service itself are written: policies, expiries, erasures, holds.

An *act* runs in the writer thread, alone, in one open transaction, and so under the head lock:
what it appends and what it changes of stored pieces is durable together, or nothing of it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from indelible.errors import InvalidPolicy
from indelible.seal import EVENT, GENESIS, MAX_ENTRY, Policy, PolicyLeaf, parse_leaf
from indelible.server.ledger.catalogue import Catalogue, read_catalogue
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.ledger.policy_rules import faults_of


class Record(msgspec.Struct, frozen=True):
    """What an entry commits to, kept beside it for a verifier; a policy's has no salt."""

    salt: bytes
    data: bytes


class Added(msgspec.Struct, frozen=True):
    """One appended entry, and what is kept beside it."""

    leaf: bytes
    record: Record | None


class Standing(msgspec.Struct, frozen=True):
    """All policies of a log up to now, and the texts and rules beside the newest."""

    policies: PolicyHistory
    catalogue: Catalogue


class Desk:
    """
    What an act may see and use. Valid only while the act runs, in the writer thread.

    `connection` is inside the open transaction; an act neither begins nor ends one.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        tenant_id: int,
        size: int,
        day: int,
        now_us: int,
        standing: Standing,
    ) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.day = day
        self.now_us = now_us
        self.standing = standing
        self.added: list[Added] = []
        self._size = size

    @property
    def policy(self) -> Policy:
        """The policy in force for what is appended next."""
        return self.standing.policies.newest.policy

    @property
    def policy_index(self) -> int:
        """The entry of that policy."""
        return self.standing.policies.newest.index

    @property
    def next_index(self) -> int:
        """The index that the next appended entry gets."""
        return self._size + len(self.added)

    def append(self, leaf: bytes, record: Record | None = None) -> int:
        """
        Appends an entry and returns its index; its day must be the desk's.

        Raises InvalidPolicy when it is a policy that a verifier would not accept.
        """
        parsed = parse_leaf(leaf)
        if parsed.header.type in (EVENT, GENESIS) or len(leaf) > MAX_ENTRY:
            raise ValueError(f"an entry of type {parsed.header.type} is not written here")
        if parsed.header.day != self.day:
            raise ValueError(f"an entry of day {parsed.header.day} on day {self.day}")
        index = self.next_index
        if isinstance(parsed, PolicyLeaf):
            faults = faults_of(parsed.policy, self.day, self.policy)
            if faults:
                raise InvalidPolicy(f"the policy breaks a rule: {faults[0].detail}")
            data = None if record is None else record.data
            self.standing = Standing(
                self.standing.policies.with_next(PolicyAt(index, self.day, parsed.policy)),
                read_catalogue(data, parsed.policy.rules),
            )
        self.added.append(Added(leaf, record))
        return index


class Act(msgspec.Struct, frozen=True):
    """An act on its way to the writer; it counts as one event in the queue."""

    tenant_id: int
    run: Callable[[Desk], Any]
    notify: Callable[[Any], None]
    items: tuple[None] = (None,)
    weight_bytes: int = 0
