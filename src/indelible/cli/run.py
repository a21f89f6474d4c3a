"""`indelible run -- command`: a command of cron as a job in the Tasks stream."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import click

from indelible.cli.output import say
from indelible.client import Indelible, Problem
from indelible.client.run import JobFacts, Run


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--url", required=True, envvar="INDELIBLE_URL", help="Address of the service.")
@click.option(
    "--key",
    required=True,
    envvar="INDELIBLE_KEY",
    help="A write key; better given as INDELIBLE_KEY than on the command line.",
)
@click.option("--source", default="cron", show_default=True, envvar="INDELIBLE_SOURCE")
@click.option("--name", help="Name of the job; the command's name if absent.")
@click.option(
    "--spool-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="INDELIBLE_SPOOL_DIR",
    help="Keeps the events on disk while the service is away.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    url: str,
    key: str,
    source: str,
    name: str | None,
    spool_dir: Path | None,
    command: tuple[str, ...],
) -> int:
    """
    Run a command and tell its start and its end: exit status, duration, who started it.

    The command runs whether or not the service is there, and its exit status is ours.
    """

    def note(problem: Problem) -> None:
        say(f"audit: {problem.detail}")

    job = name or Path(command[0]).name
    with Indelible(url, key, source=source, spool_dir=spool_dir, on_error=note) as audit:
        facts = JobFacts(name=job, metadata={"command": Path(command[0]).name})
        told = Run(audit, facts).begin()
        # The command is not to hold the key.
        env = {name: value for name, value in os.environ.items() if name != "INDELIBLE_KEY"}
        try:
            process = subprocess.Popen(command, env=env)
        except OSError as error:
            told.fail(f"cannot start: {error.strerror}")
            say(f"cannot run {command[0]}: {error.strerror}")
            return 127
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _: _pass_on(process, got))
        status = process.wait()
        if status == 0:
            told.succeed()
        elif status < 0:
            told.cancel(f"ended by signal {signal.Signals(-status).name}")
        else:
            told.fail(f"exit status {status}")
    return status if status >= 0 else 128 - status


def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
