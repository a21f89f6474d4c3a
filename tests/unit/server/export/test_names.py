"""Names of exported files, and the columns that api.md fixes."""

from __future__ import annotations

import pytest

from indelible.server.export.csv import HEADER, HEADER_LINE
from indelible.server.export.export import file_name
from indelible.server.query import Defaults, Reach, parse_filter


@pytest.mark.parametrize(
    ("parameters", "want"),
    [
        ({"period": "day", "date": "2026-11-20"}, "indelible-acme-all-20261120-20261120.csv"),
        (
            {"period": "month", "date": "2026-11-20", "stream": "task"},
            "indelible-acme-task-20261101-20261130.csv",
        ),
        ({}, "indelible-acme-all-first-last.csv"),
    ],
)
def test_file_names(parameters: dict[str, str], want: str) -> None:
    filter_ = parse_filter(parameters, Reach(tenant_id=1), Defaults(now_us=0, tz="Europe/Berlin"))
    assert file_name("acme", filter_, "csv") == want


def test_names_hold_nothing_that_a_header_or_a_disk_minds() -> None:
    filter_ = parse_filter({}, Reach(tenant_id=1), Defaults(now_us=0))
    assert file_name('a"b/..\r\n;é', filter_, "jsonl").startswith("indelible-a_b_..____-all")


def test_the_header_is_the_contract() -> None:
    assert HEADER[:7] == (
        "Date", "User Email", "User IP Address", "Method", "Endpoint", "Status", "Operation",
    )  # fmt: skip
    assert len(HEADER) == 23
    assert HEADER_LINE.endswith(b'"State","Occurred (UTC)"\r\n')
