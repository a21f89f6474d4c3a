"""
The one table of settings: what there is, its default, its allowed form and its help text.

Sources, later ones win: default, `indelible.toml` in the data folder, environment
`INDELIBLE_<GROUP>_<NAME>`, command line. An unknown key or a bad value stops the start. Settings
of the screen (group "screen") are changed while running and live in the control database.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from indelible.errors import SettingsError
from indelible.server import setting_forms as forms
from indelible.server.setting_groups import (
    AccessSettings,
    EmbedSettings,
    ExportSettings,
    IndexSettings,
    LinkSettings,
    LogSettings,
    MetricsSettings,
    OidcSettings,
    ProxyLoginSettings,
    RedactSettings,
    ScreenSettings,
    SelfCheckSettings,
    ServiceSettings,
    SessionSettings,
    SyslogSettings,
    TenantsSettings,
    WebhookSettings,
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. `form` reads a value or raises ValueError; `allowed` names its form."""

    group: str
    name: str
    default: Any
    form: forms.Form
    help: str
    at_run_time: bool = False

    @property
    def key(self) -> str:
        return f"{self.group}.{self.name}"

    @property
    def variable(self) -> str:
        return f"INDELIBLE_{self.group}_{self.name}".upper()


def _row(
    group: str, name: str, default: Any, form: forms.Form, text: str, *, at_run_time: bool = False
) -> Setting:
    return Setting(
        group=group, name=name, default=default, form=form, help=text, at_run_time=at_run_time
    )


EXPORTERS = ("viewer", "auditor", "admin", "key")

