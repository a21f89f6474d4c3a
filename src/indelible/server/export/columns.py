"""
The columns of tables (CSV, workbooks): their keys, titles, order and what the engine makes of them.

Without a choice a table has the columns of api.md, in its order; more can be asked for by key.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.query.pattern import Parameters

Form = Literal["safe", "raw"]

DATE_FORMATS: Final = {
    "dmy": "%d/%m/%Y %H:%i:%S",
    "iso": "%Y-%m-%d %H:%i:%S",
    "mdy": "%m/%d/%Y %H:%i:%S",
}
_UTC: Final = "formatDateTime(fromUnixTimestamp64Micro({}, 'UTC'), '%Y-%m-%dT%H:%i:%S.%fZ')"

_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # and their full-width forms
STARTS_FORMULA: Final = f"\\A(?:[\\t\\r\\n]|[ \"']*[{_SIGNS}])"
STARTS_INSIDE: Final = f"([;,\\t\\r\\n][ \"']*)([{_SIGNS}])"

# Unreadable as in the index's `flags`, then which parts are gone by which entry.
_STATE: Final = (
    "multiIf(bitAnd(flags, 8) != 0, 'unreadable', gone = '', 'present', "
    "replaceRegexpAll(toString(gone), ' ([0-9]+)', ' (entry \\\\1)'))"
)

# `profile p_12 (Depot north); group 7`: names lie in `content`.
_TARGET: Final = (
    "arrayStringConcat(arrayFilter(x -> x != '', [toString(kind), id, "
    "if(ifNull(name, '') = '', '', concat('(', name, ')'))]), ' ')"
)
_TARGETS: Final = (
    "if(empty(target_types), '', arrayStringConcat(arrayMap((kind, id, name) -> "
    f"{_TARGET}, target_types, target_ids, "
    "arrayResize(JSONExtract(content, 'target_names', 'Array(Nullable(String))'), "
    "length(target_types))), '; '))"
)


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """`said`: its values were chosen by somebody else, so formulas in them are disarmed."""

    key: str
    title: str
    sql: str
    said: bool = False


def _said(key: str, title: str, sql: str) -> Column:
    return Column(key=key, title=title, sql=sql, said=True)


def _ours(key: str, title: str, sql: str) -> Column:
    return Column(key=key, title=title, sql=sql)


# `{system}`, `{zone}` and `{pattern}` stand for bound parameters.
CONTRACT: Final = (
    _ours(
        "date", "Date", "formatDateTime(fromUnixTimestamp64Micro(occurred_us, {zone}), {pattern})"
    ),
    _said(
        "user",
        "User Email",
        "multiIf(actor_email != '', actor_email, actor_name != '', actor_name, "
        "actor_id != '', actor_id, {system})",
    ),
    _said("address", "User IP Address", "if(ip != '', ip, device_id)"),
    _said("method", "Method", "method"),
    _said("endpoint", "Endpoint", "if(endpoint_sent != '', endpoint_sent, endpoint)"),
    _ours("status", "Status", "if(status < 0, 'N/A', toString(status))"),
    _said("operation", "Operation", "operation"),
    _ours("stream", "Stream", "stream"),
    _said("category", "Category", "category"),
    _ours("outcome", "Outcome", "outcome"),
    _ours("actor_kind", "Actor Kind", "kind"),
    _said("actor_id", "Actor Id", "actor_id"),
    _said("behalf", "On Behalf Of", "behalf"),
    _said("targets", "Targets", _TARGETS),
    _said("changes", "Changes", "changes"),
    _said("request_id", "Request Id", "request_id"),
    _said("source", "Source", "source"),
    _ours("id", "Event Id", "if(bitAnd(flags, 24) != 0, '', toString(id))"),
    _ours("received", "Received", _UTC.format("received_us")),
    _ours("index", "Index", "idx"),
    _ours("leaf_hash", "Leaf Hash", "lower(hex(leaf_hash))"),
    _ours("state", "State", _STATE),
    _ours("occurred", "Occurred (UTC)", _UTC.format("occurred_us")),
)
MORE: Final = (
    _said("actor_name", "Actor Name", "actor_name"),
    _said("actor_email", "Actor Email", "actor_email"),
    _said("device", "Device", "device_id"),
    _said("user_agent", "User Agent", "user_agent"),
    _said("session_id", "Session Id", "session_id"),
    _said("trace_id", "Trace Id", "trace_id"),
    _ours("severity", "Severity", "severity"),
    _said("reason", "Reason", "JSONExtractString(content, 'reason')"),
    _said("metadata", "Metadata", "JSONExtractRaw(content, 'metadata')"),
    _said("job_id", "Job Id", "job_id"),
    _ours("job_state", "Job State", "job_state"),
    _said("queue", "Queue", "queue"),
    _said("worker", "Worker", "worker"),
    _ours("attempt", "Attempt", "if(job_id = '' OR attempt < 0, '', toString(attempt))"),
    _ours(
        "duration_ms",
        "Duration (ms)",
        "if(job_id = '' OR duration_ms < 0, '', toString(duration_ms))",
    ),
    _ours("reported_by", "Reported By", "reported_by"),
)
COLUMNS: Final = {column.key: column for column in (*CONTRACT, *MORE)}
SCREEN: Final = tuple(column.key for column in CONTRACT[:7])
STANDARD: Final = tuple(column.key for column in CONTRACT)
_SETS: Final = {"screen": SCREEN, "standard": STANDARD, "all": tuple(COLUMNS)}


def parse_columns(text: str) -> tuple[str, ...]:
    """Keys in the order asked for: a list or the name of a set. Raises InvalidRequest."""
    if not text:
        return STANDARD
    if text in _SETS:
        return _SETS[text]
    keys = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for key in keys:
        if key not in COLUMNS:
            raise InvalidRequest(
                f"there is no column {key!r}",
                parameter="columns",
                expected="screen, standard, all, or a list of " + ", ".join(COLUMNS),
            )
    return keys


def titles(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The heads of these columns."""
    return tuple(COLUMNS[key].title for key in keys)


def select_list(
    keys: tuple[str, ...],
    parameters: Parameters,
    *,
    tenant: str,
    tz: str,
    date_format: str,
    form: Form,
) -> str:
    """What to select, one expression per column."""
    add = parameters.add
    bound = {
        "system": add(f"system@{tenant}", "String"),
        "zone": add(tz, "String"),
        "pattern": add(DATE_FORMATS[date_format], "String"),
    }
    start, inside = add(STARTS_FORMULA, "String"), add(STARTS_INSIDE, "String")

    def one(column: Column) -> str:
        sql = column.sql
        for name, value in bound.items():
            sql = sql.replace("{" + name + "}", value)
        if form == "raw" or not column.said:
            return sql
        guarded = f"replaceRegexpAll({sql}, {inside}, '\\\\1\\'\\\\2')"
        return f"if(match({sql}, {start}), concat('\\'', {guarded}), {guarded})"

    return ", ".join(one(COLUMNS[key]) for key in keys)
