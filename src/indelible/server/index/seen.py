"""
The index as somebody sees it from whom parts of events are hidden.

A statement of such a caller is put to masked tables: where it says `FROM events`, a subquery stands
that gives the same rows with the hidden columns empty. So what is hidden can be neither found nor
counted, sorted by, completed or exported, whatever is asked, and no reader has to think of it.

Besides the parts as such, e-mail addresses and phone numbers in what stays visible are replaced,
as ingest replaces them in endpoints; and of Indelible's own events the content is hidden, since it
holds what others searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from indelible.errors import StorageError
from indelible.server.index import folding
from indelible.server.index import schema as table

Part = Literal["person", "content"]
Masks = frozenset[Part]
MASKS: Final = "masks"
"""Under this name the hidden parts stand among the values of a statement."""

MASKED: Final = "(masked)"
"""The name of somebody of whom nothing else is shown."""

_LETTER: Final = r"[\\pL\\pN_-]"
_EMAIL: Final = rf"'[\\pL\\pN_.+-]+(?:@|%40){_LETTER}+(?:\\.{_LETTER}+)+'"
_PHONE: Final = r"'(?:\\+|%2[Bb])\\p{Nd}[\\p{Nd}-]{6,}'"
_PHONE_ID: Final = r"'^\\+\\p{Nd}[\\p{Nd} ()./-]{6,}$'"
_OWN: Final = "(e.source = 'indelible' AND e.reported_by = 'service' AND e.stream != 'system')"
_TABLES: Final = re.compile(r"\bFROM (events|vals|known)\b")
_ANY_TABLE: Final = re.compile(
    r"\b(?:FROM|JOIN|IN)\s+(?:default\.)?(?:events|vals|known|counts|pairs|rolled)\b"
)


def _char(mark: str) -> str:
    return f"\\x{ord(mark):02x}"


_BREAK: Final = _char(folding.BREAK)


def _clean(value: str) -> str:
    """The text without e-mail addresses and phone numbers."""
    looks = " OR ".join(f"position({value}, '{sign}') > 0" for sign in ("@", "%40", "+", "%2"))
    without = f"replaceRegexpAll({value}, {_EMAIL}, '{{email}}')"
    return f"if({looks}, replaceRegexpAll({without}, {_PHONE}, '{{phone}}'), {value})"


def _clean_json(value: str) -> str:
    """
    The same for a text of JSON. Each escape is kept apart from the letters that follow it, or the
    `n` of a line break would be taken for the first letter of an address.
    """
    apart = rf"replaceRegexpAll({value}, '(\\\\(?:u[0-9a-fA-F]{{4}}|.))', '\\1\x1f')"
    return f"replaceAll({_clean(apart)}, '\x1f', '')"


def _is_personal(value: str) -> str:
    return f"(position({value}, '@') > 0 OR match({value}, {_PHONE_ID}))"


def _pieces(marks: str, rest: str = "") -> str:
    """The expression for pieces of `text` with one of these marks; `rest` is what they hold."""
    return f"'{_BREAK}[{''.join(map(_char, marks))}]{rest or _NOT_BREAK}'"


_NOT_BREAK: Final = f"[^{_BREAK}]*"
_CONTENT_MARKS: Final = (
    folding.BEFORE + folding.AFTER + folding.TARGET_NAME + folding.REASON + folding.OTHER
)
_PERSONAL_ID: Final = rf"(?:{_NOT_BREAK}@{_NOT_BREAK}|\\+\\p{{Nd}}[\\p{{Nd}} ()./-]{{6,}})"


def _text_without_person() -> str:
    """
    The searchable text without ids and names of persons. A piece goes with the break before it, so
    that each that stays is whole. The cheap tests come first: most events have none of it.
    """
    behalf = _char(folding.BEHALF)
    text = (
        f"if(position(e.text, '{_BREAK}{behalf}') > 0, "
        f"replaceRegexpAll(e.text, {_pieces(folding.BEHALF)}, ''), e.text)"
    )
    targets = _pieces(folding.TARGET, _PERSONAL_ID)
    text = (
        f"if(position(e.text, '@') > 0 OR position(e.text, '+') > 0, "
        f"replaceRegexpAll({text}, {targets}, ''), {text})"
    )
    peer = (
        f"concat('{_BREAK}{_char(folding.OTHER)}', "
        f"lower(simpleJSONExtractString(e.rest, 'peer_ip')), '{_BREAK}')"
    )
    return f"replaceAll({text}, {peer}, '{_BREAK}')"


_REST: Final = (
    "if(e.rest = '', '', concat('{', arrayStringConcat(arrayMap(kv -> concat('\"', kv.1, '\":', "
    "multiIf(kv.1 = 'behalf', concat('{', if(JSONExtractRaw(kv.2, 'kind') = '', '', "
    "concat('\"kind\":', JSONExtractRaw(kv.2, 'kind'))), '}'), "
    "kv.1 = 'targets', replaceRegexpAll(kv.2, "
    r"""'"(?:(?:[^"\\\\]|\\\\.)*@(?:[^"\\\\]|\\\\.)*|\\+\\p{Nd}[\\p{Nd} ()./-]{6,})"', 'null'), """
    "kv.2)), arrayFilter(kv -> kv.1 != 'peer_ip', JSONExtractKeysAndValuesRaw(e.rest))), ','), "
    "'}'))"
)
_HIDES_PERSON: Final = (
    "(e.actor_email != '' OR e.actor_name != '' OR e.ip != '' OR e.device_id != '' "
    f"OR e.user_agent != '' OR e.behalf != '' OR {_is_personal('e.actor_id')} "
    "OR position(e.rest, '\"peer_ip\":') > 0)"
)

PERSONAL_COLUMNS: Final = ("actor_email", "actor_name", "ip", "device_id", "user_agent")


def _columns(masks: Masks) -> dict[str, str]:
    """What stands in the place of each column that is not shown as it is."""
    hides_content = "1" if "content" in masks else _OWN
    text = f"if({hides_content}, replaceRegexpAll(%s, {_pieces(_CONTENT_MARKS)}, ''), %s)"
    shown: dict[str, str] = {
        "content": f"if({hides_content}, '', e.content)",
        "changes": f"if({hides_content}, '', e.changes)",
        "change_paths": f"if({hides_content}, [], e.change_paths)",
        "text": text % ("e.text", "e.text"),
        "flags": f"bitOr(toUInt16(e.flags), if({hides_content} AND e.content != '', "
        f"{table.MASKED_CONTENT}, 0))",
    }
    if "person" not in masks:
        return shown
    hidden = dict.fromkeys((*PERSONAL_COLUMNS, "behalf"), "''")
    hidden["actor_id"] = f"if({_is_personal('e.actor_id')}, '', e.actor_id)"
    hidden["actor_name"] = (
        f"if((e.actor_email != '' OR e.actor_name != '' OR e.actor_id != '') AND "
        f"{hidden['actor_id']} = '', '{MASKED}', '')"
    )
    hidden["endpoint"] = _clean("e.endpoint")
    hidden["endpoint_sent"] = (
        f"if({_clean('e.endpoint_sent')} = {_clean('e.endpoint')}, '', {_clean('e.endpoint_sent')})"
    )
    hidden["rest"] = _REST
    hidden["target_ids"] = f"arrayMap(x -> if({_is_personal('x')}, '', x), e.target_ids)"
    hidden["content"] = f"if({hides_content}, '', {_clean_json('e.content')})"
    hidden["changes"] = f"if({hides_content}, '', {_clean('e.changes')})"
    hidden["change_paths"] = (
        f"if({hides_content}, [], arrayMap(x -> {_clean('x')}, "
        "CAST(e.change_paths, 'Array(String)')))"
    )
    hidden["text"] = _clean(text % ((_text_without_person(),) * 2))
    hidden["flags"] = f"bitOr({shown['flags']}, if({_HIDES_PERSON}, {table.MASKED_PERSON}, 0))"
    return shown | hidden


def _sources(masks: Masks) -> dict[str, str]:
    columns = _columns(masks)
    listed = ", ".join(
        f"{columns[name]} AS {name}" if name in columns else f"e.{name} AS {name}"
        for name in table.COLUMNS
    )
    gone = [*(PERSONAL_COLUMNS if "person" in masks else ())]
    gone += ["change_paths"] if "content" in masks else []
    names = ", ".join(f"'{name}'" for name in gone)
    keeps = "1"
    if "person" in masks:
        clean = f"NOT match(k.value, {_EMAIL}) AND NOT match(k.value, {_PHONE})"
        keeps = f"{clean} AND NOT (k.col = 'actor_id' AND {_is_personal('k.value')})"
    where = f"k.col NOT IN ({names}) AND {keeps}"
    known = f"SELECT k.* FROM known AS k WHERE {where}"
    if "person" in masks:  # so that a count of masked people leads to their events
        known += (
            f" UNION ALL SELECT {{tenant:UInt32}}, 'actor_name', '{MASKED}', '{MASKED}', "
            "toInt32(-2147483648), toInt32(2147483647)"
        )
    return {
        "events": f"FROM (SELECT {listed} FROM events AS e) AS events",
        "vals": f"FROM (SELECT k.* FROM vals AS k WHERE {where}) AS vals",
        "known": f"FROM ({known}) AS known",
    }


_SOURCES: Final[dict[Masks, dict[str, str]]] = {
    masks: _sources(masks)
    for masks in (
        frozenset[Part]({"person"}),
        frozenset[Part]({"content"}),
        frozenset[Part]({"person", "content"}),
    )
}


def masked_sql(sql: str, masks: Masks) -> str:
    """
    The statement put to the masked tables.

    Raises StorageError when it names a table in a way that would get around them: a mistake of
    ours, which must not be answered.
    """
    sources = _SOURCES[masks]
    if _ANY_TABLE.search(_TABLES.sub("", sql)):
        raise StorageError("this question cannot be asked while parts are hidden")
    return _TABLES.sub(lambda found: sources[found[1]], sql)


def through_masks(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A statement and its values as the engine takes them; what is hidden stands in the values."""
    values = dict(parameters)
    masks: Iterable[Part] = values.pop(MASKS, ())
    return (masked_sql(sql, frozenset(masks)) if masks else sql), values
