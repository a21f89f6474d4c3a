"""Settings: sources, forms, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from indelible.errors import SettingsError
from indelible.server.settings import TABLE, Settings, likely_address, load_settings


def write(folder: Path, text: str) -> Path:
    (folder / "indelible.toml").write_text(text)
    return folder


def test_defaults_are_of_their_own_form() -> None:
    for row in TABLE:
        if row.default is not None:
            assert row.form.read(row.default) == row.default, row.key
        assert row.help.endswith("."), row.key


def test_later_sources_win(tmp_path: Path) -> None:
    folder = write(tmp_path, '[service]\nport = 1\nhost = "0.0.0.0"\n')
    environment = {"INDELIBLE_SERVICE_PORT": "2", "INDELIBLE_LOG_LEVEL": "debug", "HOME": "/"}
    found = load_settings(folder, environment, {"service.port": 3, "service.host": None})
    assert (found.service.port, found.service.host, found.log.level) == (3, "0.0.0.0", "debug")
    assert found.origins["service.port"] == "command line"
    assert found.origins["log.level"] == "environment INDELIBLE_LOG_LEVEL"
    assert found.origins["service.host"].endswith("indelible.toml")
    assert found.origins["log.format"] == "default"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[service]\nprot = 1", "unknown setting service.prot"),
        ("[servce]\nport = 1", "unknown setting servce.port"),
        ("port = 1", "unknown setting port"),
        ("[service]\nport = 70000", "service.port"),
        ("[service]\nport = true", "service.port"),
        ("[service", "cannot read"),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(write(tmp_path, text), {})


def test_messages_name_key_value_and_form() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {"INDELIBLE_SCREEN_ZONE": "Mars/Base"})
    assert "screen.zone (environment INDELIBLE_SCREEN_ZONE)" in error.value.message
    assert "'Mars/Base'" in error.value.message
    assert error.value.hint == "allowed: an IANA time zone like Europe/Berlin"


def test_unknown_variables_stop_the_start_but_not_those_of_the_client() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {"INDELIBLE_SERVICE_PROT": "1"})
    assert error.value.hint == "did you mean INDELIBLE_SERVICE_PORT?"
    load_settings(None, {"INDELIBLE_DATA": "x", "INDELIBLE_URL": "x", "INDELIBLE_KEY": "x"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("service.trusted_proxies", "0.0.0.0/0"),
        ("service.trusted_proxies", "*"),
        ("service.trusted_proxies", "::/0"),
        ("service.root_path", "audit"),
        ("service.root_path", "/a/../b"),
        ("service.public_url", "audit.example.com"),
        ("service.public_url", "https://u:p@audit.example.com"),
        ("service.tls_cert", "/nowhere/cert.pem"),
        ("session.idle_hours", "0"),
        ("session.idle_hours", "700"),
        ("log.level", "loud"),
    ],
)
def test_refused_values(key: str, value: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(None, {}, {key: value})


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.touch()
    with pytest.raises(SettingsError, match="go together"):
        load_settings(None, {}, {"service.tls_cert": str(cert)})


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"service.host": "0.0.0.0", "service.port": 80}, "http://127.0.0.1:80"),
        ({"service.root_path": "/audit/"}, "http://127.0.0.1:8080/audit"),
        ({"service.public_url": "https://a.example/x/"}, "https://a.example/x"),
    ],
)
def test_likely_address(options: dict[str, object], address: str) -> None:
    settings: Settings = load_settings(None, {}, options)
    assert likely_address(settings) == address


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "nobody may send it"),
        ({"ALLOWED_NETWORKS": "10.0.0.0/8", "HOST": "0.0.0.0"}, "needs TLS"),
        ({"ALLOWED_NETWORKS": "0.0.0.0/0"}, "is not allowed"),
    ],
)
def test_syslog_is_never_open(settings: dict[str, str], told: str) -> None:
    chosen = {"ENABLED": "true", **settings}
    environment = {f"INDELIBLE_SYSLOG_{name}": value for name, value in chosen.items()}
    with pytest.raises(SettingsError, match=told):
        load_settings(None, environment)
