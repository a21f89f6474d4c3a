"""
The command line: `indelible …` or `python -m indelible.cli …`.

The base install is the SDK and has no command line packages: then one line says what to install.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_SERVER_PACKAGES = {"alembic", "argon2", "chdb", "clickhouse_connect", "cryptography", "httptools",
                    "prometheus_client", "rbloom", "starlette", "tzdata", "uvicorn", "uvloop",
                    "zstandard"}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status."""
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ModuleNotFoundError:
        _need("the command line", "verify")
    from indelible.cli.root import run

    try:
        run(list(sys.argv[1:] if arguments is None else arguments))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _SERVER_PACKAGES:
            raise
        _need("this command", "server")


def _need(what: str, extra: str) -> None:
    sys.stderr.write(f"indelible: {what} needs more packages: pip install 'indelible[{extra}]'\n")
    sys.exit(2)
