"""
Events on disk until the service has them: they survive kill -9 of the host process.

    <spool_dir>/<source>/<started>-<instance>/   one folder per process, held by a lock on `lock`
        00000001.jsonl 00000002.jsonl …          one event per line, appended only
        sent                                     segment and offset up to which all is settled

An append is one write(2): after it returned, the line outlives the process, and with `sync=True`
a power cut too. A torn last line means that the write never returned; it is not an event.
After a crash between the service's reply and the note in `sent`, events are sent again; their ids
make that harmless. The folder of a dead process is taken over, oldest first, by the next start.
"""

from __future__ import annotations

import os
import re
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from indelible.errors import SettingsError

if TYPE_CHECKING:
    import fcntl
else:
    try:
        import fcntl
    except ImportError:  # no file locks of this kind (Windows): spools are refused there
        fcntl = None

_LOCKS = bool(fcntl)
_SEGMENT_BYTES = 4 * 1024 * 1024
_READ_BYTES = 512 * 1024  # more than the longest line, so that a read always holds a whole one
_NAME = re.compile(r"^(\d{8})\.jsonl$")


def folder_of(spool_dir: Path, source: str) -> Path:
    """Where the processes of one product keep their spools."""
    return spool_dir / (re.sub(r"[^A-Za-z0-9._-]+", "_", source).strip(".") or "default")


