"""
PostgreSQL triggers: every change of the chosen tables, whoever makes it and with whatever tool.

    indelible triggers apply --database postgresql://… --table groups --table billing.invoices

One generic function writes each changed row as an event into the outbox table, in the transaction
of the change. Who acts comes from the setting `indelible.context`, which the SDK sets with
`SET LOCAL` inside the transaction, so that it cannot leak through a pool; without it the event
names the database's own user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import msgspec

from indelible.capture.request import operation_of
from indelible.client import Indelible
from indelible.client.outbox import TABLE, Database, create_sql
from indelible.errors import SettingsError
from indelible.event.redact import is_secret_name

SETTING = "indelible.context"
FUNCTION = "indelible_note_change"
_NAMES = ("name", "title", "label", "email", "username", "slug")
_CONTEXT = ("actor", "origin", "stream", "job")

_FUNCTION_SQL = """\
CREATE OR REPLACE FUNCTION {schema}.{function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
-- Arguments: noun, type, key columns, name column, columns left out, columns masked.
DECLARE
    about jsonb := coalesce(nullif(current_setting('{setting}', true), ''), '{{}}')::jsonb;
    keys text[] := string_to_array(TG_ARGV[2], ',');
    hidden text[] := string_to_array(TG_ARGV[4], ',');
    masked text[] := string_to_array(TG_ARGV[5], ',');
    moment timestamptz := clock_timestamp();
    digits text := replace(gen_random_uuid()::text, '-', '');
    old_row jsonb := '{{}}';
    new_row jsonb := '{{}}';
    row_now jsonb;
    event_id text;
    event jsonb;
    changes jsonb;
    verb text;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN new_row := to_jsonb(NEW); END IF;
    row_now := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'path', key, 'before', {schema}.indelible_shown(old_row -> key, key = ANY (masked)),
               'after', {schema}.indelible_shown(new_row -> key, key = ANY (masked)))) ORDER BY key)
      INTO changes
      FROM jsonb_object_keys(old_row || new_row) AS key
     WHERE NOT key = ANY (hidden)
       AND coalesce(old_row -> key, 'null') IS DISTINCT FROM coalesce(new_row -> key, 'null');
    IF TG_OP = 'UPDATE' AND changes IS NULL THEN RETURN NULL; END IF;
    verb := CASE TG_OP WHEN 'INSERT' THEN 'Create' WHEN 'UPDATE' THEN 'Update'
                       WHEN 'DELETE' THEN 'Delete' ELSE 'Truncate' END;
    -- UUID version 7: milliseconds, then random bits.
    event_id := lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || '7' || substr(digits, 14, 3) || substr(digits, 17, 16);
    event_id := substr(event_id, 1, 8) || '-' || substr(event_id, 9, 4) || '-'
        || substr(event_id, 13, 4) || '-' || substr(event_id, 17, 4) || '-'
        || substr(event_id, 21, 12);
    event := jsonb_strip_nulls(jsonb_build_object(
        'id', event_id,
        'operation', verb || TG_ARGV[0],
        'method', 'Row' || rtrim(verb, 'e') || 'ed',
        'outcome', 'success',
        'occurred_at', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', coalesce(about -> 'actor', jsonb_build_object(
            'kind', 'service', 'id', session_user::text, 'name', 'database user ' || session_user)),
        'origin', about -> 'origin',
        'stream', about -> 'stream',
        'job', about -> 'job',
        'context', coalesce(about -> 'context', jsonb_build_object('source', current_database())),
        'targets', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'type', TG_ARGV[1],
            'id', (SELECT string_agg(row_now ->> key, '/' ORDER BY place)
                     FROM unnest(keys) WITH ORDINALITY AS k(key, place)),
            'name', left(row_now ->> TG_ARGV[3], 500))))));
    IF changes IS NOT NULL THEN event := event || jsonb_build_object('changes', changes); END IF;
    INSERT INTO {outbox} (event_id, event) VALUES (event_id, event::text);
    RETURN NULL;
END
$body$;

