"""One sentence that says what a filter selects, so that nobody has to guess."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from indelible.clock import to_datetime
from indelible.server.index.seen import Part
from indelible.server.query import german
from indelible.server.query.filter import Filter
from indelible.server.query.periods import Range
from indelible.server.query.sentence import Language, explain_tree
from indelible.server.query.tree import Node, Word, terms

DATE_FORMATS: Final = {"dmy": "%d/%m/%Y", "iso": "%Y-%m-%d", "mdy": "%m/%d/%Y"}
_HIDDEN: Final[tuple[tuple[Part, frozenset[str], str], ...]] = (
    (
        "person",
        frozenset({"actor", "by", "first", "ip", "device", "agent", "behalf", "has"}),
        "names, e-mail and IP addresses and devices of people",
    ),
    (
        "content",
        frozenset({"change", "change.path", "before", "after", "reason", "target.name", "has"}),
        "changes, reasons and other content",
    ),
)
_WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def explain(filter_: Filter, date_format: str = "dmy", language: Language = "en") -> str:
    """The sentence: which events, then when."""
    clauses = explain_tree(filter_.tree, language)
    when = explain_range(filter_.range, date_format, language)
    if language == "de":
        own = "" if filter_.own else " (ohne die von Indelible selbst)"
        told = f"Ereignisse{own}{f', für die gilt: {clauses} –' if clauses else ''} {when}."
    else:
        own = "" if filter_.own else " (without Indelible's own)"
        told = f"Events{own}{f' {clauses},' if clauses else ''} {when}."
    hidden = explain_masks(filter_.tree, filter_.reach.masks)
    return f"{told} {hidden}" if hidden else told


def explain_masks(tree: Node | None, masks: tuple[Part, ...]) -> str:
    """Why a search does not find what its reader may not see; "" where it says nothing of it."""
    reasons = []
    for part, names, what in _HIDDEN:
        asked = any(isinstance(term, Word) or term.name in names for term in terms(tree))
        if part in masks and asked:
            reasons.append(what)
    if not reasons:
        return ""
    listed = " and ".join(reasons)
    return f"Your role does not see {listed}, so nothing is found by them."


class _Times(msgspec.Struct, frozen=True):
    """The words for times in one language."""

    always: str
    since: str
    until: str
    both: str
    month: str
    day: str
    days: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


_TIMES: Final = {
    "en": _Times(
        "at any time", "from {}", "before {}", " and ", "in {} {} {}",
        "on {}, 00:00 to 24:00 {}", "from {} to {} {}", _WEEKDAYS, _MONTHS,
    ),
    "de": _Times(*german.TIMES, german.WEEKDAYS, german.MONTHS),
}  # fmt: skip


def explain_range(range_: Range, date_format: str = "dmy", language: Language = "en") -> str:
    """When: `on Friday 20/11/2026, 00:00 to 24:00 Europe/Berlin`."""
    told = _TIMES[language]
    if range_.from_us is None and range_.to_us is None:
        return told.always
    if range_.period is None:
        parts = []
        if range_.from_us is not None:
            parts.append(told.since.format(_moment(range_.from_us, range_, date_format)))
        if range_.to_us is not None:
            parts.append(told.until.format(_moment(range_.to_us, range_, date_format)))
        return told.both.join(parts) + f" {range_.tz}"
    # A period has both ends, and its date is the first day.
    day = range_.date or _local(range_.from_us or 0, range_).date()
    if range_.period == "month":
        return told.month.format(told.months[day.month - 1], day.year, range_.tz)

    def named(one: date) -> str:
        return f"{told.weekdays[one.weekday()]} {one.strftime(DATE_FORMATS[date_format])}"

    if range_.period == "day":
        return told.day.format(named(day), range_.tz)
    return told.days.format(named(day), named(day + timedelta(days=6)), range_.tz)


def _local(at_us: int, range_: Range) -> datetime:
    return to_datetime(at_us).astimezone(range_.zone)


def _moment(at_us: int, range_: Range, date_format: str) -> str:
    try:
        local = _local(at_us, range_)
    except OverflowError:
        return to_datetime(at_us).isoformat()
    shown = local.strftime(DATE_FORMATS[date_format] + " %H:%M:%S")
    return shown + (f".{local.microsecond:06}" if local.microsecond else "")
