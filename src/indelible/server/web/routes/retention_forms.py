"""Replies of the routes of categories and retention, and how they are made."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from indelible.clock import format_us
from indelible.errors import StorageError
from indelible.seal import Category, ExpiryLeaf, parse_leaf
from indelible.server.access.removals import DoubtKind, RemovalNote
from indelible.server.ledger.catalogue import Criticality, Rule
from indelible.server.ledger.categories import LAST_RESERVED
from indelible.server.ledger.desk import Standing
from indelible.server.ledger.policy_rules import NOTICE_DAYS, PARTS, days_of
from indelible.server.retention.edit import BITS, Change, day_text, parts_of, pending_changes
from indelible.server.retention.govern import SweeperState
from indelible.server.retention.history import PastPolicy, floors_today, off_since
from indelible.server.web.route import Caller
from indelible.server.web.routes.approvals import ApprovalReply, approval_reply
from indelible.server.web.service import Service

Recording = Literal["on", "off", "always"]


class KeepReply(msgspec.Struct, frozen=True):
    """Days that each part is kept; null is for ever."""

    fact: int | None
    person: int | None
    content: int | None


class PendingCategory(msgspec.Struct, frozen=True, kw_only=True):
    """What was announced for a category and does not hold yet."""

    effective_day: str
    recording: Recording | None
    keep: dict[str, int | None]


class FloorReply(msgspec.Struct, frozen=True, kw_only=True):
    """A minimum that cannot be lowered before its day."""

    parts: list[str]
    min_days: int
    until_day: str | None
    built_in: bool


class CategoryReply(msgspec.Struct, frozen=True, kw_only=True):
    """A category as it holds today. `skipped`: events left out since the service started."""

    id: int
    name: str
    label: str
    description: str
    built_in: bool
    streams: list[str]
    criticality: Criticality
    recording: Recording
    keep: KeepReply
    pending: PendingCategory | None
    floors: list[FloorReply]
    holds: list[str]
    rules: list[Rule]
    off_since: str | None
    skipped: int


class PendingReply(msgspec.Struct, frozen=True, kw_only=True):
    """The newest policy, as long as not all of it holds."""

    version: int
    index: int
    effective_day: str
    saved_at: str | None
    saved_by: str | None
    reason: str | None
    changes: list[Change]


class SweepReply(msgspec.Struct, frozen=True, kw_only=True):
    """The last removal that is done."""

    index: int
    at: str
    events: int


class ClockReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why the clock is in doubt: it jumped (`seconds` less than 0: back), it is behind the last sweep,
    or so much time went by while the service was stopped that nobody can tell which it was.
    `approval` is the request that waits for a second person, for administrators.
    """

    doubt: DoubtKind
    seconds: int
    approval: ApprovalReply | None


class SweeperReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the sweeper is about."""

    state: Literal["idle", "sweeping", "waiting", "stopped"]
    detail: str | None
    last_sweep_at: str | None
    waits_for: str | None
    clock: ClockReply | None
    last: SweepReply | None


class RetentionReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    The newest policy, and what of it holds today. `approval` is the request for a second person
    that a change has become; then nothing was saved.
    """

    version: int
    effective_day: str
    index: int
    saved_at: str | None
    saved_by: str | None
    reason: str | None
    today: str
    notice_days: int
    categories: list[CategoryReply]
    pending: PendingReply | None
    sweeper: SweeperReply
    history_total: int
    approval: ApprovalReply | None = None


class PolicyReply(msgspec.Struct, frozen=True, kw_only=True):
    """One policy entry: when, by whom, and what it changed."""

    version: int
    index: int
    day: str
    effective_day: str
    saved_at: str | None
    saved_by: str | None
    reason: str | None
    changes: list[Change]
    withdraws: int | None


class HistoryReply(msgspec.Struct, frozen=True):
    """Policies, newest first."""

    policies: list[PolicyReply]
    more: bool


def retention_reply(service: Service, caller: Caller) -> RetentionReply:
    """The state of retention."""
    retention = service.retention
    tenant_id = caller.tenant_id
    standing = service.ledger.standing(tenant_id)
    newest = standing.policies.newest
    day = retention.policies.today()
    note = retention.policies.notes.saved(tenant_id).get(newest.policy.version)
    saved_at = format_us(note.saved_us) if note else None
    saved_by = note.person_name if note else None
    reason = note.reason if note else None
    changes = pending_changes(standing, day)
    pending = None
    if changes:
        pending = PendingReply(
            version=newest.policy.version,
            index=newest.index,
            effective_day=min(change.effective_day for change in changes),
            saved_at=saved_at,
            saved_by=saved_by,
            reason=reason,
            changes=changes,
        )
    return RetentionReply(
        version=newest.policy.version,
        effective_day=day_text(newest.policy.effective_day),
        index=newest.index,
        saved_at=saved_at,
        saved_by=saved_by,
        reason=reason,
        today=day_text(day),
        notice_days=NOTICE_DAYS,
        categories=category_replies(service, tenant_id, standing, day),
        pending=pending,
        sweeper=sweeper_reply(service, caller),
        history_total=len(standing.policies.policies),
    )


