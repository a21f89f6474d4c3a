"""
What is fuzzed, and what must hold: no error outside the family, and what was taken can be read.

    python -m fuzz.targets {event,body,query,csv,terminal} [libFuzzer options] [corpus folder]
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["indelible"]):
    from indelible.cli.output import visible
    from indelible.errors import Error, InvalidEvent
    from indelible.event import complete, event_to_json, join, parse_event, split
    from indelible.server.export.csv import STARTS_FORMULA, STARTS_INSIDE
    from indelible.server.ingest.body import decompress, split_events
    from indelible.server.logs import printable
    from indelible.server.query.parse import parse_text
    from indelible.server.query.printer import plain, print_tree
    from indelible.server.query.sentence import explain_tree

from indelible.codec import encode_json

ID = "0193aaaa-0000-7000-8000-00000000abcd"


def event(data: bytes) -> None:
    """An event that is taken survives its way into parts, back, and out as JSON."""
    try:
        sent = parse_event(data)
        whole = complete(sent, received_us=1, reported_by="client", new_id=lambda: ID)
    except InvalidEvent:
        return
    parts = split(whole, lambda _text: "alias")
    again = join(parts.fact, parts.person, parts.content)
    assert again.operation == whole.operation
    assert again.metadata == whole.metadata
    encode_json(event_to_json(again, index=1, leaf_hash=b"", state={}))


def body(data: bytes) -> None:
    """A body becomes events or an error of the family, whatever it says it is."""
    if not data:
        return
    encoding = ("", "gzip", "zstd")[data[0] % 3]
    media = ("application/json", "application/x-ndjson")[data[0] // 3 % 2]
    with contextlib.suppress(Error):
        for raw in split_events(decompress(data[1:], encoding), media):
            bytes(raw)


def query(data: bytes) -> None:
    """A query text is understood, and printed without a change of meaning, or refused."""
    try:
        tree = parse_text(data.decode("utf-8", "replace"))
    except Error:
        return
    explain_tree(tree)
    assert plain(parse_text(print_tree(tree))) == plain(tree)


_LETTERS = "=+-@\uff1d\uff0b\uff0d\uff20;,\t\r\n \"'ax1\0"
_PIECE_OF_A_FORMULA = re.compile("[ \"']*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def csv(data: bytes) -> None:
    """
    The rule that disarms cells: whatever separator a sheet believes in, no piece is a formula.

    The engine applies the same two patterns; that it does is tested in test_export.py.
    """
    # Regular expressions show the fuzzer no branches: it gets only letters that matter.
    text = "".join(_LETTERS[byte % len(_LETTERS)] for byte in data)
    cell = re.sub(STARTS_INSIDE, r"\1'\2", text)
    if re.match(STARTS_FORMULA, text):
        cell = "'" + cell
    for piece in re.split(r"[;,\t\r\n]", cell):
        assert not _PIECE_OF_A_FORMULA.match(piece) or piece.lstrip(' "').startswith("'"), repr(
            cell
        )


def terminal(data: bytes) -> None:
    """What is shown in logs and on terminals cannot steer them."""
    text = data.decode("utf-8", "replace")
    assert printable(text).isprintable()
    assert all(char.isprintable() or char in "\n\t" for char in visible(text))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "event": event,
    "body": body,
    "query": query,
    "csv": csv,
    "terminal": terminal,
}


def main() -> None:
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
