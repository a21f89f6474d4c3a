"""The version of the installed distribution."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """As in `pip show indelible`; "0" where only the sources are there."""
    try:
        return metadata.version("indelible")
    except metadata.PackageNotFoundError:
        return "0"
