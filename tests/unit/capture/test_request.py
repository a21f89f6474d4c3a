"""Client address, trace, names: what all HTTP hooks share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.capture.request import (
    Seen,
    TrustedProxies,
    operation_of,
    parse_address,
    request_id_of,
    template_of,
    trace_id_of,
    writes_and_denied,
)
from indelible.errors import SettingsError

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48"]


@pytest.mark.parametrize(
    ("peer", "header", "want"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # an untrusted peer vouches for nobody
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.7"], "203.0.113.7"),  # the left one is the client's word
        ("10.0.0.1", ["1.2.3.4", "203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.5, 10.0.0.9"], "10.0.0.5"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("2001:db8:ffff::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("10.0.0.1", ["203.0.113.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        (None, ["203.0.113.7"], None),
        ("not an address", ["203.0.113.7"], None),
    ],
)
def test_the_client_is_the_rightmost_untrusted_hop(
    peer: str | None, header: list[str], want: str | None
) -> None:
    assert TrustedProxies(PROXIES).resolve(peer, header) == want


def test_a_unix_socket_may_be_trusted() -> None:
    assert TrustedProxies(["unix"]).resolve(None, ["203.0.113.7"]) == "203.0.113.7"


@pytest.mark.parametrize(
    ("header", "want"),
    [
        ("for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
        ('For="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=1.2.3.4, for=203.0.113.7", "203.0.113.7"),
        ("proto=https, for=_hidden", "10.0.0.1"),
        ("by=10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_forwarded_header_is_read_when_chosen(header: str, want: str) -> None:
    assert TrustedProxies(PROXIES, "forwarded").resolve("10.0.0.1", [header]) == want


@given(st.lists(st.text()), st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_no_header_of_a_stranger_changes_the_address(header: list[str], name: str) -> None:
    proxies = TrustedProxies(PROXIES, name)  # type: ignore[arg-type]
    assert proxies.resolve("203.0.113.7", header) == "203.0.113.7"


@given(st.ip_addresses(), st.integers(1, 65535))
def test_addresses_are_read_with_and_without_port(address: object, port: int) -> None:
    text = str(address)
    plain = parse_address(text)
    with_port = parse_address(f"[{text}]:{port}" if ":" in text else f"{text}:{port}")
    assert plain is not None
    assert plain == with_port


def test_a_wrong_network_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="trusted proxies"):
        TrustedProxies(["10.0.0.0/99"])


@pytest.mark.parametrize(
    ("header", "want"),
    [
        (f"00-{'ab' * 16}-{'cd' * 8}-01", "ab" * 16),
        (f"cc-{'ab' * 16}-{'cd' * 8}-01-what-comes", "ab" * 16),
        (f"ff-{'ab' * 16}-{'cd' * 8}-01", None),
        (f"00-{'0' * 32}-{'cd' * 8}-01", None),
        (f"00-{'AB' * 16}-{'cd' * 8}-01", None),
        ("garbage", None),
        (None, None),
    ],
)
def test_the_trace_id_comes_from_a_wellformed_traceparent(
    header: str | None, want: str | None
) -> None:
    assert trace_id_of(header) == want


def test_a_request_id_is_taken_over_only_when_harmless() -> None:
    assert request_id_of("req-7.a", lambda: "own") == "req-7.a"
    assert [request_id_of(bad, lambda: "own") for bad in (None, "", "a b", "x" * 129, "é")] == [
        "own"
    ] * 5


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("create_group", "CreateGroup"),
        ("shareDetails", "ShareDetails"),
        ("admin:roles-list", "AdminRolesList"),
        (None, "UnmatchedRequest"),
        ("__", "UnmatchedRequest"),
    ],
)
def test_operations_are_named_after_the_route(name: str | None, want: str) -> None:
    assert operation_of(name) == want


@pytest.mark.parametrize(
    ("path", "template", "params", "want"),
    [
        ("/groups/7", "/groups/{group_id}", {"group_id": 7}, "/groups/{group_id}"),
        ("/api/groups/7", "/groups/{id}", {"id": "7"}, "/api/groups/{id}"),
        ("/t/acme/groups/7", "/groups/{id}", {"id": "7", "t": "acme"}, "/t/{t}/groups/{id}"),
        ("/files/a/b.txt", "/files/{path:path}", {"path": "a/b.txt"}, "/files/{path}"),
        ("/m/5/x", None, {"k": "5"}, "/m/{k}/x"),
        ("/nope", None, {}, "/nope"),
        ("/other", "/groups/{id}", {}, "/groups/{id}"),
    ],
)
def test_the_endpoint_is_the_template_with_what_stands_before_it(
    path: str, template: str | None, params: dict[str, object], want: str
) -> None:
    assert template_of(path, template, params) == want


def test_writes_and_denied_requests_are_recorded_by_default() -> None:
    def f(method: str, status: int) -> bool:
        return writes_and_denied(Seen(method, "/x", "/x", status))

    assert [f("GET", 200), f("HEAD", 404), f("OPTIONS", 200)] == [False] * 3
    assert [f("POST", 200), f("DELETE", 500), f("GET", 403), f("HEAD", 401)] == [True] * 4
