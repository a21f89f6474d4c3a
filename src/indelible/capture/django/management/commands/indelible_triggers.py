"""`manage.py indelible_triggers`: makes PostgreSQL tell every change of the project's models."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction

from indelible.capture.django.conf import hook_settings
from indelible.capture.django.triggers import watched_models
from indelible.capture.postgres import migration, removal, unwatched
from indelible.errors import SettingsError


class Command(BaseCommand):  # type: ignore[misc] # Django ships no types
    """Run it after `migrate`; again at any time, for tables that came later."""

    help = "Make PostgreSQL triggers that tell every change of the project's models."

    def add_arguments(self, parser: Any) -> None:
        """The options."""
        parser.add_argument("models", nargs="*", help="shop or shop.Depot; none: all models")
        parser.add_argument("--database", default="default")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--print", action="store_true", help="show the SQL, change nothing")
        what.add_argument("--remove", action="store_true", help="take the triggers away")
        what.add_argument("--check", action="store_true", help="fail when a table has none")

    def handle(self, *args: Any, **options: Any) -> None:
        """The command."""
        del args
        using = options["database"]
        if connections[using].vendor != "postgresql":
            raise CommandError(f"the database {using!r} is not PostgreSQL")
        try:
            watched = watched_models(hook_settings().skip, using, tuple(options["models"]))
        except SettingsError as error:
            raise CommandError(f"{error.message}; run `migrate` first") from error
        if not watched:
            raise CommandError("no such models")
        if options["check"]:
            with connections[using].cursor() as cursor:
                missing = unwatched(cursor, watched)
            if missing:
                raise CommandError(f"without triggers: {', '.join(missing)}")
            self.stdout.write(f"{len(watched)} tables have their triggers")
            return
        sql = removal(watched) if options["remove"] else migration(watched)
        if options["print"]:
            self.stdout.write(sql)
            return
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(sql)
        did = "taken from" if options["remove"] else "made on"
        self.stdout.write(f"triggers {did} {len(watched)} tables")
