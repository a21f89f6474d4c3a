"""How many live streams may be open: for one person or key, and in all. Owned by the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from indelible.errors import TooManyAttempts

# A browser opens six connections to one place; live ones must leave some for everything else.
MOST_EACH: Final = 4
MOST: Final = 200


class Seats:
    """Counts what is open now."""

    def __init__(self, most_each: int = MOST_EACH, most: int = MOST) -> None:
        self._taken: Counter[str] = Counter()
        self._most_each = most_each
        self._most = most

    def require_free(self, who: str) -> None:
        """Raises TooManyAttempts (`too-many-live`) when this person or key has no seat left."""
        if self._taken[who] >= self._most_each or self._taken.total() >= self._most:
            raise TooManyAttempts(
                "too many live streams are open",
                retry_after_s=10,
                hint="close a page that follows the log live",
                code="too-many-live",
            )

    @contextmanager
    def sit(self, who: str) -> Iterator[None]:
        """Holds a seat for as long as the stream is open."""
        self._taken[who] += 1
        try:
            yield
        finally:
            self._taken[who] -= 1
            if self._taken[who] <= 0:
                del self._taken[who]
