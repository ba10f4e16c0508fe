"""What a child process may do to its pipes: protocol section 9."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import psutil
import pytest

from mcpdeck.services.errors import ConnectionLost, McpDeckError, RemoteProtocolError, SpawnError
from mcpdeck.services.models import Json, JsonObject, StdioTarget
from mcpdeck.services.protocol.dispatcher import Dispatcher
from mcpdeck.services.protocol.jsonrpc import Malformed
from mcpdeck.services.transports.base import Hooks, RequestId
from mcpdeck.services.transports.stdio import READ_SIZE, STDERR_LINE, StdioTransport
from tests.waiting import eventually, gone

pytestmark = pytest.mark.anyio

LIMIT = 1_000_000

# ``do(request)`` answers each request; ``say`` writes one message and ``out`` bytes.
CHILD = """
import json, os, signal, sys, threading, time
def out(data):
    while data:
        data = data[os.write(1, data):]
def say(**message):
    out(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\\n")
def forever():
    threading.Event().wait()
"""
LOOP = """
for line in sys.stdin.buffer:
    request = json.loads(line)
    if "id" in request:
        if request["method"] == "echo":
            say(id=request["id"], result=request["params"])
        else:
            do(request)
"""


@dataclass
class Child:
    transport: StdioTransport
    dispatcher: Dispatcher
    pid: int = 0
    notes: list[str] = field(default_factory=list)
    stderr: list[bytes] = field(default_factory=list)
    strays: list[Malformed] = field(default_factory=list)
    heard: list[JsonObject] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    ended: list[McpDeckError] = field(default_factory=list)

    async def ask(self, method: str = "do", timeout: float = 10) -> Json:
        return await self.dispatcher.request(method, {"asked": method}, timeout=timeout)

    async def end(self) -> McpDeckError:
        return (await eventually(lambda: self.ended, "end of the connection"))[0]

    async def works(self) -> None:
        assert await self.ask("echo") == {"asked": "echo"}
        assert self.ended == []


@asynccontextmanager
async def child(do: str) -> AsyncGenerator[Child]:
    """A server whose answer to ``do`` is this code."""
    code = CHILD + "def do(request):\n" + "".join(f"    {line}\n" for line in do.splitlines()) + LOOP
    async with running(code) as it:
        yield it


@asynccontextmanager
async def running(code: str) -> AsyncGenerator[Child]:
    async def on_request(method: str, params: JsonObject, request_id: RequestId) -> Json:
        return {}

    hooks = Hooks(
        stderr=lambda line: it.stderr.append(line),
        started=lambda pid: setattr(it, "pid", pid),
        note=lambda text: it.notes.append(text),
    )
    transport = StdioTransport(StdioTarget(sys.executable, ("-c", code), {}, None), hooks, max_frame=LIMIT)
    dispatcher = Dispatcher(
        transport,
        on_request=on_request,
        on_notification=lambda method, params: it.heard.append(params),
        on_flaw=lambda text: it.flaws.append(text),
        on_stray=lambda stray: it.strays.append(stray),
    )
    it = Child(transport, dispatcher)

    async def run() -> None:
        try:
            await dispatcher.run()
        except McpDeckError as error:
            it.ended.append(error)

    with anyio.fail_after(40):
        async with transport, anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            yield it
            tasks.cancel_scope.cancel()
    gone([psutil.Process(it.pid)] if psutil.pid_exists(it.pid) else [])


# How it ends


async def test_a_child_killed_in_mid_call_fails_the_call_with_the_signal_and_its_last_words() -> None:
    async with child("os.write(2, b'working\\n'); os.kill(os.getpid(), signal.SIGKILL)") as it:
        await it.works()
        with pytest.raises(ConnectionLost, match="killed by SIGKILL") as caught:
            await it.ask()
        assert caught.value.details == {"exitCode": -signal.SIGKILL, "stderr": ["working"]}
        assert await it.end() is caught.value


async def test_a_child_that_closes_its_output_but_lives_is_lost_and_ended() -> None:
    async with child("os.close(1); forever()") as it:
        await it.works()
        with pytest.raises(ConnectionLost, match="closed its output but still runs"):
            await it.ask()


async def test_a_child_that_closes_its_input_fails_what_is_sent_and_is_not_lost_by_that_alone() -> None:
    code = CHILD + "os.close(0); say(method='closed'); forever()"
    async with running(code) as it:
        await eventually(lambda: it.heard == [{}], "the child's word")
        with pytest.raises(ConnectionLost, match="closed its input"):
            await it.ask()
        assert it.ended == []


async def test_an_answer_without_a_newline_at_the_end_of_output_is_an_answer() -> None:
    async with child(
        "out(json.dumps({'jsonrpc': '2.0', 'id': request['id'], 'result': 1}).encode()); os._exit(0)"
    ) as it:
        assert await it.ask() == 1
        assert isinstance(await it.end(), ConnectionLost)


async def test_half_an_answer_at_the_end_of_output_is_shown_and_its_request_fails_at_once() -> None:
    async with child('out(b\'{"jsonrpc":"2.0","id":%d,"result":{"text":"hal\' % request[\'id\']); os._exit(3)') as it:
        with pytest.raises(RemoteProtocolError, match="cannot be read"):
            await it.ask()
        assert it.strays[0].data.endswith(b"hal")
        assert (await it.end()).details["exitCode"] == 3


async def test_a_child_that_ends_before_it_ever_answered_did_not_start() -> None:
    async with running("import sys; sys.stderr.write('no key'); sys.exit(4)") as it:
        error = await it.end()
        assert isinstance(error, SpawnError)
        assert error.details == {"exitCode": 4, "stderr": ["no key"]}


async def test_what_slipped_away_and_holds_the_pipes_open_keeps_none_of_ours() -> None:
    slips_away = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    say(method='pid', params={'pid': os.getpid()})
    forever()
"""
    before = psutil.Process().num_fds()
    async with child(slips_away) as it:
        with pytest.raises(McpDeckError):
            await it.ask(timeout=1)
        heard = await eventually(lambda: it.heard, "the one that slipped away")
    assert psutil.Process().num_fds() == before
    pid = heard[0]["pid"]
    assert isinstance(pid, int)
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGKILL)


