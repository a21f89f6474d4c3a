"""
Where an import puts its events: a data folder of its own, or a service over HTTP.

Both store a batch whole and durably before they answer, and know an event again by its id: a run
that was broken off anywhere is finished by running it once more.
"""

from __future__ import annotations

import gzip
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec

from indelible.cli.data import command_event, named_tenant
from indelible.clock import SystemClock
from indelible.codec import DecodeError, decode_json, encode_json
from indelible.errors import Error, StorageError

_TIMEOUT_S = 60.0
_TRIES = 6
_LONGEST_PAUSE_S = 30.0


class Rejection(msgspec.Struct, frozen=True):
    """An event of a batch that was not stored."""

    position: int
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a batch."""

    stored: int
    duplicates: int
    rejected: list[Rejection]
    # Of categories that are switched off.
    skipped: int = 0


class Sink(Protocol):
    """Stores batches; `tell` puts the beginning and end of the run on record."""

    def store(self, events: Sequence[bytes]) -> Outcome: ...

    def tell(self, state: str, told: dict[str, Any]) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class FolderSink:
    """Writes the ledger itself; the folder is locked, so no service may run on it."""

    def __init__(
        self, data_dir: Path, format_name: str, import_id: str, tenant_name: str | None = None
    ) -> None:
        self._data_dir = data_dir
        self._format = format_name
        self._import_id = import_id
        self._tenant_id = named_tenant(data_dir, tenant_name).id

    def __enter__(self) -> Self:
        from indelible.server.folder import FolderLock
        from indelible.server.ids import id_maker
        from indelible.server.ingest import Ingest, Masking
        from indelible.server.ledger import Ledger
        from indelible.server.settings import load_settings

        clock = SystemClock()
        settings = load_settings(self._data_dir, os.environ)
        self._lock = FolderLock(self._data_dir, "`indelible import`")
        try:
            self._ledger = Ledger.open(self._data_dir, clock=clock)
        except BaseException:
            self._lock.release()
            raise
        new_id = id_maker(clock, os.urandom)
        self._ingest = Ingest(self._ledger, new_id, Masking(settings.redact))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ledger.close()
        self._lock.release()

    def store(self, events: Sequence[bytes]) -> Outcome:
        """Durable and sealed on return."""
        reply = self._ingest.store(
            self._tenant_id, events, key_id="import", import_format=self._format
        )
        rejected = [
            Rejection(wrong.position, f"{wrong.code}: {wrong.detail}") for wrong in reply.rejected
        ]
        return Outcome(reply.stored, reply.duplicates, rejected, reply.skipped)

    def tell(self, state: str, told: dict[str, Any]) -> None:
        """Puts an event of the run into the ledger."""
        event = command_event(
            "ImportEvents",
            "indelible import",
            stream="task",
            outcome="failure" if state == "failed" else "success",
            job={"id": self._import_id, "state": state},
            metadata={"format": self._format, **told},
        )
        self._ingest.store_own(self._tenant_id, event)


class UrlSink:
    """Sends to a service with a key of kind a, and tries again what may be tried again."""

    def __init__(self, url: str, key: str, format_name: str, import_id: str) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._format = format_name
        self._import_id = import_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace

    def store(self, events: Sequence[bytes]) -> Outcome:
        """Durable and sealed at the service on return."""
        body = gzip.compress(b"[" + b",".join(events) + b"]", compresslevel=1, mtime=0)
        reply = self._post(f"/v1/events?import={self._format}", body, {"content-encoding": "gzip"})
        rejected = [
            Rejection(wrong["position"], f"{wrong['code']}: {wrong['detail']}")
            for wrong in reply["rejected"]
        ]
        return Outcome(reply["stored"], reply["duplicates"], rejected, reply.get("skipped", 0))

    def tell(self, state: str, told: dict[str, Any]) -> None:
        """Has the service record an event of the run."""
        body = {"id": self._import_id, "format": self._format, "state": state, **told}
        self._post("/v1/imports", encode_json(body), {})

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Any:
        for left in reversed(range(_TRIES)):
            request = urllib.request.Request(  # noqa: S310 - the operator names the address
                self._url + path,
                data=body,
                headers={
                    "authorization": f"Bearer {self._key}",
                    "content-type": "application/json",
                    **headers,
                },
            )
            pause_s = min(_LONGEST_PAUSE_S, 0.5 * 2 ** (_TRIES - 1 - left))
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
                    content = reply.read()
                    return decode_json(content) if content else None
            except urllib.error.HTTPError as error:
                content = error.read()
                if error.code == 422:
                    return decode_json(content)
                if error.code not in (429, 502, 503, 504) or not left:
                    raise refused(error.code, content) from error
                pause_s = _wait(error.headers.get("retry-after"), pause_s)
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                # The batch may be stored although no answer came; ids make the next try harmless.
                if not left:
                    raise StorageError(f"cannot reach {self._url}: {error}") from error
            time.sleep(pause_s)
        raise StorageError(f"cannot reach {self._url}")


def _wait(retry_after: str | None, pause_s: float) -> float:
    if retry_after and retry_after.isdecimal():
        return min(_LONGEST_PAUSE_S, max(pause_s, float(retry_after)))
    return pause_s


def refused(status: int, content: bytes) -> Error:
    """The error of a reply that was not what was asked for."""
    try:
        problem = decode_json(content)
        return Error(
            f"the service refused ({status}): {problem['detail']}",
            hint=problem.get("hint"),
            code=problem["code"],
        )
    except (DecodeError, KeyError, TypeError):
        return Error(f"the service refused with status {status}")
