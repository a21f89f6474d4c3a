"""
Indelible: an audit log that can prove nothing was changed, added or left out.

`from indelible import Indelible` gives the SDK client; it is loaded on first use, so that importing
the package alone stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indelible.client import Indelible

__all__ = ["Indelible"]


def __getattr__(name: str) -> object:
    if name == "Indelible":
        from indelible.client import Indelible

        return Indelible
    raise AttributeError(f"module 'indelible' has no attribute {name!r}")
