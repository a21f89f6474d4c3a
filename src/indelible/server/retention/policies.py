"""
Saves policies: one document per tenant with a version, appended to the log under the head lock.

Who saves names the version they saw; when another was saved meanwhile nothing is changed, and the
error says by whom and what. The act and its own event are never apart for long: a note of what is
about to be appended is on disk before, and `recover` finishes it after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

import msgspec

from indelible.clock import Clock, day_of, format_us
from indelible.errors import Conflict, Error, InvalidRequest, PolicyChanged
from indelible.seal import policy_leaf
from indelible.server.access.policy_notes import PolicyNote, PolicyNotes
from indelible.server.ledger import Desk, Ledger, Record
from indelible.server.ledger.desk import Standing
from indelible.server.retention.edit import (
    Change,
    Edit,
    Next,
    edited,
    pending_changes,
    refuse_faults,
    withdrawn,
)
from indelible.server.retention.history import changes_between

log = logging.getLogger("indelible.retention")

Build = Callable[[Standing, int], Next]
"""The next policy from what stands, on a day."""
MAX_REASON = 500


class Who(Protocol):
    """Who saves."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Saved(msgspec.Struct, frozen=True):
    """What a save came to; `note` is None when it changed nothing."""

    note: PolicyNote | None
    changes: tuple[Change, ...]


MakeEvent = Callable[[Next, int], dict[str, Any]]
"""The own event of a save: the policy, and the entry that it is (0 while that is not known)."""


