"""
Endpoints as templates, so that few distinct values are left for grouping and for search.

`/groups/8841/members` has the template `/groups/{id}/members`. The endpoint as sent is kept beside
it; the template is only a name for many of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ID_SEGMENT = re.compile(
    r"""
      \d+                                        # 8841
    | [0-9a-fA-F]{8}-[0-9a-fA-F-]{27}            # a UUID
    | (?=[^/]*\d)[0-9a-fA-F]{12,}                # a digest, an object id
    | [A-Za-z]{1,12}[_-](?=[0-9a-fA-F]*\d)[0-9a-fA-F]+   # p_12, user-00ab12
    | (?=(?:[^/\d]*\d){5})[^/]*                  # anything with five digits or more
    """,
    re.VERBOSE,
)
_MAX_CACHED = 50_000


@lru_cache(maxsize=_MAX_CACHED)
def _segment(segment: str) -> str:
    return "{id}" if segment and _ID_SEGMENT.fullmatch(segment) else segment


_cache: dict[str, str] = {}  # used by the one thread that fills the index


def template_of(endpoint: str) -> str:
    """The endpoint with segments that look like ids replaced by `{id}`."""
    found = _cache.get(endpoint)
    if found is None:
        path, mark, query = endpoint.partition("?")
        found = "/".join([_segment(segment) for segment in path.split("/")])
        if mark:
            found += "?…" if query else "?"
        if len(_cache) >= _MAX_CACHED:
            _cache.clear()
        _cache[endpoint] = found
    return found
