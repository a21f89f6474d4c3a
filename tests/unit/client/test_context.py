"""The mutable holder: what inner code binds, outer code sees."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from indelible.client import audit_context, bind, current, describe, wrap

ANA = {"kind": "user", "id": "u_1"}


def test_a_block_inherits_who_and_forgets_what_was_bound_inside() -> None:
    with audit_context(actor=ANA, request_id="r_1"):
        with audit_context(session_id="s_1") as inner:
            bind(actor={"kind": "system"})
            assert (inner.request_id, inner.session_id) == ("r_1", "s_1")
        outer = current()
        assert outer is not None
        assert (outer.actor, outer.session_id) == (ANA, None)
    assert current() is None


def test_content_is_not_inherited_by_an_inner_block() -> None:
    with audit_context(actor=ANA):
        describe(operation="UpdateGroup", changes={"name": ("a", "b")})
        with audit_context() as inner:
            assert (inner.content, inner.changes) == ({}, [])


def test_describe_adds_targets_and_changes_and_replaces_the_rest() -> None:
    with audit_context() as holder:
        describe(operation="A", targets=[{"type": "x", "id": "1"}], changes={"f": (1, 2)})
        describe(operation="B", targets=[{"type": "y", "id": "2"}], record=False)
        assert holder.content == {"operation": "B"}
        assert [target["id"] for target in holder.targets] == ["1", "2"]  # type: ignore[index]
        assert holder.changes == [{"path": "f", "before": 1, "after": 2}]
        assert holder.record is False


def test_a_target_that_is_said_twice_is_told_once() -> None:
    with audit_context() as holder:
        describe(targets=[{"type": "x", "id": "1"}])
        describe(targets=[{"type": "y", "id": "2"}, {"type": "x", "id": "1", "name": "one"}])
        targets, changes = holder.collected()
    assert targets == [{"type": "x", "id": "1", "name": "one"}, {"type": "y", "id": "2"}]
    assert changes == []


def test_describe_outside_of_anything_does_nothing() -> None:
    describe(operation="A")
    assert current() is None


def test_an_unknown_field_is_named() -> None:
    with audit_context(), pytest.raises(TypeError, match="acter"):
        bind(acter=ANA)  # type: ignore[call-arg]


def test_what_a_task_or_a_copied_thread_binds_is_seen_outside() -> None:
    async def handler() -> None:
        await asyncio.create_task(later())
        await asyncio.to_thread(bind, session_id="from a thread")

    async def later() -> None:
        bind(actor=ANA)

    with audit_context() as holder:
        asyncio.run(handler())
        assert (holder.actor, holder.session_id) == (ANA, "from a thread")


def test_a_plain_executor_loses_the_context_and_wrap_keeps_it() -> None:
    def seen() -> str | None:
        holder = current()
        return None if holder is None else holder.request_id

    with ThreadPoolExecutor(1) as pool, audit_context(request_id="r_9"):
        wrapped = wrap(seen)
        assert pool.submit(seen).result() is None
        assert pool.submit(wrapped).result() == "r_9"
        assert [pool.submit(wrapped).result() for _ in range(3)] == ["r_9"] * 3
