"""`indelible outbox` and `indelible triggers`: events by way of the product's own database."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

import click

from indelible.capture import postgres
from indelible.cli.output import say
from indelible.client.outbox import TABLE, Relay, create_sql, open_database
from indelible.errors import SettingsError

_database = click.option(
    "--database",
    required=True,
    envvar="INDELIBLE_OUTBOX_DATABASE",
    metavar="URL",
    help="The product's database: postgresql://… or sqlite:///path.",
)
_table = click.option("--table", default=TABLE, show_default=True, help="Name of the outbox table.")


@click.group()
def outbox() -> None:
    """The outbox table: events written in the product's own transactions."""


@outbox.command()
@_database
@_table
@click.option("--url", required=True, envvar="INDELIBLE_URL", help="Address of the service.")
@click.option(
    "--key",
    required=True,
    envvar="INDELIBLE_KEY",
    help="A write key; better given as INDELIBLE_KEY than on the command line.",
)
@click.option("--once", is_flag=True, help="Ship what waits now, then end.")
def relay(database: str, table: str, url: str, key: str, once: bool) -> None:
    """Ship the rows to the service, at least once, in order, until told to end."""
    found = open_database(database)
    shipping = Relay(found.connect, url, key, table=table, marker=found.marker, on_problem=say)
    if once:
        with closing(shipping):
            shipped = shipping.ship_all()
        say(f"{shipped.stored} event(s) shipped, {shipped.refused} refused")
        if shipped.refused:
            raise SettingsError(
                "the service refused events; they stay in the table",
                hint=f"read the column `problem` of {table}",
            )
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say(f"shipping from {table}")
    shipping.run(stop)
    say("stopped")


@outbox.command()
@_database
@_table
def create(database: str, table: str) -> None:
    """Make the outbox table; does nothing if it is there."""
    found = open_database(database)
    postgres.run_sql(found, create_sql(found.kind, table))
    say(f"{table} is there")


@outbox.command()
@_database
@_table
def status(database: str, table: str) -> None:
    """Say how many events wait, and how many the service refused."""
    found = open_database(database)
    shipping = Relay(found.connect, "http://localhost", "none", table=table, marker=found.marker)
    waiting, refused = shipping.waiting()
    click.echo(f"waiting {waiting}\nrefused {refused}")


@click.group()
def triggers() -> None:
    """PostgreSQL triggers: changes of the chosen tables, whoever makes them."""


_tables = click.option("--table", "tables", multiple=True, required=True, help="May be repeated.")
_hidden = click.option(
    "--leave-out", "hidden", multiple=True, metavar="COLUMN", help="column or table.column"
)


@triggers.command("print")
@_database
@_tables
@_hidden
def print_(database: str, tables: tuple[str, ...], hidden: tuple[str, ...]) -> None:
    """Print the SQL, for a migration of the product."""
    click.echo(postgres.migration(postgres.read_tables(open_database(database), tables, hidden)))


@triggers.command()
@_database
@_tables
@_hidden
def apply(database: str, tables: tuple[str, ...], hidden: tuple[str, ...]) -> None:
    """Make table, function and triggers, in one transaction."""
    found = open_database(database)
    postgres.run_sql(found, postgres.migration(postgres.read_tables(found, tables, hidden)))
    say(f"{len(tables)} table(s) are watched")


@triggers.command()
@_database
@_tables
def remove(database: str, tables: tuple[str, ...]) -> None:
    """Take the triggers away; the outbox table and its rows stay."""
    found = open_database(database)
    postgres.run_sql(found, postgres.removal(postgres.read_tables(found, tables)))
    say(f"{len(tables)} table(s) are not watched any more")
