"""Event ids made by the service: UUID version 7 (RFC 9562, 5.7), so that ids sort by time."""

from __future__ import annotations

from collections.abc import Callable

from indelible.clock import Clock


def id_maker(clock: Clock, random_bytes: Callable[[int], bytes]) -> Callable[[], str]:
    """A maker of ids; safe to call from any thread."""

    def new_id() -> str:
        milliseconds = clock.now_us() // 1000
        value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random_bytes(10), "big")
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0b11 << 62) | 0b10 << 62
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return new_id
