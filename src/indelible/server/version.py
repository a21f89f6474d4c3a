"""The version of the installed distribution."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """
    As in `pip show indelible`; "0" where only the sources are there. Read once: it is asked for
    in every line of some exports.
    """
    try:
        return metadata.version("indelible")
    except metadata.PackageNotFoundError:
        return "0"
