"""
CSV of a whole filtered set, made by the engine: columns, order and forms are those of api.md.

RFC 4180: CRLF, every text in quotes, quotes doubled. In `safe` form a cell that a spreadsheet
would take for a formula gets an apostrophe in front, also where a separator inside the cell could
start a new one; that alters data, so `raw` is there too, and JSONL.
"""

from __future__ import annotations

from typing import Final, Literal

from indelible.server.query.pattern import Parameters

Form = Literal["safe", "raw"]

HEADER: Final = (
    "Date",
    "User Email",
    "User IP Address",
    "Method",
    "Endpoint",
    "Status",
    "Operation",
    "Stream",
    "Category",
    "Outcome",
    "Actor Kind",
    "Actor Id",
    "On Behalf Of",
    "Targets",
    "Changes",
    "Request Id",
    "Source",
    "Event Id",
    "Received",
    "Index",
    "Leaf Hash",
    "State",
    "Occurred (UTC)",
)
HEADER_LINE: Final = (",".join(f'"{name}"' for name in HEADER) + "\r\n").encode()

DATE_FORMATS: Final = {
    "dmy": "%d/%m/%Y %H:%i:%S",
    "iso": "%Y-%m-%d %H:%i:%S",
    "mdy": "%m/%d/%Y %H:%i:%S",
}
_UTC: Final = "formatDateTime(fromUnixTimestamp64Micro({}, 'UTC'), '%Y-%m-%dT%H:%i:%S.%fZ')"

_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # and their full-width forms
STARTS_FORMULA: Final = f"\\A(?:[\\t\\r\\n]|[ \"']*[{_SIGNS}])"
STARTS_INSIDE: Final = f"([;,\\t\\r\\n][ \"']*)([{_SIGNS}])"

# State bits as in the index's `flags`: unreadable, then the parts that are gone.
_STATE: Final = (
    "multiIf(bitAnd(flags, 120) = 0, 'present', bitAnd(flags, 8) != 0, 'unreadable', "
    "concat(arrayStringConcat(arrayFilter(x -> x != '', ["
    "if(bitAnd(flags, 16) != 0, 'fact', ''), if(bitAnd(flags, 32) != 0, 'person', ''), "
    "if(bitAnd(flags, 64) != 0, 'content', '')]), ', '), ' erased'))"
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


def csv_columns(
    parameters: Parameters, *, tenant: str, tz: str, date_format: str, form: Form
) -> str:
    """The select list; the engine writes its rows as CSV."""
    add = parameters.add
    system = add(f"system@{tenant}", "String")
    zone, pattern = add(tz, "String"), add(DATE_FORMATS[date_format], "String")
    start, inside = add(STARTS_FORMULA, "String"), add(STARTS_INSIDE, "String")

    def text(expression: str) -> str:
        """An expression whose value somebody else chose."""
        if form == "raw":
            return expression
        guarded = f"replaceRegexpAll({expression}, {inside}, '\\\\1\\'\\\\2')"
        return f"if(match({expression}, {start}), concat('\\'', {guarded}), {guarded})"

    return ", ".join(
        (
            f"formatDateTime(fromUnixTimestamp64Micro(occurred_us, {zone}), {pattern})",
            text(
                "multiIf(actor_email != '', actor_email, actor_name != '', actor_name, "
                f"actor_id != '', actor_id, {system})"
            ),
            text("if(ip != '', ip, device_id)"),
            text("method"),
            text("if(endpoint_sent != '', endpoint_sent, endpoint)"),
            "if(status < 0, 'N/A', toString(status))",
            text("operation"),
            "stream",
            text("category"),
            "outcome",
            "kind",
            text("actor_id"),
            text("behalf"),
            text(_TARGETS),
            text("changes"),
            text("request_id"),
            text("source"),
            "if(bitAnd(flags, 24) != 0, '', toString(id))",
            _UTC.format("received_us"),
            "idx",
            "lower(hex(leaf_hash))",
            _STATE,
            _UTC.format("occurred_us"),
        )
    )
