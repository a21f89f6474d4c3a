"""`indelible coverage`: what of a product has left events in a service, and what has not."""

from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import click

from indelible.capture.coverage import Stored
from indelible.capture.inventory import inventory_of
from indelible.capture.pytest_plugin import named
from indelible.cli.output import json_option, visible
from indelible.clock import SystemClock, format_us
from indelible.codec import encode_json
from indelible.errors import SettingsError, StorageError

_DAY_US = 86_400_000_000
_BEFORE = 5  # as many times `days`, before them: what had events then and has none now is quiet
_MOST_GROUPS = 1000
_TIMEOUT_S = 60.0
STREAMS = ("user", "task", "system")


@click.command()
@click.argument("apps", nargs=-1, required=True, metavar="MODULE:NAME…")
@click.option("--url", envvar="INDELIBLE_URL", help="Address of the service; else only listed.")
@click.option("--key", envvar="INDELIBLE_KEY", help="A read key; better given as INDELIBLE_KEY.")
@click.option("--days", default=30, show_default=True, help="How far back counts as lately.")
@click.option("--reads", is_flag=True, help="Routes that only read count too.")
@click.option("--fail-under", default=0, metavar="PERCENT", help="Exit with status 1 below this.")
@json_option
def coverage(
    apps: tuple[str, ...],
    url: str | None,
    key: str | None,
    days: int,
    reads: bool,
    fail_under: int,
    as_json: bool,
) -> int:
    """
    Compare applications, declarative bases, job systems or `django` with what the service has.

    What has no event is `untouched`; what had some before, but not lately, `quiet`.
    """
    sys.path.insert(0, str(Path.cwd()))  # as pytest and the servers do
    surfaces = [one for app in apps for one in inventory_of(named(app), reads=reads)]
    if url is None:
        click.echo("\n".join(str(one) for one in surfaces))
        return 0
    if key is None:
        raise SettingsError("no key", hint="a read key in INDELIBLE_KEY")
    now_us = SystemClock().now_us()
    lately_us = now_us - days * _DAY_US
    lately = _stored(url, key, lately_us, now_us)
    before = _stored(url, key, lately_us - _BEFORE * days * _DAY_US, lately_us)
    report = lately.report(surfaces, before)
    if as_json:
        click.echo(encode_json({"percent": report.percent, "surfaces": report}).decode())
    else:
        click.echo(visible("\n".join(report.lines())))
    return 1 if report.percent < fail_under else 0


def _stored(url: str, key: str, from_us: int, to_us: int) -> Stored:
    span = {"from": format_us(from_us), "to": format_us(to_us), "limit": _MOST_GROUPS}
    return Stored(
        routes=_keys(url, key, {**span, "group": "endpoint"}),
        models=_keys(url, key, {**span, "group": "target_type"}),
        jobs=_keys(url, key, {**span, "group": "endpoint"}, ("task",)),
    )


def _keys(
    url: str, key: str, parameters: dict[str, Any], streams: tuple[str, ...] = STREAMS
) -> frozenset[str]:
    found: set[str] = set()
    for stream in streams:
        asked = urllib.parse.urlencode({**parameters, "stream": stream})
        request = urllib.request.Request(  # noqa: S310 - the operator names the address
            f"{url.rstrip('/')}/v1/stats?{asked}", headers={"authorization": f"Bearer {key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
                groups = json.load(reply)["groups"]
        except urllib.error.HTTPError as error:
            raise StorageError(f"{url} refused: {error.code}", hint="a key of kind r") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StorageError(f"{url}: {error}") from error
        found |= {str(group["key"]) for group in groups}
    return frozenset(found)
