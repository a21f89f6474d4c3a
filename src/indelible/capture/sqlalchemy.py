"""
SQLAlchemy 2: which rows were created, changed and deleted, with the values before and after.

    capture_changes(Session, client=audit)

Inside a request the changes join the request's event; elsewhere each row is an event of its own.
Nothing is told before the transaction is committed, and nothing of a savepoint that was rolled
back. Statements that bypass the unit of work (`session.execute(update(...))`) are told with their
row count; Core statements on a connection and `bulk_save_objects` are not seen here.

Leave a column out with `info={"audit": False}`; columns with a secret's name are always masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import (
    InstanceState,
    Mapper,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    sessionmaker,
)

from indelible.client import Change, Indelible, Target, current
from indelible.client.context import Touched
from indelible.client.fields import EventFields

MASK = "[redacted]"
_SECRET = re.compile(r"passw|secret|token|api_?key|private_key|credential|otp", re.IGNORECASE)
_NAMES = ("name", "title", "label", "email")
_PENDING = "indelible.pending"
_OLD = "indelible.old"


class _Row(msgspec.Struct, frozen=True):
    """One row, or one bulk statement, as it will be told."""

    verb: str
    model: str
    target: Target
    changes: list[Change]
    count: int | None = None


def capture_changes(
    sessions: type[Session] | sessionmaker[Any] | Session,
    *,
    client: Indelible,
    skip: Iterable[type] = (),
) -> Capture:
    """
    Records row changes of these sessions through `client`.

    For an AsyncSession give its `sync_session_class`. `skip` names mapped classes to leave out; a
    model may name its type and its own label with `__audit_type__` and `__audit_name__`.
    """
    capture = Capture(client, frozenset(skip))
    event.listen(sessions, "before_flush", capture.before_flush)
    event.listen(sessions, "after_flush", capture.after_flush)
    event.listen(sessions, "do_orm_execute", capture.do_orm_execute)
    event.listen(sessions, "after_commit", capture.after_commit)
    event.listen(sessions, "after_transaction_end", capture.after_transaction_end)
    return capture


class Capture:
    """
    The listeners. What a session has seen waits in `session.info`, by transaction, until that
    transaction ends; a session belongs to one thread or task, so there is no lock.
    """

    def __init__(self, client: Indelible, skip: frozenset[type]) -> None:
        self._client = client
        self._skip = skip

    def before_flush(self, session: Session, *_: object) -> None:
        """Reads the old values that the session does not have any more (expired at a commit)."""
        try:
            with session.no_autoflush:
                for instance in session.dirty:
                    self._read_old(session, inspect(instance))
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read values before a change")

    def _read_old(self, session: Session, state: InstanceState[Any]) -> None:
        mapper = state.mapper
        if state.key is None or self._is_skipped(mapper):
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
        row = session.connection().execute(statement).first()
        if row is not None:
            old = dict(zip((column.key for column in lost), row, strict=True))
            session.info.setdefault(_OLD, {})[state] = old

    def after_flush(self, session: Session, context: UOWTransaction) -> None:
        """Notes what was written; ids and defaults are known now, histories still are."""
        try:
            old: dict[InstanceState[Any], dict[str, Any]] = session.info.pop(_OLD, {})
            rows: list[_Row] = []
            # The unit of work knows deletes by cascade and orphans too, unlike session.deleted.
            states = sorted(context.states.items(), key=lambda item: _order(item[0]))
            for state, (is_delete, list_only) in states:
                if list_only or self._is_skipped(state.mapper) or state.obj() is None:
                    continue
                rows.extend(self._row(session, state, is_delete, old.get(state, {})))
            self._keep(session, rows)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read changes of a flush")

    def _row(
        self, session: Session, state: InstanceState[Any], is_delete: bool, old: dict[str, Any]
    ) -> Iterable[_Row]:
        instance = state.obj()
        if is_delete:
            verb, changes = "Delete", self._values(state, created=False)
        elif instance in session.new:
            verb, changes = "Create", self._values(state, created=True)
        else:
            verb, changes = "Update", self._changes(state, old)
            if not changes:
                return
        yield _Row(verb, state.class_.__name__, target_of(state), changes)

    def _values(self, state: InstanceState[Any], *, created: bool) -> list[Change]:
        changes = []
        for column in state.mapper.column_attrs:
            value = state.dict.get(column.key)
            if value is None or not _is_told(column):
                continue
            value = _shown(column.key, value)
            before, after = (None, value) if created else (value, None)
            changes.append(Change(path=column.key, before=before, after=after))
        return changes

    def _changes(self, state: InstanceState[Any], old: dict[str, Any]) -> list[Change]:
        changes = []
        for column in state.mapper.column_attrs:
            history = state.attrs[column.key].history
            if not history.added or not _is_told(column):
                continue
            before = history.deleted[0] if history.deleted else old.get(column.key)
            after = history.added[0]
            if before != after:
                before, after = _shown(column.key, before), _shown(column.key, after)
                changes.append(Change(path=column.key, before=before, after=after))
        for relationship in state.mapper.relationships:
            if relationship.secondary is None or relationship.viewonly:
                continue
            history = state.attrs[relationship.key].history
            if history.added or history.deleted:
                same = [_label(item) for item in history.unchanged or ()]
                gone = [_label(item) for item in history.deleted or ()]
                new = [_label(item) for item in history.added or ()]
                before, after = sorted(same + gone), sorted(same + new)
                changes.append(Change(path=relationship.key, before=before, after=after))
        return changes

    def do_orm_execute(self, execution: ORMExecuteState) -> Any:
        """Runs UPDATE, DELETE and INSERT statements and notes how many rows they touched."""
        mapper = execution.bind_mapper
        is_write = execution.is_update or execution.is_delete or execution.is_insert
        if not is_write or mapper is None or self._is_skipped(mapper):
            return None
        result = execution.invoke_statement()
        try:
            verb = "Update" if execution.is_update else "Delete"
            verb = "Create" if execution.is_insert else verb
            count = getattr(result, "rowcount", -1)
            if count < 0 and isinstance(execution.parameters, list):
                count = len(execution.parameters)  # drivers do not count inserts of many
            if count != 0:
                target = Target(type=type_of(mapper))
                row = _Row(verb, mapper.class_.__name__, target, [], max(count, 0))
                self._keep(execution.session, [row])
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not note a bulk statement")
        return result

    def _is_skipped(self, mapper: Mapper[Any]) -> bool:
        return mapper.class_ in self._skip

    def _keep(self, session: Session, rows: list[_Row]) -> None:
        transaction = session.get_nested_transaction() or session.get_transaction()
        if rows and transaction is not None:
            pending = session.info.setdefault(_PENDING, {})
            pending.setdefault(transaction, ([], set()))[0].extend(rows)

    def after_commit(self, session: Session) -> None:
        """Marks the transaction that is ending now as one that lasts."""
        transaction = session.get_nested_transaction() or session.get_transaction()
        pending = session.info.get(_PENDING, {})
        if transaction in pending:
            pending[transaction][1].add("committed")

    def after_transaction_end(self, session: Session, transaction: SessionTransaction) -> None:
        """Tells what lasts; a savepoint's rows wait for the transaction around it."""
        rows, marks = session.info.get(_PENDING, {}).pop(transaction, ([], set()))
        if not marks:
            return  # rolled back: it never happened
        if transaction.nested:
            self._keep(session, rows)
            return
        try:
            self._tell(rows)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell changes")

    def _tell(self, rows: list[_Row]) -> None:
        holder = current()
        for row in rows:
            changes = row.changes
            if row.count is not None:
                text = f"({row.verb.lower()} statement)"
                changes = [Change(path=text, after={"rows": row.count})]
            if holder is not None and holder.collects:
                holder.touched.append(Touched(row.target, changes))
                continue
            fields: EventFields = {
                "method": f"Row{row.verb}d",
                "endpoint": None if holder is None else holder.content.get("endpoint"),
                "outcome": "success",
                "targets": [row.target],
                "changes": changes,
            }
            if row.count is not None:
                fields["changes"] = None
                fields["metadata"] = {"bulk": True, "rows": row.count}
            self._client.record(f"{row.verb}{row.model}", **fields)


