"""JSON bodies of the small requests (login, keys, settings): size, media type, unknown keys."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from indelible.errors import InvalidRequest, TooLarge, UnsupportedMedia

_LIMIT = 64 * 1024

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
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise TooLarge(f"the body is larger than {_LIMIT} bytes")
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is not right: {_words(error)}") from error


def _words(error: msgspec.DecodeError) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
