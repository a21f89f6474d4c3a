"""
Tries regular expressions on hostile texts; a script of its own, run in a child by `patterns`.

Reads `{"patterns": [...], "limit_s": n}` from standard input and prints the place of the first
expression that takes longer on one text, or `null`. The limit counts processor time, so that a
busy machine refuses nothing. Needs nothing but the standard library.
"""

from __future__ import annotations

import itertools
import json
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

LENGTH = 10_000
_USUAL = "a0 -"
_MOST = 12  # characters that are combined with each other
_END = "\n\x00"  # what an expression is least likely to go on with


class Slow(Exception):
    """Raised by the timer."""


def literals(pattern: str) -> str:
    """The letters, digits and signs that stand in an expression, each once."""
    plain = re.sub(r"\\[AbBdDsSwWZ]|\{[\d,]*\}|\(\?(?:P?<\w+>|<?[=!]|[aiLmsux-]*:?)", "", pattern)
    return "".join(dict.fromkeys(c for c in plain if c not in r"\[](){}*+?|^$."))


def hostile_texts(pattern: str) -> Iterator[str]:
    """Long texts that nearly match: runs of one and of two characters, after what begins it."""
    found = literals(pattern)
    signs = list(dict.fromkeys([*_USUAL, *found]))[:_MOST]
    start = re.match(r"[\w@:/ -]*", pattern)
    begins = ["", *([start[0]] if start is not None and start[0] else [])]
    units = [*signs, *("".join(pair) for pair in itertools.permutations(signs, 2)), found or "x"]
    for begin, unit in itertools.product(begins, units):
        # Exponential growth shows at any length, and a shorter text keeps the rest quick.
        for length in (64, LENGTH):
            yield begin + (unit * (length // len(unit) + 1))[:length] + _END


def is_slow(pattern: str, limit_s: float) -> bool:
    """Whether one of the texts takes longer."""
    expression = re.compile(pattern)
    for text in hostile_texts(pattern):
        signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
        try:
            expression.sub("", text)
        except Slow:
            return True
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return False


def _ring(_number: int, _frame: Any) -> None:
    raise Slow


def main() -> None:
    """Reads, tries, answers."""
    asked = json.load(sys.stdin)
    signal.signal(signal.SIGVTALRM, _ring)
    for place, pattern in enumerate(asked["patterns"]):
        if is_slow(pattern, asked["limit_s"]):
            sys.stdout.write(str(place))
            return
    sys.stdout.write("null")


if __name__ == "__main__":
    main()
