"""Every format of export, read back by a reader of its own."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pyarrow.parquet as pq
import pytest
import zstandard
from tests.integration.search_index import Entries, Running

from indelible.cli import export as command
from indelible.errors import InvalidRequest
from indelible.server.export import FORMATS, Exporter, Wish, parse_wish
from indelible.server.export.columns import COLUMNS, SCREEN
from indelible.server.export.xlsx import CUT, MOST_TEXT, cell_text, xlsx_file
from indelible.server.query import Page

pytestmark = pytest.mark.timeout(180)

TEXTS = ["plain", "=cmd|'/c'!A1", "a;b,c|d=e\\f", 'say "hi"', "line\r\nbreak\ttab", "東京 😀",
         "\x00\x07\u202e", "<b>&amp;</b>", "_x0041_"]  # fmt: skip
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _events() -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {
            "operation": ("LogIn", "ResetPassword", "AssignRole", "CreateGroup", "Sync")[n % 5],
            "category": ("authentication", "authentication", "access", "data", "integration")[
                n % 5
            ],
            "method": ("POST", "PasswordReset", "PUT", "POST", "GET")[n % 5],
            "endpoint": f"/x/{text}",
            "status": None if n % 4 == 0 else 403 if n % 4 == 1 else 200,
            "actor": {"id": f"u{n}", "email": "ana@example.com", "name": text},
            "origin": {"ip": "2001:db8::7" if n % 2 else "203.0.113.7", "user_agent": text},
            "targets": [{"type": "user", "id": text, "name": text}] if n % 5 in (2, 3) else [],
            "changes": [{"path": text, "before": None, "after": [text, 1]}] if n % 2 else [],
            "context": {"request_id": f"r{n}", "session_id": f"s{n}", "source": text},
            "reason": text,
            "severity": ("info", "notice", "warning", "critical")[n % 4],
            "metadata": {"free": text},
        }
        for n, text in enumerate(TEXTS * 2)
    ]
    job = {"id": "j1", "attempt": 2, "state": "failed", "duration_ms": 12}
    events.append({"operation": "Run", "stream": "task", "job": job})
    events.append({"operation": "Bare"})
    return events


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("formats")
    entries = Entries(data)
    entries.add(*_events())
    running = Running(data)
    running.wait(entries.size)
    yield running
    running.stop()


def _export(running: Running, q: str = "", work: Path | None = None, **wish: str) -> bytes:
    async def make() -> bytes:
        exporter = Exporter(running.query, running.index, work)
        export = await exporter.export(running.filter(q=q), parse_wish(wish), tenant="acme")
        return b"".join([chunk async for chunk in export.chunks])

    return running.run(make())


def _shown(running: Running) -> list[dict[str, Any]]:
    return running.run(running.query.events(running.filter(), Page(limit=1000))).events


def _lines(data: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in data.splitlines()]


def test_compressed_lines_are_the_same_lines(made: Running) -> None:
    plain = _export(made, format="jsonl")
    assert gzip.decompress(_export(made, format="jsonl", compress="gzip")) == plain
    packed = _export(made, format="jsonl", compress="zstd")
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed))
    assert reader.read() == plain
    assert _lines(plain) == _shown(made)
    # Cut off, neither can be taken for whole.
    with pytest.raises(EOFError):
        gzip.decompress(_export(made, format="jsonl", compress="gzip")[:-4])


@pytest.mark.parametrize(("name", "sign"), [("semicolon", ";"), ("tab", "\t")])
def test_csv_for_excel_has_its_mark_and_separator(made: Running, name: str, sign: str) -> None:
    keys = "operation,reason,index"
    data = _export(made, format="csv", csv="raw", separator=name, bom="yes", columns=keys)
    assert data.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    rows = list(csv.reader(text, delimiter=sign))
    assert rows[0] == ["Operation", "Reason", "Index"]
    assert [[row[0], row[1], int(row[2])] for row in rows[1:]] == [
        [event["operation"], event["reason"] or "", event["index"]] for event in _shown(made)
    ]


def test_columns_are_those_asked_for(made: Running) -> None:
    screen = csv.reader(io.StringIO(_export(made, columns="screen").decode(), newline=""))
    assert next(screen) == [COLUMNS[key].title for key in SCREEN]
    everything = csv.reader(io.StringIO(_export(made, columns="all").decode(), newline=""))
    assert next(everything) == [column.title for column in COLUMNS.values()]
    assert len(list(everything)) == len(_events())
    with pytest.raises(InvalidRequest, match="no column 'nothing'"):
        parse_wish({"columns": "date,nothing"})
    with pytest.raises(InvalidRequest, match="every field"):
        parse_wish({"format": "jsonl", "columns": "date"})
    with pytest.raises(InvalidRequest, match="compressed already"):
        parse_wish({"format": "xlsx", "compress": "gzip"})


def test_parquet_reads_back_typed(made: Running) -> None:
    table = pq.read_table(io.BytesIO(_export(made, format="parquet")))
    shown = _shown(made)
    rows = table.to_pylist()
    assert len(rows) == len(shown)
    for row, event in zip(rows, shown, strict=True):
        for name in (
            "id",
            "index",
            "status",
            "operation",
            "method",
            "endpoint",
            "reason",
            "targets",
        ):
            assert row[name] == event[name], name
        assert row["occurred_at"].isoformat() + "Z" == event["occurred_at"].replace(
            "Z", "+00:00Z"
        ) or row["occurred_at"] == msgspec.convert(event["occurred_at"], type(row["occurred_at"]))
        assert msgspec.json.decode(row["metadata"]) == event["metadata"]
        assert [msgspec.json.decode(one["after"]) for one in row["changes"]] == [
            one["after"] for one in event["changes"]
        ]
    few = pq.read_table(io.BytesIO(_export(made, format="parquet", columns="date,status")))
    assert few.column_names == ["occurred_at", "status"]


def _sheets(data: bytes) -> list[list[list[str]]]:
    """The texts of a workbook, read as XML."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        for name in sorted(names, key=lambda one: int(re.findall(r"\d+", one)[0])):
            root = ET.fromstring(book.read(name))
            assert not list(root.iter(f"{SHEET}f")), "a cell holds a formula"
            rows = []
            for row in root.iter(f"{SHEET}row"):
                cells: dict[int, str] = {}
                for cell in row.iter(f"{SHEET}c"):
                    assert cell.get("t") == "inlineStr"
                    letters = re.match("[A-Z]+", cell.get("r", ""))
                    assert letters is not None
                    position = 0
                    for letter in letters[0]:
                        position = position * 26 + ord(letter) - 64
                    cells[position - 1] = "".join(t.text or "" for t in cell.iter(f"{SHEET}t"))
                rows.append([cells.get(n, "") for n in range(max(cells) + 1)])
            found.append(rows)
    return found


