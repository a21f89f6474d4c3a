"""JSON bodies of the small requests (login, keys, settings): size, media type, unknown keys."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Generator
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from indelible.errors import InvalidRequest, RequestTimeout, TooLarge, UnsupportedMedia

_LIMIT = 64 * 1024
# A body that stands still, or that takes its time, is given up.
_CHUNK_S = 20
_BODY_S = 300

T = TypeVar("T")


async def read_json(request: Request, kind: type[T]) -> T:
    """
    The body as a value of this type.

    A form or text body is refused: those a foreign page can send without asking the browser.
    """
    body = await read_body(request, ("application/json",), _LIMIT)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is not right: {_words(error)}") from error


async def read_body(request: Request, media: tuple[str, ...], limit: int) -> bytes:
    """The bytes of a body of one of these types. Raises UnsupportedMedia, TooLarge."""
    given = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if given not in media:
        raise UnsupportedMedia(
            f"content type {given or 'none'} is not read here", hint=f"send {media[0]}"
        )
    body = bytearray()
    async for chunk in in_time(request.receive):
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
    return bytes(body)


async def in_time(receive: Receive) -> AsyncIterator[bytes]:
    """
    The chunks of a body.

    Raises RequestTimeout when the sender is too slow, ClientDisconnect when it has gone.
    """
    end_s = 0.0
    more = True
    while more:
        step = receive()
        try:
            # What has come already needs no timer: so it is for each event that is sent alone.
            waits_for = step.send(None)  # type: ignore[attr-defined]  # a coroutine, as ASGI has it
        except StopIteration as done:
            message = done.value
        else:
            loop = asyncio.get_running_loop()
            end_s = end_s or loop.time() + _BODY_S
            try:
                async with asyncio.timeout_at(min(loop.time() + _CHUNK_S, end_s)):
                    message = await _Begun(step, waits_for)
            except TimeoutError:
                raise RequestTimeout(
                    "the body did not come in time", hint="nothing of this request was stored"
                ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk


class _Begun:
    """A coroutine that was begun by hand and waits for something: the rest of it."""

    def __init__(self, step: Any, waits_for: Any) -> None:
        self._step = step
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Message]:
        waits_for = self._waits_for
        while True:
            try:
                sent = yield waits_for
            except asyncio.CancelledError as error:
                resume = functools.partial(self._step.throw, error)
            else:
                resume = functools.partial(self._step.send, sent)
            try:
                waits_for = resume()
            except StopIteration as done:
                message: Message = done.value
                return message


def _words(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
