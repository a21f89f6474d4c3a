"""`manage.py indelible_relay`: ships the outbox rows of one database of the project."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from indelible.capture.django.conf import _said
from indelible.client.outbox import TABLE, Relay


class Command(BaseCommand):  # type: ignore[misc] # Django ships no types
    """Runs until it is told to end; with `--once` it ships what waits now."""

    help = "Ship the events of the outbox table to the audit service, at least once, in order."

    def add_arguments(self, parser: Any) -> None:
        """The options."""
        parser.add_argument("--database", default="default")
        parser.add_argument("--once", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """The command."""
        del args
        said = _said()
        database = connections[options["database"]]
        marker = "?" if database.vendor == "sqlite" else "%s"

        def connect() -> Any:
            return database.get_new_connection(
                {**database.get_connection_params()}
                | ({"isolation_level": "DEFERRED"} if database.vendor == "sqlite" else {})
            )

        shipping = Relay(
            connect,
            said["url"],
            said["key"],
            table=TABLE,
            marker=marker,
            on_problem=self.stderr.write,
        )
        if options["once"]:
            try:
                shipped = shipping.ship_all()
            finally:
                shipping.close()
            self.stdout.write(f"{shipped.stored} event(s) shipped, {shipped.refused} refused")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        shipping.run(stop)
