"""`indelible retention` and `indelible categories`: the policy of a running service."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

import click

from indelible.cli.import_sinks import refused
from indelible.cli.output import give, json_option
from indelible.errors import InvalidRequest, SettingsError, StorageError

_TIMEOUT_S = 60.0
_PARTS = ("fact", "person", "content")

url_option = click.option("--url", envvar="INDELIBLE_URL", help="Address of the service.")
key_option = click.option("--key", envvar="INDELIBLE_KEY", help="API key; of kind a to change.")
set_option = click.option(
    "--set",
    "given",
    multiple=True,
    metavar="CATEGORY.PART=DAYS",
    help="fact, person or content, in days or `ever`; or CATEGORY=on|off. May be repeated.",
)


@click.group()
def retention() -> None:
    """What is recorded, and how long it is kept."""


@retention.command("show")
@url_option
@key_option
@json_option
def show(url: str | None, key: str | None, as_json: bool) -> None:
    """The policy in force, and what is to come."""
    found = _ask(url, key, "GET", "/v1/retention")
    lines = [f"policy {found['version']}, recorded in entry {found['index']}"]
    lines += [
        f"  {one['name']:<18} {one['recording']:<7}"
        + " ".join(f"{part} {_days(one['keep'][part])}," for part in _PARTS).rstrip(",")
        for one in found["categories"]
    ]
    lines += _changes(found["pending"]["changes"]) if found["pending"] else []
    give(found, "\n".join(lines), as_json=as_json)


@retention.command("preview")
@url_option
@key_option
@set_option
@json_option
def preview(url: str | None, key: str | None, given: tuple[str, ...], as_json: bool) -> None:
    """What a change would come to, in numbers. Saves nothing."""
    found = _ask(url, key, "POST", "/v1/retention/preview", _edit(url, key, given, None))
    lines = [f"not allowed: {one['detail']}" for one in found["faults"]]
    lines += _changes(found["changes"])
    for one in found["categories"]:
        lines.append(
            f"  {one['category']}: {one['recorded']['events']:,} events are there, of which"
            f" {one['due_now']:,} are due; they go from {one['go']['first_day'] or 'never'} on;"
            f" {one['new_events']['per_day']:,} events a day come"
        )
    give(found, "\n".join(lines) or "nothing changes", as_json=as_json)


@retention.command("set")
@url_option
@key_option
@set_option
@click.option("--reason", help="Needed to keep less, or to switch off.")
@json_option
def set_(
    url: str | None, key: str | None, given: tuple[str, ...], reason: str | None, as_json: bool
) -> None:
    """Save the next policy."""
    if not given:
        raise SettingsError("nothing to set", hint="as in --set sharing.person=90")
    found = _ask(url, key, "PUT", "/v1/retention", _edit(url, key, given, reason))
    text = f"policy {found['version']} is saved"
    if found.get("approval"):
        text = f"waits for a second person (approval {found['approval']['id']})"
    elif found["pending"]:
        text += f"; what keeps less holds from {found['pending']['effective_day']} on"
    give(found, text, as_json=as_json)


@click.group()
def categories() -> None:
    """The categories of events."""


@categories.command("list")
@url_option
@key_option
@json_option
def list_(url: str | None, key: str | None, as_json: bool) -> None:
    """All categories, with own rules."""
    found = _ask(url, key, "GET", "/v1/categories")
    lines = [
        f"{one['id']:>5} {one['name']:<20} {one['recording']:<7}{len(one['rules'])} own rules"
        for one in found["categories"]
    ]
    give(found, "\n".join(lines), as_json=as_json)


def _edit(
    url: str | None, key: str | None, given: tuple[str, ...], reason: str | None
) -> dict[str, Any]:
    wanted: dict[str, dict[str, Any]] = {}
    for text in given:
        left, _, value = text.partition("=")
        name, _, part = left.partition(".")
        one = wanted.setdefault(name, {"name": name})
        if not part and value in ("on", "off"):
            one["enabled"] = value == "on"
        elif part in _PARTS and (value == "ever" or (value.isascii() and value.isdigit())):
            one.setdefault("keep", {})[part] = None if value == "ever" else int(value)
        else:
            raise SettingsError(f"{text!r} is not understood", hint="as in sharing.person=90")
    edit: dict[str, Any] = {
        "base_version": _ask(url, key, "GET", "/v1/retention")["version"],
        "categories": list(wanted.values()),
    }
    if reason:
        edit["reason"] = reason
    return edit


def _ask(url: str | None, key: str | None, method: str, path: str, body: Any = None) -> Any:
    if not url or not key:
        raise SettingsError(
            "--url and --key are needed: the policy belongs to a running service",
            hint="make a key: `indelible keys create --kind a`",
        )
    headers = {"authorization": f"Bearer {key}"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["content-type"] = "application/json"
    request = urllib.request.Request(  # noqa: S310 - the operator names the address
        url.rstrip("/") + path, data=data, headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        raise refused(error.code, error.read()) from error
    except ValueError as error:
        raise InvalidRequest(f"{url!r} is no address of a service") from error
    except (OSError, http.client.HTTPException) as error:
        raise StorageError(f"the service cannot be reached: {error}") from error


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"{days:,} days"


def _changes(changes: list[dict[str, Any]]) -> list[str]:
    return [
        f"  {one['category']} {one['path']}: {one['before']} to {one['after']},"
        f" from {one['effective_day']} on"
        for one in changes
    ]
