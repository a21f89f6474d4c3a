"""Logging in with an identity provider (npm oidc-provider) and by a proxy's header."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from tests.integration.conftest import ROOT, Login, RunningService, init_folder

pytestmark = pytest.mark.timeout(180)
NODE = shutil.which("node")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def signed_on(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> Iterator[tuple[RunningService, str]]:
    """A service with a provider; the address of the provider."""
    if NODE is None or not (ROOT / "web/node_modules/oidc-provider").exists():
        pytest.skip("no Node or no oidc-provider here; run: make setup")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    provider = subprocess.Popen(
        [NODE, "web/tests/provider.mjs", f"{url}/v1/oidc/callback"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert provider.stdout is not None
    try:
        issuer = provider.stdout.readline().strip()
        assert issuer.startswith("http://"), "the provider did not start"
        data = tmp_path_factory.mktemp("sso") / "data"
        token = init_folder(data)["token"]
        secret = data / "oidc.secret"
        secret.write_text("a secret of the test\n")
        (data / "indelible.toml").write_text(
            f'[service]\npublic_url = "{url}"\nport = {port}\n'
            f'[oidc]\nissuer = "{issuer}"\nclient_id = "indelible"\n'
            f'client_secret_file = "{secret}"\n'
            'roles = { staff = "viewer", security = "auditor", owners = "admin" }\n'
            'demands = { admin = ["otp", "hwk"] }\n'
        )
        service = start_service(data, "--port", str(port))
        service.setup_token = token
        yield service, issuer
    finally:
        provider.terminate()
        provider.wait(20)
        provider.stdout.close()


def _refusals(service: RunningService) -> list[str]:
    """Why logins were refused, as the log has it."""
    found = service.events(stream="user", q="operation:LogIn outcome:failure")
    return [event["metadata"]["reason"] for event in found]


class Visitor:
    """A browser as far as redirects, cookies and the provider's two forms go."""

    def __init__(self, signed_on: tuple[RunningService, str]) -> None:
        self.service, self._issuer = signed_on
        self.client = httpx2.Client(timeout=20)

    def log_in(self, name: str, *groups: str) -> str:
        """Logs in at the provider; returns where the browser ends up."""
        self.client.get(f"{self._issuer}/groups", params={name: ",".join(groups)})
        return self.go_on(self.client.get(f"{self.service.url}/v1/oidc/login"), name)

    def comes_with(self, name: str, *ways: str) -> None:
        """How somebody shows who it is at the provider from now on (amr)."""
        self.client.get(f"{self._issuer}/amr", params={name: ",".join(ways)})

    def end_at_provider(self) -> None:
        """Logs out there, which the provider tells the service by itself."""
        asked = self.client.get(f"{self._issuer}/session/end")
        form = re.search(r'action="([^"]+)"', asked.text)
        secret = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
        assert form, asked.text[:500]
        assert secret, asked.text[:500]
        data = {"xsrf": secret[1], "logout": "yes"}
        self.client.post(urljoin(str(asked.url), form[1]), data=data)

    def go_on(self, reply: httpx2.Response, name: str, until: str = "") -> str:
        for _ in range(20):
            if reply.is_redirect:
                target = urljoin(str(reply.url), reply.headers["location"])
                if (until and until in target) or (
                    target.startswith(self.service.url) and "/v1/oidc/" not in target
                ):
                    return target
                reply = self.client.get(target)
                continue
            form = re.search(r'action="([^"]+)"', reply.text)
            assert form, reply.text[:500]
            prompt = "login" if 'name="login"' in reply.text else "consent"
            reply = self.client.post(
                urljoin(str(reply.url), form[1]),
                data={"prompt": prompt, "login": name, "password": "any"},
            )
        raise AssertionError("the provider leads nowhere")

    def session(self) -> dict[str, Any]:
        reply = self.client.get(f"{self.service.url}/v1/session")
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found


@pytest.fixture
def visit(signed_on: tuple[RunningService, str]) -> Iterator[Callable[[], Visitor]]:
    """Makes browsers, and closes them."""
    with contextlib.ExitStack() as opened:

        def make() -> Visitor:
            visitor = Visitor(signed_on)
            opened.callback(visitor.client.close)
            return visitor

        yield make


