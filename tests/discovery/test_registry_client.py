"""The client of the MCP Registry API on a real HTTP server of the published shape."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest

from mcpdeck.services.discovery import fetch, registry
from mcpdeck.services.discovery.registry import Page, RegistryClient
from mcpdeck.services.errors import (
    AuthorizationRequired,
    ConnectError,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    TransportTimeout,
    UsageError,
)
from tests.servers.registry_http import Asked, Registry, Reply, listed, npm, serving

pytestmark = pytest.mark.anyio

SERVERS = [listed(f"io.example/server-{number}") for number in range(7)]


async def searched(client: RegistryClient, query: str = "", cursor: str | None = None) -> Page:
    with anyio.fail_after(30):
        return await client.search(query, cursor)


async def test_pages_follow_one_another_until_there_is_no_cursor() -> None:
    with serving(Registry(SERVERS, size=3)) as served:
        client = RegistryClient(served.url)
        names: list[str] = []
        page = await searched(client, "server")
        names += [server.name for server in page.servers]
        while page.cursor:
            page = await searched(client, "server", page.cursor)
            names += [server.name for server in page.servers]

    assert names == [f"io.example/server-{number}" for number in range(7)]
    assert served.asked[0].query == {"limit": str(registry.PAGE), "version": "latest", "search": "server"}
    assert [asked.query.get("cursor") for asked in served.asked] == [None, "after-3", "after-6"]


async def test_several_words_are_all_looked_for() -> None:
    items = [
        listed("io.example/weather-files"),
        listed("io.example/files", description="Weather in files"),
        listed("io.example/other-files"),
    ]
    with serving(Registry(items)) as served:
        page = await searched(RegistryClient(served.url), "files weather")

    # the longest word goes to the registry, which looks for it in the name
    assert served.asked[0].query["search"] == "weather"
    assert [server.name for server in page.servers] == ["io.example/weather-files"]


async def test_a_registry_of_the_older_version_is_found_and_remembered() -> None:
    with serving(Registry(SERVERS, version="v0")) as served:
        client = RegistryClient(served.url)
        await searched(client)
        await client.details("io.example/server-1")

    assert [asked.path for asked in served.asked] == [
        "/v0.1/servers",
        "/v0/servers",
        "/v0/servers/io.example%2Fserver-1/versions/latest",
    ]


@pytest.mark.parametrize("path", ["/v0", "/v0/", "/v0.1"])
async def test_a_url_may_name_its_version(path: str) -> None:
    version = path.strip("/")
    with serving(Registry(SERVERS, version=version)) as served:
        page = await searched(RegistryClient(served.url + path))

    assert len(page.servers) == 7
    assert [asked.path for asked in served.asked] == [f"/{version}/servers"]


async def test_malformed_items_are_told_and_cost_only_themselves() -> None:
    items: list[Any] = [
        SERVERS[0],
        "text",
        None,
        {"server": {}},
        {"server": {"name": 7}},
        {"server": {"name": "a b"}},
        {"server": {"name": "x" * 500}},
        listed("io.example/odd", packages="none", remotes=[7, {"type": "sse"}], description=["a"]),
        SERVERS[1],
    ]
    with serving(lambda _: Reply({"servers": items, "metadata": {"nextCursor": 5}})) as served:
        page = await searched(RegistryClient(served.url))

    assert [server.name for server in page.servers] == ["io.example/server-0", "io.example/odd", "io.example/server-1"]
    assert len(page.problems) == 6
    assert page.cursor is None
    odd = page.servers[1]
    assert (odd.packages, odd.remotes, odd.description) == ((), (), "")
    assert odd.problems == (
        "packages is not an array: left out",
        "remote 1 has no url: left out",
        "remote 2 has no url: left out",
    )


async def test_versions_of_one_server_are_shown_once() -> None:
    old, new = listed("io.example/one", "1.0.0"), listed("io.example/one", "2.0.0")
    old["_meta"]["io.modelcontextprotocol.registry/official"]["isLatest"] = False
    with serving(lambda _: Reply({"servers": [old, new]})) as served:
        page = await searched(RegistryClient(served.url))

    assert [server.version for server in page.servers] == ["2.0.0"]


async def test_a_cursor_that_does_not_move_on_ends_the_paging() -> None:
    with serving(lambda _: Reply({"servers": [], "metadata": {"nextCursor": "same"}})) as served:
        page = await searched(RegistryClient(served.url), cursor="same")

    assert page.cursor is None


async def test_names_and_versions_are_encoded_in_the_path() -> None:
    item = listed("io.example/a", "1.0.0+build/../x", packages=[npm()])
    with serving(Registry([item])) as served:
        server = await RegistryClient(served.url).details("io.example/a", "1.0.0+build/../x")

    assert server.version == "1.0.0+build/../x"
    assert served.asked[0].path == "/v0.1/servers/io.example%2Fa/versions/1.0.0%2Bbuild%2F..%2Fx"


async def test_a_server_that_is_not_there_is_a_usage_error_with_a_way_on() -> None:
    with serving(Registry(SERVERS)) as served, pytest.raises(UsageError) as caught:
        await RegistryClient(served.url).details("io.example/nothing\x1b[2J")

    assert "no server named" in caught.value.title
    assert "\x1b" not in caught.value.title + caught.value.hint
    assert "mcpdeck registry search" in caught.value.hint


async def test_versions_are_listed_newest_first_and_none_where_nobody_tells() -> None:
    items = [listed("io.example/one", "2.0.0"), listed("io.example/one", "1.0.0")]
    with serving(Registry(items)) as served:
        assert [each.version for each in await RegistryClient(served.url).versions("io.example/one")] == [
            "2.0.0",
            "1.0.0",
        ]
    with serving(lambda _: Reply({}, 404)) as served:
        assert await RegistryClient(served.url).versions("io.example/one") == ()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply({"title": "Bad Request", "detail": "limit\x1b[31m"}, 400), HttpStatusError, "answered 400: limit"),
        (Reply({"error": "slow down"}, 429), HttpStatusError, "429: slow down"),
        (Reply(raw=b"<html>", status=503), HttpStatusError, "answered 503"),
        (Reply({}, 401), AuthorizationRequired, "wants a login"),
        (Reply(raw=b"<html>not json</html>"), RemoteProtocolError, "not JSON"),
        (Reply(raw=b"[" * 100_000), RemoteProtocolError, "not JSON"),
        (Reply([1, 2]), RemoteProtocolError, "no list of servers"),
        (Reply({"servers": {}}), RemoteProtocolError, "no list of servers"),
        (Reply(raw=b" " * (fetch.LARGEST + 1)), RemoteProtocolError, "more than 4 MiB"),
        (Reply({}, 302, {"Location": "http://evil.example/x"}), ConnectError, "redirects to another place"),
        (Reply({}, 302, {"Location": "http://[broken"}), ConnectError, "redirects to no URL"),
        (Reply({}, 302, {"Location": "/v0.1/servers"}), ConnectError, "in a circle"),
        (Reply(raw=b"x", headers={"Content-Encoding": "br"}), RemoteProtocolError, "compressed with"),
    ],
    ids=lambda value: value.status if isinstance(value, Reply) else "",
)
async def test_every_failure_says_what_happened_and_what_to_do(
    reply: Reply, error: type[McpDeckError], words: str
) -> None:
    with serving(lambda _: reply) as served, pytest.raises(error) as caught:
        await searched(RegistryClient(served.url))

    assert words in caught.value.title
    assert caught.value.hint
    assert "\x1b" not in caught.value.title


async def test_a_redirect_within_the_origin_is_followed() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/v0.1/servers":
            return Reply(status=307, headers={"Location": "/elsewhere/servers"})
        return Reply({"servers": SERVERS})

    with serving(answer) as served:
        assert len((await searched(RegistryClient(served.url))).servers) == 7


async def test_a_redirect_is_not_followed_to_another_origin() -> None:
    with serving(lambda _: Reply({"servers": SERVERS})) as other:
        there = Reply(status=302, headers={"Location": f"{other.url}/v0.1/servers"})
        with serving(lambda _: there) as served, pytest.raises(ConnectError):
            await searched(RegistryClient(served.url))

    assert other.asked == []


async def test_nobody_there_and_nobody_who_answers_are_told() -> None:
    with serving(Registry([])) as served:
        gone = served.url
    with pytest.raises(ConnectError, match="refused"):
        await searched(RegistryClient(gone))

    answered = threading.Event()

    def silent(_: Asked) -> Reply:
        answered.wait(10)
        return Reply({"servers": []})

    with serving(silent) as served:
        try:
            with pytest.raises(TransportTimeout, match="within"):
                await searched(RegistryClient(served.url, seconds=0.2))
        finally:
            answered.set()
