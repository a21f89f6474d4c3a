"""The certificate of a deletion as a page to print; the JSON beside it is what can be checked."""

from __future__ import annotations

from typing import Any

from indelible.server.export.certificate_pdf import Page


def deletion_pdf(certificate: dict[str, Any]) -> bytes:
    """One certificate; every text of it is inert."""
    page = Page(f"Certificate of deletion {certificate['deletion']}")
    page.title("Certificate of deletion")
    page.text(
        f"The tenant {certificate['tenant']} and its log {certificate['origin']} were deleted"
        " whole: events, people, keys, settings, exports, search index and signing keys. Its name"
        " and origin are never used again."
    )
    asked, approved = certificate["requested_by"], certificate["approved_by"]
    days = f"{certificate['first_day'] or '-'} to {certificate['last_day'] or '-'}"
    page.rows(
        [
            ("Reason", certificate["reason"]),
            ("Deletion", certificate["deletion"]),
            ("Requested", f"{certificate['requested_at']} by {asked['name']} ({asked['id']})"),
            ("Approved", f"{certificate['approved_at']} by {approved['name']} ({approved['id']})"),
            ("Due", certificate["due_at"]),
            ("Closed", certificate["closed_at"]),
            ("Events", f"{certificate['events']:,}, received {days}"),
            ("People and keys", f"{certificate['people']:,} and {certificate['keys']:,}"),
            ("Entries", f"{certificate['size']:,}"),
            ("Root hash", certificate["root"]),
        ]
    )
    page.heading("What this means")
    page.text(
        "The last checkpoint stands for the whole log: whoever kept events, proofs or older"
        " checkpoints of it can still check them against it. Backups made before the deletion hold"
        " what they held."
    )
    page.heading("How to check it")
    page.text(
        f"`indelible verify {certificate['tenant']}.deletion.json` checks the file that belongs to"
        " this page, without the service. This page by itself proves nothing."
    )
    page.heading("Last checkpoint")
    page.mono(certificate["checkpoint"])
    return page.made()
