"""What a viewer token grants, as one frozen value; stored with the token, never changed."""

from __future__ import annotations

from typing import Literal

import msgspec

from indelible.server.query.reach import Reach

Locale = Literal["en", "de"]
Theme = Literal["light", "dark", "system"]


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who looks, as the host product knows them; the log names them with each read."""

    id: str
    name: str = ""
    email: str | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What the holder of a token may do: read within `reach`, in a frame of one of `origins`.

    `title`, `locale`, `zone` and `theme` say how the screen begins; null is as the tenant has it.
    """

    reach: Reach
    origins: tuple[str, ...]
    subject: Subject
    may_export: bool = False
    title: str = ""
    locale: Locale | None = None
    zone: str | None = None
    theme: Theme = "system"
