from __future__ import annotations

from ipaddress import ip_address

import pytest

from mcpdeck.services.auth.addresses import (
    browsable,
    check_url,
    excused,
    kind_of,
    literal,
    origin_of,
    shown_url,
    unencrypted,
    web_url,
)
from mcpdeck.services.auth.kinds import Place
from mcpdeck.services.errors import DiscoveryError
from mcpdeck.services.models import OAuthSettings

FAR = Place("far", "https://mcp.example/mcp", OAuthSettings())
NEAR = Place("near", "http://localhost:3000/mcp", OAuthSettings())
OPEN = Place("open", "https://mcp.example/mcp", OAuthSettings(allow_insecure=True))


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", "public"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::a00:1", "private"),
        ("2002:c0a8:1::", "private"),
        ("fec0::1", "private"),
        ("::ffff:0:10.0.0.1", "private"),
        ("::ffff:0:7f00:1", "loopback"),
        ("::ffff:0:93.184.216.34", "public"),
        ("64:ff9b:1::7f00:1", "loopback"),
        ("64:ff9b:1:fffe::a00:1", "private"),
        ("64:ff9b:1::93.184.216.34", "public"),
        ("64:ff9b:1:a00:5:0:808:808", "reserved"),
        ("64:ff9b:1:a00:0:500::", "reserved"),
        ("64:ff9b:1::", "reserved"),
        ("::2", "reserved"),
        ("::ffff", "reserved"),
        ("192.88.99.1", "reserved"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "reserved"),
        ("ff02::1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("192.0.2.1", "reserved"),
        ("2001:db8::1", "reserved"),
    ],
)
def test_an_address_is_of_a_kind_however_it_is_wrapped(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("localhost", None),
        ("abc", None),
        ("dead.beef", None),
        ("1.2.3.4.5", None),
        ("127.0.0.1.example", None),
        ("", None),
    ],
)
def test_a_host_that_is_a_number_is_known_in_every_spelling(host: str, address: str | None) -> None:
    assert literal(host) == (ip_address(address) if address else None)


@pytest.mark.parametrize(
    ("addresses", "kinds"),
    [
        (["127.0.0.1", "::1"], {"loopback"}),
        (["10.0.0.1", "fd00::1"], {"private"}),
        (["10.0.0.1", "93.184.216.34"], set()),
        (["93.184.216.34"], set()),
        ([], set()),
    ],
)
def test_only_a_server_that_is_wholly_inside_opens_the_inside(addresses: list[str], kinds: set[str]) -> None:
    assert excused(addresses) == kinds


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example/x?y=1",
        "https://auth.example:8443/",
        "https://10.0.0.1/",  # whether that may be contacted is asked when its address is known
        "HTTPS://AUTH.EXAMPLE/",
    ],
)
def test_https_may_be_used(url: str) -> None:
    assert check_url(url, FAR).hostname


REFUSED = {
    "http://auth.example/": "not encrypted",
    "http://127.0.0.1/": "leads to this machine",
    "http://localhost:9000/": "leads to this machine",
    "http://127.1/": "leads to this machine",
    "http://[::ffff:127.0.0.1]/": "leads to this machine",
    "http://localhost.evil.example/": "not encrypted",
    "http://127.0.0.1.evil.example/": "not encrypted",
    "https://user@auth.example/": "user name",
    "https://auth.example@evil.example/": "user name",
    "file:///etc/passwd": "no https address",
    "javascript:alert(1)": "no https address",
    "ftp://auth.example/": "no https address",
    "//auth.example/": "no https address",
    "/token": "no https address",
    "https://": "no https address",
    "https://auth.example:0/": "no https address",
    "https://auth.example:99999/": "no https address",
    "https://[::1/": "no https address",
    "https://auth.example/\nX": "no https address",
    "https://auth.example\\@evil.example/": "no https address",
    " https://auth.example/": "no https address",
    "": "no https address",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_server_elsewhere_must_name_https_addresses(url: str) -> None:
    with pytest.raises(DiscoveryError) as raised:
        check_url(url, FAR, "token_endpoint")
    assert REFUSED[url] in raised.value.title
    assert raised.value.title.startswith("token_endpoint ")
    assert raised.value.hint


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost./", "http://x.localhost/", "http://[::1]:8/"])
def test_a_server_on_this_machine_may_name_plain_http_on_this_machine(url: str) -> None:
    assert check_url(url, NEAR).scheme == "http"
    with pytest.raises(DiscoveryError, match="not encrypted"):
        check_url("http://192.168.0.1/", NEAR)


def test_the_entry_can_allow_plain_http_but_never_another_scheme() -> None:
    assert check_url("http://192.168.0.1/", OPEN).hostname == "192.168.0.1"
    for url in ("file:///x", "javascript:alert(1)", "https://u:p@h/"):
        with pytest.raises(DiscoveryError):
            check_url(url, OPEN)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://auth.example/authorize?x=1", None),
        ("http://127.0.0.1:8000/authorize", None),
        ("http://localhost/authorize", None),
        ("http://auth.example/authorize", "not encrypted"),
        ("http://127.0.0.1.evil.example/", "not encrypted"),
        ("javascript:alert(1)", "no absolute web address"),
        ("javascript://auth.example/%0aalert(1)", "begins with javascript:"),
        ("data:text/html,x", "no absolute web address"),
        ("file:///etc/passwd", "no absolute web address"),
        ("file://host/etc/passwd", "begins with file:"),
        ("vbscript://x/", "begins with vbscript:"),
        ("myapp://auth/", "begins with myapp:"),
        ("https://auth.example@evil.example/", "hides the host"),
        ("https://auth.example/\x1b]8;;", "control characters"),
        ("https://auth.example/a b", "white space"),
        ("https://auth.example\\evil", "backslashes"),
        ("--help", "no absolute web address"),
        ("", "no absolute web address"),
    ],
)
def test_a_browser_is_sent_to_web_addresses_only(url: str, reason: str | None) -> None:
    found = browsable(url)
    assert found is None if reason is None else found is not None and reason in found


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("http://mcp.example/mcp", True),
        ("HTTP://mcp.example/mcp", True),
        ("ws://mcp.example/mcp", True),
        ("http://10.0.0.5/mcp", True),
        ("http://localhost.evil.example/mcp", True),
        ("https://mcp.example/mcp", False),
        ("wss://mcp.example/mcp", False),
        ("http://localhost:3000/mcp", False),
        ("http://127.1/mcp", False),
        ("ws://[::1]/mcp", False),
    ],
)
def test_a_token_is_for_encrypted_addresses_and_for_this_machine(url: str, readable: bool) -> None:
    assert unencrypted(Place("s", url, OAuthSettings())) is readable
    assert not unencrypted(Place("s", url, OAuthSettings(allow_insecure=True)))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://Auth.Example:443/x", "https://auth.example"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("http://h:80", "http://h"),
        ("http://h:443", "http://h:443"),
        ("no url", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_a_web_socket_is_reached_by_its_web_address() -> None:
    assert [web_url(url) for url in ("ws://h/p", "wss://h/p", "https://h/p")] == [
        "http://h/p",
        "https://h/p",
        "https://h/p",
    ]


def test_a_hostile_address_is_shown_on_one_line_without_its_secrets() -> None:
    shown = shown_url("https://user:pass@h/\x1b[31m\n" + "x" * 500 + "?code=secret#frag")
    assert "pass" not in shown
    assert "secret" not in shown
    assert "\x1b" not in shown
    assert len(shown) <= 200
