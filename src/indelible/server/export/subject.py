"""
Everything held on one person, as a ZIP: events as lines of JSON and as a table, proofs, a readme.

Of each event the fact is in it, and the parts in which the person stands or that are theirs; parts
that are only somebody else's are left out, and said to be. Proofs disclose the same parts.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from indelible.codec import encode_json
from indelible.event import event_to_json, join
from indelible.seal import CONTENT, FACT, PERSON, encode_extra
from indelible.server.export.columns import STARTS_FORMULA, STARTS_INSIDE
from indelible.server.ledger.reader import Checkpoint, LedgerReader, SealedEntry
from indelible.server.retention.scan import PART_NAMES, Hit
from indelible.tlog.proof import ProofFile, encode_proof, prove_inclusion

MOST_PROOFS = 5000
_STARTS = re.compile(STARTS_FORMULA)
_INSIDE = re.compile(STARTS_INSIDE)
_HEADER = (
    "Entry", "Time (UTC)", "Received (UTC)", "Stream", "Category", "Operation", "Outcome",
    "Actor kind", "Actor id", "Actor e-mail", "Actor name", "On behalf of", "Address", "Device",
    "User agent", "Method", "Endpoint", "Targets", "Changes", "Reason", "Metadata",
)  # fmt: skip
_README = """\
What is held on one person in the audit log {origin}
=====================================================

Made on {made}, from entries 0 to {last} of the log.

events.jsonl   one event a line, as the log's API gives it
events.csv     the same as a table; cells that a spreadsheet would take for a formula begin with '
proofs/        a proof for each event: `indelible verify proofs/*.tlog-proof --log-key KEY`
manifest.json  what was looked for, counts, and the SHA-256 of each file

Found: {found} events. In this file: {shown} events, {proofs} proofs.
Facts that are gone: {gone} events of which only other parts are left are not shown.

Of each event there is the fact, and the parts in which the person stands, or that are about what
they did. Parts that are about other people only are left out; `state` says "withheld".
What was erased or has expired says so.
"""


def write_subject(
    target: Path,
    reader: LedgerReader,
    tenant_id: int,
    origin: str,
    checkpoint: Checkpoint,
    hits: Iterator[Hit],
    asked: list[str],
    made: str,
) -> dict[str, Any]:
    """Writes the ZIP; returns its manifest. Memory stays flat but for the directory."""
    found = shown = proofs = gone = 0
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEADER)
    sums: dict[str, str] = {}

    def tile(level: int, n: int) -> bytes:
        return reader.tile(tenant_id, level, n)

    lines_path, table_path = target.with_suffix(".jsonl"), target.with_suffix(".csv")
    try:
        with (
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
            lines_path.open("wb") as lines,
            table_path.open("wb") as rows,
        ):
            for hit in hits:
                found += 1
                (sealed,) = reader.sealed(tenant_id, hit.index, hit.index + 1)
                parts = _shown_parts(hit, sealed)
                if parts.get(FACT) is None:
                    gone += 1
                    continue
                shown += 1
                event = _event(sealed, parts, hit)
                if not hit.is_actor:
                    # The same part names who did it: a proof would disclose that, too.
                    parts.pop(PERSON, None)
                lines.write(encode_json(event) + b"\n")
                writer.writerow([_cell(value) for value in _row(event)])
                rows.write(table.getvalue().encode())
                table.seek(0)
                table.truncate()
                if proofs < MOST_PROOFS and hit.index < checkpoint.size:
                    proofs += 1
                    path = prove_inclusion(hit.index, checkpoint.size, tile)
                    proof = ProofFile(
                        hit.index, path, checkpoint.note.encode(),
                        encode_extra(sealed.leaf, sealed.salts, parts),
                    )  # fmt: skip
                    archive.writestr(f"proofs/{hit.index}.tlog-proof", encode_proof(proof))
            rows.flush()
            lines.flush()
            for name, made_of in (("events.jsonl", lines_path), ("events.csv", table_path)):
                archive.write(made_of, name)
                with made_of.open("rb") as file:
                    digest = sha256()
                    while chunk := file.read(1 << 20):
                        digest.update(chunk)
                sums[name] = digest.hexdigest()
            manifest = {
                "origin": origin, "made_at": made, "asked": asked, "found": found, "shown": shown,
                "proofs": proofs, "facts_gone": gone, "sha256": sums,
                "checkpoint": checkpoint.note,
            }  # fmt: skip
            archive.writestr("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False))
            readme = _README.format(
                origin=origin, made=made, last=checkpoint.size - 1, found=found, shown=shown,
                proofs=proofs, gone=gone,
            )  # fmt: skip
            archive.writestr("README.txt", readme)
    finally:
        lines_path.unlink(missing_ok=True)
        table_path.unlink(missing_ok=True)
    return manifest


def _shown_parts(hit: Hit, sealed: SealedEntry) -> dict[int, bytes | None]:
    entry = sealed.entry
    wanted = FACT | hit.found_in | (PERSON if hit.is_actor else 0)
    there = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
    return {part: data for part, data in there.items() if data is not None and wanted & part}


def _event(sealed: SealedEntry, parts: dict[int, bytes | None], hit: Hit) -> dict[str, Any]:
    entry = sealed.entry
    there = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
    state = {
        name: "present" if part in parts else "withheld" if there[part] is not None else "gone"
        for part, name in PART_NAMES.items()
        if entry.parts & part
    }
    event = join(parts[FACT] or b"", parts.get(PERSON), parts.get(CONTENT))
    shown = event_to_json(event, index=entry.index, leaf_hash=entry.leaf_hash, state=state)
    if not hit.is_actor:
        shown["actor"].update(email=None, name=None)
        shown["origin"] = None
        other = shown["actor"]["on_behalf_of"]
        if other and not any(path.startswith("on_behalf_of") for path in hit.paths.get(PERSON, ())):
            other.update(email=None, name=None)
    return shown


def _row(event: dict[str, Any]) -> list[Any]:
    actor, origin = event["actor"], event["origin"] or {}
    other = actor.get("on_behalf_of") or {}
    return [
        event["index"], event["occurred_at"], event["received_at"], event["stream"],
        event["category"], event["operation"], event["outcome"], actor["kind"], actor["id"],
        actor["email"], actor["name"], other.get("email") or other.get("name") or other.get("id"),
        origin.get("ip"), origin.get("device_id"), origin.get("user_agent"), event["method"],
        event["endpoint"], event["targets"] or None, event["changes"] or None, event["reason"],
        event["metadata"] or None,
    ]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else encode_json(value).decode()
    text = _INSIDE.sub(r"\1'\2", text)
    return f"'{text}" if _STARTS.match(text) else text
