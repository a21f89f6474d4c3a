"""
Model changes: saves and deletes by signal, and the QuerySet methods that send none.

`QuerySet.update` (and `bulk_update`, which is made of it) and `bulk_create` are wrapped once for
the process, so that no manager of the host has to be changed. With `delivery="outbox"` each change
is a row of the same database in the same transaction; else it is told after the commit, and
forgotten with a rollback or a savepoint.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from django.db import connections, models, transaction
from django.db.models import signals
from django.db.models.query import QuerySet

from indelible.capture.django.conf import HookSettings, get_client
from indelible.capture.django.outbox import write_rows
from indelible.capture.django.rows import Rows
from indelible.capture.values import NAMES, RowChange, fields_of, tell_row
from indelible.client import Change, Target, current

_BEFORE = "_indelible_before"
_KEYS_AT_ONCE = 500


class ModelCapture:
    """The receivers and wrappers. What one save has seen waits on its instance."""

    def __init__(self, settings: HookSettings) -> None:
        self._rows = Rows(settings.skip)
        self._outbox = settings.delivery == "outbox"
        self._most_rows = settings.most_rows

    def listen(self) -> None:
        """Connects everything; Django calls it once, when all models are loaded."""
        for signal, receiver in (
            (signals.pre_save, self._pre_save),
            (signals.post_save, self._post_save),
            (signals.pre_delete, self._pre_delete),
            (signals.post_delete, self._post_delete),
            (signals.m2m_changed, self._m2m_changed),
        ):
            signal.connect(receiver, weak=False, dispatch_uid="indelible.changes")
        _wrap("update", self._update)
        _wrap("bulk_create", self._bulk_create)

    # --- single rows ------------------------------------------------------------------------------

    def _pre_save(
        self,
        sender: Any,
        instance: Any,
        using: str,
        update_fields: Iterable[str] | None = None,
        **_: object,
    ) -> None:
        if not self._rows.wants(sender) or instance.pk is None:
            return
        # An instance that was not loaded may still overwrite a row (fixtures, chosen keys).
        if instance._state.adding and not _has_own_key(sender):
            return
        try:
            names = self._named(sender, update_fields)
            found = sender._base_manager.using(using).filter(pk=instance.pk)
            # One row at most, so nothing is sorted or cut: each step would copy the query.
            for row in found.values(*names, *_name_fields(sender, names)):
                instance.__dict__[_BEFORE] = row
        except Exception as error:  # noqa: BLE001 - the SDK guard
            get_client().swallow(error, "could not read a row before a change")

    def _named(self, model: Any, update_fields: Iterable[str] | None) -> list[str]:
        fields: Iterable[Any] = self._rows.fields(model)
        if update_fields is not None:
            chosen = frozenset(update_fields)
            fields = [field for field in fields if {field.name, field.attname} & chosen]
        return [field.attname for field in fields]

    def _post_save(
        self,
        sender: Any,
        instance: Any,
        created: bool,
        using: str,
        raw: bool = False,
        update_fields: Iterable[str] | None = None,
        **_: object,
    ) -> None:
        before = instance.__dict__.pop(_BEFORE, None)
        if not self._rows.wants(sender):
            return
        try:
            after = self._rows.values(instance)
            told = after
            if update_fields is not None and not created:
                names = frozenset(self._named(sender, update_fields))
                told = {name: value for name, value in after.items() if name in names}
            changes = self._rows.changes(sender, before or {}, told)
            if not changes and not created:
                return
            target = self._rows.target(sender, instance.pk, after)
            verb = "Create" if created else "Update"
            metadata = {"fixture": True} if raw else {}
        except Exception as error:  # noqa: BLE001 - the SDK guard
            get_client().swallow(error, "could not read a change")
            return
        noun = self._rows.noun(sender)
        self._keep(using, [RowChange(verb, noun, target, changes, current(), None, metadata)])

    def _pre_delete(self, sender: Any, instance: Any, **_: object) -> None:
        if self._rows.wants(sender):
            # The key is taken from the instance before `post_delete`, in some versions.
            instance.__dict__[_BEFORE] = (instance.pk, self._rows.values(instance))

    def _post_delete(self, sender: Any, instance: Any, using: str, **_: object) -> None:
        seen = instance.__dict__.pop(_BEFORE, None)
        if not self._rows.wants(sender) or not isinstance(seen, tuple):
            return
        key, before = seen
        changes = self._rows.changes(sender, before, {})
        target = self._rows.target(sender, key, before)
        row = RowChange("Delete", self._rows.noun(sender), target, changes, current())
        self._keep(using, [row])

    # --- many to many -----------------------------------------------------------------------------

    def _m2m_changed(
        self,
        sender: Any,
        instance: Any,
        action: str,
        reverse: bool,
        model: Any,
        pk_set: set[Any] | None,
        using: str,
        **_: object,
    ) -> None:
        owner = type(instance)
        if not self._rows.wants(owner):
            return
        name = _relation_name(owner, sender, reverse)
        if action == "pre_clear":
            manager = getattr(instance, name)
            instance.__dict__[_BEFORE] = list(manager.using(using).values_list("pk", flat=True))
            return
        if action == "post_clear":
            gone: list[Any] = instance.__dict__.pop(_BEFORE, [])
            new: list[Any] = []
        elif action in ("post_add", "post_remove") and pk_set:
            gone, new = ([], list(pk_set)) if action == "post_add" else (list(pk_set), [])
        else:
            return
        if not gone and not new:
            return
        labels = self._labels(model, using, [*gone, *new])
        changes = [
            Change(
                path=name,
                before=sorted(labels[key] for key in gone) or None,
                after=sorted(labels[key] for key in new) or None,
            )
        ]
        target = self._rows.target(owner, instance.pk, self._rows.values(instance))
        row = RowChange("Update", self._rows.noun(owner), target, changes, current())
        self._keep(using, [row])

    def _labels(self, model: Any, using: str, keys: list[Any]) -> dict[Any, str]:
        """People know the other side by its name, and its key stays in front of it."""
        labels = {key: str(key) for key in keys}
        names = _name_fields(model, [])
        if names:
            found = model._base_manager.using(using).filter(pk__in=keys[: self._most_rows])
            for key, name in found.values_list("pk", names[0]):
                labels[key] = f"{key} {name}"
        return labels

    # --- many rows at once ------------------------------------------------------------------------

    def _update(self, original: Any, query: Any, kwargs: dict[str, Any]) -> Any:
        model = query.model
        if not self._rows.wants(model) or model._meta.auto_created:
            return original(query, **kwargs)
        query._for_write = True
        with transaction.atomic(using=query.db, savepoint=False):
            before = self._before_update(query, kwargs)
            count = original(query, **kwargs)
            if count:
                self._keep(query.db, self._updated(query, kwargs, before, count))
            return count

    def _before_update(self, query: Any, kwargs: dict[str, Any]) -> list[dict[str, Any]] | None:
        """The rows that will be touched; None where there are too many, or they cannot be read."""
        try:
            names = self._touched_fields(query.model, kwargs)
            rows = _locked(query._chain().order_by().values("pk", *names), query)
            with transaction.atomic(using=query.db):  # if reading fails, only that is undone
                found = list(rows[: self._most_rows + 1])
        except Exception as error:  # noqa: BLE001 - the SDK guard
            get_client().swallow(error, "could not read rows before an update")
            return None
        return found if len(found) <= self._most_rows else None

    def _touched_fields(self, model: Any, kwargs: dict[str, Any]) -> list[str]:
        chosen = {model._meta.get_field(name).attname for name in kwargs if name != "pk"}
        names = [field.attname for field in self._rows.fields(model) if field.attname in chosen]
        return [*names, *_name_fields(model, names)]

    def _updated(
        self, query: Any, kwargs: dict[str, Any], before: list[dict[str, Any]] | None, count: int
    ) -> list[RowChange]:
        model = query.model
        noun, holder = self._rows.noun(model), current()
        if before is None:
            target = Target(type=self._rows.type_of(model))
            return [RowChange("Update", noun, target, [], holder, count)]
        try:
            names = self._touched_fields(model, kwargs)
            keys = [row["pk"] for row in before]
            after: dict[Any, dict[str, Any]] = {}
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                found = model._base_manager.using(query.db).filter(pk__in=some)
                after |= {row["pk"]: row for row in found.values("pk", *names)}
            rows = []
            for row in before:
                now = after.get(row["pk"], {})
                changes = self._rows.changes(model, row, now)
                if changes:
                    target = self._rows.target(model, row["pk"], now or row)
                    seen = RowChange("Update", noun, target, changes, holder, None, {"bulk": True})
                    rows.append(seen)
            return rows
        except Exception as error:  # noqa: BLE001 - the SDK guard
            get_client().swallow(error, "could not read rows after an update")
            return []

    def _bulk_create(self, original: Any, query: Any, objs: Any, *args: Any, **kwargs: Any) -> Any:
        model = query.model
        if not self._rows.wants(model) or model._meta.auto_created:
            return original(query, objs, *args, **kwargs)
        query._for_write = True
        with transaction.atomic(using=query.db, savepoint=False):
            made = original(query, objs, *args, **kwargs)
            upsert = bool(kwargs.get("update_conflicts") or kwargs.get("ignore_conflicts"))
            self._keep(query.db, self._created(model, made, "Upsert" if upsert else "Create"))
            return made

    def _created(self, model: Any, made: list[Any], verb: str) -> list[RowChange]:
        noun, holder = self._rows.noun(model), current()
        if len(made) > self._most_rows:
            target = Target(type=self._rows.type_of(model))
            return [RowChange(verb, noun, target, [], holder, len(made))]
        rows = []
        for instance in made:
            after = self._rows.values(instance)
            target = self._rows.target(model, instance.pk, after)
            changes = self._rows.changes(model, {}, after)
            rows.append(RowChange(verb, noun, target, changes, holder, None, {"bulk": True}))
        return rows

    # --- what waits for the transaction -----------------------------------------------------------

    def _keep(self, using: str, rows: list[RowChange]) -> None:
        if not rows:
            return
        client = get_client()
        if self._outbox:
            # What the database raises here is raised: no change without its event.
            events = []
            for row in rows:
                operation, fields = fields_of(row)
                events.append(client.compose(operation, **fields))
            write_rows(events, using)
            return

        def tell() -> None:
            for row in rows:
                tell_row(client, row)

        transaction.on_commit(tell, using=using, robust=True)


def _wrap(name: str, around: Any) -> None:
    """Replaces a method of QuerySet by one that calls `around`; a second time it is exchanged."""
    original = getattr(QuerySet, name)
    original = getattr(original, "__indelible_original__", original)

    @functools.wraps(original)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        if name == "update":
            return around(original, self, kwargs)
        return around(original, self, *args, **kwargs)

    wrapped.__indelible_original__ = original  # type: ignore[attr-defined]
    setattr(QuerySet, name, wrapped)


def _has_own_key(model: Any) -> bool:
    """Whether new rows may come with a key of the host's choice that exists already."""
    return not model._meta.pk.has_default() or model._meta.pk.remote_field is not None


def _name_fields(model: Any, known: Iterable[str]) -> list[str]:
    """The field by which people know a row, if it is not among `known`."""
    chosen = getattr(model, "__audit_name__", None)
    own = {
        field.attname
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
    }
    names = (chosen,) if isinstance(chosen, str) else NAMES
    first = next((name for name in names if name in own), None)
    return [first] if first is not None and first not in set(known) else []


def _relation_name(owner: Any, through: Any, reverse: bool) -> str:
    for field in owner._meta.get_fields(include_hidden=True):
        if reverse and field.auto_created and getattr(field, "through", None) is through:
            return str(field.get_accessor_name())
        if not reverse and getattr(getattr(field, "remote_field", None), "through", 0) is through:
            return str(field.name)
    return str(through._meta.model_name)


def _locked(rows: Any, query: Any) -> Any:
    """Locks what is read, where that cannot change which rows are read."""
    joined = len(query.query.alias_map) > 1
    plain = not query.query.distinct and query.query.group_by is None
    if joined or not plain or not connections[query.db].features.has_select_for_update:
        return rows
    return rows.select_for_update()
