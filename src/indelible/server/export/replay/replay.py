"""Which forms steps can be copied in, and what each of them starts with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from indelible.server.export.replay import curl, har, pytest_file, table
from indelible.server.export.replay.head import Head
from indelible.server.query.steps import Step

Format = Literal["markdown", "csv", "pytest", "curl", "har"]


class Form(msgspec.Struct, frozen=True):
    """One form: how it is written, and the name of its file."""

    write: Callable[[Head, Sequence[Step]], str]
    file_name: str


FORMS: Final[dict[Format, Form]] = {
    "markdown": Form(table.to_markdown, "steps.md"),
    "csv": Form(table.to_csv, "steps.csv"),
    "pytest": Form(pytest_file.to_pytest, "test_steps.py"),
    "curl": Form(curl.to_curl, "steps.sh"),
    "har": Form(har.to_har, "steps.har"),
}
FORMATS: Final = tuple(FORMS)


def replay(format_: Format, head: Head, steps: Sequence[Step]) -> str:
    """The steps in that form."""
    return FORMS[format_].write(head, steps)
