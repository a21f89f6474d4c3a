"""JSON bodies of the small requests (login, keys, settings): size, media type, unknown keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec
from starlette.requests import Request

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
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media != "application/json":
        raise UnsupportedMedia(
            f"content type {media or 'none'} is not read here", hint="send application/json"
        )
    body = bytearray()
    async for chunk in in_time(request.stream()):
        body += chunk
        if len(body) > _LIMIT:
            raise TooLarge(f"the body is larger than {_LIMIT} bytes")
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is not right: {_words(error)}") from error


async def in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of a body. Raises RequestTimeout when the sender is too slow."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + _BODY_S
    while True:
        try:
            async with asyncio.timeout_at(min(loop.time() + _CHUNK_S, end_s)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestTimeout(
                "the body did not come in time", hint="nothing of this request was stored"
            ) from None
        yield chunk


def _words(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
