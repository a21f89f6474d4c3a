"""Parameters of a request, the sentence that says what was understood, and cursors."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.clock import to_us
from indelible.errors import InvalidRequest
from indelible.server.query import Defaults, Page, Reach, explain, parse_filter, parse_page
from indelible.server.query.cursor import encode_cursor, parse_cursor

ALL = Reach(tenant_id=1)
NOW = Defaults(now_us=to_us(datetime(2026, 11, 23, 10, tzinfo=UTC)), tz="Europe/Berlin")


def sentence(date_format: str = "dmy", **parameters: str) -> str:
    named = {name.rstrip("_"): value for name, value in parameters.items()}
    return explain(parse_filter(named, ALL, NOW), date_format)


@pytest.mark.parametrize(
    ("parameters", "want"),
    [
        ({}, "Events at any time."),
        (
            {"period": "day", "date": "2026-11-20", "q": "operation:AssignRole"},
            (
                "Events whose operation is AssignRole, on Friday 20/11/2026, 00:00 to 24:00 "
                "Europe/Berlin."
            ),
        ),
        (
            {"period": "week", "date": "2026-11-22", "q": "ana -10.0.0.1"},
            (
                "Events that contain “ana” and that nowhere contain “10.0.0.1”, from Monday "
                "16/11/2026 to Sunday 22/11/2026 Europe/Berlin."
            ),
        ),
        ({"period": "month"}, "Events in November 2026 Europe/Berlin."),
        (
            {"q": "-status:2xx actor:ana"},
            (
                "Events whose status is not 2xx (N/A counts as not 2xx) "
                "and whose actor contains ana, at any time."
            ),
        ),
        (
            {"q": 'actor:"Ana Lee" status:>=400 status:none', "own": "hide"},
            (
                "Events (without Indelible's own) whose actor is Ana Lee and whose status is at "
                "least 400 and whose status is N/A, at any time."
            ),
        ),
        (
            {"from_": "2026-11-20T10:00:00Z", "to": "2026-11-21", "tz": "UTC"},
            "Events from 20/11/2026 10:00:00 and before 21/11/2026 00:00:00 UTC.",
        ),
    ],
)
def test_sentences(parameters: dict[str, str], want: str) -> None:
    assert sentence(**parameters) == want


def test_sentences_follow_the_date_format() -> None:
    assert "Friday 2026-11-20" in sentence("iso", date="2026-11-20")
    assert "Friday 11/20/2026" in sentence("mdy", date="2026-11-20")


def test_defaults() -> None:
    found = parse_filter({"period": "day"}, Reach(tenant_id=7), NOW)
    assert (found.tenant_id, found.stream, found.own) == (7, None, True)
    assert found.range.from_us == to_us(datetime(2026, 11, 22, 23, tzinfo=UTC))
    assert found.range.tz == "Europe/Berlin"
    assert parse_filter({"stream": "all"}, Reach(tenant_id=7), NOW).stream is None
    assert parse_page({}) == Page()
    assert parse_page({"limit": "1000", "order": "asc", "min_index": "0"}) == Page(
        limit=1000, order="asc", min_index=0
    )


@pytest.mark.parametrize(
    ("parameter", "parameters"),
    [
        ("stream", {"stream": "users"}),
        ("period", {"period": "year"}),
        ("date", {"date": "22/11/2026"}),
        ("tz", {"tz": "Berlin"}),
        ("own", {"own": "no"}),
        ("from", {"from": "2026-01-01", "period": "day"}),
        ("to", {"to": "2026-01-01", "date": "2026-01-01"}),
        ("to", {"from": "2026-01-02", "to": "2026-01-01"}),
        ("to", {"from": "2026-01-01", "to": "2026-01-01"}),
        ("q", {"q": "foo:bar"}),
    ],
)
def test_what_is_wrong_is_named(parameter: str, parameters: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_filter(parameters, ALL, NOW)
    assert refused.value.parameter == parameter
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "parameters",
    [{"limit": "0"}, {"limit": "1001"}, {"limit": "4_2"}, {"limit": " 5"}, {"limit": "٣"},
     {"order": "up"}, {"min_index": "-1"}, {"min_index": "1e3"}],
)  # fmt: skip
def test_pages_that_cannot_be(parameters: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_page(parameters)
    assert refused.value.parameter == next(iter(parameters))


@given(
    st.sampled_from(["next", "prev"]),
    st.integers(-(2**62), 2**62),
    st.integers(0, 2**62),
    st.sampled_from(["asc", "desc"]),
)
def test_cursors_come_back(way: str, occurred_us: int, index: int, order: str) -> None:
    filter_ = parse_filter({"q": "ana"}, ALL, NOW)
    text = encode_cursor(way, occurred_us, index, filter_, order)  # type: ignore[arg-type]
    found = parse_cursor(text, filter_, order)  # type: ignore[arg-type]
    assert (found.way, found.occurred_us, found.index) == (way, occurred_us, index)
    other = msgspec.structs.replace(filter_, reach=Reach(tenant_id=2))
    with pytest.raises(InvalidRequest) as refused:
        parse_cursor(text, other, order)  # type: ignore[arg-type]
    assert refused.value.code == "bad-cursor"


@given(st.text(max_size=60))
def test_nothing_else_is_a_cursor(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_cursor(text, parse_filter({}, ALL, NOW), "desc")
    assert refused.value.code == "bad-cursor"
