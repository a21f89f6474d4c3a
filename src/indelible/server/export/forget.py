"""
Exports on disk forget what is erased: a file that holds it, or that cannot be looked into, goes.

Text, also compressed, is looked through; of Parquet, workbooks and evidence it is not known what
they hold, nor of a CSV without the columns that name people, so they go when they were made before
the erasure. Jobs that run are ended: they read
an older snapshot.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import zstandard

from indelible.codec import encode_json
from indelible.server.export.columns import STANDARD
from indelible.server.export.job import OPEN, Job
from indelible.server.export.jobs import ExportJobs
from indelible.server.retention.subject import Matcher

_CHUNK = 4 * 1024 * 1024
_OVERLAP = 2048
_OPAQUE = ("parquet", "xlsx", "evidence")

Holds = Literal["yes", "no", "unknown"]


async def exports_with(jobs: ExportJobs, tenant_id: int, matcher: Matcher | None) -> list[Job]:
    """Exports that hold the person, or may. Without a matcher every one may."""
    found = []
    for job in jobs.table.of_tenant(tenant_id, limit=10_000):
        # Of one that was sent directly nothing is here but what was asked for.
        has_file = job.state == "done" and job.way == "background"
        if job.state not in OPEN and not has_file:
            if matcher is not None and matcher.may_be_in(encode_json(job.asked)):
                found.append(job)
        elif matcher is None or await asyncio.to_thread(_may_hold, jobs, job, matcher):
            found.append(job)
    return found


async def forget_in_exports(jobs: ExportJobs, tenant_id: int, matcher: Matcher | None) -> list[str]:
    """Removes those files, and questions that name the person; returns the ids of the exports."""
    found = await exports_with(jobs, tenant_id, matcher)
    for job in found:
        names_it = matcher is not None and matcher.may_be_in(encode_json(job.asked))
        await jobs.drop(job, "it held what was erased since", forget=names_it)
    return [job.id for job in found]


def _may_hold(jobs: ExportJobs, job: Job, matcher: Matcher) -> bool:
    if matcher.may_be_in(encode_json(job.asked)) or job.state in OPEN:
        return True
    wish = job.asked.wish
    if wish.format in _OPAQUE or (wish.format == "csv" and not set(STANDARD) <= set(wish.columns)):
        return True
    try:
        for chunk in _chunks(jobs.files.path(job.id)):
            # A quote stands doubled in CSV, behind a backslash in JSON.
            text = chunk.replace(b'""', b'\\"') if wish.format == "csv" else chunk
            if matcher.may_be_in(text):
                return True
        return False
    except (OSError, EOFError, zstandard.ZstdError):
        return True  # what cannot be read may hold anything


def _chunks(path: Path) -> Iterator[bytes]:
    """The text of a file in pieces that overlap, whatever it is compressed with."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        source: Any
        if magic[:2] == b"\x1f\x8b":
            source = gzip.GzipFile(fileobj=file)
        elif magic == b"\x28\xb5\x2f\xfd":
            source = zstandard.ZstdDecompressor().stream_reader(file)
        else:
            source = file
        tail = b""
        while data := source.read(_CHUNK):
            yield tail + data
            tail = data[-_OVERLAP:]
