"""Steps as a pytest file that sends each request with httpx and expects the status of the log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from indelible.server.export.replay.call import Call, Hole, Pieces, call_of
from indelible.server.export.replay.head import Head, about, after, plain
from indelible.server.query.steps import Step

_WORD = re.compile(r"[^a-z0-9]+")
_START: Final = '''
Run it against a test system, never against production:

    pip install pytest httpx
    BASE_URL=https://staging.example TOKEN=... pytest test_steps.py

Bodies are made from the changes that the log holds, so they may lack fields that did not change.
"""

import os

import httpx
import pytest

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("TOKEN", "")


def value(name: str) -> str:
    """What the log does not hold or must not give away: set it in the environment."""
    if name not in os.environ:
        pytest.skip(f"set {name} in the environment")
    return os.environ[name]


@pytest.fixture(scope="module")
def client():
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    with httpx.Client(base_url=BASE_URL, headers=headers, follow_redirects=False) as client:
        yield client
'''


def to_pytest(head: Head, steps: Sequence[Step]) -> str:
    """The file's text: ASCII only, one test for each request, in the order of the log."""
    # The docstring is a plain string: backslashes and quotes of event text are disarmed.
    intro = "\n".join(_in_docstring(line) for line in head.lines(len(steps)))
    parts = [f'"""{intro}\n{_START}']
    seen: set[str] = set()
    for step in steps:
        call = call_of(step)
        request = (step.event.get("context") or {}).get("request_id")
        if call is None or (request and request in seen):
            parts.append(f"\n# {step.number}: {about(step)}\n")
            continue
        if request:
            seen.add(request)
        parts.append(_test(step, call))
    if not any(part.startswith("\n\ndef ") for part in parts):
        parts.append("\n# None of these steps was an HTTP request that can be sent again.\n")
    return "".join(parts)


def _in_docstring(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', "'")


def _test(step: Step, call: Call) -> str:
    name = _WORD.sub("_", str(step.event.get("operation")).lower()).strip("_")[:50] or "step"
    later = after(step.gap_s)
    lines = [
        "\n",
        f"def test_{step.number:03}_{name}(client):",
        f"    # {about(step)}" + (f" ({later})" if later else ""),
    ]
    if step.failed:
        reason = step.event.get("reason")
        lines.append("    # FAILED in the log" + (f": {plain(str(reason))}" if reason else ""))
    arguments = [_literal(call.method), _pieces(call.target)]
    if call.body is not None:
        arguments.append(f"content={_pieces(call.body)}")
        arguments.append('headers={"Content-Type": "application/json"}')
    lines.append("    response = client.request(")
    lines += [f"        {argument}," for argument in arguments]
    lines.append("    )")
    if call.status is None:
        lines.append("    assert response.status_code < 500")
    else:
        lines.append(f"    assert response.status_code == {call.status}")
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    return ascii(text)


def _pieces(pieces: Pieces) -> str:
    shown = [
        f"value({_literal(piece.name)})" if isinstance(piece, Hole) else _literal(piece)
        for piece in pieces
    ]
    return " + ".join(shown) or "''"
