"""``mcpdeck batch`` over HTTP: sessions, logins, tools that must be refused, and what a trace of it holds."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from tests.cli.command import MCPDECK, SECONDS, CommandLine
from tests.servers.scripted_http import Exchange, ScriptedServer, scripted_http

SECRET = "s3cret-token"
ECHO = {"name": "echo", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}
BAD = {
    "name": "bad",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "not a name"}}},
}


class Server:
    """Streamable HTTP of either era; ``expire`` answers that many tool calls with 404.

    ``clings``: never answers the DELETE of its session.
    """

    def __init__(self, *, modern: bool = False, expire: int = 0, status: str = "", clings: bool = False) -> None:
        self.modern = modern
        self.clings = clings
        self.expire = expire
        self.status = status
        self.sessions = 0

    async def __call__(self, exchange: Exchange) -> None:
        if self.status:
            await exchange.answer(self.status, b"no", "text/plain")
        elif exchange.method == "DELETE":
            await (anyio.sleep_forever() if self.clings else exchange.answer("200 OK"))
        elif exchange.method == "GET":
            await exchange.answer("405 Method Not Allowed")
        elif "id" not in exchange.message:
            await exchange.answer("202 Accepted")
        elif self.modern:
            await self._modern(exchange)
        else:
            await self._legacy(exchange)

    async def _legacy(self, exchange: Exchange) -> None:
        match exchange.message["method"]:
            case "initialize":
                self.sessions += 1
                info = {"name": "s", "version": "1"}
                result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
                await exchange.result(result, Mcp_Session_Id=f"{SECRET}-{self.sessions}")
            case "tools/list":
                await exchange.result({"tools": [ECHO, BAD]})
            case "tools/call" if self.expire:
                self.expire -= 1
                await exchange.answer("404 Not Found", b"gone", "text/plain")
            case "tools/call":
                await exchange.result({"content": [{"type": "text", "text": f"in session {self.sessions}"}]})
            case _:
                await self._unknown(exchange)

    async def _modern(self, exchange: Exchange) -> None:
        fresh = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        match exchange.message["method"]:
            case "server/discover":
                versions = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
                await exchange.result({**fresh, **versions})
            case "tools/list":
                await exchange.result({**fresh, "tools": [ECHO, BAD]})
            case "tools/call":
                await exchange.result({"resultType": "complete", "content": []})
            case _:
                await self._unknown(exchange)

    async def _unknown(self, exchange: Exchange) -> None:
        error = {"code": -32601, "message": "no such method"}
        body = json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "error": error}).encode()
        await exchange.answer("404 Not Found" if self.modern else "200 OK", body)


async def batch(
    mcpdeck: CommandLine, server: Server, words: Sequence[str], *operations: dict[str, object]
) -> tuple[int, list[dict[str, Any]], ScriptedServer]:
    with anyio.fail_after(SECONDS):
        async with scripted_http(server) as scripted:
            done = await anyio.run_process(
                [*MCPDECK, "batch", scripted.url, *words],
                input="".join(f"{json.dumps(operation)}\n" for operation in operations).encode(),
                cwd=mcpdeck.root,
                env=mcpdeck.environ,
                stderr=subprocess.PIPE,
                check=False,
            )
            assert b"Traceback" not in done.stderr, done.stderr
            assert SECRET.encode() not in done.stdout + done.stderr
            return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], scripted


CALL: dict[str, object] = {"op": "call_tool", "name": "echo"}
LEGACY = ("--era", "legacy")
MODERN = ("--era", "modern")


async def test_the_end_of_input_deletes_the_session(mcpdeck: CommandLine) -> None:
    code, replies, server = await batch(mcpdeck, Server(), LEGACY, CALL)
    assert (code, [reply["ok"] for reply in replies]) == (0, [True, True])
    (delete,) = [exchange for exchange in server.seen if exchange.method == "DELETE"]
    assert delete.headers["mcp-session-id"] == f"{SECRET}-1"


async def test_a_server_that_never_answers_the_delete_does_not_keep_it(mcpdeck: CommandLine) -> None:
    code, replies, _ = await batch(mcpdeck, Server(clings=True), LEGACY, CALL)
    assert (code, [reply["ok"] for reply in replies]) == (0, [True, True])


async def test_an_operation_whose_session_had_expired_is_sent_again_in_a_new_one(mcpdeck: CommandLine) -> None:
    code, replies, _ = await batch(mcpdeck, Server(expire=1), LEGACY, CALL, {"op": "info"})
    assert (code, [reply["ok"] for reply in replies]) == (0, [True, True, True])
    assert replies[1]["result"]["content"][0]["text"] == "in session 2"
    assert replies[2]["result"]["generation"] == 2


async def test_a_session_that_expires_again_at_once_is_an_error_and_not_a_loop(mcpdeck: CommandLine) -> None:
    code, replies, server = await batch(mcpdeck, Server(expire=1_000), LEGACY, CALL)
    assert (code, replies[1]["ok"], replies[1]["error"]["kind"]) == (1, False, "http")
    assert sum(exchange.message["method"] == "tools/call" for exchange in server.seen if exchange.body) == 2


@pytest.mark.parametrize(
    ("status", "kind", "http_code", "code"),
    [("401 Unauthorized", "auth", 401, 4), ("500 Internal Server Error", "http", 500, 3)],
)
async def test_a_refused_connection_says_its_http_status(
    mcpdeck: CommandLine, status: str, kind: str, http_code: int, code: int
) -> None:
    done, (connect,), _ = await batch(mcpdeck, Server(status=status), LEGACY, CALL)
    assert (connect["ok"], connect["error"]["kind"], connect["error"]["code"]) == (False, kind, http_code)
    assert done == code


async def test_tools_that_must_be_refused_stand_apart_and_cannot_be_called(mcpdeck: CommandLine) -> None:
    call_bad: dict[str, object] = {"op": "call_tool", "name": "bad"}
    code, replies, server = await batch(mcpdeck, Server(modern=True), MODERN, {"op": "list_tools"}, call_bad, CALL)
    _, tools, bad, good = replies
    assert [tool["name"] for tool in tools["result"]["tools"]] == ["echo"]
    (rejected,) = tools["result"]["rejected"]
    assert rejected["name"] == "bad"
    assert "x-mcp-header" in rejected["reason"]
    assert (bad["ok"], bad["error"]["kind"], good["ok"], code) == (False, "usage", True, 1)
    called = [exchange.message["params"]["name"] for exchange in server.seen if b"tools/call" in exchange.body]
    assert called == ["echo"]


async def test_a_tool_of_an_older_era_is_not_refused_for_its_headers(mcpdeck: CommandLine) -> None:
    _, (_, tools), _ = await batch(mcpdeck, Server(), LEGACY, {"op": "list_tools"})
    assert [tool["name"] for tool in tools["result"]["tools"]] == ["echo", "bad"]
    assert tools["result"]["rejected"] == []


@pytest.mark.parametrize("era", [LEGACY, MODERN], ids=["legacy", "modern"])
async def test_a_trace_holds_every_message_and_no_token_and_no_session_id(
    mcpdeck: CommandLine, era: tuple[str, ...]
) -> None:
    modern = era is MODERN
    words = (*era, "--trace", "t.jsonl", "--header", f"Authorization: Bearer {SECRET}")
    code, _, server = await batch(mcpdeck, Server(modern=modern), words, CALL)
    assert code == 0
    posts = [exchange for exchange in server.seen if exchange.method == "POST"]
    assert all(exchange.headers["authorization"] == f"Bearer {SECRET}" for exchange in posts)
    file = mcpdeck.root / "t.jsonl"
    assert SECRET not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    records = [json.loads(line) for line in file.read_text().splitlines()]
    sent = [record["message"] for record in records if record["direction"] == "sent" and record["kind"] == "request"]
    came = [exchange.message for exchange in posts if "id" in exchange.message]
    assert sent == sorted(came, key=lambda message: message["id"])  # two connections may overtake each other
    assert {record["seq"] for record in records} == set(range(1, len(records) + 1))
