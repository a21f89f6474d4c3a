"""Reads the parameters of a request into a filter and a page; each error names its parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from indelible.errors import InvalidRequest
from indelible.server.query.filter import STREAMS, Defaults, Filter, Order, Page, Stream
from indelible.server.query.parse import parse_text
from indelible.server.query.periods import (
    PERIODS,
    PeriodName,
    Range,
    parse_date,
    parse_moment,
    range_of_period,
    today,
    zone_of,
)
from indelible.server.query.reach import Reach

MAX_LIMIT: Final = 1000
FILTER_NAMES: Final = frozenset({"stream", "period", "date", "from", "to", "tz", "q", "own"})
PAGE_NAMES: Final = frozenset({"order", "limit", "cursor", "min_index"})
_MAX_INDEX: Final = 2**63 - 1


def parse_filter(parameters: Mapping[str, str], reach: Reach, defaults: Defaults) -> Filter:
    """The filter of a request, within what its caller may see. Raises InvalidRequest."""
    stream = one_of(parameters, "stream", (*STREAMS, "all"), "all")
    own = one_of(parameters, "own", ("show", "hide"), "show")
    text = parameters.get("q", "").strip()
    return Filter(
        reach=reach,
        stream=None if stream == "all" else cast("Stream", stream),  # one_of has checked it
        range=_range(parameters, defaults),
        text=text,
        tree=parse_text(text),
        own=own == "show",
    )


def parse_page(parameters: Mapping[str, str]) -> Page:
    """Order, limit, cursor and `min_index` of a request. Raises InvalidRequest."""
    return Page(
        limit=number(parameters, "limit", 100, 1, MAX_LIMIT),
        order=cast("Order", one_of(parameters, "order", ("desc", "asc"), "desc")),
        cursor=parameters.get("cursor") or None,
        min_index=parse_min_index(parameters),
    )


def parse_min_index(parameters: Mapping[str, str]) -> int | None:
    """The entry index that the answer must know of, if the request names one."""
    if not parameters.get("min_index"):
        return None
    return number(parameters, "min_index", 0, 0, _MAX_INDEX)


def refuse_unknown(parameters: Mapping[str, str], known: frozenset[str]) -> None:
    """Raises InvalidRequest for a parameter that would be left unread."""
    for name in parameters:
        if name not in known:
            raise InvalidRequest(
                f"unknown parameter {name}",
                parameter=name,
                expected="one of " + ", ".join(sorted(known)),
            )


def one_of(parameters: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    """A parameter from a closed set. Raises InvalidRequest."""
    value = parameters.get(name) or default
    if value not in allowed:
        raise InvalidRequest(
            f"{name} cannot be {value!r}", parameter=name, expected="one of " + ", ".join(allowed)
        )
    return value


def number(parameters: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds. Raises InvalidRequest."""
    text = parameters.get(name)
    if not text:
        return default
    # int() takes "4_2" and " 42 " as well; a number here is digits and nothing else.
    if text.isascii() and text.isdigit() and len(text) <= 19 and low <= int(text) <= high:
        return int(text)
    raise InvalidRequest(
        f"{name} cannot be {text!r}",
        parameter=name,
        expected=f"a whole number from {low} to {high}",
    )


def _range(parameters: Mapping[str, str], defaults: Defaults) -> Range:
    tz = parameters.get("tz") or defaults.tz
    zone = zone_of(tz)
    period, day = parameters.get("period"), parameters.get("date")
    start, end = parameters.get("from"), parameters.get("to")
    if (start or end) and (period or day):
        raise InvalidRequest(
            "a period and a free range cannot be combined",
            parameter="from" if start else "to",
            expected="either period and date, or from and to",
        )
    if period or day:
        name = one_of(parameters, "period", PERIODS, "day")
        chosen = parse_date(day, "date") if day else today(defaults.now_us, tz)
        # one_of has checked the name
        return range_of_period(cast("PeriodName", name), chosen, tz, defaults.week_start)
    from_us = parse_moment(start, zone, "from") if start else None
    to_us = parse_moment(end, zone, "to") if end else None
    if from_us is not None and to_us is not None and from_us >= to_us:
        raise InvalidRequest(
            "the range ends before it starts", parameter="to", expected="a moment after `from`"
        )
    return Range(tz=tz, from_us=from_us, to_us=to_us)
