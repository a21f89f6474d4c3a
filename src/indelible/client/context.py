"""
Who is acting now, and what the present request is about.

One ContextVar holds one *mutable* holder, made by the outermost middleware; inner code mutates the
holder instead of setting variables. Values set in a thread-pool endpoint or below another
middleware are lost with plain context variables, but not with a shared holder.
Executors that do not copy the context (`ThreadPoolExecutor.submit`, `loop.run_in_executor`) need
`wrap(fn)`.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, ParamSpec, TypedDict, TypeVar, Unpack

from indelible.client.fields import (
    ActorLike,
    ChangeLike,
    Changes,
    ContentFields,
    JobLike,
    OriginLike,
    PrincipalLike,
    TargetLike,
    as_list,
)
from indelible.event.model import Change, Stream, Target

P = ParamSpec("P")
R = TypeVar("R")


class Bound(TypedDict, total=False):
    """What `bind` and `audit_context` accept."""

    actor: ActorLike | None
    on_behalf_of: PrincipalLike | None
    origin: OriginLike | None
    session_id: str | None
    request_id: str | None
    trace_id: str | None
    stream: Stream | None
    job: JobLike | None


class Description(ContentFields, total=False):
    """What `describe` accepts: the content of the event that the request will leave."""

    record: bool | None


class Touched(NamedTuple):
    """One thing that a data hook saw changing, and its fields."""

    target: Target
    changes: list[Change]


class Holder:
    """
    Facts of one request, job or block. Owned by whoever put it into the context; any thread or
    task that runs for it may set attributes (single assignments, so no lock is needed).
    """

    __slots__ = (
        "actor",
        "changes",
        "collects",
        "content",
        "find_actor",
        "job",
        "on_behalf_of",
        "origin",
        "record",
        "request_id",
        "session_id",
        "stream",
        "targets",
        "touched",
        "trace_id",
    )

    def __init__(self) -> None:
        self.actor: ActorLike | None = None
        # Where a framework knows its user only late or at a cost: asked when an event needs it.
        self.find_actor: Callable[[], ActorLike | None] | None = None
        self.on_behalf_of: PrincipalLike | None = None
        self.origin: OriginLike | None = None
        self.session_id: str | None = None
        self.request_id: str | None = None
        self.trace_id: str | None = None
        self.stream: Stream | None = None
        self.job: JobLike | None = None
        # Whether data changes made meanwhile belong to the one event written at the end (true for
        # requests), or are events of their own (jobs, scripts).
        self.collects = False
        # Of the event that the middleware writes at the end:
        self.content: ContentFields = {}
        self.targets: list[TargetLike] = []
        self.changes: list[ChangeLike] = []
        self.touched: list[Touched] = []
        # True: always leave an event. False: leave none. None: the middleware's rule decides.
        self.record: bool | None = None

    def copy(self) -> Holder:
        """The same who and where, with no content of its own yet."""
        other = Holder()
        other.find_actor = self.find_actor
        for name in ("actor", "on_behalf_of", "origin", "session_id", "request_id", "trace_id"):
            setattr(other, name, getattr(self, name))
        other.stream = self.stream
        other.job = self.job
        return other

    def who(self) -> ActorLike | None:
        """The actor, asked of the framework if nobody has bound one."""
        if self.actor is None and self.find_actor is not None:
            # Whatever is recorded while the user is being read must not ask again.
            find, self.find_actor = self.find_actor, None
            try:
                self.actor = find()
            finally:
                self.find_actor = find
        return self.actor

    def collected(self) -> tuple[list[TargetLike], list[ChangeLike]]:
        """
        Targets and changes said by `describe` and seen by data hooks, without repeats.

        Fields of several things get the thing in front of their path: `group/7.name`.
        """
        if not (self.touched or self.targets):
            return [], [*self.changes]
        things: dict[tuple[str | None, str | None], Target] = {}
        fields: dict[tuple[tuple[str | None, str | None], str], Change] = {}
        for target, changes in self.touched:
            thing = (target.type, target.id)
            things[thing] = target
            for change in changes:
                # Changed twice in one request: the first before and the last after count.
                earlier = fields.get((thing, change.path), change)
                fields[thing, change.path] = Change(
                    path=change.path, before=earlier.before, after=change.after
                )
        several = len(things) > 1
        seen = [
            Change(path=f"{thing[0]}/{thing[1]}.{path}", before=change.before, after=change.after)
            if several
            else change
            for (thing, path), change in fields.items()
        ]
        # Said twice (a check that runs more than once in a request): the last one counts.
        said = {_thing(target): target for target in self.targets}
        others = [target for thing, target in things.items() if thing not in said]
        return [*said.values(), *others], [*self.changes, *seen]

    def update(self, values: Bound) -> None:
        """Sets what is named; the rest stays."""
        for name, value in values.items():
            if name not in Bound.__annotations__:
                raise TypeError(f"unknown context field {name!r}")
            setattr(self, name, value)


def _thing(target: TargetLike) -> tuple[str | None, str | None]:
    if isinstance(target, Target):
        return target.type, target.id
    return target.get("type"), target.get("id")


_current: contextvars.ContextVar[Holder | None] = contextvars.ContextVar(
    "indelible_holder", default=None
)


def current() -> Holder | None:
    """The holder of this request, job or block; None outside of any."""
    return _current.get()


def bind(**values: Unpack[Bound]) -> None:
    """
    Says who acts from here on: call it where the person, key or session becomes known.

    Inside a request or `audit_context` it changes the shared holder, so it also works from inner
    middleware, dependencies and worker threads. Outside of any it makes a holder for the present
    context.
    """
    holder = _current.get()
    if holder is None:
        holder = Holder()
        _current.set(holder)
    holder.update(values)


def describe(
    *,
    targets: Iterable[TargetLike] | None = None,
    changes: Changes | None = None,
    **content: Unpack[Description],
) -> None:
    """
    Says what the present request does: operation, category, targets, changes, reason, metadata.

    Targets and changes are added to those already known, the rest replaces. `record=False` leaves
    no event for this request, `record=True` leaves one although the rule would not.
    Without effect outside a request or job.
    """
    holder = _current.get()
    if holder is None:
        return
    if "record" in content:
        holder.record = content.pop("record")
    if targets is not None:
        holder.targets.extend(targets)
    if changes is not None:
        holder.changes.extend(as_list(changes))
    holder.content.update(content)


_SAID = "__audit__"


def audited(
    operation: str | None = None, *, record: bool | None = None, **content: Any
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """
    Marks a route's function: the operation and category of its requests, `record=` for reads.

        @audited("ShareProfile", category="sharing")
        def share(...): ...

    It only leaves a mark that the middleware reads, so it also holds for requests that are refused
    before the function is called, and costs nothing. What `describe` says in a request wins.
    """
    said = {"operation": operation, "record": record, **content}
    unknown = said.keys() - Description.__annotations__.keys()
    if unknown:
        raise TypeError(f"unknown event field {min(unknown)!r}")
    said = {name: value for name, value in said.items() if value is not None}

    def mark(fn: Callable[P, R]) -> Callable[P, R]:
        setattr(fn, _SAID, {**getattr(fn, _SAID, {}), **said})
        return fn

    return mark


def said_of(fn: object) -> Description:
    """What `audited` says of a route's function, class or method."""
    said = getattr(fn, _SAID, None)
    return said.copy() if isinstance(said, dict) else {}  # type: ignore[return-value]


@contextmanager
def audit_context(**values: Unpack[Bound]) -> Iterator[Holder]:
    """
    A block with its own holder: the surrounding who and where, with `values` on top.

    What is bound inside is gone after the block.
    """
    outer = _current.get()
    holder = Holder() if outer is None else outer.copy()
    holder.update(values)
    token = _current.set(holder)
    try:
        yield holder
    finally:
        _current.reset(token)


def hold(holder: Holder) -> contextvars.Token[Holder | None]:
    """Makes `holder` the current one; give the token to `release`. For middleware."""
    return _current.set(holder)


def release(token: contextvars.Token[Holder | None]) -> None:
    """Undoes `hold`. A context that is not the one of `hold` has nothing to undo."""
    try:
        _current.reset(token)
    except ValueError:
        # A generator or streaming response was finished in another context than it began in.
        _current.set(None)


def wrap(fn: Callable[P, R]) -> Callable[P, R]:
    """`fn` bound to the present context, for executors and threads that do not copy it."""
    captured = contextvars.copy_context()

    def bound(*args: P.args, **kwargs: P.kwargs) -> R:
        # A context can be entered once at a time: each call runs in a copy (the holder is shared).
        return captured.copy().run(fn, *args, **kwargs)

    return bound
