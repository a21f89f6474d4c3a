"""
One batch over HTTP, with a connection kept open. Knows nothing of queues or retries.

Owned by one thread at a time. The guard of `inside` keeps the SDK from auditing its own calls.
"""

from __future__ import annotations

import email.utils
import gzip
import http.client
import os
import ssl
import threading
from collections.abc import Callable, Sequence

import msgspec

from indelible.client.address import ServiceAddress
from indelible.clock import to_us
from indelible.errors import Error

_GZIP_FROM_BYTES = 8 * 1024
_MAX_REPLY_BYTES = 16 * 1024 * 1024
_LONGEST_WAIT_S = 300.0


class Receipt(msgspec.Struct, frozen=True):
    """
    An event's id, and its place in the ledger once it is stored.

    `index` and `leaf_hash` are known in mode `sync` (and to `on_receipt`), else None.
    """

    id: str
    index: int | None = None
    leaf_hash: str | None = None


class Rejection(msgspec.Struct, frozen=True):
    """One event of a batch that the service refused for good."""

    position: int
    code: str = "rejected"
    detail: str = ""


class _Stored(msgspec.Struct, frozen=True):
    position: int
    id: str
    index: int
    leaf_hash: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """What became of a batch (api.md, Write)."""

    stored: int
    duplicates: int = 0
    rejected: tuple[Rejection, ...] = ()
    receipts: tuple[_Stored, ...] = ()


class SendFailed(Error):
    """
    Nothing is known to be stored; the same batch may be sent again.

    `retry_after_s` is what the service asked for. `too_much` means that the batch as a whole was
    refused, and smaller ones may do. `lasting` means that waiting alone will not help (wrong key,
    wrong address).
    """

    code = "send-failed"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        too_much: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(message)
        self.http_status = status
        self.retry_after_s = retry_after_s
        self.too_much = too_much
        self.lasting = lasting


class _Inside(threading.local):
    depth = 0


# Set while this thread works for the SDK itself; `record` does nothing then.
inside = _Inside()

_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


class Transport:
    """Posts batches to `<url>/v1/events`."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float,
        now_us: Callable[[], int],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._service = ServiceAddress(url, key, kind="w", timeout_s=timeout_s, tls=tls)
        self._path = self._service.path("/v1/events")
        self._now_us = now_us
        self._connection: http.client.HTTPConnection | None = None

    def send(self, lines: Sequence[bytes]) -> Reply:
        """
        Sends the events and returns what became of each.

        Raises:
            SendFailed: no reply, or one that says nothing about single events.
        """
        body = b"[" + b",".join(lines) + b"]"
        headers = self._service.headers
        if len(body) >= _GZIP_FROM_BYTES:
            body = gzip.compress(body, compresslevel=1)
            headers = {**headers, "Content-Encoding": "gzip"}
        inside.depth += 1
        try:
            status, reply_headers, data = self._exchange(body, headers)
        finally:
            inside.depth -= 1
        return self._read_reply(status, reply_headers, data, len(lines))

    def _exchange(
        self, body: bytes, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        fresh = self._connection is None
        try:
            return self._exchange_once(body, headers)
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            self.close()
            if fresh:
                raise SendFailed(f"no reply: {_cause(error)}") from error
            # The service closed an idle connection; ids make a second sending harmless.
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise SendFailed(f"no reply: {_cause(error)}") from error
        try:
            return self._exchange_once(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise SendFailed(f"no reply: {_cause(error)}") from error

    def _exchange_once(
        self, body: bytes, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._service.connect()
        connection.request("POST", self._path, body=body, headers=headers)
        response = connection.getresponse()
        data = response.read(_MAX_REPLY_BYTES)
        if response.will_close or not response.isclosed():
            self.close()
        return response.status, response.headers, data

    def _read_reply(
        self, status: int, headers: http.client.HTTPMessage, data: bytes, count: int
    ) -> Reply:
        if status in (200, 422):
            try:
                return _replies.decode(data)
            except msgspec.MsgspecError:
                if status == 200:
                    raise SendFailed("the reply is not one of an Indelible service") from None
        detail = f"the service answered {status}{_detail(data)}"
        if status in (400, 413, 422):
            if count > 1:
                raise SendFailed(detail, status=status, too_much=True)
            return Reply(stored=0, rejected=(Rejection(0, _problem_code(data), detail),))
        raise SendFailed(
            detail,
            status=status,
            retry_after_s=self._retry_after_s(headers.get("Retry-After")),
            lasting=status < 500 and status not in (408, 425, 429),
        )

    def _retry_after_s(self, value: str | None) -> float | None:
        """Seconds to wait, from either form of the header (RFC 9110, 10.2.3)."""
        if value is None:
            return None
        if value.isdecimal():
            return min(float(value), _LONGEST_WAIT_S)
        try:
            moment = email.utils.parsedate_to_datetime(value)
            seconds = (to_us(moment) - self._now_us()) / 1_000_000
        except (TypeError, ValueError):
            return None
        return min(max(seconds, 0.0), _LONGEST_WAIT_S)

    def close(self) -> None:
        """Closes the connection; the next send opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abandon(self) -> None:
        """
        Gives up our copy of the parent's connection, in a forked child.

        Nothing of it may be closed in the usual way: a thread that is not here may have held the
        lock of the reply's buffer at the fork, and closing would wait for it for ever.
        """
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            os.close(connection.sock.detach())


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


def _problem(data: bytes) -> _Problem:
    try:
        return msgspec.json.decode(data, type=_Problem)
    except msgspec.MsgspecError:
        return _Problem()


def _problem_code(data: bytes) -> str:
    return _problem(data).code or "rejected"


def _detail(data: bytes) -> str:
    detail = _problem(data).detail
    return f": {detail}" if detail else ""


def _cause(error: BaseException) -> str:
    return str(error) or type(error).__name__
