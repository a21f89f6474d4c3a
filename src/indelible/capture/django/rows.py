"""What is told of a model's rows: names, fields, values, and which are left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from indelible.capture.values import NAMES, as_text, shown
from indelible.client import Change, Target

# Django's own bookkeeping, and what other hooks tell already.
_NEVER_MODELS = frozenset(
    {
        "admin.LogEntry",
        "auth.Permission",
        "contenttypes.ContentType",
        "indelible.OutboxRow",
        "migrations.Migration",
        "sessions.Session",
    }
)
_PLAIN = frozenset({str, int, bool, float})
_NEVER_FIELDS = frozenset({"last_login"})  # written by every login, which is told itself


class Rows:
    """Knows the project's models. Immutable; safe for all threads."""

    def __init__(self, skip: tuple[str, ...]) -> None:
        self._skip = _NEVER_MODELS | frozenset(skip)
        # Asked for each row; models do not change while a project runs.
        self.wants: Callable[[Any], bool] = lru_cache(maxsize=None)(self._wants)
        """Whether changes of this model are told."""
        self.fields: Callable[[Any], tuple[Any, ...]] = lru_cache(maxsize=None)(self._fields)
        """The columns of this model that are told."""

    def _wants(self, model: Any) -> bool:
        meta = model._meta
        label = meta.concrete_model._meta.label if meta.concrete_model else meta.label
        return label not in self._skip and getattr(model, "__audit__", True) is not False

    def _fields(self, model: Any) -> tuple[Any, ...]:
        meta = model._meta
        return tuple(
            field
            for field in meta.concrete_fields
            if field.name not in _NEVER_FIELDS and f"{meta.label}.{field.name}" not in self._skip
        )

    def noun(self, model: Any) -> str:
        """`Group`; of a proxy, the name of what it stands for."""
        return str(model._meta.concrete_model.__name__)

    def type_of(self, model: Any) -> str:
        """The type of the targets that are rows of this model."""
        return str(getattr(model, "__audit_type__", model._meta.concrete_model._meta.model_name))

    def target(self, model: Any, key: Any, row: dict[str, Any]) -> Target:
        """A row, given by attribute names, as a target."""
        chosen = getattr(model, "__audit_name__", None)
        names = (chosen,) if isinstance(chosen, str) else NAMES
        return Target(
            type=self.type_of(model),
            id=None if key is None else as_text(key),
            name=next((row[name] for name in names if isinstance(row.get(name), str)), None),
        )

    def values(self, instance: Any) -> dict[str, Any]:
        """What the instance holds, without loading deferred fields."""
        deferred = instance.get_deferred_fields()
        return {
            field.attname: field.value_from_object(instance)
            for field in instance._meta.concrete_fields
            if field.attname not in deferred
        }

    def changes(self, model: Any, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
        """The fields in which two states of a row differ; an absent state is empty."""
        changes = []
        for field in self.fields(model):
            name = field.attname
            old, new = before.get(name), after.get(name)
            if old is new or (type(old) is type(new) and type(old) in _PLAIN and old == new):
                continue
            old, new = _clean(field, old), _clean(field, new)
            if old != new and (name in after or not after):
                changes.append(Change(path=field.name, before=_told(old), after=_told(new)))
        return changes


def _clean(field: Any, value: Any) -> Any:
    """The value as the database gives it back: `"12"` and 12 in a number's field are the same."""
    if value is None or hasattr(value, "resolve_expression"):
        return None if value is None else "(expression)"
    try:
        return field.to_python(value)
    except Exception:  # noqa: BLE001 - a field of the host may refuse; the raw value is told
        return value


def _told(value: Any) -> Any:
    if hasattr(value, "storage") and hasattr(value, "name"):  # a file's field
        return value.name or None
    return shown(value)
