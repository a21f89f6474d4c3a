"""The limits stand in the types and, for mending, in a table: the two must agree."""

from typing import Any, get_args, get_type_hints

import msgspec

from indelible.event.mend import _LIMITS, _LIST_LIMITS
from indelible.event.model import SentEvent

_SHORT_BY_FORM = {"id"}  # a UUID: too long is the sender's mistake


def limits_of(kind: type[msgspec.Struct], prefix: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for field in msgspec.structs.fields(kind):
        found.update(
            _limits(get_type_hints(kind, include_extras=True)[field.name], prefix + field.name)
        )
    return found


def _limits(hint: Any, path: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for metadata in getattr(hint, "__metadata__", ()):
        if metadata.max_length is not None:
            found[path] = metadata.max_length
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return limits_of(hint, path + ".")
    is_list = getattr(hint, "__origin__", None) is list
    for argument in get_args(hint):
        if not isinstance(argument, msgspec.Meta):
            found.update(_limits(argument, path + "[]" if is_list else path))
    return found


def test_every_limit_of_the_types_can_be_mended() -> None:
    in_types = {
        key: value for key, value in limits_of(SentEvent).items() if key not in _SHORT_BY_FORM
    }
    assert in_types == {**_LIMITS, **_LIST_LIMITS}