class Policies:
    """The policies of all tenants. Every method may block: call it from a thread."""

    def __init__(
        self, ledger: Ledger, notes: PolicyNotes, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._ledger = ledger
        self.notes = notes
        self._clock = clock
        self._new_id = new_id
        # One save at a time: after a crash at most one note is open, so who saved is never guessed.
        self._saving = Lock()

    def today(self) -> int:
        """The day of the clock, UTC."""
        return day_of(self._clock.now_us())

    def build(self, tenant_id: int, edit: Edit) -> Next:
        """What an edit would give; saves nothing."""
        return edited(self._ledger.standing(tenant_id), edit, self.today())

    def check_base(self, tenant_id: int, base_version: int) -> None:
        """Raises PolicyChanged when another policy than the one shown is the newest."""
        self._check_version(tenant_id, self._ledger.standing(tenant_id), base_version)

    def save(
        self,
        tenant_id: int,
        who: Who,
        build: Build,
        make_event: MakeEvent,
        *,
        base_version: int | None,
        reason: str | None,
        withdraws: int | None = None,
    ) -> Saved:
        """
        Appends the next policy, unless nothing changes by it.

        Raises PolicyChanged, InvalidPolicy, InvalidRequest, Pushback; then nothing is changed.
        """
        with self._saving:
            return self._save(
                tenant_id, who, build, make_event, base_version, reason, withdraws=withdraws
            )

    def _save(
        self,
        tenant_id: int,
        who: Who,
        build: Build,
        make_event: MakeEvent,
        base_version: int | None,
        reason: str | None,
        *,
        withdraws: int | None,
    ) -> Saved:
        standing = self._ledger.standing(tenant_id)
        self._check_version(tenant_id, standing, base_version)
        wanted = build(standing, self.today())
        if not wanted.changes:
            return Saved(None, ())
        refuse_faults(wanted)
        reason = read_reason(reason, is_needed=wanted.is_reduction)
        note = PolicyNote(
            id=self._new_id(),
            tenant_id=tenant_id,
            version=wanted.policy.version,
            person=who.id,
            person_name=who.name,
            reason=reason,
            saved_us=self._clock.now_us(),
            withdraws=withdraws,
            event=make_event(wanted, 0),
        )
        self.notes.intend(note)
        try:
            index, done = self._ledger.act_and_wait(
                tenant_id, lambda desk: self._append(desk, build, base_version, note)
            )
        except Error as error:
            # Nothing was appended, or nobody knows: then `recover` finds out.
            if error.status < 500 or error.status == 503:
                self.notes.drop(note)
            raise
        self.notes.finish(note, make_event(done, index))
        return Saved(note, done.changes)

    def withdraw(
        self, tenant_id: int, who: Who, make_event: MakeEvent, *, base_version: int, reason: str
    ) -> Saved:
        """Takes back what was announced and does not hold yet. Raises Conflict when that is
        nothing.
        """
        standing = self._ledger.standing(tenant_id)
        self._check_version(tenant_id, standing, base_version)
        if not pending_changes(standing, self.today()):
            raise Conflict(
                "there is nothing to withdraw: every change holds already", code="nothing-pending"
            )
        if not reason.strip():
            raise InvalidRequest("say why", parameter="reason")
        return self.save(
            tenant_id,
            who,
            withdrawn,
            make_event,
            base_version=base_version,
            reason=reason,
            withdraws=base_version,
        )

    def recover(self) -> None:
        """Finishes saves that a crash cut off: told when the log has them, dropped when not."""
        for note in self.notes.unfinished():
            found = next(
                (
                    one
                    for one in self._ledger.policies(note.tenant_id).policies
                    if one.policy.version == note.version
                ),
                None,
            )
            others = self.notes.saved(note.tenant_id)
            if found is None or note.version in others:
                self.notes.drop(note)
                continue
            event = dict(note.event)
            event["metadata"] = {**event.get("metadata", {}), "index": found.index}
            self.notes.finish(note, event)
            log.warning("policy %d was saved before a crash; its event is told now", note.version)

    def _append(
        self, desk: Desk, build: Build, base_version: int | None, note: PolicyNote
    ) -> tuple[int, Next]:
        """In the writer thread, under the head lock."""
        self._check_version(desk.tenant_id, desk.standing, base_version)
        wanted = build(desk.standing, desk.day)
        refuse_faults(wanted)
        if wanted.policy.version != note.version:
            raise self._changed(desk.tenant_id, desk.standing, note.version - 1)
        leaf = policy_leaf(wanted.policy, desk.day)
        return desk.append(leaf, Record(b"", wanted.catalogue.encoded())), wanted

    def _check_version(self, tenant_id: int, standing: Standing, base: int | None) -> None:
        if base is not None and base != standing.policies.newest.policy.version:
            raise self._changed(tenant_id, standing, base)

    def _changed(self, tenant_id: int, standing: Standing, base: int) -> PolicyChanged:
        version = standing.policies.newest.policy.version
        if base > version:
            return PolicyChanged(
                f"there is no policy {base}, the newest is {version}",
                conflict={"version": version, "by": None, "at": None, "changes": []},
                hint="load it again",
            )
        note = self.notes.saved(tenant_id).get(version)
        by = note.person_name if note else None
        changes = self.changes_since(standing, base)
        what = ", ".join(f"{change.label}: {change.path}" for change in changes[:5])
        return PolicyChanged(
            f"{by or 'somebody'} saved policy {version} meanwhile ({what})",
            conflict={
                "version": version,
                "by": by,
                "at": format_us(note.saved_us) if note else None,
                "changes": msgspec.to_builtins(changes),
            },
            hint="load it again, and make your change there",
        )

    def changes_since(self, standing: Standing, base: int) -> list[Change]:
        """What the policies after a version changed, days and switches alone."""
        policies = standing.policies.policies
        before = next((one for one in policies if one.policy.version == base), None)
        if before is None:
            return []
        return changes_between(before, policies[-1], standing.catalogue)


def read_reason(reason: str | None, *, is_needed: bool) -> str | None:
    """A reason in words, None where there is none and none is needed. Raises InvalidRequest."""
    text = (reason or "").strip()
    if not text:
        if is_needed:
            raise InvalidRequest(
                "a change that keeps less, or switches off, needs a reason", parameter="reason"
            )
        return None
    if len(text) > MAX_REASON or not text.replace("\n", " ").isprintable():
        raise InvalidRequest(
            f"a reason has at most {MAX_REASON} printable characters", parameter="reason"
        )
    return text
