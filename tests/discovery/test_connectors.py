"""The connectors of an account: a real directory on loopback, and a token that must not leak."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.config.entries import Surroundings
from mcpdeck.services.discovery.connectors import connector_entries
from mcpdeck.services.discovery.settings import read_settings
from mcpdeck.services.models import (
    ConnectorTarget,
    ServerEntry,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    TransportKind,
)
from tests.servers.registry_http import Asked, Reply, Served, serving

pytestmark = pytest.mark.anyio

TOKEN = "account-token-7"


class Account:
    """A settings file and what comes of it."""

    def __init__(self, folder: Path, url: str, **connectors: Any) -> None:
        self.file = folder / "settings.json"
        given = {"url": url, **({"token": "${ACCOUNT}"} if not {"tokenFile", "tokenCommand"} & set(connectors) else {})}
        self.file.write_text(json.dumps({"connectors": {**given, **connectors}}), encoding="utf-8")
        self.around = Surroundings({"ACCOUNT": TOKEN}, folder)

    async def look(self, seconds: float = 10) -> tuple[list[ServerEntry], SourceInfo]:
        with anyio.fail_after(30):
            entries, (info,) = await connector_entries(read_settings(self.file), self.around, seconds=seconds)
        return list(entries), info


def sent(served: Served) -> list[str | None]:
    return [asked.headers.get("Authorization") for asked in served.asked]


def with_token(body: Any) -> Any:
    def answer(asked: Asked) -> Reply:
        return Reply(body) if asked.headers.get("Authorization") == f"Bearer {TOKEN}" else Reply({}, 401)

    return answer


CLAUDE = {
    "data": [
        {"type": "mcp_server", "id": "mcpsrv_01A", "display_name": "Notes", "url": "https://mcp.notes.example/mcp"},
        {"type": "mcp_server", "id": "mcpsrv_01B", "display_name": "Notes", "url": "https://mcp.other.example/sse"},
    ],
    "has_more": False,
}


async def test_listed_servers_are_reached_through_the_proxy_with_the_token(tmp_path: Path) -> None:
    with serving(with_token(CLAUDE)) as served:
        entries, info = await Account(tmp_path, served.url).look()

    assert served.asked[0].path == "/v1/mcp_servers"
    assert served.asked[0].query == {"limit": "1000"}
    assert [(entry.name, entry.endpoint) for entry in entries] == [
        ("Notes", f"{served.url}/v1/mcp/mcpsrv_01A"),
        ("Notes (2)", f"{served.url}/v1/mcp/mcpsrv_01B"),
    ]
    assert {entry.source for entry in entries} == {Source.CONNECTOR}
    assert {entry.transport for entry in entries} == {TransportKind.CONNECTOR}
    target = entries[0].target
    assert isinstance(target, ConnectorTarget) and target.token(False) == TOKEN
    assert (info.status, info.servers, info.place) == (SourceStatus.READ, 2, f"{served.url}/v1/mcp_servers?limit=1000")
    assert TOKEN not in repr(entries) + repr(info)


@pytest.mark.parametrize("key", ["data", "servers", None])
async def test_the_list_may_have_any_of_the_known_shapes(tmp_path: Path, key: str | None) -> None:
    items = [{"uuid": "1", "name": "one"}]
    with serving(lambda _: Reply(items if key is None else {key: items})) as served:
        entries, _ = await Account(tmp_path, served.url).look()

    assert [entry.endpoint for entry in entries] == [f"{served.url}/v1/mcp/1"]


async def test_an_address_within_the_origin_is_taken_as_it_is(tmp_path: Path) -> None:
    with serving(
        lambda asked: Reply({"servers": [{"name": "a", "url": f"http://{asked.headers['Host']}/own/mcp"}]})
    ) as served:
        entries, _ = await Account(tmp_path, served.url).look()

    assert entries[0].endpoint == f"{served.url}/own/mcp"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/mcp",
        "http://127.0.0.1:1/mcp",
        "http://user@{host}/mcp",
        "http://{host}@evil.example/mcp",
        "http://{host}/${HOME}",
        "//evil.example",
        "http://[",
    ],
)
async def test_an_address_of_another_origin_never_gets_the_token(tmp_path: Path, url: str) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply({"servers": [{"name": "evil", "url": url.replace("{host}", asked.headers["Host"])}]})

    with serving(answer) as served:
        entries, info = await Account(tmp_path, served.url).look()

    assert entries[0].target is None
    assert entries[0].gate is Status.NOT_CONFIGURED
    assert entries[0].problem is not None
    assert info.status is SourceStatus.READ


async def test_malformed_items_are_rows_with_the_reason(tmp_path: Path) -> None:
    items = ["text", None, {}, {"id": "1"}, {"name": "no address"}, {"id": 7, "name": 7}, {"id": "2", "name": "good"}]
    with serving(lambda _: Reply({"data": items})) as served:
        entries, info = await Account(tmp_path, served.url).look()

    assert [entry.name for entry in entries] == [
        "connector 1", "connector 2", "connector 3", "connector 4", "no address", "connector 6", "good",
    ]  # fmt: skip
    assert [entry.problem is None for entry in entries] == [False] * 6 + [True]
    assert all(entry.problem.details["entry"] == entry.name for entry in entries if entry.problem)
    assert info.servers == 7


async def test_hostile_names_and_ids_are_harmless(tmp_path: Path) -> None:
    item = {"id": "../../x?y=1#z${HOME}", "name": "\x1b[2J\u202e" + "n" * 500}
    with serving(lambda _: Reply({"data": [item]})) as served:
        entries, _ = await Account(tmp_path, served.url).look()

    assert entries[0].endpoint == f"{served.url}/v1/mcp/..%2F..%2Fx%3Fy%3D1%23z%24%7BHOME%7D"
    assert "\x1b" not in entries[0].name and len(entries[0].name) <= 80


async def test_a_token_that_is_refused_is_asked_for_once_more(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    script = (
        "import pathlib; p = pathlib.Path('count'); n = int(p.read_text()) + 1; p.write_text(str(n)); "
        f"print('stale' if n == 1 else '{TOKEN}')"
    )
    with serving(with_token(CLAUDE)) as served:
        entries, _ = await Account(tmp_path, served.url, tokenCommand=[sys.executable, "-c", script]).look()

    assert len(entries) == 2
    assert sent(served) == ["Bearer stale", f"Bearer {TOKEN}"]


async def test_the_extra_headers_go_with_the_request_for_the_list(tmp_path: Path) -> None:
    with serving(with_token(CLAUDE)) as served:
        await Account(tmp_path, served.url, headers={"X-Api-Version": "2023-06-01"}).look()

    assert served.asked[0].headers["X-Api-Version"] == "2023-06-01"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({}, 401), "wants a login (401)"),
        (Reply({}, 403), "wants a login (403)"),
        (Reply({"error": {"message": "over\x1bloaded"}}, 503), "answered 503: over␛loaded"),
        (Reply(raw=b"<html>"), "not JSON"),
        (Reply({"data": 7}), "no list of servers"),
        (
            Reply({}, 302, {"Location": "https://evil.example/login"}),
            "redirects to another place: https://evil.example",
        ),
    ],
    ids=["401", "403", "503", "html", "no list", "redirect"],
)
async def test_a_directory_that_fails_is_a_source_that_says_why(tmp_path: Path, reply: Reply, words: str) -> None:
    with serving(lambda _: reply) as served:
        entries, info = await Account(tmp_path, served.url).look()

    assert entries == []
    assert info.status is SourceStatus.UNREADABLE
    assert words in info.note
    assert TOKEN not in info.note


async def test_a_redirect_never_carries_the_token_away(tmp_path: Path) -> None:
    with serving(lambda _: Reply({"data": []})) as other:
        there = Reply(status=307, headers={"Location": f"{other.url}/v1/mcp_servers"})
        with serving(lambda _: there) as served:
            await Account(tmp_path, served.url).look()

    assert other.asked == []


@pytest.mark.parametrize(
    ("connectors", "words"),
    [
        ({"tokenFile": "missing"}, "the token file cannot be read"),
        ({"tokenCommand": ["/no/such/program"]}, "cannot be started"),
        ({"token": "a b"}, "is no token"),
    ],
)
async def test_without_a_token_nobody_is_asked(tmp_path: Path, connectors: dict[str, Any], words: str) -> None:
    with serving(with_token(CLAUDE)) as served:
        account = Account(tmp_path, served.url, **connectors)
        entries, info = await account.look()

    assert entries == []
    assert info.status is SourceStatus.UNREADABLE and words in info.note
    assert served.asked == []


async def test_settings_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    entries, info = await Account(tmp_path, "ftp://x").look()

    assert entries == []
    assert info.status is SourceStatus.UNREADABLE
    assert "does not begin with" in info.note
