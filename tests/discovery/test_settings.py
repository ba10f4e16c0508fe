"""What the settings file says about connectors, the registry and discovery."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.services.discovery.settings import OFFICIAL_REGISTRY, DiscoverySettings, read_settings


def read(tmp_path: Path, content: object) -> DiscoverySettings:
    file = tmp_path / "settings.json"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return read_settings(file)


def test_without_a_file_the_official_registry_is_used_and_nothing_else_is_configured(tmp_path: Path) -> None:
    settings = read_settings(tmp_path / "settings.json")

    assert settings == DiscoverySettings(tmp_path / "settings.json")
    assert settings.registry == OFFICIAL_REGISTRY
    assert settings.connectors is None


def test_a_connector_directory_has_a_list_and_a_proxy_below_its_url(tmp_path: Path) -> None:
    settings = read(tmp_path, {"connectors": {"url": "https://a.example/api/", "token": "${T}"}})

    assert settings.connectors is not None
    assert settings.connectors.list_url == "https://a.example/api/v1/mcp_servers?limit=1000"
    assert settings.connectors.proxy == "https://a.example/api/v1/mcp/{id}"
    assert settings.connectors.token == {"token": "${T}"}
    assert settings.lints == ()


def test_list_proxy_and_headers_may_be_given(tmp_path: Path) -> None:
    given = {
        "url": "https://a.example",
        "list": "/mine",
        "proxy": "https://proxy.a.example/mcp/{id}",
        "headers": {"X-Version": "1"},
        "tokenFile": "token",
    }

    connectors = read(tmp_path, {"connectors": given}).connectors

    assert connectors is not None
    assert (connectors.list_url, connectors.proxy) == ("https://a.example/mine", "https://proxy.a.example/mcp/{id}")
    assert connectors.headers == {"X-Version": "1"}


@pytest.mark.parametrize(
    ("connectors", "words"),
    [
        ({"token": "x"}, 'no "url"'),
        ({"url": 7, "token": "x"}, "is a number, not a string"),
        ({"url": "ftp://a.example", "token": "x"}, "does not begin with http"),
        ({"url": "https://${HOST}", "token": "x"}, "a variable in it"),
        ({"url": "https://me:secret@a.example", "token": "x"}, "user name or password"),
        ({"url": "https://a.example"}, "no token"),
        ({"url": "https://a.example", "token": "x", "tokenFile": "y"}, "one is enough"),
        ({"url": "https://a.example", "token": "x", "list": "https://evil.example/list"}, "another origin"),
        ({"url": "https://a.example", "token": "x", "proxy": "/mcp"}, "has no {id}"),
        ({"url": "https://a.example", "token": "x", "list": ["a"]}, "is an array"),
    ],
)
def test_connectors_that_cannot_be_used_say_why_and_where(
    tmp_path: Path, connectors: dict[str, object], words: str
) -> None:
    settings = read(tmp_path, {"registry": {"url": "https://r.example"}, "connectors": connectors})

    assert settings.connectors is None
    assert settings.problem is not None and words in settings.problem
    assert any(words in lint and str(tmp_path) in lint for lint in settings.lints)
    assert "secret" not in " ".join(settings.lints) + settings.problem
    assert settings.registry == "https://r.example"  # nothing else is lost


def test_a_lint_has_the_line_of_its_key(tmp_path: Path) -> None:
    settings = read(tmp_path, '{\n "registry": {\n  "url": "gopher://x"\n }\n}')

    assert settings.registry == OFFICIAL_REGISTRY
    assert settings.lints[0].startswith(f"{tmp_path / 'settings.json'}:3:3: ")


def test_bad_values_of_discovery_cost_only_themselves(tmp_path: Path) -> None:
    domains = ["Example.COM.", 7, "-bad-.example", "", "a b", "x" * 300, "example.com", "_mcp._tcp"]

    settings = read(tmp_path, {"discovery": {"domains": domains, "mdns": "yes", "other": 1}})

    assert settings.domains == ("example.com",)
    assert settings.mdns is False
    assert len([lint for lint in settings.lints if "is no domain name" in lint]) == 6
    assert any('unknown field "other"' in lint for lint in settings.lints)
    assert any('"mdns" is a string' in lint for lint in settings.lints)


@pytest.mark.parametrize("content", ["{", b"\xff\xfe\x00", "[]", '{"connectors": 7, "registry": [], "discovery": "x"}'])
def test_a_file_that_cannot_be_read_leaves_the_defaults_and_a_lint(tmp_path: Path, content: str | bytes) -> None:
    settings = read(tmp_path, content)

    assert settings.registry == OFFICIAL_REGISTRY
    assert settings.lints
    assert all(str(tmp_path) in lint for lint in settings.lints)


def test_a_header_that_cannot_be_sent_is_left_out(tmp_path: Path) -> None:
    headers = {"X-Good": "1", "Bad Name": "2", "X-Bad": "a\nb", "Authorization": "Bearer other", "X-Number": 1}

    settings = read(tmp_path, {"connectors": {"url": "https://a.example", "token": "t", "headers": headers}})

    assert settings.connectors is not None
    assert settings.connectors.headers == {"X-Good": "1"}
    assert len(settings.lints) == 4
