"""CSV files, by our own columns and by a map."""

from __future__ import annotations

import io
import json

import pytest

from indelible.errors import SettingsError
from indelible.event import parse_event
from indelible.importers import FORMATS, BadRecord, Record, read_csv, read_map

MAP = """
delimiter = ";"
time_format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"

[columns]
"When" = "occurred_at"
"Who" = "actor.name"
"What" = "operation"
"Where" = "origin.address"
"Code" = "status"
"Thing" = "target.name"
"Field" = "change.path"
"Old" = "change.before"
"New" = "change.after"
"Secret" = "-"

[fixed]
"context.source" = "legacy-erp"
"""
LEGACY = """\ufeffWhen;Who;What;Where;Code;Thing;Field;Old;New;Secret;Note
20.11.2026 10:15;ana@example.com;ÄnderProfil;203.0.113.7;200;Depot;Name;"a;b";c;x;frei
20.11.2026 10:16;Ana K.;Lösche;terminal-7;N/A;;;;;;
wrong;Ana;Lies;;;;;;;;
20.11.2026 10:17;Ana;;;;;;;;;
20.11.2026 10:18;Ana
20.11.2026 10:19;Ana;Lies;;zwei;;;;;;
"""


def read_legacy() -> list[Record | BadRecord]:
    return list(read_csv(io.BytesIO(LEGACY.encode()), read_map(MAP)))


def test_a_map_makes_events_of_any_columns() -> None:
    first, second = read_legacy()[:2]
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.event | {"id": ""} == {
        "id": "",
        "context": {"source": "legacy-erp"},
        "occurred_at": "2026-11-20T10:15:00+01:00",
        "actor": {"email": "ana@example.com"},
        "operation": "ÄnderProfil",
        "origin": {"ip": "203.0.113.7"},
        "status": 200,
        "targets": [{"name": "Depot"}],
        "changes": [{"path": "Name", "before": "a;b", "after": "c"}],
        "metadata": {"Note": "frei"},
    }
    assert second.event["actor"] == {"name": "Ana K."}
    assert second.event["origin"] == {"device_id": "terminal-7"}
    assert "status" not in second.event
    for record in (first, second):
        sent = parse_event(json.dumps(record.event).encode())
        assert sent.context is not None
        assert sent.context.altered is None


def test_rows_that_are_no_events_are_named() -> None:
    wrong = [record for record in read_legacy() if isinstance(record, BadRecord)]
    assert [(one.number, one.reason.split(":")[0]) for one in wrong] == [
        (3, "occurred_at"),
        (4, "operation is empty"),
        (5, "2 cells, the header has 11"),
        (6, "status"),
    ]


def test_equal_rows_are_two_events_and_a_second_reading_the_same_two() -> None:
    text = b"Operation,Occurred (UTC)\r\nA,2026-01-01T00:00:00Z\r\nA,2026-01-01T00:00:00Z\r\n"
    columns = read_map('[columns]\n"Operation" = "operation"\n"Occurred (UTC)" = "occurred_at"')
    ids = [
        [one.event["id"] for one in read_csv(io.BytesIO(text), columns) if isinstance(one, Record)]
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_a_file_without_the_columns_is_refused_as_a_whole() -> None:
    (found,) = FORMATS["csv"](io.BytesIO(b"a,b\r\n1,2\r\n"))
    assert isinstance(found, BadRecord)
    assert "no column" in found.reason
    assert list(FORMATS["csv"](io.BytesIO(b""))) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns = 1", "object"),
        ('[columns]\n"A" = "operatoin"', "there is no field 'operatoin'"),
        ('[columns]\n"A" = "actor.id"', "no column becomes `operation`"),
        ('zone = "Mars/Olympus"\n[columns]\n"A" = "operation"', "no IANA time zone"),
        ('delimiter = ";;"\n[columns]\n"A" = "operation"', "one character"),
        ('colour = "red"\n[columns]\n"A" = "operation"', "unknown field `colour`"),
        ("not toml", "not TOML"),
    ],
)
def test_a_wrong_map_is_said(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_map(text)
