"""Runs fleet from a checkout: `python examples/fleet …` or `python -m examples.fleet …`."""

from __future__ import annotations

import sys
from pathlib import Path

_EXAMPLES = Path(__file__).resolve().parent.parent
for _folder in (_EXAMPLES, _EXAMPLES.parent / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from fleet.main import main  # noqa: E402 - the path above comes first

if __name__ == "__main__":
    sys.exit(main())