# What it writes


async def test_lines_of_every_style_are_read_and_what_is_no_message_is_put_aside() -> None:
    do = """
out(b"\\xef\\xbb\\xbf" + json.dumps({"jsonrpc": "2.0", "method": "bom"}).encode() + b"\\r\\n")
out(b"\\n\\r\\n   \\n\\t\\n")
out(b"\\xff\\xfe not text\\n" + "gr\\u00fc\\u00dfe\\n".encode("latin-1"))
answer = {"jsonrpc": "2.0", "id": request["id"], "result": "\\u2028\\u4e16"}
out(json.dumps(answer, ensure_ascii=False).encode() + b"\\r\\n")
"""
    async with child(do) as it:
        assert await it.ask() == "\u2028世"
        assert it.heard == [{}]
        assert [stray.data for stray in it.strays] == [b"\xff\xfe not text", "grüße".encode("latin-1")]
        await it.works()


@pytest.mark.parametrize("order", ["id first", "id last", "id after the result"])
async def test_an_answer_beyond_the_limit_fails_its_request_at_once_and_the_connection_goes_on(order: str) -> None:
    members = {
        "id first": "{'jsonrpc': '2.0', 'id': request['id'], 'result': text}",
        "id last": "{'result': text, 'jsonrpc': '2.0', 'id': request['id']}",
        "id after the result": "{'jsonrpc': '2.0', 'result': text, 'id': request['id']}",
    }[order]
    async with child(f"text = 'x' * {20 * LIMIT}; out(json.dumps({members}).encode() + b'\\n')") as it:
        for _ in range(2):
            with pytest.raises(RemoteProtocolError, match="too large") as caught:
                await it.ask(timeout=60)
            assert "MCPDECK_MAX_MESSAGE" in caught.value.hint
            await it.works()
        assert len(it.strays) == 2
        assert all(len(stray.data) < 5_000 for stray in it.strays)
        assert sum("beyond the limit of 1,000,000" in note for note in it.notes) == 2


async def test_a_line_that_never_ends_leaves_other_requests_to_their_time_limit_and_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tracemalloc

    async with child("for _ in range(500): out(b'x' * 100_000)") as it:
        tracemalloc.start()
        try:
            with pytest.raises(McpDeckError, match="no answer"):
                await it.ask(timeout=1)
            assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT + 8 * READ_SIZE
        finally:
            tracemalloc.stop()
        assert ["beyond the limit of 1,000,000" in note for note in it.notes] == [True]
        assert it.ended == []


async def test_a_stderr_line_that_never_ends_is_cut_once_and_stops_nobody() -> None:
    do = """
for _ in range(500):
    os.write(2, b"e" * 100_000)
os.write(2, b"\\nafter\\n10%\\r20%\\r")
say(id=request["id"], result="said")
"""
    async with child(do) as it:
        assert await it.ask() == "said"
        await eventually(lambda: len(it.stderr) == 2, "the line after it")
        assert it.stderr == [b"e" * STDERR_LINE, b"after"]
        await it.works()


async def test_a_progress_bar_on_stderr_is_seen_though_its_line_never_ends() -> None:
    do = "for n in range(4_000): os.write(2, b'%d%%\\r' % n)\nsay(id=request['id'], result='said')"
    async with child(do) as it:
        for _ in range(3):
            seen = len(it.stderr)
            assert await it.ask() == "said"
            await eventually(lambda seen=seen: len(it.stderr) > seen, "a piece of the bar")
        assert all(len(line) <= STDERR_LINE for line in it.stderr)


async def test_a_child_that_does_not_read_does_not_hold_up_what_it_says() -> None:
    code = CHILD + "say(method='hello'); time.sleep(0.3); say(method='again'); forever()"
    async with running(code) as it, anyio.create_task_group() as tasks:

        async def ask() -> None:
            with pytest.raises(McpDeckError):
                await it.dispatcher.request("big", {"pad": "x" * 5_000_000}, timeout=2)

        for _ in range(3):
            tasks.start_soon(ask)
        await eventually(lambda: len(it.heard) == 2, "what it says")
        assert it.ended == []


async def test_a_message_is_one_line_whatever_it_holds() -> None:
    async with child("pass") as it:
        text = "a\nb\r\nc\u2028d\x00\x85"
        assert await it.dispatcher.request("echo", {"text": text}, timeout=10) == {"text": text}
        assert json.dumps(text)
