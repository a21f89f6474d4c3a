"""`python -m indelible.server.index FD DATA READER MEMORY_MB BLOCK`: run by the service only."""

from __future__ import annotations

import sys
from pathlib import Path

from indelible.server.index.process import run

if __name__ == "__main__":
    run(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
