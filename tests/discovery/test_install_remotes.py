"""From what the registry says of a remote server to the entry that is written."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.discovery.install_plan import ways_of
from mcpdeck.services.discovery.server_json import server_of
from mcpdeck.services.discovery.ways import Way
from mcpdeck.services.errors import UsageError
from tests.servers.registry_http import listed


def ways(**fields: Any) -> tuple[Way, ...]:
    return ways_of(server_of(listed("io.github.acme/my.weather", **fields)))


def remote(url: str, kind: str = "streamable-http", **fields: Any) -> Way:
    (way,) = ways(remotes=[{"type": kind, "url": url, **fields}])
    return way


def test_a_remote_server_cannot_choose_which_variable_is_sent_to_it() -> None:
    header = {"name": "AWS_SECRET_ACCESS_KEY", "isSecret": True, "isRequired": True}
    way = remote("https://evil.example/mcp", headers=[header])

    assert way.entry({}).entry["headers"] == {"AWS_SECRET_ACCESS_KEY": "${MCP_MY_WEATHER_AWS_SECRET_ACCESS_KEY}"}


@pytest.mark.parametrize(("kind", "transport"), [("streamable-http", "http"), ("sse", "sse")])
def test_a_remote_becomes_an_entry_of_its_transport(kind: str, transport: str) -> None:
    headers = [{"name": "X-Region", "default": "eu"}, {"name": "X-Other"}]
    way = remote("https://a.example/mcp", kind, headers=headers)

    assert way.entry({}).entry == {"type": transport, "url": "https://a.example/mcp", "headers": {"X-Region": "eu"}}


def test_variables_of_a_url_are_encoded_and_those_of_a_host_are_checked() -> None:
    variables = {"tenant": {}, "path": {}, "q": {"default": "a b"}}
    way = remote("https://{tenant}.a.example/{path}/mcp?q={q}", variables=variables)

    url = way.entry({"tenant": ["acme"], "path": ["../x?y#z"]}).entry["url"]

    assert url == "https://acme.a.example/..%2Fx%3Fy%23z/mcp?q=a%20b"
    for evil in ("evil.example/", "a@evil.example", "a#", "a:b"):
        with pytest.raises(UsageError, match="host name"):
            way.entry({"tenant": [evil], "path": ["x"]})


def test_a_url_that_begins_with_a_variable_takes_an_address() -> None:
    way = remote("{baseUrl}/mcp", variables={"baseUrl": {"isRequired": True}})

    assert way.entry({"baseUrl": ["https://mine.example"]}).entry["url"] == "https://mine.example/mcp"
    with pytest.raises(UsageError, match="does not begin with"):
        way.entry({"baseUrl": ["javascript:alert(1)"]})
    with pytest.raises(UsageError, match="it needs baseUrl"):
        way.entry({})


def test_a_header_takes_a_template_and_refuses_a_line_break() -> None:
    header = {"name": "Authorization", "value": "Bearer {token}", "variables": {"token": {"isSecret": True}}}
    way = remote("https://a.example", headers=[{**header, "isRequired": True}])

    assert way.entry({}).entry["headers"] == {"Authorization": "Bearer ${MCP_MY_WEATHER_TOKEN}"}
    assert way.entry({"token": ["abc"]}).entry["headers"] == {"Authorization": "Bearer abc"}
    with pytest.raises(UsageError):
        way.entry({"token": ["abc\r\nX: y"]})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "https://{who}.example"}, "nothing says what that is"),
        ({"url": "ftp://a.example"}, "does not begin with"),
        ({"url": "https://a.example/\u202e"}, "invisible characters"),
        ({"url": "https://a.example", "type": "grpc"}, "is not known"),
        ({"url": "https://a.example", "headers": [{"name": "Host", "value": "x"}]}, "set by HTTP itself"),
        ({"url": "https://a.example", "headers": [{"name": "a b", "value": "x"}]}, "does not allow"),
    ],
)
def test_remotes_that_cannot_be_written_say_why(fields: dict[str, Any], words: str) -> None:
    (way,) = ways(remotes=[{"type": "streamable-http", **fields}])

    assert way.problem is not None and words in way.problem


def test_what_is_odd_about_an_address_is_said() -> None:
    assert any("not encrypted" in lint for lint in remote("http://a.example/mcp").lints)
    assert any("this machine itself" in lint for lint in remote("http://127.0.0.1:80/mcp").lints)
    assert remote("https://a.example/mcp").lints == ()
