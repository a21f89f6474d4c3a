"""
Completion: what could stand at a place of a query, ready to be put there.

Values come from the values table: what the log has ever held, most frequent first; within a period
or a tab, and for who sees a part of the log, what those events hold. Typing is no read of the log,
so nothing of it is recorded.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from indelible.server.index import IndexProcess, fold
from indelible.server.index.schema import LISTS
from indelible.server.query.fields import ABOUT
from indelible.server.query.filter import Filter
from indelible.server.query.filters import FAMILIES
from indelible.server.query.filters.codes import CodeField
from indelible.server.query.filters.presence import PRESENT
from indelible.server.query.filters.texts import TextField
from indelible.server.query.filters.who import FIRST
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import prepare, within
from indelible.server.query.printer import quote
from indelible.server.query.reach import TENANT, Reach

_NAME: Final = re.compile(r"([A-Za-z][A-Za-z_.]*):(?!:|//)")
_BARE: Final = re.compile(r"[^\s\"()]+")
_PLAIN: Final = re.compile(r"[^\s\"()*-][^\s\"()*]*")
_STATUS: Final = ("2xx", "3xx", "4xx", "5xx", "none")
_WORD_COLUMNS: Final = {
    "actor_email": "actor", "actor_name": "actor", "operation": "operation", "ip": "ip",
    "method": "method", "category": "category", "target_types": "target.type",
    "change_paths": "change.path", "source": "source",
}  # fmt: skip
_COLUMNS: Final = {
    "ip": ("ip",),
    "status": ("status",),
    "by": ("actor_email", "actor_name", "actor_id"),
}


class Place(msgspec.Struct, frozen=True):
    """What is being typed: text from `start` to `end`, of a field or not."""

    start: int
    end: int
    field: str | None
    prefix: str
    named: bool  # the field stands in the text that is replaced
    sign: str


class Item(msgspec.Struct, frozen=True):
    """`insert` replaces the text from the reply's `start` to `end`."""

    insert: str
    label: str
    description: str | None
    count: int | None


class Completion(msgspec.Struct, frozen=True):
    """What fits at a place. `kind` is `field`, `value`, or `none` where nothing can be offered."""

    start: int
    end: int
    kind: str
    field: str | None
    items: list[Item]


class _Value(msgspec.Struct):
    col: str
    value: str
    n: int


_decode = msgspec.json.Decoder(_Value).decode_lines


def place_of(text: str, at: int) -> Place:
    """What is being typed at an offset."""
    at = max(0, min(at, len(text)))
    start, group, quoted = 0, [], False
    position = 0
    field: str | None = None
    while position < at:
        letter = text[position]
        if quoted:
            if letter == "\\" and text[position + 1 : position + 2] in ('"', "\\"):
                position += 1
            elif letter == '"':
                quoted, start, field = False, position + 1, None
        elif letter == '"':
            quoted = True
        elif letter.isspace():
            start, field = position + 1, None
        elif letter == "(" and position in (start, start + len(field or "") + 1):
            group.append(field)
            start, field = position + 1, None
        elif letter == ")":
            if group:
                group.pop()
            start, field = position + 1, None
        elif position == start or (position == start + 1 and text[start] == "-"):
            found = _NAME.match(text, position)
            if found and found.end() <= at:
                field = found[1].lower()
                position = found.end() - 1
        position += 1
    typed = text[start:at]
    end = at
    if not quoted and (rest := _BARE.match(text, at)):
        end = rest.end()
    elif quoted:
        closing = text.find('"', at)
        end = at if closing < 0 else closing + 1
    sign = "-" if typed.startswith("-") else ""
    typed = typed.removeprefix("-")
    if field is not None and typed.lower().startswith(f"{field}:"):
        value = typed[len(field) + 1 :]
        return Place(start, end, field, value.removeprefix('"'), True, sign)
    inherited = next((name for name in reversed(group) if name is not None), None)
    return Place(start, end, inherited, typed.removeprefix('"'), False, sign)


class _Asked(msgspec.Struct, frozen=True):
    """Of whose log, and which events of it count; without `only` all of them."""

    index: IndexProcess
    reach: Reach
    only: Filter | None


async def complete(
    index: IndexProcess, reach: Reach, place: Place, limit: int, only: Filter | None = None
) -> Completion:
    """What could stand there: of a part of the log, only what occurs in it."""
    asked = _Asked(index, reach, only)
    if place.field is not None and place.field not in FAMILIES:
        return Completion(place.start, place.end, "none", place.field, [])
    if place.field is None:
        items = _names(place)
        if len(place.prefix) > 1:
            items += await _any_value(asked, place, max(limit - len(items), 5))
        return Completion(place.start, place.end, "field", None, items[:limit])
    items = await _values(asked, place, place.field, limit)
    kind = "value" if items else "none"
    return Completion(place.start, place.end, kind, place.field, items)


