"""Head and body of a reply go out together, whatever the body is and whenever it comes."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from indelible.server.web.connection import OneWrite

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """What a transport was asked to do, in order."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.done


async def _turn() -> None:
    await asyncio.sleep(0)


def _open() -> tuple[Wire, OneWrite]:
    wire = Wire()
    return wire, OneWrite(cast("asyncio.Transport", wire), asyncio.get_running_loop())


def test_one_write_for_a_small_reply_and_the_next_one() -> None:
    async def run() -> None:
        wire, replies = _open()
        for _ in range(2):
            replies.write(HEAD)
            replies.write(b"body")
            replies.end_reply()
        await _turn()
        assert wire.done == [HEAD + b"body"] * 2
        assert not replies.is_closing()

    asyncio.run(run())


def test_a_head_does_not_wait_for_a_body_that_comes_later() -> None:
    async def run() -> None:
        wire, replies = _open()
        replies.write(HEAD)
        await _turn()
        assert wire.done == [HEAD]
        replies.write(HEAD)  # a body may look like a head
        replies.end_reply()
        assert wire.done == [HEAD, HEAD]

    asyncio.run(run())


@pytest.mark.parametrize("body", [b"", b"x" * 100_000], ids=["empty", "large"])
def test_no_byte_is_lost_or_changed(body: bytes) -> None:
    async def run() -> None:
        wire, replies = _open()
        replies.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert wire.done == [b"HTTP/1.1 100 Continue\r\n\r\n"]
        replies.write(HEAD)
        replies.write(body)
        replies.end_reply()
        await _turn()
        assert b"".join(part for part in wire.done[1:] if isinstance(part, bytes)) == HEAD + body

    asyncio.run(run())


def test_closing_sends_what_waits_and_aborting_does_not() -> None:
    async def run() -> None:
        wire, replies = _open()
        replies.write(HEAD)
        replies.close()
        await _turn()
        assert wire.done == [HEAD, "close"]
        wire, replies = _open()
        replies.write(HEAD)
        replies.abort()
        await _turn()
        assert wire.done == ["abort"]

    asyncio.run(run())
