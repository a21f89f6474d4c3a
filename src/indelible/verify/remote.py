"""
Reads a log over HTTP, as anybody with a reading key may (C2SP tlog-tiles): checkpoint, tiles and
bundles of entries.

Follows no redirects, so that the key goes nowhere else, and takes no more than a tile can hold.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from indelible.errors import Error
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.merkle import HASH_SIZE
from indelible.tlog.note import MAX_NOTE, parse_note
from indelible.tlog.tile import FULL_TILE, WIDTH, Tile, encode_path, width_at
from indelible.verify.source import CannotCheck, CheckpointRow, Slice

_TIMEOUT_S = 30.0
_MAX_BUNDLE = WIDTH * (2 + 65_535)
_LOG_PATH = "/v1/log"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        del req, fp, code, msg, headers, newurl


class RemoteSource:
    """One log behind a URL, as it was when its checkpoint was fetched."""

    def __init__(self, url: str, api_key: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CannotCheck(f"{url!r} is not a web address", hint="it starts with https://")
        base = url.rstrip("/")
        self._prefix = base if _LOG_PATH in parts.path else base + _LOG_PATH
        self._api_key = api_key
        self._opener = urllib.request.build_opener(_NoRedirects)
        note = self._get("checkpoint", MAX_NOTE)
        try:
            self.note = note.decode()
            self.claimed = parse_checkpoint(parse_note(note).text)
        except (Error, UnicodeDecodeError) as error:
            raise CannotCheck(f"{self._prefix} does not give a checkpoint: {error}") from error

    def slice(self, tenant: int, start: int, stop: int, tile_width: int) -> Slice:
        """Leaves and level-0 tiles of [start, stop); the checkpoint with its last slice."""
        del tenant
        entries: dict[int, bytes] = {}
        tiles: dict[int, bytes] = {}
        for n in range(start // tile_width, -(-stop // tile_width)):
            hashes = self.tile(0, 0, n)
            if hashes is not None:
                tiles[n] = hashes
            bundle = self._tile(None, n, width_at(0, n, self.claimed.size), _MAX_BUNDLE)
            entries |= _split_bundle(bundle or b"", n * tile_width)
        checkpoints = []
        if stop == self.claimed.size:
            checkpoints.append(CheckpointRow(stop, self.note, None))
        return Slice([], {}, entries, tiles, checkpoints, [])

    def tile(self, tenant: int, level: int, n: int) -> bytes | None:
        """A hash tile of the checkpoint's size; None when the service has none."""
        del tenant
        width = width_at(level, n, self.claimed.size)
        data = self._tile(level, n, width, FULL_TILE)
        return None if data is None else data[: width * HASH_SIZE]

    def _tile(self, level: int | None, n: int, width: int, limit: int) -> bytes | None:
        """A tile or bundle; a partial one may have been dropped for the full one since."""
        if width == 0:
            return None
        widths = [width] if width == WIDTH else [width, WIDTH]
        for wanted in widths:
            try:
                return self._get(encode_path(Tile(level, n, wanted)), limit)
            except FileNotFoundError:
                continue
        return None

    def _get(self, path: str, limit: int) -> bytes:
        """The body of a reply. Raises FileNotFoundError for 404, CannotCheck for any other."""
        url = f"{self._prefix}/{path}"
        request = urllib.request.Request(url)  # noqa: S310 - the scheme was checked
        if self._api_key is not None:
            request.add_header("Authorization", f"Bearer {self._api_key}")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as reply:
                body: bytes = reply.read(limit + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404 and path.startswith("tile/"):
                raise FileNotFoundError(path) from error
            hint = "give a reading key with --key" if error.code in (401, 403) else None
            raise CannotCheck(f"{url} answers {error.code}", hint=hint) from error
        except (OSError, http.client.HTTPException) as error:
            raise CannotCheck(f"cannot reach {url}: {error}") from error
        if len(body) > limit:
            raise CannotCheck(f"{url} sends more than it may")
        return body


def _split_bundle(bundle: bytes, first: int) -> dict[int, bytes]:
    """The entries of a bundle by index, as far as it can be read."""
    entries: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entry = bundle[at + 2 : at + 2 + length]
        if len(entry) != length:
            break
        entries[first + len(entries)] = entry
        at += 2 + length
    return entries