def test_an_account_is_made_and_follows_its_groups(
    signed_on: tuple[RunningService, str],
    visit: Callable[[], Visitor],
) -> None:
    service, issuer = signed_on
    assert service.request("GET", "/v1/session/ways").json["oidc"] == "Single sign-on"
    first = visit()
    assert first.log_in("bo", "staff") == f"{service.url}/"
    session = first.session()
    assert session["person"]["email"] == "bo@example.com"
    assert session["person"]["role"] == "viewer"
    assert not session["needs_factor"]
    assert session["logout_url"].startswith(f"{issuer}/session/end?client_id=indelible")
    second = visit()
    assert second.log_in("bo", "staff", "security") == f"{service.url}/", _refusals(service)
    assert second.session()["person"]["role"] == "auditor"
    assert second.session()["person"]["id"] == session["person"]["id"]
    # The role counts at once, for the login before too.
    assert first.session()["person"]["role"] == "auditor"

    acts = [
        (event["operation"], event["metadata"].get("way") or event["metadata"].get("by"))
        for event in service.events(
            stream="user", q="category:audit actor:bo@example.com", order="asc"
        )
        if event["method"] in ("Login", "UserLogin")
    ]
    assert acts == [
        ("CreateAccount", issuer), ("LogIn", "oidc"), ("ChangeUserRole", issuer), ("LogIn", "oidc"),
    ]  # fmt: skip


def test_an_invited_account_is_tied_by_its_address(
    signed_on: tuple[RunningService, str],
    visit: Callable[[], Visitor],
) -> None:
    service, _ = signed_on
    ana = service.set_up()
    visitor = visit()
    visitor.comes_with("ana", "pwd", "otp")
    visitor.log_in("ana", "owners")
    assert visitor.session()["person"]["id"] == ana.session["person"]["id"]
    # The last administrator stays one, whatever the groups say.
    other = visit()
    other.log_in("ana", "staff")
    assert other.session()["person"]["role"] == "admin"


def test_an_administrator_comes_with_a_second_factor(
    signed_on: tuple[RunningService, str],
    visit: Callable[[], Visitor],
) -> None:
    service, _ = signed_on
    visitor = visit()
    visitor.comes_with("ed", "pwd")
    assert visitor.log_in("ed", "owners") == f"{service.url}/login#refused=weak-login"
    assert visitor.client.get(f"{service.url}/v1/session").status_code == 401
    again = visit()
    again.comes_with("ed", "pwd", "hwk")
    assert again.log_in("ed", "owners") == f"{service.url}/"
    assert again.session()["person"]["role"] == "admin"
    # Who becomes an administrator after the login has not shown more by that.
    low = visit()
    low.log_in("fi", "security")
    user = f"/v1/users/{low.session()['person']['id']}"
    made = service.request("PATCH", user, key=service.key("a"), json={"role": "admin"})
    assert made.status == 200
    refused = low.client.get(f"{service.url}/v1/users")
    assert (refused.status_code, refused.json()["code"]) == (403, "weak-login")


def test_the_provider_ends_one_login(
    signed_on: tuple[RunningService, str],
    visit: Callable[[], Visitor],
) -> None:
    service, issuer = signed_on
    one, other = visit(), visit()
    one.log_in("gi", "security")
    other.log_in("gi", "security")
    ended = one.session()
    one.end_at_provider()
    assert one.client.get(f"{service.url}/v1/session").status_code == 401
    assert other.session()["person"]["id"] == ended["person"]["id"]
    found = service.events(stream="user", q="operation:EndLogin actor:gi@example.com")
    assert [(event["method"], event["metadata"]["by"]) for event in found] == [
        ("BackChannelLogout", issuer)
    ]
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"", b"logout_token=a.b.c", b"logout_token=x&logout_token=y"):
        path = "/v1/oidc/backchannel-logout"
        assert service.request("POST", path, body=body, headers=form).status == 400


@pytest.mark.parametrize(
    ("name", "group"), [("cy", ""), ("cy", "visitors"), ("unverified", "security")]
)
def test_who_is_kept_out(
    signed_on: tuple[RunningService, str], visit: Callable[[], Visitor], name: str, group: str
) -> None:
    service, _ = signed_on
    visitor = visit()
    assert visitor.log_in(name, group) == f"{service.url}/login#refused=not-let-in"
    assert visitor.client.get(f"{service.url}/v1/session").status_code == 401
    refused = service.events(stream="user", q="operation:LogIn outcome:failure")
    assert refused[0]["metadata"]["way"] == "oidc"


