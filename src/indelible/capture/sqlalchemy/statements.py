"""
Statements that no flush makes: Core, `session.execute(update(...))`, the bulk methods, plain SQL.

An UPDATE or DELETE is preceded by a SELECT of the rows that it will touch, locked where the
database can, and an UPDATE is followed by one of the same rows; what differs is told row by row.
Over `most_rows`, and for plain SQL, only the statement and its number of rows are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Table, and_, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BindParameter, TextClause

from indelible.capture.request import operation_of
from indelible.capture.sqlalchemy.models import Models
from indelible.capture.values import RowChange, shown
from indelible.client import Change, Indelible, Target, current

Keep = Callable[[Connection, list[RowChange]], None]
Row = dict[str, Any]
_TEXT = re.compile(
    r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*"
    r"(insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update|delete\s+from|truncate(?:\s+table)?)\s+"
    r"(?:only\s+)?[\"`\[]?([\w.\"`\]]+)",
    re.IGNORECASE | re.DOTALL,
)
_KEYS_AT_ONCE = 200


class _Before(msgspec.Struct):
    """Rows that a statement is about to touch; None where there are too many."""

    statement: Update | Delete
    table: Table
    rows: dict[tuple[Any, ...], Row] | None


class StatementCapture:
    """Listeners of an engine; `is_flushing` tells whose statements are told elsewhere."""

    def __init__(
        self,
        client: Indelible,
        models: Models,
        keep: Keep,
        is_flushing: Callable[[Connection], bool],
        most_rows: int,
    ) -> None:
        self._client = client
        self._models = models
        self._keep = keep
        self._is_flushing = is_flushing
        self._most_rows = most_rows
        # One statement at a time runs on a connection: its rows before, until it is done.
        self._before: WeakKeyDictionary[Connection, _Before] = WeakKeyDictionary()

    def before_execute(
        self,
        connection: Connection,
        statement: Any,
        multiparams: Sequence[Mapping[str, Any]],
        params: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Reads the rows that an UPDATE or DELETE will touch."""
        del options
        if not isinstance(statement, Update | Delete):
            return
        try:
            table = self._wanted(connection, statement)
            if table is None:
                return
            sets = list(multiparams) or [params]
            rows = self._read_before(connection, table, statement, sets)
            self._before[connection] = _Before(statement, table, rows)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read rows before a statement")

    def after_execute(
        self,
        connection: Connection,
        statement: Any,
        multiparams: Sequence[Mapping[str, Any]],
        params: Mapping[str, Any],
        options: Mapping[str, Any],
        result: Any,
    ) -> None:
        """Notes what the statement did."""
        del multiparams, params, options
        rows: list[RowChange] = []
        try:
            if isinstance(statement, Insert):
                table = self._wanted(connection, statement)
                rows = [] if table is None else self._inserted(statement, table, result)
            elif isinstance(statement, Update | Delete):
                before = self._before.pop(connection, None)
                if before is not None and before.statement is statement:
                    rows = self._touched(connection, before, result)
            elif isinstance(statement, str | TextClause):
                rows = self._plain_sql(str(statement), result)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not read what a statement changed")
        if rows:
            self._keep(connection, rows)

    def _wanted(self, connection: Connection, statement: Insert | Update | Delete) -> Table | None:
        """The statement's table; None when it is left out, or told by a flush."""
        # Not `statement.table`, which is a copy where the statement came from a mapped class.
        try:
            table = statement.entity_description["table"]
        except KeyError:
            # Of a plain table, with columns of a mapped class in its WHERE.
            table = statement.table
        if not isinstance(table, Table) or self._models.skips_table(table):
            return None
        return None if self._is_flushing(connection) else table

    # --- update and delete ------------------------------------------------------------------------

    def _read_before(
        self,
        connection: Connection,
        table: Table,
        statement: Update | Delete,
        sets: list[Mapping[str, Any]],
    ) -> dict[tuple[Any, ...], Row] | None:
        if not table.primary_key.columns:
            return None
        query = select(*table.columns).where(*statement._where_criteria)
        query = query.limit(self._most_rows + 1).with_for_update(of=table)
        rows: dict[tuple[Any, ...], Row] = {}
        for params in sets:
            for found in connection.execute(query, dict(params)):
                row = dict(zip(table.columns.keys(), found, strict=True))
                rows[_key(table, row)] = row
            if len(rows) > self._most_rows:
                return None
        return rows

    def _touched(self, connection: Connection, seen: _Before, result: Any) -> list[RowChange]:
        table, before = seen.table, seen.rows
        verb = "Update" if isinstance(seen.statement, Update) else "Delete"
        if before is None:
            count = getattr(result, "rowcount", -1)
            return [] if count == 0 else [self._statement(verb, table, max(count, 0))]
        after = self._read_after(connection, table, list(before))
        rows = []
        for key, row in before.items():
            now = after.get(key)
            if verb == "Delete" and now is None:
                rows.append(self._told(verb, table, row, row, {}))
            elif verb == "Update" and now is not None:
                changed = self._told(verb, table, now, row, now)
                if changed.changes:
                    rows.append(changed)
            elif verb == "Update":
                # Its key was changed: the new one is not known.
                rows.append(self._told(verb, table, row, {}, {}))
        return rows

    def _read_after(
        self, connection: Connection, table: Table, keys: list[tuple[Any, ...]]
    ) -> dict[tuple[Any, ...], Row]:
        columns = list(table.primary_key.columns)
        rows: dict[tuple[Any, ...], Row] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            if len(columns) == 1:
                where: Any = columns[0].in_([key[0] for key in some])
            else:
                where = or_(
                    *(
                        and_(*(column == part for column, part in zip(columns, key, strict=True)))
                        for key in some
                    )
                )
            for found in connection.execute(select(*table.columns).where(where)):
                row = dict(zip(table.columns.keys(), found, strict=True))
                rows[_key(table, row)] = row
        return rows

    # --- insert -----------------------------------------------------------------------------------

    def _inserted(self, statement: Insert, table: Table, result: Any) -> list[RowChange]:
        count = getattr(result, "rowcount", -1)
        # An upsert says only what was asked for, not which rows were there before.
        verb = "Create" if statement._post_values_clause is None else "Upsert"
        if verb == "Upsert" and count == 0:
            return []
        if statement.select is not None:
            return [] if count == 0 else [self._statement(verb, table, max(count, 0))]
        rows = _rows_of(statement, table, result)
        if len(rows) > self._most_rows:
            return [self._statement(verb, table, len(rows))]
        for row, key in zip(rows, _new_keys(result, len(rows)), strict=False):
            for column, part in zip(table.primary_key.columns, key, strict=False):
                row[column.key] = part if part is not None else row.get(column.key)
        return [self._told(verb, table, row, {}, row) for row in rows]

    # --- what is told -----------------------------------------------------------------------------

    def _told(self, verb: str, table: Table, row: Row, before: Row, after: Row) -> RowChange:
        changes = []
        for name, column in self._models.told(table):
            old, new = before.get(column.key), after.get(column.key)
            if old != new:
                changes.append(Change(path=name, before=shown(old), after=shown(new)))
        target = self._models.target(table, row)
        metadata = {"bulk": True}
        return RowChange(
            verb, self._models.noun(table), target, changes, current(), metadata=metadata
        )

    def _statement(self, verb: str, table: Table, count: int) -> RowChange:
        target = Target(type=self._models.type_of(table))
        return RowChange(verb, self._models.noun(table), target, [], current(), count)

    def _plain_sql(self, text: str, result: Any) -> list[RowChange]:
        match = _TEXT.match(text)
        if match is None:
            return []
        name = re.sub(r'["`\]]', "", match[2])
        count = getattr(result, "rowcount", -1)
        if count == 0 or self._models.skips_name(name):
            return []
        verbs = {"i": "Create", "r": "Create", "u": "Update", "d": "Delete", "t": "Delete"}
        table = name.rpartition(".")[2]
        return [
            RowChange(
                verbs[match[1][0].lower()],
                operation_of(table),
                Target(type=table),
                [],
                current(),
                max(count, 0),
                {"plain_sql": True},
            )
        ]


