"""Typed tools over the in-process transport, driven with JSON-RPC bytes: both eras, and no SDK."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.errors import LocalProtocolError
from mcpdeck.services.registry import typed_calls, typed_server
from mcpdeck.services.registry.typed import Success, ToolContext
from mcpdeck.services.transports.base import Outgoing
from tests.registry.typed_samples import Doing, DoingInThread, Split, Told, Waiting, call, server
from tests.transports.in_process import INITIALIZE, MODERN, connected, nothing_of_ours
from tests.waiting import eventually

META = "io.modelcontextprotocol/"


# -- the two eras


async def test_the_stateless_era_is_spoken_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)  # an import of it fails
    with pytest.raises(ImportError):
        importlib.import_module("mcp")
    async with connected(server(instructions="Split with care.")) as line:
        found = (await line.ask(1, "server/discover", {"_meta": MODERN}))["result"]
        assert found["supportedVersions"][0] == "2026-07-28"
        assert found["capabilities"] == {"tools": {}, "logging": {}}
        assert (found["instructions"], found["resultType"]) == ("Split with care.", "complete")
        assert found["_meta"][f"{META}serverInfo"]["name"] == "tools"
        assert (found["ttlMs"] > 0, found["cacheScope"]) == (True, "private")
        listed = (await line.ask(2, "tools/list", {"_meta": MODERN}))["result"]
        assert [tool["name"] for tool in listed["tools"]] == ["split"]
        assert (listed["ttlMs"] > 0, listed["cacheScope"], "nextCursor" in listed) == (True, "private", False)
        called = (await call(line, "split", {"text": "a b"}))["result"]
        assert called["structuredContent"] == {"words": ["a", "b"]}
        assert called["content"] == [{"type": "text", "text": '{"words":["a","b"]}'}]
        assert (called["isError"], called["resultType"]) == (False, "complete")


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("2025-11-25", "2025-11-25"), ("2024-11-05", "2024-11-05"), ("2026-07-28", "2025-11-25"), ("1.0", "2025-11-25")],
)
async def test_the_handshake_era_is_spoken_too(wanted: str, given: str) -> None:
    async with connected(server()) as line:
        welcome = (await line.ask(1, "initialize", {**INITIALIZE, "protocolVersion": wanted}))["result"]
        assert (welcome["protocolVersion"], welcome["serverInfo"]["name"]) == (given, "tools")
        assert "resultType" not in welcome
        await line.send({"method": "notifications/initialized"})
        assert (await line.ask(2, "ping", {}))["result"] == {}
        listed = (await line.ask(3, "tools/list", {}))["result"]
        assert set(listed) == {"tools"}
        called = await line.ask(4, "tools/call", {"name": "split", "arguments": {"text": "a"}})
        assert called["result"]["structuredContent"] == {"words": ["a"]}
        assert (await line.ask(5, "logging/setLevel", {"level": "debug"}))["result"] == {}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        pytest.param("resources/list", {"_meta": MODERN}, -32601, id="unknown method"),
        pytest.param("subscriptions/listen", {"_meta": MODERN}, -32601, id="nothing to listen to"),
        pytest.param("ping", {"_meta": MODERN}, -32601, id="ping is of the other era"),
        pytest.param("initialize", {**INITIALIZE, "_meta": MODERN}, -32601, id="so is the handshake"),
        pytest.param("tools/list", {}, -32602, id="neither envelope nor handshake"),
        pytest.param(
            "tools/list", {"_meta": {**MODERN, f"{META}protocolVersion": "2030-01-01"}}, -32022, id="unknown version"
        ),
        pytest.param(
            "tools/list", {"_meta": {f"{META}protocolVersion": "2026-07-28"}}, -32602, id="no client capabilities"
        ),
        pytest.param("tools/list", {"_meta": MODERN, "cursor": "after 7"}, -32602, id="unknown cursor"),
        pytest.param("tools/list", {"_meta": MODERN, "cursor": "after ²"}, -32602, id="cursor with an odd digit"),
        pytest.param("tools/list", {"_meta": MODERN, "cursor": 3}, -32602, id="cursor that is no text"),
        pytest.param("tools/call", {"_meta": MODERN, "name": "no"}, -32602, id="unknown tool"),
        pytest.param("tools/call", {"_meta": MODERN}, -32602, id="no tool"),
        pytest.param("tools/call", {"_meta": MODERN, "name": "split", "arguments": [1]}, -32602, id="odd arguments"),
        pytest.param(
            "tools/call", {"_meta": {**MODERN, f"{META}logLevel": "loud"}, "name": "split"}, -32602, id="odd log level"
        ),
        pytest.param("logging/setLevel", {"level": "loud"}, -32602, id="odd level"),
        pytest.param("tools/list", [1], -32602, id="params that are no object"),
    ],
)
async def test_what_cannot_be_answered_is_an_error_with_its_code_and_the_next_request_is_answered(
    method: str, params: Any, code: int
) -> None:
    async with connected(server()) as line:
        answer = await line.ask(1, method, params)
        assert answer["error"]["code"] == code
        if code == -32022:
            assert answer["error"]["data"]["supported"][0] == "2026-07-28"
        assert "result" in await line.ask(2, "server/discover", {"_meta": MODERN})


async def test_after_the_handshake_a_method_of_the_stateless_era_is_unknown() -> None:
    async with connected(server()) as line:
        await line.ask(1, "initialize", INITIALIZE)
        assert (await line.ask(2, "server/discover", {}))["error"]["code"] == -32601


async def test_messages_that_ask_nothing_are_passed_over() -> None:
    async with connected(server()) as line:
        await line.send({"method": "notifications/roots/list_changed"})
        await line.send({"method": "notifications/cancelled", "params": {"requestId": 99}})
        await line.send({"method": "notifications/cancelled", "params": {"requestId": [1]}})
        for odd in (b'{"jsonrpc":"2.0","id":5,"result":{}}', b'{"jsonrpc":"2.0","id":null,"method":"ping"}'):
            await line.transport.send(Outgoing(odd, "response"))
        with pytest.raises(LocalProtocolError, match="not JSON-RPC"):
            await line.transport.send(Outgoing(b'{"jsonrpc":"1.0"}', "request"))
        assert "result" in await line.ask(1, "server/discover", {"_meta": MODERN})
        assert len(line.messages) == 1


async def test_a_long_list_comes_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_server, "PAGE", 2)
    tools = [type(f"Tool{number}", (Split,), {"name": f"tool{number}"})() for number in range(5)]
    async with connected(server(*tools)) as line:
        names: list[str] = []
        cursor: dict[str, Any] = {}
        for number in range(3):
            page = (await line.ask(number, "tools/list", {"_meta": MODERN, **cursor}))["result"]
            names += [tool["name"] for tool in page["tools"]]
            cursor = {"cursor": page.get("nextCursor")}
        assert names == [f"tool{number}" for number in range(5)]
        assert cursor == {"cursor": None}


# -- calls


async def test_calls_run_side_by_side_and_a_list_is_answered_meanwhile() -> None:
    waiting = Waiting()
    async with connected(server(waiting, Split)) as line:
        for number in (1, 2, 3):
            params = {"name": "waiting", "_meta": MODERN}
            await line.send({"id": number, "method": "tools/call", "params": params})
        await eventually(lambda: waiting.running == 3, "three calls at once")
        assert "result" in await line.ask(4, "tools/list", {"_meta": MODERN})
        assert "result" in await call(line, "split", {"text": "a"}, 5)
        waiting.release.set()
        await eventually(lambda: len(line.messages) == 5, "answers of the three")
        told = {m["id"]: m["result"]["structuredContent"]["told"] for m in line.messages if m["id"] < 4}
        assert told == {1: "1", 2: "2", 3: "3"}


async def test_beyond_a_number_calls_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_calls, "AT_ONCE", 2)
    waiting = Waiting()
    async with connected(server(waiting)) as line:
        for number in range(5):
            await line.send({"id": number, "method": "tools/call", "params": {"name": "waiting", "_meta": MODERN}})
        await eventually(lambda: waiting.running == 2, "two calls")
        waiting.release.set()
        await eventually(lambda: len(line.messages) == 5, "all answers")
        assert waiting.most == 2


async def test_an_id_that_is_being_answered_is_refused_and_the_first_call_goes_on() -> None:
    waiting = Waiting()
    async with connected(server(waiting)) as line:
        message = {"id": 1, "method": "tools/call", "params": {"name": "waiting", "_meta": MODERN}}
        await line.send(message)
        await line.send(message)
        await eventually(lambda: line.messages, "refusal")
        assert line.messages[0]["error"]["code"] == -32602
        waiting.release.set()
        await eventually(lambda: len(line.messages) == 2, "answer")
        assert line.messages[1]["result"]["structuredContent"] == {"told": "1"}


async def test_a_cancelled_call_is_cancelled_and_never_answered() -> None:
    waiting = Waiting()
    async with connected(server(waiting, Split)) as line:
        await line.send({"id": 1, "method": "tools/call", "params": {"name": "waiting", "_meta": MODERN}})
        await eventually(lambda: waiting.running, "running call")
        await line.send({"method": "notifications/cancelled", "params": {"requestId": 1, "_meta": MODERN}})
        await eventually(lambda: waiting.cancelled, "cancelled call")
        await call(line, "split", {"text": "a"}, 2)
        assert [message["id"] for message in line.messages] == [2]


async def test_a_tool_in_a_thread_sees_that_it_is_cancelled_and_nobody_waits_for_it() -> None:
    began, seen = threading.Event(), threading.Event()

    def do(context: ToolContext) -> Success[Told]:
        began.set()
        if context.wait(30) and context.cancelled:
            seen.set()
        return Success(Told())

    async with connected(server(DoingInThread(do), Split)) as line:
        await line.send({"id": 1, "method": "tools/call", "params": {"name": "doing_in_thread", "_meta": MODERN}})
        await eventually(began.is_set, "running tool")
        await line.send({"method": "notifications/cancelled", "params": {"requestId": 1}})
        await eventually(seen.is_set, "tool that saw it")
        await call(line, "split", {"text": "a"}, 2)
        assert [message["id"] for message in line.messages] == [2]


async def test_leaving_ends_the_calls_that_run() -> None:
    waiting = Waiting()
    stopped = threading.Event()

    def do(context: ToolContext) -> Success[Told]:
        if context.wait(30):
            stopped.set()
        return Success(Told())

    async with connected(server(waiting, DoingInThread(do))) as line:
        for number, name in enumerate(("waiting", "doing_in_thread")):
            await line.send({"id": number, "method": "tools/call", "params": {"name": name, "_meta": MODERN}})
        await eventually(lambda: waiting.running, "running call")
    assert (waiting.running, waiting.cancelled) == (0, 1)
    await eventually(stopped.is_set, "end of the thread")
    assert nothing_of_ours()


@pytest.mark.parametrize("kind", [Doing, DoingInThread])
async def test_progress_and_records_come_in_order_and_before_the_answer(kind: type[Doing]) -> None:
    def do(context: ToolContext) -> Success[Told]:
        for step in (1, 2, 2, 1, float("nan"), 3):
            context.progress(step, 3, f"step {step:g}")
            context.log("info", {"step": step})
        context.log("debug", "too fine")
        context.log("error", object())
        return Success(Told())

    async with connected(server(kind(do))) as line:
        meta = {"progressToken": "p", f"{META}logLevel": "info"}
        answer = await call(line, kind.name, {}, **meta)
        assert line.messages[-1] == answer
        notes = [m for m in line.messages[:-1] if m["method"] == "notifications/progress"]
        assert all(note["params"]["progressToken"] == "p" for note in notes)
        steps = [note["params"]["progress"] for note in notes]
        assert steps == sorted(set(steps))
        assert notes[-1]["params"] == {"progressToken": "p", "progress": 3, "total": 3, "message": "step 3"}
        records = [m["params"] for m in line.messages[:-1] if m["method"] == "notifications/message"]
        assert [record["level"] for record in records] == ["info"] * 6 + ["error"]
        assert {record["logger"] for record in records} == {kind.name}
        assert records[0]["data"] == {"step": 1}
        assert "object object" in records[-1]["data"]


async def test_without_a_token_and_a_level_nothing_is_told() -> None:
    def do(context: ToolContext) -> Success[Told]:
        context.progress(1, 2)
        context.log("emergency", "nobody asked")
        return Success(Told())

    async with connected(server(Doing(do))) as line:
        await call(line, "doing", {})
        assert len(line.messages) == 1


async def test_in_the_handshake_era_the_level_is_that_of_the_connection() -> None:
    def do(context: ToolContext) -> Success[Told]:
        context.log("debug", "fine")
        context.log("info", "usual")
        return Success(Told())

    async with connected(server(Doing(do))) as line:
        await line.ask(1, "initialize", INITIALIZE)
        await line.ask(2, "tools/call", {"name": "doing"})
        await line.ask(3, "logging/setLevel", {"level": "debug"})
        await line.ask(4, "tools/call", {"name": "doing"})
        records = [m["params"]["data"] for m in line.messages if "method" in m]
        assert records == ["usual", "fine", "usual"]


async def test_a_flood_of_progress_and_records_is_bounded_and_what_is_left_out_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typed_calls, "RECORDS", 10)

    async def flood(context: ToolContext) -> Success[Told]:
        for number in range(1_000):  # in one go: nothing leaves meanwhile
            context.progress(number)
            context.log("info", number)
        await anyio.sleep(0.01)
        context.log("info", "the end")
        return Success(Told())

    async with connected(server(Doing(flood))) as line:
        await call(line, "doing", {}, progressToken=1, **{f"{META}logLevel": "debug"})
        progress = [m["params"]["progress"] for m in line.messages if m.get("method") == "notifications/progress"]
        assert progress == [999]
        records = [m["params"]["data"] for m in line.messages if m.get("method") == "notifications/message"]
        assert records == [*range(10), "990 records are left out here", "the end"]


async def test_a_tool_knows_its_call() -> None:
    known: list[ToolContext] = []

    def do(context: ToolContext) -> Success[Told]:
        known.append(context)
        return Success(Told())

    async with connected(server(Doing(do), project=Path("/somewhere"))) as line:
        await call(line, "doing", {}, 31, **{"example.com/mark": 5})
        await call(line, "doing", {}, 32)
    first, second = known
    assert (first.request_id, second.request_id) == ("31", "32")
    assert first.session_id == second.session_id != ""
    assert (first.project, first.metadata["example.com/mark"]) == (Path("/somewhere"), 5)
