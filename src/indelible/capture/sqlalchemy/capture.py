"""Puts the listeners on sessions and engines, and keeps what they see until it lasts."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import MetaData, Table, event, func, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import (
    ReleaseSavepointClause,
    RollbackToSavepointClause,
    SavepointClause,
    TextClause,
)

from indelible.capture.postgres import SETTING, context_value
from indelible.capture.sqlalchemy.flush import FlushCapture, is_flushing
from indelible.capture.sqlalchemy.models import Models
from indelible.capture.sqlalchemy.outbox import insert_events, outbox_table
from indelible.capture.sqlalchemy.statements import StatementCapture, is_write_text
from indelible.capture.values import RowChange, fields_of, tell_row
from indelible.client import Indelible
from indelible.errors import SettingsError

Delivery = Literal["commit", "outbox", "trigger"]


def capture_changes(
    *places: Any,
    client: Indelible,
    skip: Iterable[type | Table | str] = (),
    delivery: Delivery = "commit",
    outbox: Table | None = None,
    most_rows: int = 1000,
) -> Capture:
    """
    Records row changes through `client`.

    Args:
        places: Session classes, sessionmakers (async ones too) and engines.
        skip: mapped classes, tables or table names to leave out.
        delivery: `commit` tells when the transaction is committed; `outbox` writes each event as a
            row in the same transaction, for `indelible outbox relay` to ship; `trigger` only tells
            PostgreSQL's triggers who acts.
        outbox: the table, if it is not the usual one.
        most_rows: how many rows one statement is told row by row.
    """
    capture = Capture(client, skip, delivery, outbox, most_rows)
    for place in places:
        capture.watch(place)
    return capture


class Capture:
    """What `capture_changes` returns. Owns the rows that wait for the end of a transaction."""

    def __init__(
        self,
        client: Indelible,
        skip: Iterable[type | Table | str],
        delivery: Delivery,
        outbox: Table | None,
        most_rows: int,
    ) -> None:
        if delivery not in ("commit", "outbox", "trigger"):
            raise SettingsError(f"unknown delivery {delivery!r}", hint="commit, outbox or trigger")
        self._by_trigger = delivery == "trigger"
        self._client = client
        self._outbox: Table | None = None
        if delivery == "outbox":
            self._outbox = outbox_table(MetaData()) if outbox is None else outbox
        models = Models((*skip, self._outbox) if self._outbox is not None else skip)
        self._flushes = FlushCapture(client, models, self._keep)
        self._statements = StatementCapture(
            client, models, self._keep, self._is_flushing, most_rows
        )
        self._engines: weakref.WeakSet[Engine] = weakref.WeakSet()
        self._sessions: WeakKeyDictionary[Connection, weakref.ref[Session]] = WeakKeyDictionary()
        # By connection: rows since the transaction began, and where each savepoint began in them.
        self._rows: WeakKeyDictionary[Connection, list[RowChange]] = WeakKeyDictionary()
        self._savepoints: WeakKeyDictionary[Connection, list[tuple[str, int]]] = WeakKeyDictionary()
        # By driver connection, between the last moment before a COMMIT and its success.
        self._committing: dict[int, list[RowChange]] = {}
        # By connection: what its transaction has told the triggers.
        self._told: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()

    def watch(self, place: Any) -> None:
        """Listens on one more session class, sessionmaker or engine."""
        engine = getattr(place, "sync_engine", place)
        if isinstance(engine, Engine):
            self._watch_engine(engine)
            return
        sessions = _sync_sessions(place)
        if self._by_trigger:
            event.listen(sessions, "after_begin", self._after_begin)
            return
        event.listen(sessions, "before_flush", self._flushes.before_flush)
        event.listen(sessions, "after_flush", self._flushes.after_flush)
        event.listen(sessions, "after_soft_rollback", self._flushes.after_soft_rollback)
        event.listen(sessions, "after_begin", self._after_begin)

    def _after_begin(self, session: Session, transaction: object, connection: Connection) -> None:
        del transaction
        self._sessions[connection] = weakref.ref(session)
        self._watch_engine(connection.engine)

    def _watch_engine(self, engine: Engine) -> None:
        if engine in self._engines:
            return
        self._engines.add(engine)
        if self._by_trigger:
            event.listen(engine, "before_execute", self._say_who)
            event.listen(engine, "after_execute", self._savepoints_of)
            event.listen(engine, "rollback", self._forget_who)
            event.listen(engine, "commit", self._forget_who)
            return
        event.listen(engine, "before_execute", self._statements.before_execute)
        event.listen(engine, "after_execute", self._statements.after_execute)
        event.listen(engine, "after_execute", self._savepoints_of)
        event.listen(engine, "rollback", self._rollback)
        event.listen(engine, "commit", self._before_commit)
        event.listen(engine, "commit_twophase", self._commit_twophase)
        self._watch_commits(engine)

    def _watch_commits(self, engine: Engine) -> None:
        """SQLAlchemy's own event comes before the COMMIT, which may still fail: wait for it."""
        dialect = engine.dialect
        commit = dialect.do_commit

        def commit_and_tell(dbapi_connection: Any) -> None:
            rows = self._committing.pop(id(dbapi_connection), None)
            commit(dbapi_connection)
            if rows:
                self._tell(rows)

        dialect.do_commit = commit_and_tell  # type: ignore[method-assign]

    def _is_flushing(self, connection: Connection) -> bool:
        found = self._sessions.get(connection)
        session = None if found is None else found()
        return session is not None and is_flushing(session)

    def _say_who(self, connection: Connection, statement: Any, *_: object) -> None:
        """Before the first write of a transaction: SET LOCAL, so that it ends with it."""
        is_write = isinstance(statement, Insert | Update | Delete) or (
            isinstance(statement, str | TextClause) and is_write_text(str(statement))
        )
        if not is_write or _commits_by_itself(connection):
            return
        try:
            who = context_value(self._client)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not say who acts")
            return
        if self._told.get(connection) != who:
            self._told[connection] = who
            connection.execute(select(func.set_config(SETTING, who, True)))

    def _forget_who(self, connection: Connection) -> None:
        self._told.pop(connection, None)

    # --- what waits for the transaction -----------------------------------------------------------

    def _keep(self, connection: Connection, rows: list[RowChange]) -> None:
        if self._outbox is not None:
            # What the database raises here is raised: no change without its event.
            insert_events(connection, self._outbox, self._composed(rows))
        elif _commits_by_itself(connection):
            self._tell(rows)
        else:
            self._rows.setdefault(connection, []).extend(rows)

    def _composed(self, rows: list[RowChange]) -> list[tuple[str, bytes]]:
        events = []
        for row in rows:
            operation, fields = fields_of(row)
            try:
                events.append(self._client.compose(operation, **fields))
            except Exception as error:  # noqa: BLE001 - the SDK guard
                self._client.swallow(error, "could not write a change")
        return events

    def _savepoints_of(self, connection: Connection, statement: Any, *_: object) -> None:
        """SQLAlchemy's savepoint events do not know their names yet; the statements do."""
        if isinstance(statement, SavepointClause):
            begins = len(self._rows.get(connection, ()))
            self._savepoints.setdefault(connection, []).append((statement.ident, begins))
        elif isinstance(statement, RollbackToSavepointClause | ReleaseSavepointClause):
            self._forget_who(connection)  # a setting made inside is undone with it
            savepoints = self._savepoints.get(connection, [])
            while savepoints:
                name, begins = savepoints.pop()
                if name == statement.ident:
                    if isinstance(statement, RollbackToSavepointClause):
                        del self._rows.get(connection, [])[begins:]
                    return

    def _rollback(self, connection: Connection) -> None:
        self._rows.pop(connection, None)
        self._savepoints.pop(connection, None)

    def _before_commit(self, connection: Connection) -> None:
        rows = self._rows.pop(connection, None)
        self._savepoints.pop(connection, None)
        if rows:
            self._committing[id(connection.connection)] = rows

    def _commit_twophase(self, connection: Connection, xid: object, is_prepared: bool) -> None:
        del xid, is_prepared
        self._tell(self._rows.pop(connection, []))
        self._savepoints.pop(connection, None)

    def _tell(self, rows: list[RowChange]) -> None:
        for row in rows:
            try:
                tell_row(self._client, row)
            except Exception as error:  # noqa: BLE001 - the SDK guard
                self._client.swallow(error, "could not tell changes")


def _sync_sessions(place: Any) -> Any:
    """The Session class below an AsyncSession class or an async_sessionmaker."""
    kw = getattr(place, "kw", None)
    if isinstance(kw, dict) and "sync_session_class" in kw:
        return kw["sync_session_class"]
    made = getattr(place, "class_", place)
    below = getattr(made, "sync_session_class", None)
    if below is None:
        return place
    if below is not Session:
        return below

    # A class of its own, so that other sessions of the process are not listened to.
    class AuditedSession(Session):
        """The synchronous part of this product's AsyncSession."""

    if isinstance(kw, dict):
        place.configure(sync_session_class=AuditedSession)
    else:
        made.sync_session_class = AuditedSession
    return AuditedSession


def _commits_by_itself(connection: Connection) -> bool:
    chosen = connection.get_execution_options().get("isolation_level")
    if chosen is None:
        chosen = getattr(connection.dialect, "_on_connect_isolation_level", None)
    return chosen == "AUTOCOMMIT"