CREATE OR REPLACE FUNCTION {schema}.indelible_shown(value jsonb, masked boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $body$
    SELECT CASE
        WHEN value IS NULL OR value = 'null' THEN NULL
        WHEN masked THEN '"[redacted]"'::jsonb
        WHEN length(value::text) > 4000 THEN to_jsonb(left(value #>> '{{}}', 2000) || '…')
        ELSE value END
$body$;
"""


class Watched(msgspec.Struct, frozen=True):
    """One table as its triggers are told of it."""

    schema: str
    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    noun: str = ""
    type: str = ""


def read_tables(
    database: Database, tables: Sequence[str], hidden: Iterable[str] = ()
) -> list[Watched]:
    """
    Looks up columns and keys of the named tables (`groups`, `billing.invoices`).

    `hidden` names columns that are left out: `column`, or `table.column` for one table only.
    """
    if database.kind != "postgresql":
        raise SettingsError("triggers are made for PostgreSQL", hint="postgresql://…")
    with closing(database.connect()) as connection:
        watched = describe_tables(connection.cursor(), tables, hidden)
        connection.rollback()
    return watched


def describe_tables(
    cursor: Any, tables: Sequence[str], hidden: Iterable[str] = ()
) -> list[Watched]:
    """`read_tables` on a cursor that is there."""
    left_out = frozenset(hidden)
    watched = []
    for name in tables:
        schema, _, table = name.rpartition(".")
        cursor.execute(
            "SELECT n.nspname, a.attname, coalesce(a.attnum = ANY (i.indkey), false)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " AND NOT a.attisdropped"
            " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
            " WHERE c.relname = %s AND c.relkind IN ('r', 'p')"
            " AND n.nspname = coalesce(nullif(%s, ''), current_schema())"
            " ORDER BY coalesce(array_position(i.indkey::int2[], a.attnum), 0), a.attnum",
            (table, schema),
        )
        rows = cursor.fetchall()
        if not rows:
            raise SettingsError(f"no table {name!r} in this database")
        columns = tuple(column for _, column, _ in rows)
        keys = tuple(column for _, column, is_key in rows if is_key)
        out = tuple(one for one in columns if one in left_out or f"{table}.{one}" in left_out)
        watched.append(Watched(rows[0][0], table, keys, columns, out))
    return watched


def unwatched(cursor: Any, watched: Sequence[Watched]) -> list[str]:
    """Those of the tables that have no trigger of ours, or one that is switched off."""
    cursor.execute(
        "SELECT n.nspname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE t.tgname = 'indelible_rows' AND t.tgenabled <> 'D'"
    )
    there = {(schema, table) for schema, table in cursor.fetchall()}
    return [one.table for one in watched if (one.schema, one.table) not in there]


def migration(watched: Sequence[Watched], outbox: str = TABLE) -> str:
    """The SQL that makes table, function and triggers; may be run again at any time."""
    # The function runs with a search path of its own, so every name is written out.
    outbox = outbox if "." in outbox else f"public.{outbox}"
    schema = outbox.rpartition(".")[0]
    parts = [
        create_sql("postgresql", outbox) + ";",
        _FUNCTION_SQL.format(function=FUNCTION, setting=SETTING, outbox=outbox, schema=schema),
    ]
    for one in watched:
        place = f"{_quoted(one.schema)}.{_quoted(one.table)}"
        masked = [column for column in one.columns if is_secret_name(column)]
        name = next((column for column in _NAMES if column in one.columns), "")
        arguments = ", ".join(
            _text(part)
            for part in (
                one.noun or operation_of(one.table),
                one.type or one.table,
                ",".join(one.keys),
                name,
                ",".join(one.hidden),
                ",".join(masked),
            )
        )
        for trigger, when, each in (
            ("indelible_rows", "INSERT OR UPDATE OR DELETE", "ROW"),
            ("indelible_truncate", "TRUNCATE", "STATEMENT"),
        ):
            parts.append(
                f"DROP TRIGGER IF EXISTS {trigger} ON {place};\n"
                f"CREATE TRIGGER {trigger} AFTER {when} ON {place}\n"
                f"    FOR EACH {each} EXECUTE FUNCTION {schema}.{FUNCTION}({arguments});"
            )
    return "\n\n".join(parts) + "\n"


def removal(watched: Sequence[Watched]) -> str:
    """The SQL that takes the triggers away again; the outbox table and its rows stay."""
    return "".join(
        f"DROP TRIGGER IF EXISTS {trigger} ON {_quoted(one.schema)}.{_quoted(one.table)};\n"
        for one in watched
        for trigger in ("indelible_rows", "indelible_truncate")
    )


def run_sql(database: Database, sql: str) -> None:
    """Runs a migration in one transaction."""
    with closing(database.connect()) as connection:
        connection.cursor().execute(sql)
        connection.commit()


def context_value(client: Indelible) -> str:
    """Who acts now, as the value of the setting `indelible.context`."""
    event = msgspec.json.decode(client.compose("Row")[1])
    about = {name: event[name] for name in (*_CONTEXT, "context") if name in event}
    return msgspec.json.encode(about).decode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    if re.search(r"[\x00-\x1f]", value):
        raise SettingsError(f"a name with control characters: {value!r}")
    return "'" + value.replace("'", "''") + "'"