TABLE: tuple[Setting, ...] = (
    _row("service", "host", "127.0.0.1", forms.TEXT, "Address to listen on."),
    _row("service", "port", 8080, forms.PORT, "Port to listen on; 0 takes a free one."),
    _row(
        "service", "public_url", None, forms.BASE_URL,
        "Address under which people reach the service, for links and the Origin check.",
    ),
    _row(
        "service", "root_path", "", forms.ROOT_PATH,
        "Path prefix when a proxy serves Indelible below the root of a host.",
    ),
    _row(
        "service", "trusted_proxies", (), forms.NETWORKS,
        "Networks whose X-Forwarded-For, -Proto and -Host are believed. Nobody is by default.",
    ),
    _row("service", "tls_cert", None, forms.FILE, "Certificate chain (PEM) to serve HTTPS with."),
    _row("service", "tls_key", None, forms.FILE, "Private key (PEM) of the certificate."),
    _row(
        "service", "drain_seconds", 20, forms.count(1, 600),
        "How long running requests may take to finish at shutdown.",
    ),
    _row("log", "level", "info", forms.choice("debug", "info", "warning", "error"),
         "Least severe line that the service writes on stderr."),
    _row("log", "format", "text", forms.choice("text", "json"),
         "Form of the service's own log lines. Bodies of events never appear in them."),
    _row("session", "idle_hours", 12, forms.count(1, 720), "A login ends after this long unused."),
    _row("session", "longest_hours", 168, forms.count(1, 8760), "A login ends after this long."),
    _row("session", "confirm_minutes", 15, forms.count(0, 10_080),
         "After this long an act of administration asks again who it is; 0 never asks."),
    _row("access", "second_factor", "optional", forms.choice("optional", "admins", "everyone"),
         "Who must have a second factor besides a password."),
    _row("access", "viewer_content", "shown", forms.choice("shown", "masked"),
         "Whether viewers see the content of events: names of targets, changes, reasons, metadata."
         " Personal data is masked for them in any case."),
    _row("oidc", "issuer", None, forms.BASE_URL,
         "Identity provider (OpenID Connect) that people may log in with."),
    _row("oidc", "client_id", None, forms.TEXT, "Name of this service at the provider."),
    _row("oidc", "client_secret_file", None, forms.FILE, "File with the secret of this service."),
    _row("oidc", "label", "Single sign-on", forms.TEXT, "What the button on the login page says."),
    _row("oidc", "groups_claim", "groups", forms.TEXT, "Claim that names somebody's groups."),
    _row("oidc", "roles", {}, forms.ROLES,
         "Role of each group; of several the one that may most. It is set at every login."),
    _row("oidc", "default_role", "none", forms.choice("none", "viewer", "auditor"),
         "Role of people in no such group; none keeps them out."),
    _row("oidc", "tenant", None, forms.TEXT,
         "Tenant that these people belong to; the oldest where none is named."),
    _row("oidc", "demands", {}, forms.DEMANDS,
         "One of which values of `acr` or `amr` a login must come with, by role."),
    _row("proxy_login", "header", None, forms.HEADER,
         "Header in which a proxy names who is logged in, by e-mail address."),
    _row("proxy_login", "networks", (), forms.NETWORKS,
         "Networks of the proxies whose header is believed; it must be set with the header."),
    _row("proxy_login", "default_role", "none", forms.choice("none", "viewer", "auditor"),
         "Role of people without an account; none keeps them out."),
    _row("proxy_login", "tenant", None, forms.TEXT,
         "Tenant that these people belong to; the oldest where none is named."),
    _row("link", "valid_hours", 72, forms.count(1, 720), "How long a one-time link can be used."),
    _row("index", "memory_mb", 1024, forms.count(256, 1_048_576),
         "Memory that the search index process may take."),
    _row("metrics", "open_on_loopback", False, forms.BOOL,
         "Answer /metrics without a key when it is asked for straight from this machine."),
    _row("selfcheck", "every_hours", 24, forms.count(1, 8760),
         "How long after a whole check of the ledger by the service the next one begins."),
    _row("export", "stream_rows", 100_000, forms.count(0, 999_999_999),
         "More events than this are better exported in the background."),
    _row("export", "jobs_at_once", 1, forms.count(1, 16),
         "Exports that run in the background at once."),
    _row("export", "keep_days", 7, forms.count(1, 3650),
         "How long the file of a background export is kept."),
    _row("export", "reserve_mb", 512, forms.count(0, 999_999_999),
         "Room on the disk that background exports leave free."),
    _row("export", "allowed", EXPORTERS, forms.choices(*EXPORTERS),
         "Who may export at all: roles of people, and key for API keys."),
    _row("export", "viewer_rows", 0, forms.count(0, 999_999_999),
         "Most events of one export by a viewer; 0 sets no limit."),
    _row("export", "auditor_rows", 0, forms.count(0, 999_999_999),
         "Most events of one export by an auditor; 0 sets no limit."),
    _row("export", "admin_rows", 0, forms.count(0, 999_999_999),
         "Most events of one export by an administrator; 0 sets no limit."),
    _row("export", "key_rows", 0, forms.count(0, 999_999_999),
         "Most events of one export with an API key; 0 sets no limit."),
    _row("tenants", "deletion_days", 7, forms.count(0, 365),
         "Days after its approval on which a tenant is deleted; until then it can be withdrawn."),
    _row("embed", "origins", (), forms.ORIGINS,
         "Web origins of host products that may show the log in a frame. None may by default."),
    _row("embed", "longest_minutes", 60, forms.count(1, 1440),
         "Longest time that a viewer token can be asked for."),
    _row("syslog", "enabled", False, forms.BOOL,
         "Take syslog (RFC 5424) over TCP or TLS."),
    _row("syslog", "host", "127.0.0.1", forms.TEXT, "Address to take syslog on."),
    _row("syslog", "port", 6514, forms.PORT, "Port to take syslog on; 0 takes a free one."),
    _row("syslog", "allowed_networks", (), forms.NETWORKS,
         "Networks whose syslog is taken. Nobody's is by default."),
    _row("syslog", "tls_cert", None, forms.FILE, "Certificate chain (PEM) of syslog over TLS."),
    _row("syslog", "tls_key", None, forms.FILE, "Private key (PEM) of the certificate."),
    _row("syslog", "client_ca", None, forms.FILE,
         "Authorities (PEM) one of which must have signed a sender's certificate."),
    _row("syslog", "tenant", None, forms.TEXT,
         "Tenant in whose log it is stored; the oldest where none is named."),
    _row("webhooks", "sources", (), forms.SOURCES,
         "Senders of Standard Webhooks, each with the file of its secrets."),
    _row("webhooks", "tenant", None, forms.TEXT,
         "Tenant in whose log they are stored; the oldest where none is named."),
    _row("redact", "enabled", True, forms.BOOL,
         "Mask passwords, tokens, keys and card numbers in events before they are stored."),
    _row("redact", "keys", (), forms.LINES,
         "Further names of fields whose values are masked, like salary."),
    _row("redact", "paths", (), forms.LINES,
         "Further places that are masked, like metadata.customer.*.note."),
    _row("redact", "patterns", (), forms.PATTERNS,
         "Further regular expressions; what they match is masked inside of texts."),
    _row("redact", "keep", (), forms.LINES,
         "Names and places that stay readable although a rule would mask them."),
    _row("screen", "zone", "UTC", forms.ZONE,
         "Time zone of days, weeks and months (IANA name).", at_run_time=True),
    _row("screen", "date_format", "dmy", forms.choice("dmy", "iso", "mdy"),
         "How dates are shown: DD/MM/YYYY, YYYY-MM-DD or MM/DD/YYYY.", at_run_time=True),
    _row("screen", "week_start", "monday", forms.choice("monday", "sunday", "saturday"),
         "First day of a week.", at_run_time=True),
    _row("screen", "show_own", False, forms.BOOL,
         "Show the events of Indelible itself in the list.", at_run_time=True),
)  # fmt: skip

