"""What becomes of an announcement: every text of it is hostile, and nothing of it is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.discovery.announced import Announcement, offered, texts_of
from mcpdeck.services.models import ServerEntry, Source, Status, TransportKind

PROJECT = Path("/srv/project")


def row(host: str = "host.example", port: int = 8000, *, instance: str = "weather", **more: object) -> ServerEntry:
    addresses = more.pop("addresses", ())
    texts = {key: str(value) for key, value in more.items()}
    return offered(Announcement(instance, host, port, "mDNS on this network", addresses, texts), PROJECT)  # type: ignore[arg-type]


def test_a_server_is_offered_and_stays_disabled() -> None:
    entry = row(path="/api/mcp", version="1.2", name="Weather")

    assert (entry.source, entry.gate, entry.problem) == (Source.DISCOVERED, Status.DISABLED, None)
    assert entry.endpoint == "http://host.example:8000/api/mcp"
    assert "it says it is version 1.2" in entry.lints
    assert ("announced", "mDNS on this network") in entry.provenance.shown


@pytest.mark.parametrize(
    ("texts", "url", "kind"),
    [
        ({}, "http://host.example:8000/mcp", TransportKind.HTTP),
        ({"proto": "https"}, "https://host.example:8000/mcp", TransportKind.HTTP),
        ({"tls": "1"}, "https://host.example:8000/mcp", TransportKind.HTTP),
        ({"transport": "streamable-http", "tls": "true"}, "https://host.example:8000/mcp", TransportKind.HTTP),
        ({"proto": "sse", "path": "sse"}, "http://host.example:8000/sse", TransportKind.SSE),
        ({"proto": "wss", "path": "/ws"}, "wss://host.example:8000/ws", TransportKind.WS),
        ({"path": "/"}, "http://host.example:8000/", TransportKind.HTTP),
    ],
)
def test_texts_choose_path_transport_and_encryption(texts: dict[str, str], url: str, kind: TransportKind) -> None:
    entry = row(**texts)  # type: ignore[arg-type]

    assert (entry.endpoint, entry.transport, entry.problem) == (url, kind, None)


def test_port_443_without_a_word_is_encrypted() -> None:
    assert row(port=443).endpoint == "https://host.example:443/mcp"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/a b", "/a%20b"),
        ("/a?x=1#y", "/a%3Fx=1%23y"),
        ("/${AWS_SECRET_ACCESS_KEY}", "/%24%7BAWS_SECRET_ACCESS_KEY%7D"),
        ("//evil.example/x", "/evil.example/x"),
        ("/\x1b[2J\r\nHost: evil", "/%1B%5B2J%0D%0AHost:%20evil"),
        ("@evil.example", "/@evil.example"),
        ("\u202e", "/%E2%80%AE"),
    ],
)
def test_a_path_stays_a_path(path: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")

    entry = row(path=path)

    assert entry.endpoint == f"http://host.example:8000{url}"
    assert getattr(entry.target, "url", None) == entry.endpoint


@pytest.mark.parametrize(
    "host",
    ["", "evil.example/x", "a@b", "a b", "host:80", "[::1", "x" * 300, "a..b", "${HOME}", "h\x1b[31m", "ho\u202est"],
)
def test_a_host_that_is_none_is_refused_with_the_reason(host: str) -> None:
    entry = row(host)

    assert entry.target is None
    assert entry.gate is Status.NOT_CONFIGURED
    assert entry.problem is not None and "is no host name" in entry.problem.title
    assert "\x1b" not in entry.problem.title


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    entry = row(port=port)

    assert entry.problem is not None and "port" in entry.problem.title


def test_a_protocol_that_is_not_spoken_is_refused() -> None:
    entry = row(proto="ndjson\x1b")

    assert entry.problem is not None and 'speaks "ndjson␛"' in entry.problem.title


def test_addresses_stand_in_for_names_that_few_resolvers_know() -> None:
    addresses = ("fe80::1", "2001:db8::7", "192.0.2.7")

    assert row("lab.local.", addresses=addresses).endpoint == "http://192.0.2.7:8000/mcp"
    assert row("lab.local.", addresses=addresses[:2]).endpoint == "http://[2001:db8::7]:8000/mcp"
    assert row("lab.local.", addresses=("fe80::1%eth0", "no address")).endpoint == "http://[fe80::1]:8000/mcp"
    assert row("lab.local.", addresses=addresses, proto="https").endpoint == "https://lab.local:8000/mcp"
    assert row("2001:db8::7").endpoint == "http://[2001:db8::7]:8000/mcp"


def test_who_announces_this_machine_itself_is_told() -> None:
    assert any("this machine itself" in lint for lint in row("localhost").lints)
    assert any("this machine itself" in lint for lint in row("x.local", addresses=("127.0.0.1",)).lints)


def test_names_are_cut_and_made_visible() -> None:
    entry = row(instance="\x1b[31m" + "n" * 500 + "\u202e")

    assert len(entry.name) <= 63
    assert "\x1b" not in entry.name
    assert row(instance="").name == "unnamed"


def test_texts_are_read_as_the_standard_says() -> None:
    assert texts_of([b"Path=/a", b"path=/b", b"flag", b"=x", b"v=\xff", b"long=" + b"x" * 9_000]) == {
        "path": "/a",
        "flag": "",
        "v": "\ufffd",
        "long": "x" * 501,
    }
    assert texts_of({b"path": b"/a", b"flag": None}) == {"path": "/a", "flag": ""}
    assert len(texts_of([f"k{number}=1".encode() for number in range(1_000)])) == 32