def _order(state: InstanceState[Any]) -> tuple[int, str]:
    """Changed rows by key, then new ones as added; the unit of work keeps them in sets."""
    return state.insert_order or 0, str(state.key)


def target_of(state: InstanceState[Any]) -> Target:
    """The row as a target: type, primary key, and a name that people know it by."""
    keys = state.mapper.primary_key_from_instance(state.obj())
    return Target(
        type=type_of(state.mapper),
        id="/".join(str(key) for key in keys),
        name=_name_of(state),
    )


def type_of(mapper: Mapper[Any]) -> str:
    """The type of a model's targets: its `__audit_type__`, else its class name in lower case."""
    return str(getattr(mapper.class_, "__audit_type__", mapper.class_.__name__.lower()))


def _name_of(state: InstanceState[Any]) -> str | None:
    """From what is loaded only: reading an expired attribute here would run SQL in a flush."""
    chosen = getattr(state.class_, "__audit_name__", None)
    for key in (chosen,) if isinstance(chosen, str) else _NAMES:
        value = state.dict.get(key)
        if isinstance(value, str):
            return value
    return None


def _label(item: Any) -> str:
    state = inspect(item)
    return _name_of(state) or target_of(state).id or "?"


def _is_told(column: Any) -> bool:
    return column.columns[0].info.get("audit", True) is not False


def _shown(key: str, value: Any) -> Any:
    return MASK if value is not None and _SECRET.search(key) else value