def is_write_text(text: str) -> bool:
    """Whether plain SQL begins like a statement that writes."""
    return _TEXT.match(text) is not None


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.key] for column in table.primary_key.columns)


def _rows_of(statement: Insert, table: Table, result: Any) -> list[Row]:
    """The values of an INSERT, with the defaults that SQLAlchemy filled in."""
    if statement._multi_values:
        batches: Any = statement._multi_values
        return [
            {_column_key(name): _literal(value) for name, value in values.items()}
            for batch in batches
            for values in batch
        ]
    known = set(table.columns.keys())
    return [
        {key: value for key, value in one.items() if key in known}
        for one in result.context.compiled_parameters
    ]


def _new_keys(result: Any, count: int) -> Iterable[Sequence[Any]]:
    """The keys that the database made, where the driver brought them back."""
    try:
        keys: Iterable[Sequence[Any]] = (
            [result.inserted_primary_key] if count == 1 else result.inserted_primary_key_rows
        )
        return [key or () for key in keys]
    except Exception:  # noqa: BLE001 - not every INSERT can say; the rows are told without ids
        return [()] * count


def _column_key(name: Any) -> str:
    return name if isinstance(name, str) else str(name.key)


def _literal(value: Any) -> Any:
    if isinstance(value, BindParameter):
        return value.effective_value
    return "(expression)" if hasattr(value, "__clause_element__") else value
