"""The groups of settings as the service is handed them, checked."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ServiceSettings(msgspec.Struct, frozen=True):
    """Group "service": where it listens and how people reach it."""

    host: str
    port: int
    public_url: str | None
    root_path: str
    trusted_proxies: tuple[str, ...]
    tls_cert: str | None
    tls_key: str | None
    drain_seconds: int


class LogSettings(msgspec.Struct, frozen=True):
    """Group "log": the service's own log lines."""

    level: str
    format: str


class SessionSettings(msgspec.Struct, frozen=True):
    """Group "session": how long a login lasts."""

    idle_hours: int
    longest_hours: int
    confirm_minutes: int


class AccessSettings(msgspec.Struct, frozen=True):
    """Group "access": what roles see, and what they must show to get in."""

    second_factor: str
    viewer_content: str

    def needs_factor(self, role: str) -> bool:
        """Whether accounts of this role must have a second factor."""
        return self.second_factor == "everyone" or (
            self.second_factor == "admins" and role == "admin"
        )


class OidcSettings(msgspec.Struct, frozen=True):
    """Group "oidc": logging in with an identity provider."""

    issuer: str | None
    client_id: str | None
    client_secret_file: str | None
    label: str
    groups_claim: str
    roles: dict[str, str]
    default_role: str
    tenant: str | None
    demands: dict[str, tuple[str, ...]]


class ProxyLoginSettings(msgspec.Struct, frozen=True):
    """Group "proxy_login": logging in by a header of a proxy."""

    header: str | None
    networks: tuple[str, ...]
    default_role: str
    tenant: str | None


class LinkSettings(msgspec.Struct, frozen=True):
    """Group "link": one-time links."""

    valid_hours: int


class IndexSettings(msgspec.Struct, frozen=True):
    """Group "index": the process of the search index."""

    memory_mb: int


class MetricsSettings(msgspec.Struct, frozen=True):
    """Group "metrics": who may scrape."""

    open_on_loopback: bool


class SelfCheckSettings(msgspec.Struct, frozen=True):
    """Group "selfcheck": the service's check of its own ledger."""

    every_hours: int


class ExportSettings(msgspec.Struct, frozen=True):
    """Group "export": files of whole filtered sets."""

    stream_rows: int
    jobs_at_once: int
    keep_days: int
    reserve_mb: int
    allowed: tuple[str, ...]
    viewer_rows: int
    auditor_rows: int
    admin_rows: int
    key_rows: int

    def may(self, role: str) -> bool:
        """Whether this role, or `key`, may export at all."""
        return role in self.allowed

    def most_rows(self, role: str) -> int:
        """The limit of a role, or of keys; 0 is none."""
        limit: int = getattr(self, f"{role}_rows")
        return limit


class TenantsSettings(msgspec.Struct, frozen=True):
    """Group "tenants": what concerns the tenants of a folder as such."""

    deletion_days: int


class EmbedSettings(msgspec.Struct, frozen=True):
    """Group "embed": the screen inside host products."""

    origins: tuple[str, ...]
    longest_minutes: int


class SyslogSettings(msgspec.Struct, frozen=True):
    """Group "syslog": the door for syslog."""

    enabled: bool
    host: str
    port: int
    allowed_networks: tuple[str, ...]
    tls_cert: str | None
    tls_key: str | None
    client_ca: str | None
    tenant: str | None


class WebhookSettings(msgspec.Struct, frozen=True):
    """Group "webhooks": who may send them."""

    sources: tuple[str, ...]
    tenant: str | None

    def secret_file(self, source: str) -> Path | None:
        """Where the secrets of a source are; None for one that is not known."""
        files = dict(item.split("=", 1) for item in self.sources)
        return Path(files[source]) if source in files else None


class RedactSettings(msgspec.Struct, frozen=True):
    """Group "redact": what is masked in events before they are stored."""

    enabled: bool = True
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


class ScreenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Group "screen": defaults of the tenant settings; the control database holds the changes."""

    zone: str
    date_format: str
    week_start: str
    show_own: bool
