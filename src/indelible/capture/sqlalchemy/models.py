"""What is told of tables and rows: names, keys, columns, and which are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Table
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.orm.mapper import _all_registries

from indelible.capture.request import operation_of
from indelible.capture.values import NAMES, as_text
from indelible.client import Target
from indelible.client.outbox import TABLE

_NEVER = frozenset({TABLE, "alembic_version"})


class Models:
    """Knows the host's mapped classes and tables. Safe for all threads."""

    def __init__(self, skip: Iterable[type | Table | str]) -> None:
        chosen = tuple(skip)
        self._classes = frozenset(one for one in chosen if isinstance(one, type))
        self._tables = _NEVER | {
            str(getattr(one, "name", one)) for one in chosen if not isinstance(one, type)
        }
        # Made when first asked for: a table may be mapped later than it is made.
        self._mappers: WeakKeyDictionary[Table, Mapper[Any]] = WeakKeyDictionary()

    def skips(self, mapper: Mapper[Any]) -> bool:
        """Whether rows of this class are left out."""
        return mapper.class_ in self._classes or self.skips_name(str(mapper.local_table))

    def skips_name(self, table: str) -> bool:
        """Whether a table of this name is left out."""
        return table in self._tables or table.rpartition(".")[2] in self._tables

    def skips_table(self, table: Table) -> bool:
        """Whether rows of this table are left out."""
        mapper = self.mapper_of(table)
        return table.name in self._tables or (mapper is not None and self.skips(mapper))

    def mapper_of(self, table: Table) -> Mapper[Any] | None:
        """The class that is mapped to this table, if any."""
        found = self._mappers.get(table)
        if found is None:
            for registry in _all_registries():
                for mapper in registry.mappers:
                    if mapper.local_table is table and not mapper.single:
                        self._mappers[table] = found = mapper
        return found

    def noun(self, table: Table) -> str:
        """`Group` for its class, `GroupMembers` for a table `group_members` without one."""
        mapper = self.mapper_of(table)
        return operation_of(table.name) if mapper is None else mapper.class_.__name__

    def type_of(self, table: Table) -> str:
        """The type of the targets that are rows of this table."""
        mapper = self.mapper_of(table)
        return table.name if mapper is None else type_of(mapper)

    def told(self, table: Table) -> list[tuple[str, Column[Any]]]:
        """The columns that are told, each with the name by which the model knows it."""
        mapper = self.mapper_of(table)
        named = []
        for column in table.columns:
            if is_told(column):
                name = column.key
                if mapper is not None and column in mapper.c.values():
                    name = mapper.get_property_by_column(column).key
                named.append((name, column))
        return named

    def target(self, table: Table, row: Mapping[str, Any]) -> Target:
        """A row, given by column keys, as a target; its id is unknown when a key is."""
        keys = [row.get(column.key) for column in table.primary_key.columns]
        known = keys and all(key is not None for key in keys)
        mapper = self.mapper_of(table)
        chosen = None if mapper is None else getattr(mapper.class_, "__audit_name__", None)
        names = (chosen,) if isinstance(chosen, str) else NAMES
        return Target(
            type=self.type_of(table),
            id="/".join(as_text(key) for key in keys) if known else None,
            name=next((row[name] for name in names if isinstance(row.get(name), str)), None),
        )


def target_of(state: InstanceState[Any]) -> Target:
    """The row as a target: type, primary key, and a name that people know it by."""
    keys = state.mapper.primary_key_from_instance(state.obj())
    return Target(
        type=type_of(state.mapper),
        id="/".join(as_text(key) for key in keys),
        name=name_of(state),
    )


def type_of(mapper: Mapper[Any]) -> str:
    """The type of a model's targets: its `__audit_type__`, else its class name in lower case."""
    return str(getattr(mapper.class_, "__audit_type__", mapper.class_.__name__.lower()))


def name_of(state: InstanceState[Any]) -> str | None:
    """From what is loaded only: reading an expired attribute here would run SQL in a flush."""
    chosen = getattr(state.class_, "__audit_name__", None)
    for key in (chosen,) if isinstance(chosen, str) else NAMES:
        value = state.dict.get(key)
        if isinstance(value, str):
            return value
    return None


def is_told(column: Any) -> bool:
    """False for a column that its model leaves out."""
    return column.info.get("audit", True) is not False
