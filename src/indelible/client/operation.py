"""
One event for a block of code: what it did, whether it succeeded, and what it changed.

    with audit.operation("ShareProfile", targets=[...]):
        ...                     # row changes seen meanwhile join this event

    @audit.operation("RotateKeys", category="access")
    def rotate_keys(): ...

An exception is told as `failure`, a PermissionError as `denied`, and goes on to the caller.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from indelible.client.context import Holder, current, hold, release
from indelible.client.fields import EventFields, Mode, as_list

if TYPE_CHECKING:
    from indelible.client.client import Indelible

P = ParamSpec("P")
R = TypeVar("R")


class OperationBlock:
    """What `Indelible.operation` returns: a block, sync or async, or a decorator."""

    def __init__(
        self, client: Indelible, operation: str, mode: Mode | None, fields: EventFields
    ) -> None:
        self._client = client
        self._operation = operation
        self._mode = mode
        self._fields = fields
        self._open: list[tuple[Holder, contextvars.Token[Holder | None]]] = []

    def __enter__(self) -> Holder:
        outer = current()
        holder = Holder() if outer is None else outer.copy()
        holder.collects = True
        self._open.append((holder, hold(holder)))
        return holder

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        holder, token = self._open.pop()
        try:
            told = self._event(holder, error)
            if told is not None:
                self._client.record(told[0], mode=self._mode, **told[1])
        finally:
            release(token)

    async def __aenter__(self) -> Holder:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        holder, token = self._open.pop()
        try:
            told = self._event(holder, error)
            if told is not None:
                await self._client.arecord(told[0], mode=self._mode, **told[1])
        finally:
            release(token)

    def _event(self, holder: Holder, error: BaseException | None) -> tuple[str, EventFields] | None:
        if holder.record is False:
            return None
        targets, changes = holder.collected()
        said: dict[str, Any] = {**holder.content}
        operation = said.pop("operation", None) or self._operation
        fields: dict[str, Any] = {**self._fields, **said}
        metadata = {**(self._fields.get("metadata") or {}), **(said.get("metadata") or {})}
        fields["targets"] = [*(self._fields.get("targets") or ()), *targets] or None
        fields["changes"] = [*as_list(self._fields.get("changes") or ()), *changes] or None
        if error is not None:
            fields["outcome"] = "denied" if isinstance(error, PermissionError) else "failure"
            metadata["error"] = type(error).__qualname__  # never its text: it may hold secrets
        elif fields.get("outcome") is None and fields.get("status") is None:
            fields["outcome"] = "success"
        fields["metadata"] = metadata or None
        return operation, cast("EventFields", fields)

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(fn):

            @functools.wraps(fn)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with self._anew():
                    return await fn(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @functools.wraps(fn)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._anew():
                return fn(*args, **kwargs)

        return called

    def _anew(self) -> OperationBlock:
        return OperationBlock(self._client, self._operation, self._mode, self._fields)
