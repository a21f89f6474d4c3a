"""The unit of work: what a flush writes, with the values that rows had before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstanceState, Mapper, Session, UOWTransaction

from indelible.capture.sqlalchemy.models import Models, is_told, name_of, target_of
from indelible.capture.values import RowChange, shown
from indelible.client import Change, Indelible, current

Keep = Callable[[Connection, list[RowChange]], None]
_OLD = "indelible.old"
_FLUSH = "indelible.flush"


class FlushCapture:
    """
    Listeners of a session. What one flush has seen waits in `session.info` until it is written; a
    session belongs to one thread or task, so there is no lock.
    """

    def __init__(self, client: Indelible, models: Models, keep: Keep) -> None:
        self._client = client
        self._models = models
        self._keep = keep

    def before_flush(self, session: Session, context: UOWTransaction, *_: object) -> None:
        """Reads the old values that the session does not have any more (expired at a commit)."""
        session.info[_FLUSH] = context
        try:
            with session.no_autoflush:
                for instance in session.dirty:
                    self._read_old(session, inspect(instance))
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read values before a change")

    def _read_old(self, session: Session, state: InstanceState[Any]) -> None:
        mapper = state.mapper
        if state.key is None or self._models.skips(mapper):
            return
        lost = [
            column
            for column in mapper.column_attrs
            if (history := state.attrs[column.key].history).added and not history.deleted
        ]
        if not lost:
            return
        columns = [column.columns[0] for column in lost]
        keys = zip(mapper.primary_key, state.key[1], strict=True)
        statement = select(*columns).where(*(key == value for key, value in keys))
        row = session.connection({"mapper": mapper}).execute(statement).first()
        if row is not None:
            old = dict(zip((column.key for column in lost), row, strict=True))
            session.info.setdefault(_OLD, {})[state] = old

    def after_flush(self, session: Session, context: UOWTransaction) -> None:
        """Notes what was written; ids and defaults are known now, histories still are."""
        session.info.pop(_FLUSH, None)
        by_mapper: dict[Mapper[Any], list[RowChange]] = {}
        try:
            old: dict[InstanceState[Any], dict[str, Any]] = session.info.pop(_OLD, {})
            # The unit of work knows deletes by cascade and orphans too, unlike session.deleted.
            states = sorted(context.states.items(), key=lambda item: _order(item[0]))
            for state, (is_delete, list_only) in states:
                if list_only or self._models.skips(state.mapper) or state.obj() is None:
                    continue
                rows = self._row(session, state, is_delete, old.get(state, {}))
                by_mapper.setdefault(state.mapper, []).extend(rows)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read changes of a flush")
        by_connection: dict[Connection, list[RowChange]] = {}
        for mapper, seen in by_mapper.items():
            connection = session.connection({"mapper": mapper})
            by_connection.setdefault(connection, []).extend(seen)
        for connection, seen in by_connection.items():
            if seen:
                self._keep(connection, seen)

    def after_soft_rollback(self, session: Session, *_: object) -> None:
        """A flush that failed is over too."""
        session.info.pop(_FLUSH, None)
        session.info.pop(_OLD, None)

    def _row(
        self, session: Session, state: InstanceState[Any], is_delete: bool, old: dict[str, Any]
    ) -> Iterable[RowChange]:
        instance = state.obj()
        if is_delete:
            verb, changes = "Delete", self._values(state, created=False)
        elif instance in session.new:
            verb, changes = "Create", self._values(state, created=True)
        else:
            verb, changes = "Update", self._changes(state, old)
            if not changes:
                return
        yield RowChange(verb, state.class_.__name__, target_of(state), changes, current())

    def _values(self, state: InstanceState[Any], *, created: bool) -> list[Change]:
        changes = []
        for column in state.mapper.column_attrs:
            value = state.dict.get(column.key)
            if value is None or not is_told(column.columns[0]):
                continue
            before, after = (None, shown(value)) if created else (shown(value), None)
            changes.append(Change(path=column.key, before=before, after=after))
        return changes

    def _changes(self, state: InstanceState[Any], old: dict[str, Any]) -> list[Change]:
        changes = []
        for column in state.mapper.column_attrs:
            history = state.attrs[column.key].history
            if not history.added or not is_told(column.columns[0]):
                continue
            before = history.deleted[0] if history.deleted else old.get(column.key)
            after = history.added[0]
            if before != after:
                changes.append(Change(path=column.key, before=shown(before), after=shown(after)))
        for relationship in state.mapper.relationships:
            if relationship.secondary is None or relationship.viewonly:
                continue
            history = state.attrs[relationship.key].history
            if history.added or history.deleted:
                same = [_label(item) for item in history.unchanged or ()]
                gone = [_label(item) for item in history.deleted or ()]
                new = [_label(item) for item in history.added or ()]
                changes.append(
                    Change(
                        path=relationship.key,
                        before=sorted(same + gone),
                        after=sorted(same + new),
                    )
                )
        return changes


def is_flushing(session: Session) -> bool:
    """Whether the statements that run now are those of a flush, which `after_flush` tells."""
    context = session.info.get(_FLUSH)
    # A flush that finds nothing to write ends without a word, and before it has a transaction.
    return getattr(context, "transaction", None) is not None


def _order(state: InstanceState[Any]) -> tuple[int, str]:
    """Changed rows by key, then new ones as added; the unit of work keeps them in sets."""
    return state.insert_order or 0, str(state.key)


def _label(item: Any) -> str:
    state = inspect(item)
    return name_of(state) or target_of(state).id or "?"
