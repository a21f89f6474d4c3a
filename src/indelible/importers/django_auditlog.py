"""
Entries of the django-auditlog package, as `manage.py dumpdata auditlog.logentry` writes them
(JSON or JSONL). Specified in spec/import.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from indelible.codec import DecodeError, decode_json
from indelible.importers.fields import NotAnEvent, present, read_objects, uuid_of, words
from indelible.importers.record import BadRecord, Record

_MODEL = "auditlog.logentry"
_ACTIONS = {0: "Create", 1: "Update", 2: "Delete", 3: "Access"}


def read_django_auditlog(file: IO[bytes]) -> Iterator[Record | BadRecord]:
    """The entries of one file in order."""
    yield from read_objects(file, event_of, "entries")


def event_of(record: dict[str, Any]) -> dict[str, Any]:
    """One entry as an event. Raises NotAnEvent with the reason."""
    if record.get("model") != _MODEL or not isinstance(record.get("fields"), dict):
        raise NotAnEvent(f"expected an object of {_MODEL}, as dumpdata writes it")
    entry = record["fields"]
    action = _ACTIONS.get(entry.get("action"))
    at = words(entry.get("timestamp"))
    if action is None or at is None:
        raise NotAnEvent(f"{'action' if action is None else 'timestamp'} is missing or unknown")
    model = _model_name(entry.get("content_type"))
    email = words(entry.get("actor_email"))
    actor = entry.get("actor")
    actor_id = "/".join(map(str, actor)) if isinstance(actor, list) else words(actor)
    address = words(entry.get("remote_addr"))
    port = words(entry.get("remote_port"))
    event = {
        "id": uuid_of("django-auditlog", f"{_MODEL} {words(record.get('pk'))} {at}", record),
        "stream": "user" if actor_id or email else "system",
        "operation": f"{action}{model.rsplit('.', 1)[-1].capitalize()}",
        "method": action.upper(),
        "endpoint": model,
        "outcome": "success",
        "occurred_at": at,
        "actor": present(
            {"kind": "user" if actor_id or email else "system", "id": actor_id, "email": email}
        ),
        "origin": present({"ip": address}) or None,
        "targets": [
            present(
                {
                    "type": model,
                    "id": words(entry.get("object_pk")) or words(entry.get("object_id")),
                    "name": words(entry.get("object_repr")),
                }
            )
        ],
        "changes": _changes(entry.get("changes")) or None,
        "context": present({"request_id": words(entry.get("cid")), "source": "django-auditlog"}),
        "metadata": present(
            {
                "additional_data": entry.get("additional_data"),
                "serialized_data": entry.get("serialized_data"),
                "remote_port": port,
            }
        )
        or None,
    }
    return present(event)


def _model_name(content_type: Any) -> str:
    """`app.model` with natural keys, else the number of the content type."""
    if isinstance(content_type, list):
        return ".".join(map(str, content_type))
    return f"content-type.{words(content_type) or 'unknown'}"


def _changes(found: Any) -> list[dict[str, Any]]:
    """`{"field": [before, after]}`, in older versions as text; many-to-many fields are objects."""
    if isinstance(found, str):
        try:
            found = decode_json(found.encode("utf-8", "replace"))
        except (DecodeError, RecursionError):
            return [{"path": "changes", "before": None, "after": found}]
    if not isinstance(found, dict):
        return []
    changes = []
    for path, value in found.items():
        if isinstance(value, list) and len(value) == 2:
            changes.append({"path": path, "before": value[0], "after": value[1]})
        elif isinstance(value, dict) and "objects" in value:
            adds = value.get("operation") == "add"
            before, after = (None, value["objects"]) if adds else (value["objects"], None)
            changes.append({"path": path, "before": before, "after": after})
        else:
            changes.append({"path": path, "before": None, "after": value})
    return changes
