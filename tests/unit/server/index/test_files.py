"""Small things of the index: templates, progress on disk, requests to rebuild, frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from indelible.server.index import IndexStatus, read_status, request_rebuild
from indelible.server.index import protocol as p
from indelible.server.index.endpoint import template_of
from indelible.server.index.state import Batch, Progress, ProgressFile
from indelible.server.index.status import rebuild_begun, rebuild_requested, write_status


@pytest.mark.parametrize(
    ("endpoint", "want"),
    [
        ("/groups/8841/members", "/groups/{id}/members"),
        ("/profiles/v3/share-details", "/profiles/v3/share-details"),
        ("/p/p_12", "/p/{id}"),
        ("/u/0193fb5e-7c1a-7d2e-9f00-0123456789ab", "/u/{id}"),
        ("/o/507f1f77bcf86cd799439011", "/o/{id}"),
        ("/x?id=17", "/x?…"),
        ("s3.amazonaws.com", "s3.amazonaws.com"),
        ("/deadbeefcafe", "/deadbeefcafe"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_templates(endpoint: str, want: str) -> None:
    assert template_of(endpoint) == want


def test_progress_survives_and_moves_on(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path, 3)
    assert file.read() is None
    progress = Progress(version="1", epoch=9, batch=Batch(10, 30, 18), rows=8)
    file.write(progress)
    assert file.read() == progress
    assert progress.done() == Progress(version="1", epoch=9, batch=Batch(30, 30, 0), rows=26)
    assert [path.name for path in tmp_path.iterdir()] == ["progress-3.json"]
    (tmp_path / "progress-3.json").write_bytes(b'{"version"')
    assert file.read() is None


def test_status_and_rebuild_files(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    request_rebuild(tmp_path)
    folder = tmp_path / "index"
    assert rebuild_requested(folder)
    rebuild_begun(folder)
    rebuild_begun(folder)
    assert not rebuild_requested(folder)
    status = IndexStatus(state="ready", indexed_through={1: 5}, alerts=["entry 3 …"])
    write_status(folder, status)
    assert read_status(tmp_path) == status


@pytest.mark.parametrize(
    "message",
    [
        p.Query(1, "SELECT {a:String}", {"a": "\x00é", "b": [1, 2]}),
        p.Stream(2, "SELECT 1", {}, "CSV", 4),
        p.Credit(2, 1),
        p.Cancel(2),
        p.Grown(1, 99),
    ],
)
def test_frames_to_the_index(message: p.ToIndex) -> None:
    frame = p.encode_frame(message)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert p.decode_to_index(frame[4:]) == message


@pytest.mark.parametrize(
    "message",
    [
        p.Result(1, b"\x00\xff"),
        p.Chunk(1, b""),
        p.End(1),
        p.Failed(1, 241, "memory"),
        p.News(IndexStatus(state="failed", indexed_through={7: 1}, detail="x")),
    ],
)
def test_frames_to_the_service(message: p.ToService) -> None:
    assert p.decode_to_service(p.encode_frame(message)[4:]) == message