# Other variables that the command line and the client library read; not settings of the service.
OTHER_VARIABLES = frozenset(
    {"INDELIBLE_DATA", "INDELIBLE_URL", "INDELIBLE_KEY", "INDELIBLE_TENANT"}
)
OTHER_PREFIXES = ("INDELIBLE_CLIENT_", "INDELIBLE_TEST_")

FILE_NAME = "indelible.toml"

_BY_KEY = {row.key: row for row in TABLE}
_BY_VARIABLE = {row.variable: row for row in TABLE}


class Settings(msgspec.Struct, frozen=True):
    """All settings, checked; made once at the start and handed down."""

    service: ServiceSettings
    log: LogSettings
    session: SessionSettings
    access: AccessSettings
    oidc: OidcSettings
    proxy_login: ProxyLoginSettings
    link: LinkSettings
    index: IndexSettings
    metrics: MetricsSettings
    selfcheck: SelfCheckSettings
    export: ExportSettings
    tenants: TenantsSettings
    embed: EmbedSettings
    syslog: SyslogSettings
    webhooks: WebhookSettings
    redact: RedactSettings
    screen: ScreenSettings
    origins: dict[str, str]

    def value(self, row: Setting) -> Any:
        """The value in force of one row of the table."""
        return getattr(getattr(self, row.group), row.name)


def load_settings(
    data_dir: Path | None,
    environment: Mapping[str, str],
    command_line: Mapping[str, object] | None = None,
) -> Settings:
    """
    Reads all sources and checks every value.

    Raises SettingsError naming the key, the value and the allowed form.
    """
    values: dict[str, Any] = {row.key: row.default for row in TABLE}
    origins = {row.key: "default" for row in TABLE}

    def take(row: Setting, value: object, origin: str) -> None:
        values[row.key] = check_value(row, value, origin)
        origins[row.key] = origin

    if data_dir is not None and (data_dir / FILE_NAME).exists():
        path = data_dir / FILE_NAME
        for key, value in _read_toml(path).items():
            take(_known(key, _BY_KEY, f"in {path}"), value, str(path))
    for variable in sorted(environment):
        if not variable.startswith("INDELIBLE_"):
            continue
        if variable in OTHER_VARIABLES or variable.startswith(OTHER_PREFIXES):
            continue
        row = _known(variable, _BY_VARIABLE, "in the environment")
        take(row, environment[variable], f"environment {variable}")
    for key, value in (command_line or {}).items():
        if value is not None:
            take(_known(key, _BY_KEY, "on the command line"), value, "command line")

    settings = _build(values, origins)
    _check_together(settings)
    return settings


