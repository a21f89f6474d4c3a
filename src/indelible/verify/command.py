"""`indelible verify`: checks a data folder, a service, proofs, bundles and certificates."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from indelible.errors import Error
from indelible.tlog.signature import VerifierKey, parse_vkey
from indelible.verify.certificate import is_certificate, verify_certificate
from indelible.verify.deletion import is_deletion, verify_deletion
from indelible.verify.evidence import is_evidence, verify_evidence
from indelible.verify.folder import verify_folder
from indelible.verify.pin import read_pins
from indelible.verify.prooffile import verify_proof_file
from indelible.verify.render import render_report, visible
from indelible.verify.report import NOT_CHECKED, Report, encode_report, make_report
from indelible.verify.source import CannotCheck
from indelible.verify.url import verify_url


@click.command("verify")
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="INDELIBLE_DATA",
    default=Path("indelible-data"),
    show_default=True,
    help="The data folder.",
)
@click.option("--url", help="Check the log of a service instead, at its address.")
@click.option("--key", "api_key", envvar="INDELIBLE_KEY", help="API key that may read, for --url.")
@click.option(
    "--log-key",
    "log_keys",
    multiple=True,
    help="Public key (vkey) of the log, or a file of them, kept from elsewhere.",
)
@click.option(
    "--pin",
    "pin_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Remember the verified checkpoint in this file, and compare with it next time.",
)
@click.option("--tenant", help="Only the log of this tenant.")
@click.option(
    "--findings",
    "max_findings",
    type=click.IntRange(min=1, max=100_000),
    default=20,
    show_default=True,
    help="List at most this many findings per log; all are counted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def verify(
    ctx: click.Context,
    files: Sequence[Path],
    data_dir: Path,
    url: str | None,
    api_key: str | None,
    log_keys: Sequence[str],
    pin_file: Path | None,
    tenant: str | None,
    max_findings: int,
    as_json: bool,
) -> None:
    """
    Check that nothing was changed, added or left out.

    Reads a data folder (also while the service runs), the log of a service (--url), or FILES:
    offline proofs of single events, bundles of evidence, or certificates of erasures and of
    deletions of tenants. Uses nothing of the service's own code, and never writes to the folder.

    Exit status: 0 all valid, 1 tampering, 2 could not check.
    """
    try:
        keys = _read_keys(log_keys)
        if files:
            if pin_file is not None:
                keys += _pinned_keys(pin_file)
            reports = [_verify_file(path, keys, max_findings) for path in files]
            report = _join(reports)
        elif url is not None:
            with _Bar(as_json) as bar:
                report = verify_url(
                    url,
                    api_key,
                    keys=keys,
                    pin_file=pin_file,
                    max_findings=max_findings,
                    progress=bar.update,
                )
        else:
            with _Bar(as_json) as bar:
                report = verify_folder(
                    data_dir,
                    keys=keys,
                    pin_file=pin_file,
                    tenant=tenant,
                    max_findings=max_findings,
                    progress=bar.update,
                )
    except Error as error:
        _say_failure(error, as_json)
        ctx.exit(NOT_CHECKED)
    if as_json:
        click.echo(encode_report(report).decode())
    else:
        render_report(report, Console(highlight=False, soft_wrap=True))
    ctx.exit(report.exit_code)


verify_command = verify


class _Bar:
    """Progress on a terminal, on stderr; elsewhere nothing."""

    def __init__(self, as_json: bool) -> None:
        shown = sys.stderr.isatty() and not as_json
        self._progress = Progress(
            TextColumn("checking entries"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shown,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._progress.stop()

    def update(self, done: int, total: int) -> None:
        """Shows how far the log at hand is checked."""
        self._progress.update(self._task, completed=done, total=total)


def _verify_file(path: Path, keys: Sequence[VerifierKey], max_findings: int) -> Report:
    """A file tells by its first bytes what it is."""
    if is_evidence(path):
        return verify_evidence(path, keys, max_findings=max_findings)
    if is_deletion(path):
        return verify_deletion(path, keys)
    if is_certificate(path):
        return verify_certificate(path, keys)
    return verify_proof_file(path, keys)


def _read_keys(given: Sequence[str]) -> list[VerifierKey]:
    """Keys from vkey texts and from files with one vkey a line. Raises CannotCheck."""
    keys: list[VerifierKey] = []
    for text in given:
        path = Path(text)
        lines = [text]
        try:
            if path.is_file():
                lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
            keys += [parse_vkey(line) for line in lines if line and not line.startswith("#")]
        except (OSError, UnicodeDecodeError, Error) as error:
            raise CannotCheck(
                f"--log-key {text[:60]}: {error}",
                hint="a vkey looks like origin+1a2b3c4d+AbC…; /v1/log/key gives those of a service",
            ) from error
    return keys


def _pinned_keys(pin_file: Path) -> list[VerifierKey]:
    return [key for pin in read_pins(pin_file).values() for key in pin.verifier_keys()]


def _join(reports: Sequence[Report]) -> Report:
    tenants = tuple(tenant for report in reports for tenant in report.tenants)
    findings = tuple(finding for report in reports for finding in report.findings)
    return make_report(", ".join(report.source for report in reports), tenants, findings)


def _say_failure(error: Error, as_json: bool) -> None:
    if as_json:
        reply = {"error": {"code": error.code, "detail": error.message, "hint": error.hint}}
        reply |= {"exit_code": NOT_CHECKED}  # type: ignore[dict-item]
        click.echo(msgspec.json.encode(reply).decode())
    click.echo(f"could not check: {visible(error.message)}", err=True)
    if error.hint:
        click.echo(f"  {visible(error.hint)}", err=True)
