"""
What a hold shall cover: read from a request, as a search, and as a selection in clear. Pure.
"""

from __future__ import annotations

from datetime import date

import msgspec

from indelible.errors import InvalidRequest
from indelible.seal import Policy, Selection
from indelible.server.query import Defaults, Filter, Reach, parse_filter

_LAST_DAY = 0xFFFF_FFFF
_STOP = (1 << 63) - 1
_EPOCH = date(1970, 1, 1)


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a hold shall cover: events of which all of this is true. `from_` and `to` are moments at
    which they happened; days are those of receipt.
    """

    categories: list[str] = []
    first_day: str | None = None
    last_day: str | None = None
    actor: str = ""
    target: str = ""
    query: str = ""
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None

    @property
    def is_listed(self) -> bool:
        """Whether its events have to be listed one by one: the selector could be personal."""
        return bool(self.actor or self.target or self.query or self.from_ or self.to)


def read_wish(wish: Wish, policy: Policy) -> Wish:
    """The wish, checked against the categories there are. Raises InvalidRequest."""
    names = {category.name for category in policy.categories}
    for name in wish.categories:
        if name not in names:
            raise InvalidRequest(f"there is no category {name[:60]!r}", parameter="categories")
    if not wish.is_listed and not wish.categories and not wish.first_day and not wish.last_day:
        raise InvalidRequest(
            "a hold names at least one thing: categories, days, an actor, a target or a query",
            parameter="categories",
        )
    first, last = day_number(wish.first_day, "first_day"), day_number(wish.last_day, "last_day")
    if first is not None and last is not None and first > last:
        raise InvalidRequest("the last day is before the first", parameter="last_day")
    for name, text in (("actor", wish.actor), ("target", wish.target)):
        if len(text) > 300 or not (text or "x").isprintable():
            raise InvalidRequest(f"{name}: at most 300 printable characters", parameter=name)
    return wish


def day_number(text: str | None, parameter: str) -> int | None:
    """A calendar day as a number. Raises InvalidRequest."""
    if text is None:
        return None
    try:
        day = (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        day = -1
    if day < 0 or len(text) != 10:
        raise InvalidRequest(
            f"{text[:20]!r} is not a day", parameter=parameter, expected="like 2026-11-25"
        )
    return day


def filter_of(wish: Wish, tenant_id: int, now_us: int) -> Filter:
    """The search that a listed hold stands for. Raises InvalidRequest."""
    terms = []
    for name, text in (("actor", wish.actor), ("target", wish.target)):
        if text:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            terms.append(f'{name}:"{quoted}"')
    if wish.categories:
        terms.append(f"category:({' OR '.join(wish.categories)})")
    if wish.query.strip():
        terms.append(f"({wish.query.strip()})")
    asked = {"q": " ".join(terms), "from": wish.from_ or "", "to": wish.to or ""}
    return parse_filter(asked, Reach(tenant_id=tenant_id), Defaults(now_us=now_us))


def selection_of(wish: Wish, policy: Policy) -> Selection:
    """The selection in clear of a wish that names only categories and days of receipt."""
    first = day_number(wish.first_day, "first_day")
    last = day_number(wish.last_day, "last_day")
    return Selection(
        category_ids=tuple(
            sorted(
                category.id
                for category in policy.categories
                if not wish.categories or category.name in wish.categories
            )
        ),
        first_day=0 if first is None else first,
        last_day=_LAST_DAY if last is None else last,
        first_index=0,
        stop_index=_STOP,
    )