def _names(place: Place) -> list[Item]:
    prefix = place.prefix.lower()
    starting = [name for name in ABOUT if name.startswith(prefix)]
    other = [name for name in ABOUT if name not in starting and prefix in ABOUT[name].lower()]
    if len(prefix) < 3:
        other = []
    return [Item(f"{place.sign}{name}:", name, ABOUT[name], None) for name in starting + other]


async def _values(asked: _Asked, place: Place, name: str, limit: int) -> list[Item]:
    family = FAMILIES[name]
    fixed: tuple[str, ...] = ()
    columns: tuple[str, ...] = _COLUMNS.get(name, ())
    if isinstance(family, CodeField):
        fixed, columns = family.allowed, (family.column,)
    elif isinstance(family, TextField):
        columns = family.columns
    elif name == "has":
        fixed = tuple(PRESENT)
    elif name == "first":
        fixed = tuple(FIRST)
    elif name == "status":
        fixed = _STATUS
    counts = await _counted(asked, columns, place.prefix, limit) if columns else []
    found = {row.value: row.n for row in counts}
    sought = place.prefix.lower()
    listed = [value for value in fixed if sought in value and value not in found]
    items = [_item(place, name, value, count) for value, count in found.items()]
    return (items + [_item(place, name, value, None) for value in listed])[:limit]


async def _any_value(asked: _Asked, place: Place, limit: int) -> list[Item]:
    rows = await _counted(asked, tuple(_WORD_COLUMNS), place.prefix, limit)
    return [_item(place, _WORD_COLUMNS[row.col], row.value, row.n, named=True) for row in rows]


async def _counted(
    asked: _Asked, columns: tuple[str, ...], prefix: str, limit: int
) -> list[_Value]:
    index, reach = asked.index, asked.reach
    parameters = Parameters(reach.tenant_id)
    parameters.hide(reach.masks)
    if asked.only is not None:
        prepared = await prepare(index, asked.only, index.indexed_through(reach.tenant_id))
        if prepared.empty:
            return []
        parameters, bounds = prepared.parameters, prepared.where
    elif not reach.is_whole:
        bounds = await within(index, reach, parameters)
    sought = parameters.add(fold(prefix), "String")
    names = parameters.add(list(columns), "Array(String)")
    if reach.is_whole and asked.only is None:
        each = f"SELECT col, value, sum(count) AS n FROM vals WHERE {TENANT} AND col IN {names} "
        each += "GROUP BY col, value"
    else:
        # The values table counts the whole log: here each value must be that of an event.
        # Column by column, which counts a few distinct values without making a text of each row.
        each = " UNION ALL ".join(
            f"SELECT '{name}' AS col, toString(one) AS value, count() AS n FROM "
            f"(SELECT {_one(name)} AS one FROM events WHERE {bounds}) GROUP BY value"
            for name in columns
        )
    counted = (
        f"SELECT col, value, text AS folded, n FROM ({each}) AS counted INNER JOIN "
        "(SELECT col, value, any(folded) AS text FROM known "
        f"WHERE {TENANT} AND col IN {names} AND position(folded, {sought}) > 0 "
        "GROUP BY col, value) AS fitting USING (col, value)"
    )
    sql = (
        f"SELECT col, value, n FROM ({counted}) "
        f"ORDER BY startsWith(folded, {sought}) DESC, n DESC, value LIMIT {int(limit)}"
    )
    return _decode(await index.query(sql, parameters.values))


def _one(column: str) -> str:
    """The values of a column in a row, one after the other."""
    if column in LISTS:
        return f"arrayJoin(arrayDistinct({column}))"
    return f"if(endpoint_sent = '', {column}, '')" if column == "endpoint" else column


def _item(place: Place, name: str, value: str, count: int | None, *, named: bool = False) -> Item:
    # A whole value of a field that takes parts, too, stands in quotes.
    whole = isinstance(FAMILIES[name], CodeField) or name in ("ip", "status", "has", "first")
    text = value if whole and _PLAIN.fullmatch(value) else quote(value)
    head = f"{name}:" if named or place.named else ""
    described = ABOUT[name] if named else None
    return Item(f"{place.sign}{head}{text}", value, described, count)