def _unescaped(text: str) -> str:
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def test_workbook_holds_texts_only(made: Running, tmp_path: Path) -> None:
    data = _export(made, work=tmp_path, format="xlsx", columns="operation,index,reason")
    (rows,) = _sheets(data)
    assert rows[0] == ["Operation", "Index", "Reason"]
    shown = _shown(made)
    assert len(rows) == len(shown) + 1
    for row, event in zip(rows[1:], shown, strict=True):
        assert row[:2] == [event["operation"], str(event["index"])]
        reason = _unescaped(row[2]) if len(row) > 2 else ""
        assert reason.replace("\r\n", "\n") == (event["reason"] or "").replace("\r\n", "\n")
    assert list(tmp_path.iterdir()) == []


def test_workbook_is_split_and_cells_are_cut(made: Running) -> None:
    async def rows() -> Any:
        for n in range(7):
            yield msgspec.json.encode([f"op{n}", "x" * 40_000]) + b"\n"

    async def make() -> bytes:
        book = xlsx_file(rows(), ("operation", "reason"), None, most_rows=4)
        return b"".join([chunk async for chunk in book])

    sheets = _sheets(made.run(make()))
    assert [len(sheet) for sheet in sheets] == [4, 4, 2]
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [f"op{n}" for n in range(7)]
    assert all(row[0] == "Operation" for row in (sheet[0] for sheet in sheets))
    assert all(len(row[1]) == MOST_TEXT and row[1].endswith(CUT) for row in sheets[0][1:])
    wide = cell_text("😀" * 20_000)
    assert len(wide.encode("utf-16-le")) // 2 <= MOST_TEXT
    assert wide.endswith(CUT)


