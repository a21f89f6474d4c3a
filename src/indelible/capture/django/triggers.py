"""
Trigger mode: PostgreSQL tells the changes, and this tells PostgreSQL who acts.

Before the first write of a transaction the setting `indelible.context` is given to it, local to
the transaction, so it cannot leak to whoever gets the connection next. A write outside of any
transaction is put into one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from django.apps import apps
from django.db import connections, transaction
from django.db.backends.signals import connection_created

from indelible.capture.django.conf import get_client
from indelible.capture.django.rows import Rows
from indelible.capture.postgres import SETTING, Watched, context_value, describe_tables

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY|WITH)\b", re.IGNORECASE)


def listen() -> None:
    """From now on each connection of this process to PostgreSQL tells who acts."""
    connection_created.connect(_connected, weak=False, dispatch_uid="indelible.triggers")
    for connection in connections.all(initialized_only=True):
        _connected(connection=connection)


def stop_listening() -> None:
    """Undoes `listen`; for tests."""
    connection_created.disconnect(dispatch_uid="indelible.triggers")
    for connection in connections.all(initialized_only=True):
        if _tell in connection.execute_wrappers:
            connection.execute_wrappers.remove(_tell)


def _connected(connection: Any, **_: object) -> None:
    if connection.vendor == "postgresql" and _tell not in connection.execute_wrappers:
        connection.execute_wrappers.append(_tell)


class _Told:
    """
    That a transaction knows who acts.

    It lies among Django's hooks of the commit, because those go exactly when the setting goes: at
    the end of the transaction, and with a rollback to a savepoint before it.
    """

    def __init__(self, value: str) -> None:
        self.value = value

    def __call__(self) -> None:
        """Nothing is to be done at the commit."""


def _tell(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    connection = context["connection"]
    # What is no text was composed with psycopg's own classes, and may be anything.
    if isinstance(sql, str) and _WRITES.match(sql) is None:
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        _set(connection)
        return execute(sql, params, many, context)
    if not isinstance(sql, str) or not connection.get_autocommit():
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias):
        _set(connection)
        return execute(sql, params, many, context)


def _set(connection: Any) -> None:
    try:
        value = context_value(get_client())
    except Exception as error:  # noqa: BLE001 - the SDK guard
        get_client().swallow(error, "could not say who acts")
        return
    told = [hook for _, hook, *_ in connection.run_on_commit if isinstance(hook, _Told)]
    if connection.needs_rollback or (told and told[-1].value == value):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, value])
    connection.on_commit(_Told(value))


def watched_models(skip: tuple[str, ...], using: str, chosen: tuple[str, ...]) -> list[Watched]:
    """
    The tables of the project's models, many-to-many tables included, as triggers are told of them.

    `chosen` names applications and models (`shop`, `shop.Depot`); none means all.
    """
    rows = Rows(skip)
    watched = []
    with connections[using].cursor() as cursor:
        for model, label in _models(rows, chosen):
            meta = model._meta
            told = {field.column for field in rows.fields(model)}
            (found,) = describe_tables(cursor, [meta.db_table])
            hidden = tuple(
                field.column for field in meta.local_concrete_fields if field.column not in told
            )
            watched.append(
                msgspec.structs.replace(found, hidden=hidden, noun=label, type=rows.type_of(model))
            )
    return watched


def _models(rows: Rows, chosen: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or not meta.managed or meta.swapped or not rows.wants(model):
            continue
        # A table between two models belongs to the one that has the field.
        owner = meta.auto_created or model
        if not rows.wants(owner):
            continue
        if chosen and not {meta.app_label, owner._meta.label} & frozenset(chosen):
            continue
        yield (
            model,
            meta.object_name.replace("_", " ").title().replace(" ", "")
            if (meta.auto_created)
            else rows.noun(model),
        )
