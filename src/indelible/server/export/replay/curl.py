"""Steps as a shell script that sends each request with curl and compares the status."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from indelible.server.export.replay.call import Call, Hole, Pieces, call_of
from indelible.server.export.replay.head import Head, about, after, plain
from indelible.server.query.steps import Step

_START: Final = """\
#
# Run it against a test system, never against production:
#     BASE_URL=https://staging.example TOKEN=... sh steps.sh
# Bodies are made from the changes that the log holds, so they may lack fields that did not change.
set -u
BASE_URL="${BASE_URL:-http://127.0.0.1:8000}"
TOKEN="${TOKEN:-}"
wrong=0

# step NUMBER EXPECTED-STATUS CURL-ARGUMENTS...
step() {
  number=$1 expected=$2
  shift 2
  status=$(curl --silent --show-error --globoff --path-as-is --output /dev/null \\
    --write-out '%{http_code}' ${TOKEN:+--header} ${TOKEN:+"Authorization: Bearer $TOKEN"} "$@")
  if [ "$expected" = any ] || [ "$status" = "$expected" ]; then
    echo "step $number: $status"
  else
    echo "step $number: $status, the log has $expected" >&2
    wrong=$((wrong + 1))
  fi
}
"""


def to_curl(head: Head, steps: Sequence[Step]) -> str:
    """The script's text, for any POSIX shell: ASCII only."""
    calls = [(step, call_of(step)) for step in steps]
    names = dict.fromkeys(
        name for _, call in calls if call is not None for name in call.placeholders
    )
    parts = ["#!/bin/sh", *(f"# {line}" for line in head.lines(len(steps))), _START.rstrip("\n")]
    if names:
        parts.append("# What the log does not hold, or must not give away:")
        parts += [f': "${{{name}:?set {name} in the environment}}"' for name in names]
    seen: set[str] = set()
    for step, call in calls:
        later = after(step.gap_s)
        parts.append("")
        parts.append(f"# {step.number}: {about(step)}" + (f" ({later})" if later else ""))
        request = (step.event.get("context") or {}).get("request_id")
        if call is None or (request and request in seen):
            continue
        if request:
            seen.add(request)
        if step.failed:
            reason = step.event.get("reason")
            parts.append("# FAILED in the log" + (f": {plain(str(reason))}" if reason else ""))
        parts.append(_command(step, call))
    return "\n".join([*parts, "", 'exit "$((wrong > 0))"', ""])


def _command(step: Step, call: Call) -> str:
    expected = "any" if call.status is None else str(call.status)
    words = [f"step {step.number} {expected} --request {shlex.quote(call.method)}"]
    if call.body is not None:
        words.append("--header 'Content-Type: application/json'")
        words.append(f"--data-raw {_pieces(call.body)}")
    words.append(f'--url "$BASE_URL"{_pieces(call.target)}')
    return " \\\n  ".join(words)


def _pieces(pieces: Pieces) -> str:
    """One word of the shell: texts in single quotes, placeholders in double ones."""
    return (
        "".join(
            f'"${{{piece.name}}}"' if isinstance(piece, Hole) else _quoted(piece)
            for piece in pieces
        )
        or "''"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"
