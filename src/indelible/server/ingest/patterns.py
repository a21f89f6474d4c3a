"""Refuses regular expressions of the operator that a hostile text can bring to a standstill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from indelible.errors import SettingsError

LIMIT_S = 0.5  # of processor time for one text: what the event loop stands still for at most
_WHOLE_S = 120.0  # of wall time for all of them
_TRIAL = Path(__file__).with_name("pattern_trial.py")


def check_patterns(patterns: Sequence[str], *, limit_s: float = LIMIT_S) -> None:
    """
    Tries the expressions of `redact.patterns` in a child process, which can be stopped.

    Raises SettingsError that names the first one that takes too long.
    """
    if not patterns:
        return
    asked = json.dumps({"patterns": list(patterns), "limit_s": limit_s})
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_TRIAL)],
            input=asked,
            capture_output=True,
            text=True,
            check=True,
            timeout=_WHOLE_S,
        )
        slow = json.loads(done.stdout)
    except subprocess.TimeoutExpired as cause:
        raise _too_slow("the expressions together") from cause
    except (OSError, subprocess.CalledProcessError, ValueError) as cause:
        raise SettingsError(f"redact.patterns could not be tried: {cause}") from cause
    if slow is not None:
        raise _too_slow(repr(patterns[slow]))


def _too_slow(what: str) -> SettingsError:
    return SettingsError(
        f"redact.patterns: {what} takes too long on texts that nearly match, and would hold up"
        " everything else",
        hint="repeat nothing that repeats, begin with fixed text, bound repeats: (a+)+ as a+,"
        r" [A-Z]+-\d+ as \b[A-Z]{2,10}-\d{1,12}",
        code="slow-pattern",
    )