def likely_address(settings: Settings) -> str:
    """Where people will find the service, as far as the settings tell before it runs."""
    service = settings.service
    if service.public_url:
        return service.public_url
    host = "127.0.0.1" if service.host in ("0.0.0.0", "::") else service.host  # noqa: S104
    scheme = "https" if service.tls_cert else "http"
    return f"{scheme}://{host}:{service.port}{service.root_path}"


def check_value(row: Setting, value: object, origin: str) -> Any:
    """The value in its own type. Raises SettingsError."""
    try:
        return row.form.read(value)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"setting {row.key} ({origin}): {value!r} is not allowed",
            hint=f"allowed: {row.form.allowed}",
        ) from error


def _known(key: str, table: Mapping[str, Setting], where: str) -> Setting:
    row = table.get(key)
    if row is not None:
        return row
    near = difflib.get_close_matches(key, table, n=1)
    raise SettingsError(
        f"unknown setting {key} {where}",
        hint=f"did you mean {near[0]}?" if near else "`indelible settings show` lists all settings",
    )


def _read_toml(path: Path) -> dict[str, object]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    found: dict[str, object] = {}
    for group, rows in tables.items():
        if not isinstance(rows, dict):
            raise SettingsError(
                f"unknown setting {group} in {path}",
                hint="settings stand in a group, for example [service] then port = 8080",
            )
        found.update({f"{group}.{name}": value for name, value in rows.items()})
    return found


def _build(values: Mapping[str, Any], origins: dict[str, str]) -> Settings:
    groups: dict[str, Any] = {}
    for row in TABLE:
        groups.setdefault(row.group, {})[row.name] = values[row.key]
    return msgspec.convert({**groups, "origins": origins}, Settings)


def _check_together(settings: Settings) -> None:
    service = settings.service
    if (service.tls_cert is None) != (service.tls_key is None):
        raise SettingsError(
            "settings service.tls_cert and service.tls_key go together",
            hint="set both to serve HTTPS, or none",
        )
    if settings.session.idle_hours > settings.session.longest_hours:
        raise SettingsError(
            f"setting session.idle_hours: {settings.session.idle_hours} is not allowed",
            hint=f"allowed: at most session.longest_hours ({settings.session.longest_hours})",
        )
    _check_syslog(settings.syslog)
    _check_logins(settings)


def _check_logins(settings: Settings) -> None:
    oidc, proxy = settings.oidc, settings.proxy_login
    if oidc.issuer and not (oidc.client_id and settings.service.public_url):
        raise SettingsError(
            "oidc.issuer needs oidc.client_id and service.public_url",
            hint="the provider sends people back to <public_url>/v1/oidc/callback",
        )
    if proxy.header and not proxy.networks:
        raise SettingsError(
            "proxy_login.header is set, but from where it is believed is not",
            hint="set proxy_login.networks to the addresses of the proxies",
        )


def _check_syslog(syslog: SyslogSettings) -> None:
    if (syslog.tls_cert is None) != (syslog.tls_key is None):
        raise SettingsError("settings syslog.tls_cert and syslog.tls_key go together")
    if not syslog.enabled:
        return
    if not syslog.allowed_networks:
        raise SettingsError(
            "syslog is enabled, but nobody may send it",
            hint="set syslog.allowed_networks to the networks of its senders",
        )
    if syslog.tls_cert is None and syslog.host not in ("127.0.0.1", "::1", "localhost"):
        raise SettingsError(
            f"syslog on {syslog.host} needs TLS: anybody on the way could read and change it",
            hint="set syslog.tls_cert and syslog.tls_key, or listen on 127.0.0.1",
        )
