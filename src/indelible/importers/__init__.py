"""
Readers of foreign log files: bytes in, events in the shape of the API out. Pure: no network, no
database; each file name is a format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from indelible.importers.cloudtrail import read_cloudtrail
from indelible.importers.columns import OWN, ColumnMap, read_map
from indelible.importers.csv import read_csv
from indelible.importers.django_auditlog import read_django_auditlog
from indelible.importers.github import read_github
from indelible.importers.jsonl import read_jsonl
from indelible.importers.okta import read_okta
from indelible.importers.record import BadRecord, Record

__all__ = [
    "FORMATS",
    "BadRecord",
    "ColumnMap",
    "Reader",
    "Record",
    "read_cloudtrail",
    "read_csv",
    "read_jsonl",
    "read_map",
]

Reader = Callable[[IO[bytes]], Iterator[Record | BadRecord]]

FORMATS: dict[str, Reader] = {
    "cloudtrail": read_cloudtrail,
    "csv": lambda file: read_csv(file, OWN),
    "django-auditlog": read_django_auditlog,
    "github": read_github,
    "jsonl": read_jsonl,
    "okta": read_okta,
}
