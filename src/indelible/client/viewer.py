"""
Viewer tokens for a host's own pages: its backend asks, its page shows the log with `<audit-log>`.

Needs a key that reads (kind r), which the client that writes does not have: so it is a part of its
own. See docs/how-to/embed.md.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from indelible.client.address import ServiceAddress
from indelible.client.transport import inside
from indelible.errors import Error

_MAX_REPLY_BYTES: Final = 64 * 1024
_CREATED: Final = 201


class ViewerToken(msgspec.Struct, frozen=True):
    """A token, until when it can be used, and where browsers find the script of `<audit-log>`."""

    id: str
    token: str
    expires_at: str
    script: str
    page: str


class NoViewerToken(Error):
    """The service gave no token; the page has nothing to show now."""

    code = "no-viewer-token"
    status = 503


class _Problem(msgspec.Struct, frozen=True):
    detail: str = ""
    hint: str | None = None


class Viewers:
    """
    Asks one Indelible service for viewer tokens. Safe to use from any thread.

    Args:
        url: address of the service; key: a key that reads (kind r).
        origins: web origins of the host's pages, such as `https://app.example.com`; the service
            has them in its setting `embed.origins`.
        timeout_s: of each call.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        origins: Sequence[str] = (),
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._service = ServiceAddress(url, key, kind="r", timeout_s=timeout_s, tls=tls)
        self._path = self._service.path("/v1/embed/tokens")
        self._origins = tuple(origins)

    def token(
        self,
        subject_id: str,
        *,
        name: str = "",
        email: str | None = None,
        target: tuple[str, str] | None = None,
        targets: Sequence[tuple[str, str]] | None = None,
        q: str = "",
        streams: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        sources: Sequence[str] | None = None,
        everything: bool = False,
        hide: Sequence[Literal["person", "content"]] | None = None,
        origins: Sequence[str] | None = None,
        export: bool = False,
        title: str = "",
        lifetime_s: int | None = None,
        locale: Literal["en", "de"] | None = None,
        zone: str | None = None,
        theme: Literal["light", "dark", "system"] | None = None,
    ) -> ViewerToken:
        """
        A token for one person, bound to what is given: all of it must hold of an event.

        `target` and `targets` are pairs of type and id; `hide` masks parts of the events. The log
        records what is read under the name of `subject_id`. Raises NoViewerToken.
        """
        pairs = None if targets is None else [{"type": kind, "id": id_} for kind, id_ in targets]
        asked: dict[str, Any] = {
            "subject": {"id": subject_id, "name": name, "email": email},
            "origins": list(self._origins if origins is None else origins),
            "target": None if target is None else {"type": target[0], "id": target[1]},
            "targets": pairs,
            "q": q or None,
            "streams": None if streams is None else list(streams),
            "categories": None if categories is None else list(categories),
            "sources": None if sources is None else list(sources),
            "everything": everything,
            "hide": None if hide is None else list(hide),
            "export": export,
            "title": title,
            "lifetime_s": lifetime_s,
            "locale": locale,
            "zone": zone,
            "theme": theme,
        }
        body = msgspec.json.encode({k: v for k, v in asked.items() if v is not None})
        status, data = self._call("POST", self._path, body)
        if status == _CREATED:
            try:
                return msgspec.json.decode(data, type=ViewerToken)
            except msgspec.MsgspecError:
                raise NoViewerToken("the reply is not one of an Indelible service") from None
        raise _refused(status, data)

    def revoke(self, token_id: str) -> None:
        """Ends a token at once, say when its person logs out. Raises NoViewerToken."""
        status, data = self._call("DELETE", f"{self._path}/{quote(token_id, safe='')}", None)
        if status != http.client.NO_CONTENT:
            raise _refused(status, data)

    def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = self._service.connect()
        inside.depth += 1  # what captures outgoing calls leaves this one out
        try:
            connection.request(method, path, body=body, headers=self._service.headers)
            reply = connection.getresponse()
            return reply.status, reply.read(_MAX_REPLY_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise NoViewerToken(f"no reply: {str(error) or type(error).__name__}") from error
        finally:
            inside.depth -= 1
            connection.close()


def _refused(status: int, data: bytes) -> NoViewerToken:
    try:
        problem = msgspec.json.decode(data, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    detail = f": {problem.detail}" if problem.detail else ""
    return NoViewerToken(f"the service answered {status}{detail}", hint=problem.hint)
