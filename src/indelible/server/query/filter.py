"""What is asked for: reach, stream, range, text, and whether Indelible's own events count."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.codec import encode_json
from indelible.server.query.periods import Range, WeekStart
from indelible.server.query.reach import Reach
from indelible.server.query.tree import Node

Stream = Literal["user", "system", "task"]
Order = Literal["desc", "asc"]
STREAMS: Final = ("user", "system", "task")


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What holds where a request says nothing: the tenant's settings, and now."""

    now_us: int
    tz: str = "UTC"
    week_start: WeekStart = "monday"
    date_format: str = "dmy"
    language: Literal["en", "de"] = "en"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A set of events within a reach. `stream` None means all three."""

    reach: Reach
    range: Range
    stream: Stream | None = None
    text: str = ""
    tree: Node | None = None
    own: bool = True

    @property
    def tenant_id(self) -> int:
        return self.reach.tenant_id

    def key(self) -> bytes:
        """Bytes that are equal for equal sets; what a cursor belongs to."""
        return encode_json(
            [
                self.reach,
                self.stream,
                self.range.from_us,
                self.range.to_us,
                self.text,
                self.own,
            ]
        )

    def without_range(self) -> Filter:
        """The same at any time."""
        return msgspec.structs.replace(self, range=Range(tz=self.range.tz))


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the set, in which order."""

    limit: int = 100
    order: Order = "desc"
    cursor: str | None = None
    min_index: int | None = None