# Of the public schema, 1.9: what every event and what each class must have.
OCSF_ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time",
               "type_uid"}  # fmt: skip
OCSF_CLASS = {
    3001: {"user"},
    3002: {"user", "service"},
    3004: {"entity"},
    3005: {"user", "privileges"},
    6003: {"api", "actor", "src_endpoint"},
}


def test_ocsf_has_what_the_schema_requires(made: Running) -> None:
    seen = set()
    for made_, event in zip(_lines(_export(made, format="ocsf")), _shown(made), strict=True):
        class_ = made_["class_uid"]
        seen.add(class_)
        assert made_.keys() >= OCSF_ALWAYS | OCSF_CLASS[class_]
        assert class_ // 1000 == made_["category_uid"]
        assert made_["type_uid"] == class_ * 100 + made_["activity_id"]
        assert made_["metadata"]["version"] == "1.9.0"
        assert {"name", "vendor_name"} <= made_["metadata"]["product"].keys()
        assert made_["metadata"]["uid"] == event["id"]
        assert made_["status_id"] in (0, 1, 2)
        assert made_["unmapped"]["leaf_hash"] == event["leaf_hash"]
        assert made_["unmapped"].get("metadata", {}) == event["metadata"]
        assert made_["unmapped"].get("changes", []) == event["changes"]
        assert isinstance(made_["time"], int)
        expected = {"LogIn": 300201, "ResetPassword": 300104, "AssignRole": 300501,
                    "CreateGroup": 300101, "Sync": 600302}  # fmt: skip
        if event["operation"] in expected:
            assert made_["type_uid"] == expected[event["operation"]]
    assert seen == {3001, 3002, 3005, 6003}


def test_ecs_documents(made: Running) -> None:
    for made_, event in zip(_lines(_export(made, format="ecs")), _shown(made), strict=True):
        assert made_["@timestamp"] == event["occurred_at"]
        assert made_["ecs"]["version"].startswith("8.")
        assert made_["event"]["outcome"] in ("success", "failure", "unknown")
        assert made_["event"]["kind"] == "event"
        assert isinstance(made_["event"]["category"], list)
        assert made_["event"]["id"] == event["id"]
        if event["status"] is not None:
            assert made_["http"]["response"]["status_code"] == event["status"]
        if event["origin"]:
            assert made_["source"]["ip"] == event["origin"]["ip"]
        kept = made_["indelible"]
        assert msgspec.json.decode(kept.get("metadata", "{}")) == event["metadata"]
        assert msgspec.json.decode(kept.get("changes", "[]")) == event["changes"]


def _cef(line: str) -> tuple[list[str], dict[str, str]]:
    """A reader of CEF by the letter of its rules."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    head = [part.replace("\\|", "|").replace("\\\\", "\\") for part in parts[:7]]
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", parts[7]))
    fields = {}
    for found, after in zip(keys, [*keys[1:], None], strict=True):
        text = parts[7][found.end() : after.start() if after else None]
        fields[found[1]] = re.sub(
            r"\\(.)", lambda one: {"n": "\n", "r": "\r"}.get(one[1], one[1]), text
        )
    return head, fields


def test_cef_lines_are_escaped(made: Running) -> None:
    data = _export(made, format="cef").decode()
    lines = data.split("\n")[:-1]
    shown = _shown(made)
    assert len(lines) == len(data.splitlines()) == len(shown)
    for line, event in zip(lines, shown, strict=True):
        head, fields = _cef(line)
        assert head[0] == "CEF:0"
        assert head[1:3] == ["Indelible", "Indelible"]
        assert head[4] == event["operation"]
        assert 0 <= int(head[6]) <= 10
        assert fields["externalId"] == event["id"]
        assert fields["cn1"] == str(event["index"])
        said = (event["reason"] or "").replace("\r\n", "\n")
        printable = "".join(" " if ord(c) < 32 and c != "\n" else c for c in said)
        assert fields.get("reason", "") == printable


def test_the_command_knows_every_format() -> None:
    option = next(one for one in command.export.params if one.name == "format_")
    assert tuple(option.type.choices) == FORMATS  # type: ignore[attr-defined]
    assert Wish(format="jsonl", compress="zstd").ending == "jsonl.zst"
