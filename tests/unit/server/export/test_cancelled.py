"""A background export that is cancelled while its file gets its name leaves no file."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from indelible.server.export.file import ExportFiles
from indelible.server.export.jobs import _whole


def test_a_file_does_not_come_into_being_behind_its_removal(tmp_path: Path) -> None:
    files = ExportFiles(tmp_path, 0)
    files.prepare()
    is_in, may_go = threading.Event(), threading.Event()

    def finish() -> None:
        part = files.begin("job")
        part.write(b"cleo@example.com")
        part.close()
        is_in.set()
        assert may_go.wait(30)
        files.finish("job", part, {})

    async def cancel() -> None:
        task = asyncio.create_task(_whole(asyncio.to_thread(finish)))
        await asyncio.to_thread(is_in.wait)
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()  # it waits for the thread, so whoever removes the file does too
        may_go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        files.remove("job")

    asyncio.run(cancel())
    assert [path.name for path in (tmp_path / "exports").iterdir()] == ["work"]