class Spool:
    """
    A stage on disk (see `buffer.Stage`); not safe for two threads without the buffer's lock.

    The folder is locked for as long as this object is open.
    """

    def __init__(self, folder: Path, lock_fd: int, *, max_bytes: int, sync: bool) -> None:
        self._folder = folder
        self._lock_fd = lock_fd
        self._max_bytes = max_bytes
        self._sync = sync
        self._write_fd = -1
        self._write_size = 0
        self._broken = False
        # Oldest first; lines not yet settled and end of the good bytes, by segment number.
        self._segments: deque[int] = deque()
        self._lines: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._waiting = 0
        self._sent_fd = -1
        self._read_fd = -1
        self._read_segment = 0
        self._read_offset = 0
        self._peeked: deque[int] = deque()
        self._lost = 0

    @classmethod
    def create(cls, root: Path, name: str, *, max_bytes: int, sync: bool = False) -> Spool:
        """A new, empty spool below `root`."""
        if not _LOCKS:
            raise SettingsError("a spool folder needs file locks, which this system has not")
        folder = root / name
        try:
            folder.mkdir(parents=True, mode=0o700)
            lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsError(
                f"cannot make spool folder {folder}: {error.strerror}",
                hint="give `spool_dir` a folder that this process may write",
            ) from error
        fcntl.flock(lock_fd, fcntl.LOCK_EX)
        return cls(folder, lock_fd, max_bytes=max_bytes, sync=sync)

    @classmethod
    def adopt_all(cls, root: Path) -> list[Spool]:
        """The spools of dead processes below `root`, oldest first, locked for us."""
        if not _LOCKS or not root.is_dir():
            return []
        adopted: list[Spool] = []
        for folder in sorted(root.iterdir()):
            spool = cls._adopt(folder)
            if spool is not None:
                adopted.append(spool)
        return adopted

    @classmethod
    def _adopt(cls, folder: Path) -> Spool | None:
        try:
            lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock_fd).st_nlink == 0:  # its last owner removed it just now
                raise BlockingIOError
            spool = cls(folder, lock_fd, max_bytes=0, sync=False)
            spool._load()
        except OSError:
            os.close(lock_fd)
            return None
        if not spool._waiting:
            spool.close()
            return None
        return spool

    def _load(self) -> None:
        """Counts what is waiting. A torn last line of a segment is left aside."""
        try:
            segment, offset = map(int, (self._folder / "sent").read_text("ascii").split())
        except (OSError, ValueError):
            segment, offset = 0, 0
        numbers = sorted(int(m[1]) for p in self._folder.iterdir() if (m := _NAME.match(p.name)))
        for number in numbers:
            if number < segment:
                self._path(number).unlink(missing_ok=True)
                continue
            data = self._path(number).read_bytes()
            start = offset if number == segment else 0
            end = data.rfind(b"\n") + 1
            self._segments.append(number)
            self._ends[number] = end
            self._lines[number] = data.count(b"\n", start)
            self._waiting += self._lines[number]
        self._read_segment, self._read_offset = segment, offset

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.jsonl"

    def append(self, line: bytes) -> bool:
        if self._broken or self._bytes() + len(line) + 1 > self._max_bytes:
            return False
        try:
            if self._write_fd < 0 or self._write_size >= _SEGMENT_BYTES:
                self._begin_segment()
            written = os.write(self._write_fd, line + b"\n")
            if written != len(line) + 1:
                # The disk is full. Take back the torn line; memory keeps the event.
                os.ftruncate(self._write_fd, self._write_size)
                return False
            if self._sync:
                os.fdatasync(self._write_fd)
        except OSError:
            # What the file holds is unknown: never append to it again. Good lines before stay.
            self._broken = True
            return False
        self._write_size += written
        number = self._segments[-1]
        self._ends[number] = self._write_size
        self._lines[number] += 1
        self._waiting += 1
        return True

    def _begin_segment(self) -> None:
        number = (self._segments[-1] if self._segments else self._read_segment) + 1
        fd = os.open(
            self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        if self._write_fd >= 0:
            os.close(self._write_fd)
        self._write_fd = fd
        self._write_size = 0
        self._lines[number] = self._ends[number] = 0
        self._segments.append(number)

    def _bytes(self) -> int:
        return sum(self._ends.values())

    def peek(self, most: int, most_bytes: int) -> list[bytes]:
        self._peeked.clear()
        while self._segments:
            number = self._segments[0]
            if self._lines[number]:
                lines = self._read(number, most, most_bytes)
                if lines:
                    self._peeked.extend(len(line) + 1 for line in lines)
                    return lines
                # Someone removed or cut the file: say so rather than wait for ever.
                self._lost += self._lines[number]
                self._waiting -= self._lines[number]
            elif number == self._segments[-1]:
                return []
            self._drop_first_segment()
        return []

    def _read(self, number: int, most: int, most_bytes: int) -> list[bytes]:
        if number != self._read_segment:
            self._read_segment, self._read_offset = number, 0
            if self._read_fd >= 0:
                os.close(self._read_fd)
                self._read_fd = -1
        try:
            if self._read_fd < 0:
                self._read_fd = os.open(self._path(number), os.O_RDONLY | os.O_CLOEXEC)
            room = self._ends[number] - self._read_offset
            data = os.pread(
                self._read_fd, min(room, max(most_bytes, _READ_BYTES)), self._read_offset
            )
        except OSError:
            return []
        batch: list[bytes] = []
        size = 0
        for line in data.split(b"\n")[:-1]:
            size += len(line)
            if batch and (len(batch) >= most or size > most_bytes):
                break
            batch.append(line)
        return batch

    def settle(self, count: int) -> None:
        self._read_offset += sum(self._peeked.popleft() for _ in range(count))
        number = self._segments[0]
        self._lines[number] -= count
        self._waiting -= count
        if not self._lines[number]:
            # The segment being written is given up only when it has grown: a file per event would
            # be slow.
            last = number == self._segments[-1]
            if not last or self._write_size >= _SEGMENT_BYTES // 4:
                self._drop_first_segment()
        self._note_sent()

    def _drop_first_segment(self) -> None:
        number = self._segments.popleft()
        del self._lines[number], self._ends[number]
        if not self._segments and self._write_fd >= 0:
            os.close(self._write_fd)
            self._write_fd = -1
        if self._read_fd >= 0:
            os.close(self._read_fd)
            self._read_fd = -1
        self._read_segment, self._read_offset = number + 1, 0
        self._path(number).unlink(missing_ok=True)

    def _note_sent(self) -> None:
        try:
            if self._sent_fd < 0:
                self._sent_fd = os.open(
                    self._folder / "sent", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
                )
            note = b"%08d %020d\n" % (self._read_segment, self._read_offset)
            os.pwrite(self._sent_fd, note, 0)
        except OSError:
            # Without the note these events may be sent twice after a crash; their ids absorb it.
            return

    def take_lost(self) -> int:
        """How many lines turned out to be unreadable since the last call."""
        lost, self._lost = self._lost, 0
        return lost

    def __len__(self) -> int:
        return self._waiting

    def close(self) -> None:
        """Lets go of the folder; removes it when nothing waits in it."""
        if not self._waiting:
            try:
                for path in self._folder.iterdir():
                    path.unlink(missing_ok=True)
                self._folder.rmdir()
            except OSError:
                pass  # an empty folder stays behind; the next start removes it
        self.abandon()

    def abandon(self) -> None:
        """Closes our descriptors and nothing else: in a forked child the files are the parent's."""
        for fd in (self._write_fd, self._read_fd, self._sent_fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._write_fd = self._read_fd = self._sent_fd = self._lock_fd = -1
