"""Lines of JSON: ids that make a second run store nothing, and errors that name the line."""

from __future__ import annotations

import io
import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from indelible.importers import BadRecord, Record, read_jsonl


def ids(content: bytes) -> list[str]:
    return [
        record.event["id"]
        for record in read_jsonl(io.BytesIO(content))
        if isinstance(record, Record)
    ]


def test_ids_that_are_there_stay() -> None:
    assert ids(b'{"id": "a"}\n\n{"id": "b"}') == ["a", "b"]


def test_equal_lines_are_two_events() -> None:
    first, second = ids(b'{"operation": "X"}\n{"operation": "X"}\n')
    assert first != second
    assert UUID(first).version == 8
    assert UUID(first).variant == "specified in RFC 4122"


def test_a_grown_file_keeps_the_ids_of_its_lines() -> None:
    old = b'{"operation": "X"}\n{"operation": "Y"}\n'
    assert ids(old + b'{"operation": "Z"}\n')[:2] == ids(old)
    assert ids(b"\n" + old) != ids(old)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(), max_size=3), max_size=20))
def test_every_object_comes_back_once(objects: list[dict[str, int]]) -> None:
    lines = [{"operation": "X", **item} for item in objects]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    found = list(read_jsonl(io.BytesIO(content)))
    assert len(found) == len(lines)
    for record, line in zip(found, lines, strict=True):
        assert isinstance(record, Record)
        assert line.items() <= record.event.items()


def test_errors_name_the_line() -> None:
    found = list(
        read_jsonl(io.BytesIO(b'{"operation": "X"}\nnonsense\n[1]\n\n{"operation": "Y"}\n'))
    )
    assert [(record.number, type(record)) for record in found] == [
        (1, Record), (2, BadRecord), (3, BadRecord), (5, Record),
    ]  # fmt: skip


def test_an_endless_line_is_not_read_into_memory() -> None:
    found = list(read_jsonl(io.BytesIO(b"x" * (5 * 1024 * 1024))))
    assert len(found) == 1
    assert isinstance(found[0], BadRecord)
    assert "longer than" in found[0].reason
