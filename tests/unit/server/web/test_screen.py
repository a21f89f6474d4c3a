"""The index page and its base address; no way out of the folder of the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from indelible.server.web.routes import screen

PAGE = '<!doctype html><html><head><base href="./"><title>x</title></head></html>'


def test_the_base_is_written_by_the_server() -> None:
    assert '<head><base href="/audit/"><title>' in screen.index_page(PAGE, "/audit")
    assert '<head><base href="/"><title>' in screen.index_page(PAGE, "")
    assert screen.index_page(PAGE, "").count("<base") == 1
    assert '<head data-x><base href="/">' in screen.index_page("<head data-x></head>", "")


def test_a_root_path_cannot_break_out_of_the_attribute() -> None:
    assert '"><script>' not in screen.index_page(PAGE, '/"><script>')


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/etc/passwd", "link", "nothing", "", "a\0b", "folder"]
)
def test_nothing_outside_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "screen"
    (folder / "folder").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "secret")
    assert screen._file_within(folder, path) is None


def test_files_inside(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("x")
    assert screen._file_within(tmp_path, "assets/a.js") == tmp_path / "assets" / "a.js"