def category_replies(
    service: Service, tenant_id: int, standing: Standing, day: int
) -> list[CategoryReply]:
    """All categories in the order of their ids, `audit` last."""
    held = service.retention.holding.counts(tenant_id)
    changes: dict[str, list[Change]] = {}
    for change in pending_changes(standing, day):
        changes.setdefault(change.category, []).append(change)
    categories = standing.policies.newest.policy.categories
    return [
        _category(
            service,
            tenant_id,
            standing,
            category,
            day,
            changes.get(category.name, []),
            sorted(held.get(category.id, {})),
        )
        for category in sorted(categories, key=lambda c: (c.id <= LAST_RESERVED, c.id))
    ]


def _category(
    service: Service,
    tenant_id: int,
    standing: Standing,
    newest: Category,
    day: int,
    changes: list[Change],
    holds: list[str],
) -> CategoryReply:
    today = standing.policies.category_on(newest.id, day) or newest
    text = standing.catalogue.text_of(newest.name)
    since = off_since(standing.policies, newest.id, day)
    return CategoryReply(
        id=newest.id,
        name=newest.name,
        label=text.label,
        description=text.description,
        built_in=newest.id < FIRST_OWN,
        streams=_STREAMS.get(newest.name, _ALL_STREAMS),
        criticality=text.criticality,
        recording=_recording(today),
        keep=KeepReply(*(days_of(today, part) for part, _ in PARTS)),
        pending=_pending(newest, changes),
        floors=[
            FloorReply(
                parts=list(parts_of(floor.parts)),
                min_days=floor.min_days,
                until_day=None if floor.until_day is None else day_text(floor.until_day),
                built_in=floor.built_in,
            )
            for floor in floors_today(standing.policies, newest, day)
        ],
        holds=holds,
        rules=list(text.rules),
        off_since=None if since is None else day_text(since),
        skipped=service.retention.skips.total(tenant_id, newest.name),
    )


FIRST_OWN = 25
_ALL_STREAMS = ["user", "system", "task"]
_STREAMS = {"job": ["task"], "authentication": ["user", "system"], "approval": ["user"]}


def _recording(category: Category) -> Recording:
    if category.id <= LAST_RESERVED:
        return "always"
    return "on" if category.enabled else "off"


def _pending(newest: Category, changes: list[Change]) -> PendingCategory | None:
    if not changes:
        return None
    return PendingCategory(
        effective_day=min(change.effective_day for change in changes),
        recording=_recording(newest) if any(c.path == "enabled" for c in changes) else None,
        keep={
            part: days_of(newest, BITS[part])
            for part in BITS
            if any(change.path == f"{part}_days" for change in changes)
        },
    )


def policy_reply(past: PastPolicy) -> PolicyReply:
    """A past policy."""
    note = past.note
    return PolicyReply(
        version=past.version,
        index=past.index,
        day=day_text(past.day),
        effective_day=day_text(past.effective_day),
        saved_at=format_us(note.saved_us) if note else None,
        saved_by=note.person_name if note else None,
        reason=note.reason if note else None,
        changes=past.changes,
        withdraws=note.withdraws if note else None,
    )


def sweeper_reply(service: Service, caller: Caller) -> SweeperReply:
    """What the sweeper is about, as this caller may see it."""
    state = service.retention.sweeper_state(caller.tenant_id)
    return SweeperReply(
        state=state.state,
        detail=state.detail,
        last_sweep_at=None if state.last_sweep_us is None else format_us(state.last_sweep_us),
        waits_for=state.waits_for,
        clock=None if state.doubt is None else _clock(service, caller, state),
        last=None
        if state.last is None
        else SweepReply(
            index=state.last.index, at=format_us(state.last.at_us), events=state.last.events
        ),
    )


def _clock(service: Service, caller: Caller, state: SweeperState) -> ClockReply:
    asked = service.access.approvals.of_target(caller.tenant_id, "clock", "clock")
    waits = asked is not None and asked.state == "waiting" and "admin" in caller.permissions
    return ClockReply(
        doubt=state.doubt or "jump",
        seconds=state.doubt_s,
        approval=approval_reply(asked, service, caller) if asked and waits else None,
    )


def changes_told(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Changes as an own event has them."""
    return [
        {"path": f"{change.category}.{change.path}", "before": change.before,
         "after": change.after}
        for change in changes
    ]  # fmt: skip


class ExpiryReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    One expiry entry of the log, and how far it is: `declared` in the log, `indexed` out of the
    search index's rows, `removed` from the ledger, `done` when no copy is left.
    """

    index: int
    day: str
    category: str
    parts: list[str]
    cutoff_day: str
    upto: int
    state: Literal["declared", "indexed", "removed", "done"]
    events: int
    changed_at: str


class ExpiriesReply(msgspec.Struct, frozen=True):
    """Expiries, newest first."""

    expiries: list[ExpiryReply]
    more: bool


def expiry_reply(service: Service, tenant_id: int, note: RemovalNote) -> ExpiryReply:
    """An expiry."""
    entry = service.reader.entry(tenant_id, note.index)
    leaf = parse_leaf(entry.leaf or b"")
    if not isinstance(leaf, ExpiryLeaf):
        raise StorageError(f"entry {note.index} is no expiry", hint="run `indelible verify`")
    categories = service.ledger.policies(tenant_id).newest.policy.categories
    name = next((c.name for c in categories if c.id == leaf.header.category_id), "")
    return ExpiryReply(
        index=note.index,
        day=day_text(leaf.header.day),
        category=name,
        parts=list(parts_of(leaf.header.parts)),
        cutoff_day=day_text(leaf.cutoff_day),
        upto=leaf.upto,
        state=note.state,
        events=note.events,
        changed_at=format_us(note.changed_us),
    )
