"""
pytest: how much of a product's surface its tests show to be audited.

    pytest --audit-coverage=shop.app:app --audit-coverage=shop.models:Base --audit-fail-under=90

Loaded by its entry point; does nothing without `--audit-coverage`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from indelible.capture.coverage import Report, Seen
from indelible.capture.inventory import Surface, inventory_of
from indelible.client.watch import watchers
from indelible.errors import SettingsError

_SEEN = pytest.StashKey[Seen]()
_REPORT = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options, in a group of their own."""
    group = parser.getgroup("indelible")
    group.addoption(
        "--audit-coverage",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="application, declarative base, job system, or `django`: what of it is audited",
    )
    group.addoption("--audit-reads", action="store_true", help="routes that only read count too")
    group.addoption(
        "--audit-fail-under", type=int, default=0, metavar="PERCENT", help="less fails the run"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begins to watch, where asked."""
    if config.getoption("--audit-coverage"):
        config.stash[_SEEN] = seen = Seen()
        watchers.append(seen)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Works out the report, and fails a run that is below the limit."""
    config = session.config
    if _SEEN not in config.stash:
        return
    seen = config.stash[_SEEN]
    watchers.remove(seen)
    surfaces: list[Surface] = []
    for place in config.getoption("--audit-coverage"):
        surfaces += inventory_of(named(place), reads=config.getoption("--audit-reads"))
    config.stash[_REPORT] = report = seen.report(surfaces)
    if report.percent < config.getoption("--audit-fail-under") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Prints the report."""
    if _REPORT in config.stash:
        terminalreporter.section("audit coverage")
        for line in config.stash[_REPORT].lines():
            terminalreporter.write_line(line)


def named(place: str) -> Any:
    """What `module:name` names; `django` is itself."""
    if place == "django":
        return place
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"{place!r}: {error}", hint="module:name, as in shop.app:app"
        ) from error
