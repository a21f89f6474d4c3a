"""
Checks a log over HTTP: signatures, every leaf, the tree, and that it only grew since last time.

What lies behind a leaf, the parts of an event, is not fetched: an auditor's key or the data folder
shows those. Here it is proven that nothing was changed, added or left out since it was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indelible.errors import Error
from indelible.tlog.signature import VerifierKey
from indelible.verify.log import LogCheck, Memory, Progress
from indelible.verify.pin import read_pins, write_pin
from indelible.verify.remote import RemoteSource
from indelible.verify.removal import Removals
from indelible.verify.report import OK, Report, make_report
from indelible.verify.source import CannotCheck, Tenant


def verify_url(
    url: str,
    api_key: str | None,
    *,
    keys: Sequence[VerifierKey] = (),
    pin_file: Path | None = None,
    max_findings: int = 20,
    max_ranges: int = 1000,
    progress: Progress | None = None,
) -> Report:
    """
    Checks every leaf of the log at this address, up to its newest checkpoint.

    `keys` are log keys known from elsewhere; without them the pin file's are used, and without
    those the ones that the log's first entry names, which is said in the report. A check without
    fault moves the pin. Raises CannotCheck when the service cannot be read.
    """
    source = RemoteSource(url, api_key)
    origin = source.claimed.origin
    pin = read_pins(pin_file).get(origin) if pin_file is not None else None
    trusted = [key for key in keys if key.name == origin]
    if keys and not trusted:
        raise CannotCheck(f"the log there is {origin!r}, which no given key is of")
    if not trusted and pin is not None:
        try:
            trusted = pin.verifier_keys()
        except Error as error:
            raise CannotCheck(f"the pin file has a bad key: {error}") from error
    size = source.claimed.size
    check = LogCheck(
        source,
        Tenant(0, origin, origin),
        [] if pin is None else [Memory("the pin file", pin.size, pin.root)],
        trusted,
        removals=lambda: Removals([], {}, 0),
        max_findings=max_findings,
        max_ranges=max_ranges,
        progress=progress,
        leaves_only=True,
    )
    check.walk(size)
    report = check.report(size)
    if pin_file is not None and report.exit_code == OK and report.checkpoint is not None:
        found = report.checkpoint
        write_pin(pin_file, origin, found.size, found.root, check.log_keys)
    return make_report(url, (report,), ())