def test_strangers_fill_no_log_by_coming_back(
    tmp_path: Path, start_service: Callable[..., RunningService]
) -> None:
    back = "/v1/oidc/callback?code=x&state=y"
    first = start_service()
    # Without a provider there is nowhere to come back from, and nothing is written.
    assert first.request("GET", back).status == 404
    assert _refusals(first) == []
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(
        '[service]\npublic_url = "http://127.0.0.1:9"\n'
        '[oidc]\nissuer = "http://127.0.0.1:9"\nclient_id = "indelible"\n'
    )
    service = start_service(data)
    for _ in range(20):
        reply = service.request("GET", back)
        assert reply.headers["location"].endswith("/login#refused=login-step-ended")
    service.settle()
    assert len(_refusals(service)) == 5


def test_a_code_that_was_slipped_to_another_browser(
    signed_on: tuple[RunningService, str],
    visit: Callable[[], Visitor],
) -> None:
    service, _ = signed_on
    mallory, victim = visit(), visit()
    mallory.log_in("mallory", "security")
    begun = mallory.client.get(f"{service.url}/v1/oidc/login")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    back = mallory.go_on(begun, "mallory", until="/v1/oidc/callback")
    victim.client.get(f"{service.url}/v1/oidc/login")
    for client in (victim.client, visit().client):
        refused = client.get(back)
        assert refused.headers["location"].endswith("#refused=login-step-ended")
        assert client.get(f"{service.url}/v1/session").status_code == 401
    # Its own browser may use it, once.
    assert mallory.client.get(back).headers["location"] == f"{service.url}/"
    assert mallory.client.get(back).headers["location"].endswith("#refused=login-step-ended")


def _by_header(service: RunningService, name: str, **more: str) -> Any:
    return service.request("GET", "/v1/session", headers={"x-forwarded-email": name, **more})


def test_a_proxys_header_counts_only_from_its_network(
    start_service: Callable[..., RunningService],
) -> None:
    first = start_service()
    ana = first.set_up()
    assert _by_header(first, "ana@example.com").status == 401  # nobody asked for it
    first.stop()
    settings = first.data / "indelible.toml"
    settings.write_text(
        '[proxy_login]\nheader = "x-forwarded-email"\nnetworks = ["198.51.100.0/24"]\n'
    )
    elsewhere = start_service(first.data)
    forged = _by_header(elsewhere, "ana@example.com", **{"x-forwarded-for": "198.51.100.7"})
    assert forged.status == 401
    elsewhere.stop()

    settings.write_text(
        '[proxy_login]\nheader = "x-forwarded-email"\nnetworks = ["127.0.0.1"]\n'
        'default_role = "viewer"\n'
    )
    service = start_service(first.data)
    reply = _by_header(service, "Ana@Example.com")
    assert reply.json["person"]["id"] == ana.session["person"]["id"]
    cookie = reply.headers["set-cookie"].split(";", 1)[0]
    login = Login(service, cookie, reply.json)
    assert login.request("GET", "/v1/users").status == 401  # the proxy named nobody
    other = login.request("GET", "/v1/users", headers={"x-forwarded-email": "bo@example.com"})
    assert other.status == 401
    named = {"x-forwarded-email": "ana@example.com"}
    assert login.request("GET", "/v1/users", headers=named).status == 200
    made = _by_header(service, "new@example.com")
    assert (made.json["person"]["email"], made.json["person"]["role"]) == (
        "new@example.com", "viewer",
    )  # fmt: skip


def test_a_header_without_networks_stops_the_start(tmp_path: Path) -> None:
    from indelible.errors import SettingsError
    from indelible.server.settings import load_settings

    (tmp_path / "indelible.toml").write_text('[proxy_login]\nheader = "x-user"\n')
    with pytest.raises(SettingsError, match="from where it is believed"):
        load_settings(tmp_path, {})
    for networks in ("0.0.0.0/0", "::/0"):
        with pytest.raises(SettingsError):
            load_settings(None, {"INDELIBLE_PROXY_LOGIN_NETWORKS": networks})
