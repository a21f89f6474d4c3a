"""What reading routes share: their parameters, the tenant's defaults, and how a range is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indelible.server.web.routes.read import RANGE_PARAMS, defaults_of
from indelible.server.web.routes.read import RangeReply as AskedRange
from indelible.server.web.routes.read import range_reply as asked_range
from indelible.server.web.routes.read import read_parameters as parameters_of

if TYPE_CHECKING:
    from indelible.server.query.periods import Range

__all__ = [
    "RANGE_PARAMS",
    "AskedRange",
    "asked_range",
    "defaults_of",
    "parameters_of",
    "recorded_range",
]


def recorded_range(range_: Range) -> dict[str, str]:
    """The range as the service's own event of the read holds it."""
    shown = asked_range(range_)
    recorded = {"from": shown.from_, "to": shown.to}
    return {name: value for name, value in recorded.items() if value is not None}
