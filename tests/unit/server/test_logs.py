"""Log lines: nothing that a sender controls can forge one."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import get_args

import pytest

from indelible.server.access.token import KeyKind, encode_key, encode_viewer, new_key, new_viewer
from indelible.server.logs import _Formatter, printable


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("indelible.web", logging.INFO, "f", 1, message, None, None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u202eb", "a\u2028b", "a\0b"])
def test_control_characters_are_written_out(text: str) -> None:
    assert printable(text).isprintable()
    assert "\\" in printable(text)
    assert "\n" not in _Formatter(as_json=False).format(record(text))


def test_secrets_of_keys_and_viewer_tokens_are_left_out() -> None:
    made = [encode_key(new_key(kind, os.urandom)) for kind in get_args(KeyKind)]
    for text in [*made, encode_viewer(new_viewer(os.urandom))]:
        assert printable(f"GET /x/{text} 404") == f"GET /x/{text[:17]}[secret] 404"


def test_json_lines() -> None:
    line = json.loads(_Formatter(as_json=True).format(record("GET /x 200", request_id="r", ms=1.5)))
    assert line["message"] == "GET /x 200"
    assert (line["level"], line["request_id"], line["ms"]) == ("info", "r", 1.5)
    assert line["time"].endswith("Z")


def test_text_lines() -> None:
    line = _Formatter(as_json=False).format(record("GET /x 200", request_id="r", ip=None))
    assert line.endswith("info    GET /x 200 request_id=r")


def test_a_cause_cannot_forge_a_line() -> None:
    try:
        raise ValueError("x\n2026-01-01T00:00:00Z info    all is well\x1b[2J\u202e")
    except ValueError:
        failed = record("it failed")
        failed.exc_info = sys.exc_info()
    first, *rest = _Formatter(as_json=False).format(failed).split("\n")
    assert first.endswith("it failed")
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
