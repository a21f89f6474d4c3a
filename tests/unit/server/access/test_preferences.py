"""Preferences: kept by key and by person, strict, bounded, gone with the account."""

from __future__ import annotations

import json

import msgspec
import pytest

from indelible.errors import InvalidRequest
from indelible.server.access.door import Access
from indelible.server.access.preferences import MAX_COLUMNS, ColumnsPreference, Preferences


def _pairs() -> list[str]:
    return [one + other for one in "abcdefgh" for other in "abcde"]


def read(text: str) -> Preferences:
    return msgspec.json.decode(text, type=Preferences)


def test_a_key_that_is_not_sent_stays_and_the_last_writer_of_a_key_wins(access: Access) -> None:
    kept = access.preferences
    assert kept.get(1, "ana") == Preferences()
    kept.change(1, "ana", read('{"density":"cosy","times":"relative"}'))
    kept.change(1, "ana", read('{"density":"compact"}'))
    kept.change(1, "ana", read('{"columns":{"shown":["date"],"pinned":[],"widths":{"date":100}}}'))
    kept.change(1, "ana", read("{}"))
    assert kept.get(1, "ana") == Preferences(
        columns=ColumnsPreference(shown=("date",), pinned=(), widths={"date": 100}),
        density="compact",
        times="relative",
    )
    assert kept.get(1, "bo") == kept.get(2, "ana") == Preferences()


@pytest.mark.parametrize(
    "text",
    [
        '{"colour":"red"}',
        '{"density":"huge"}',
        '{"density":null}',
        '{"grouped":1}',
        '{"columns":{}}',
        '{"columns":{"shown":[],"pinned":[],"widths":{}}}',
        '{"columns":{"shown":["Date"],"pinned":[],"widths":{}}}',
        '{"columns":{"shown":["date\\n"],"pinned":[],"widths":{}}}',
        '{"columns":{"shown":["date"],"pinned":[],"widths":{},"order":[]}}',
        '{"columns":{"shown":["date"],"pinned":[],"widths":{"date":47}}}',
        '{"columns":{"shown":["date"],"pinned":[],"widths":{"date":100.5}}}',
        json.dumps({"columns": {"shown": ["a"] * (MAX_COLUMNS + 1), "pinned": [], "widths": {}}}),
    ],
)
def test_what_is_not_a_preference_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text)


def test_a_value_that_is_too_long_is_refused_and_one_of_another_version_left_out(
    access: Access,
) -> None:
    names = tuple("a" * 30 + letters for letters in _pairs())
    widths = dict.fromkeys(names, 100)
    columns = ColumnsPreference(shown=names, pinned=names, widths=widths)
    with pytest.raises(InvalidRequest, match="columns has more than 4096 bytes"):
        access.preferences.change(1, "ana", Preferences(columns=columns, density="cosy"))
    assert access.preferences.get(1, "ana") == Preferences()
    access.preferences.change(1, "ana", read('{"times":"relative"}'))
    with access.control.write() as transaction:
        transaction.execute("INSERT INTO preference VALUES(1, 'ana', 'density', '\"huge\"', 0)")
        transaction.execute("INSERT INTO preference VALUES(1, 'ana', 'later', 'true', 0)")
    assert access.preferences.get(1, "ana") == Preferences(times="relative")
