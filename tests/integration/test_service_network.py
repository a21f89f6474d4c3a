"""HTTPS, proxies and path prefixes: how the service is reached from elsewhere."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.integration.conftest import EMAIL, PASSWORD, RunningService, run_command

pytestmark = pytest.mark.timeout(180)  # processes start and stop; two cores are shared

Start = Callable[..., RunningService]
FROM_PROXY = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "audit.example.com",
    "x-forwarded-for": "1.2.3.4, 198.51.100.9",
    "host": "inner:8080",
}


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def set_up_body(service: RunningService) -> dict[str, Any]:
    return {
        "token": service.setup_token, "email": EMAIL, "name": "Ana", "password": PASSWORD,
    }  # fmt: skip


def test_https_by_itself(start_service: Start, tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    service = start_service(None, "--tls-cert", str(cert), "--tls-key", str(key))
    assert service.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(cert))
    connection = http.client.HTTPSConnection(
        "localhost", urlsplit(service.url).port, context=context
    )
    connection.request(
        "POST", "/v1/setup", body=json.dumps(set_up_body(service)),
        headers={"content-type": "application/json"},
    )  # fmt: skip
    reply = connection.getresponse()
    assert reply.status == 200, reply.read()
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("__Host-indelible=")
    assert "Secure" in cookie
    assert reply.headers["strict-transport-security"] == "max-age=31536000"
    reply.read()
    # The plain name is not taken over HTTPS: a neighbour on plain HTTP could have set it.
    value = cookie.split(";")[0].split("=")[1]
    connection.request("GET", "/v1/session", headers={"cookie": f"indelible_session={value}"})
    assert connection.getresponse().status == 401
    connection.close()


def test_behind_a_trusted_proxy(start_service: Start) -> None:
    service = start_service(None, "--trusted-proxies", "127.0.0.0/8")
    made = service.request("POST", "/v1/setup", json=set_up_body(service), headers=FROM_PROXY)
    assert made.status == 200, made.body
    assert made.headers["set-cookie"].startswith("__Host-indelible=")
    assert "strict-transport-security" in made.headers
    cookie = made.headers["set-cookie"].split(";")[0]
    own = {**FROM_PROXY, "cookie": cookie, "x-csrf-token": made.json["csrf"]}
    for origin, status in (("https://audit.example.com", 200), ("http://inner:8080", 403)):
        headers = {**own, "origin": origin}
        reply = service.request("PATCH", "/v1/settings", json={"zone": "UTC"}, headers=headers)
        assert reply.status == status, origin
    created = service.events(q="CreateAccount")
    assert created[0]["origin"]["ip"] == "198.51.100.9"
    assert created[0]["origin"]["peer_ip"] == "127.0.0.1"


def test_a_stranger_is_not_believed(start_service: Start) -> None:
    service = start_service()
    reply = service.request("POST", "/v1/setup", json=set_up_body(service), headers=FROM_PROXY)
    assert reply.code == "https-needed"


def test_below_a_path(start_service: Start) -> None:
    """The prefix is cut off by some proxies and kept by others."""
    service = start_service(None, "--root-path", "/audit")
    assert service.url.endswith("/audit")
    root = urlsplit(service.url)
    for path in ("/audit/v1/session", "/v1/session"):
        connection = http.client.HTTPConnection(root.hostname or "", root.port)
        connection.request("GET", path)
        assert connection.getresponse().status == 401, path
        connection.close()
    document = service.request("GET", "/openapi.json").json
    assert document["servers"] == [{"url": "/audit"}]
    assert b'<base href="/audit/">' in service.request("GET", "/docs").body
    page = service.request("GET", "/some/view/of/the/screen")
    assert b'<base href="/audit/">' in page.body or page.status == 503
    login = service.set_up()
    assert login.request("GET", "/v1/status").status == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--trusted-proxies", "0.0.0.0/0"), "service.trusted_proxies"),
        (("--tls-cert", "/nowhere"), "service.tls_cert"),
        (("--port", "99999"), "service.port"),
        (("--host", "203.0.113.1", "--port", "0"), "cannot listen on 203.0.113.1"),
    ],
)
def test_wrong_options_stop_the_start(
    start_service: Start, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    data = str(tmp_path / "data")
    run_command("init", "--data", data)
    done = run_command("serve", "--data", data, *arguments, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
