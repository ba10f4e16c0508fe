"""The in-process transport, driven with JSON-RPC bytes, against real SDK servers and odd objects."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer

from mcpdeck.services.errors import ConnectError, ConnectionLost, LocalProtocolError
from mcpdeck.services.models import InProcessTarget
from mcpdeck.services.transports import memory, server_output, server_thread
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.memory import InProcessTransport
from tests.waiting import eventually, until

BOUND = 10
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def adder() -> MCPServer:
    server = MCPServer("adder")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    return server


class Line:
    """One connection, spoken to in bytes; every frame that came is kept."""

    def __init__(self, transport: InProcessTransport) -> None:
        self.transport = transport
        self.frames: list[Frame] = []
        self.lost: ConnectionLost | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(frame.data) for frame in self.frames]

    async def listen(self) -> None:
        try:
            await self.transport.run(self.frames.append)
        except ConnectionLost as error:
            self.lost = error

    async def send(self, message: dict[str, Any]) -> None:
        kind = "request" if "id" in message else "notification"
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        await self.transport.send(Outgoing(data, kind, message.get("id"), message["method"]))

    async def ask(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        await self.send({"id": number, "method": method, "params": params})
        answers = await eventually(lambda: [m for m in self.messages if m.get("id") == number], f"answer to {method}")
        return answers[0]

    async def ended(self) -> ConnectionLost:
        return await eventually(lambda: self.lost, "end of the connection")


@asynccontextmanager
async def connected(target: InProcessTarget, hooks: Hooks | None = None) -> AsyncGenerator[Line]:
    with anyio.fail_after(BOUND):
        async with InProcessTransport(target, hooks=hooks or Hooks()) as transport, anyio.create_task_group() as tasks:
            line = Line(transport)
            tasks.start_soon(line.listen)
            yield line
            tasks.cancel_scope.cancel()


def of(factory: Callable[[], object]) -> InProcessTarget:
    return InProcessTarget("tests:factory", factory=factory)


async def test_the_handshake_era_is_spoken_in_whole_json_frames() -> None:
    async with connected(of(adder)) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["protocolVersion"] == "2025-11-25"
        assert welcome["result"]["serverInfo"]["name"] == "adder"
        await line.send({"method": "notifications/initialized"})
        listed = await line.ask(2, "tools/list", {})
        assert [tool["name"] for tool in listed["result"]["tools"]] == ["add"]
        assert listed["result"]["tools"][0]["inputSchema"]["required"] == ["a", "b"]
        called = await line.ask(3, "tools/call", {"name": "add", "arguments": {"a": 2, "b": 3}})
        assert called["result"]["structuredContent"] == {"result": 5}
    assert all(frame.data.startswith(b'{"jsonrpc":"2.0"') and b"\n" not in frame.data for frame in line.frames)


async def test_the_stateless_era_is_spoken_too() -> None:
    async with connected(of(adder)) as line:
        found = await line.ask(1, "server/discover", {"_meta": MODERN})
        assert "2026-07-28" in found["result"]["supportedVersions"]
        called = await line.ask(2, "tools/call", {"_meta": MODERN, "name": "add", "arguments": {"a": 2, "b": 3}})
        assert called["result"]["structuredContent"] == {"result": 5}


async def test_text_beyond_ascii_passes_unchanged() -> None:
    def server() -> MCPServer:
        made = MCPServer("echo")
        made.tool(structured_output=False)(echo)
        return made

    def echo(text: str) -> str:
        return text

    text = 'grüße 日本 🎈 \u202e \u0000 \\ "'
    async with connected(of(server)) as line:
        answer = await line.ask(1, "tools/call", {"_meta": MODERN, "name": "echo", "arguments": {"text": text}})
        assert answer["result"]["content"][0]["text"] == text


async def test_a_low_level_server_object_is_served_as_well() -> None:
    async with connected(of(lambda: Server("bare", version="3"))) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"] == {"name": "bare", "version": "3"}


async def test_each_connection_gets_what_the_factory_makes() -> None:
    made: list[MCPServer] = []

    def factory() -> MCPServer:
        made.append(adder())
        return made[-1]

    for _ in range(2):
        async with connected(of(factory)) as line:
            await line.ask(1, "initialize", INITIALIZE)
    assert len(made) == 2


async def test_a_message_that_is_not_json_rpc_is_our_mistake_and_harms_nothing() -> None:
    async with connected(of(adder)) as line:
        with pytest.raises(LocalProtocolError, match="not JSON-RPC"):
            await line.transport.send(Outgoing(b'{"jsonrpc": "1.0"}', "request"))
        assert "result" in await line.ask(1, "initialize", INITIALIZE)


async def test_a_message_beyond_the_limit_is_cut_and_noted_and_the_next_is_read() -> None:
    notes: list[str] = []
    frames: list[Frame] = []

    def server() -> MCPServer:
        made = adder()

        @made.tool(structured_output=False)
        def large() -> str:
            return "x" * 50_000

        return made

    with anyio.fail_after(BOUND):
        async with (
            InProcessTransport(of(server), Hooks(note=notes.append), max_frame=10_000) as transport,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(transport.run, frames.append)
            line = Line(transport)
            for number, name in enumerate(("large", "add"), 1):
                params = {"_meta": MODERN, "name": name, "arguments": {"a": 1, "b": 1} if name == "add" else {}}
                await line.send({"id": number, "method": "tools/call", "params": params})
                await eventually(lambda number=number: len(frames) == number, "frame")
            tasks.cancel_scope.cancel()
    assert frames[0].dropped > 40_000
    assert len(frames[0].data) < 5_000
    assert frames[1].dropped == 0
    assert ["beyond the limit of 10,000" in note for note in notes] == [True]


class Odd:
    """An object with the two methods that make a server; the test says what ``run`` does."""

    def __init__(self, run: Callable[[Any, Any], Any]) -> None:
        self._run = run

    def create_initialization_options(self) -> None:
        return None

    async def run(self, read: Any, write: Any, _options: object) -> None:
        await self._run(read, write)


async def test_a_crash_inside_the_server_is_a_lost_connection_with_its_reason() -> None:
    async def run(read: Any, _write: Any) -> None:
        await read.receive()
        raise ExceptionGroup("while serving", [KeyError("kettle")])

    said: list[bytes] = []
    async with connected(of(lambda: Odd(run)), Hooks(stderr=said.append)) as line:
        await line.send({"id": 1, "method": "ping"})
        lost = await line.ended()
        assert lost.title == "the server crashed: KeyError: 'kettle'"
        with pytest.raises(ConnectionLost, match="KeyError: 'kettle'"):
            await line.send({"id": 2, "method": "ping"})
    assert any(b"Traceback" in text for text in said)


async def test_a_server_that_exits_takes_nothing_with_it() -> None:
    async def run(_read: Any, _write: Any) -> None:
        sys.exit(4)

    async with connected(of(lambda: Odd(run))) as line:
        assert (await line.ended()).title == "the server crashed: SystemExit: 4"


async def test_a_server_that_just_ends_is_a_lost_connection() -> None:
    async def run(_read: Any, _write: Any) -> None:
        return

    async with connected(of(lambda: Odd(run))) as line:
        assert (await line.ended()).title == "the server ended the connection"


async def test_a_server_that_ignores_the_end_of_its_input_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "END_TIME", 0.05)
    cancelled = threading.Event()

    async def run(_read: Any, _write: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    async with connected(of(lambda: Odd(run))):
        pass
    assert cancelled.is_set()


async def test_a_server_ends_in_its_own_way_while_the_one_who_leaves_is_cancelled() -> None:
    tidied = threading.Event()

    async def run(read: Any, _write: Any) -> None:
        async for _ in read:
            pass
        await anyio.lowlevel.checkpoint()
        tidied.set()

    with anyio.fail_after(BOUND), anyio.CancelScope() as scope:
        async with InProcessTransport(of(lambda: Odd(run))):
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert tidied.is_set()


async def test_a_server_nobody_reads_from_has_to_wait() -> None:
    written, count = 0, 10 * server_thread.MARK_COUNT

    async def run(_read: Any, write: Any) -> None:
        nonlocal written
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        note = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", "method": "notifications/tick"})
        for _ in range(count):
            await write.send(SessionMessage(note))
            written += 1

    with anyio.fail_after(BOUND):
        async with InProcessTransport(of(lambda: Odd(run))) as transport:
            await eventually(lambda: written >= server_thread.MARK_COUNT, "full way to us")
            line = Line(transport)
            # One more is in the hand of who carries it over the border, one may just have been taken from it.
            assert written <= server_thread.MARK_COUNT + 2
            await line.listen()
            assert written == len(line.frames) == count


async def test_a_crossing_never_holds_more_than_its_marks_and_keeps_the_order() -> None:
    crossing: server_thread.Crossing[int] = server_thread.Crossing()
    put: list[int] = []

    async def fill() -> None:
        for number in range(6):
            await crossing.put(number, server_thread.MARK_BYTES // 2)
            put.append(number)
        crossing.close()

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
            await anyio.wait_all_tasks_blocked()
            assert put == [0, 1]
            assert [await crossing.get() for _ in range(6)] == [*range(6)]
            with pytest.raises(anyio.EndOfStream):
                await crossing.get()
        with pytest.raises(anyio.BrokenResourceError):
            await crossing.put(7, 1)


async def test_one_message_larger_than_the_mark_still_gets_through() -> None:
    crossing: server_thread.Crossing[str] = server_thread.Crossing()
    with anyio.fail_after(BOUND):
        await crossing.put("huge", 10 * server_thread.MARK_BYTES)
        assert await crossing.get() == "huge"


async def test_what_the_server_logs_is_its_own_log_and_not_the_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in the dashboard; pytest has its own
    log = logging.getLogger("tests.kettle")

    def server() -> MCPServer:
        log.warning("while loading")
        made = MCPServer("talker")

        @made.tool(structured_output=False)
        def say() -> str:  # in a worker thread
            log.warning("from a thread\nin two lines")
            return "said"

        @made.tool(structured_output=False)
        async def whisper() -> str:
            log.warning("from the loop")
            return "whispered"

        return made

    said: list[bytes] = []
    async with connected(of(server), Hooks(stderr=said.append)) as line:
        for number, name in enumerate(("say", "whisper"), 1):
            await line.ask(number, "tools/call", {"_meta": MODERN, "name": name, "arguments": {}})
        log.warning("from somebody else")
    assert said == [
        b"WARNING tests.kettle: while loading",
        b"WARNING tests.kettle: from a thread",
        b"in two lines",
        b"WARNING tests.kettle: from the loop",
    ]
    assert logging.getLogger().handlers == []
    assert capfd.readouterr().err == ""


def nothing_of_ours() -> bool:
    """Streams and logging are as they were before any server was there."""
    streams = not any(isinstance(stream, server_output._Stream) for stream in (sys.stdout, sys.stderr))
    return streams and not any(isinstance(each, server_output._ServerLog) for each in logging.getLogger().handlers)


def printing() -> MCPServer:
    print("while loading")
    made = MCPServer("printer")

    @made.tool(structured_output=False)
    def say() -> str:  # in a worker thread
        print("from a thread")
        print("to stderr", file=sys.stderr)
        sys.stdout.buffer.write(b"as bytes\n")
        return "said"

    @made.tool(structured_output=False)
    async def whisper() -> str:
        print("from", "the loop", sep="\n")
        await asyncio.to_thread(print, "from asyncio's thread")
        await asyncio.get_running_loop().run_in_executor(None, print, "from the executor")
        print("without an end", end="")
        return "whispered"

    return made


async def test_what_the_server_prints_is_its_own_log_and_not_our_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    stdout, stderr = sys.stdout, sys.stderr
    said: list[bytes] = []
    async with connected(of(printing), Hooks(stderr=said.append)) as line:
        for number, name in enumerate(("say", "whisper"), 1):
            await line.ask(number, "tools/call", {"_meta": MODERN, "name": name, "arguments": {}})
        print("from us")
    assert said == [
        b"while loading",
        b"from a thread",
        b"to stderr",
        b"as bytes",
        b"from",
        b"the loop",
        b"from asyncio's thread",
        b"from the executor",
        b"without an end",
    ]
    assert sys.stdout is stdout
    assert sys.stderr is stderr
    assert capfd.readouterr() == ("from us\n", "")


async def test_streams_somebody_else_put_in_place_meanwhile_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def write(self, text: str) -> int:
            return len(text)

    other = Other()
    async with connected(of(adder)) as line:
        await line.ask(1, "initialize", INITIALIZE)
        inner = sys.stdout
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", other)
            async with connected(of(adder)) as second:
                await second.ask(1, "initialize", INITIALIZE)
                assert sys.stdout is not other
            assert sys.stdout is not inner
    assert nothing_of_ours()


async def test_a_server_that_floods_its_log_waits_for_us_and_loses_nothing() -> None:
    count = 10 * server_output.MARK

    def server() -> MCPServer:
        made = MCPServer("flood")

        @made.tool(structured_output=False)
        def flood() -> str:
            for number in range(count):
                print(number)
            return "done"

        return made

    said: list[bytes] = []
    async with connected(of(server), Hooks(stderr=said.append)) as line:
        await line.ask(1, "tools/call", {"_meta": MODERN, "name": "flood", "arguments": {}})
    assert said == [str(number).encode() for number in range(count)]


async def test_lines_nobody_fetches_make_who_prints_wait_until_the_end() -> None:
    output = server_output.ServerOutput(lambda _line: None)
    printed = 0

    def flood() -> None:
        nonlocal printed
        for _ in range(2 * server_output.MARK):
            output.say(["line"])
            printed += 1

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    until(lambda: printed >= server_output.MARK, "flood")  # our loop stands still meanwhile
    assert printed == server_output.MARK
    output.close()
    thread.join(BOUND)
    assert not thread.is_alive()


class Blocking:
    """A server with a tool that blocks its whole loop, and one that blocks a worker thread, until released."""

    def __init__(self) -> None:
        self.blocked, self.release = threading.Event(), threading.Event()

    def __call__(self) -> MCPServer:
        made = MCPServer("blocking")

        @made.tool(structured_output=False)
        async def block() -> str:
            return self._block()

        @made.tool(structured_output=False)
        def block_a_thread() -> str:
            return self._block()

        return made

    def _block(self) -> str:
        self.blocked.set()
        return "released" if self.release.wait(60) else "forgotten"


async def test_an_async_tool_that_blocks_does_not_hold_up_our_loop() -> None:
    server = Blocking()
    try:
        async with connected(of(server)) as line, connected(of(adder)) as other:
            await line.send(
                {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": "block", "arguments": {}}}
            )
            await eventually(server.blocked.is_set, "blocked server")
            called = await other.ask(2, "tools/call", {"_meta": MODERN, "name": "add", "arguments": {"a": 2, "b": 3}})
            assert called["result"]["structuredContent"] == {"result": 5}
            assert line.messages == []
            server.release.set()
            answers = await eventually(lambda: line.messages, "answer of the released tool")
            assert answers[0]["result"]["content"][0]["text"] == "released"
    finally:
        server.release.set()


@pytest.mark.parametrize("tool", ["block", "block_a_thread"])
async def test_leaving_while_a_tool_blocks_gives_its_thread_up_and_says_so(
    tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "END_TIME", 0.05)
    monkeypatch.setattr(memory, "CANCEL_TIME", 0.05)
    server = Blocking()
    notes: list[str] = []
    try:
        async with connected(of(server), Hooks(note=notes.append)) as line:
            await line.send(
                {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": tool, "arguments": {}}}
            )
            await eventually(server.blocked.is_set, "blocked server")
        assert not server.release.is_set()
        assert ["did not end" in note for note in notes] == [True]
        assert not nothing_of_ours()  # what it may still print must not reach our stdout
    finally:
        server.release.set()
    await eventually(nothing_of_ours, "end of the thread that was given up")


@pytest.mark.parametrize(
    ("end", "title"),
    [(SystemExit(3), "SystemExit: 3"), (KeyboardInterrupt(), "KeyboardInterrupt"), (SystemExit(), "SystemExit")],
)
@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_tool_that_ends_the_program_ends_only_its_server(
    asynchronous: bool, end: BaseException, title: str
) -> None:
    def server() -> MCPServer:
        made = MCPServer("leaving")

        async def leave() -> str:
            raise end

        def leave_from_a_thread() -> str:
            raise end

        made.tool(name="leave", structured_output=False)(leave if asynchronous else leave_from_a_thread)
        return made

    async with connected(of(adder)) as other, connected(of(server)) as line:
        await line.send(
            {"id": 1, "method": "tools/call", "params": {"_meta": MODERN, "name": "leave", "arguments": {}}}
        )
        assert (await line.ended()).title == f"the server crashed: {title}"
        assert "result" in await other.ask(1, "initialize", INITIALIZE)


async def refused(spec: str) -> ConnectError:
    with anyio.fail_after(BOUND), pytest.raises(ConnectError) as caught:
        async with InProcessTransport(InProcessTarget(spec)):
            pass
    return caught.value


SERVER = "from mcp.server.mcpserver import MCPServer\n{}server = MCPServer('from a file')\n"


async def test_a_file_is_loaded_without_taking_anybodys_module_name(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SERVER.format("import sibling_of_app\n"))
    (tmp_path / "sibling_of_app.py").write_text("")
    before = sys.modules.get("app")
    async with connected(InProcessTarget(str(tmp_path / "app.py"))) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"]["name"] == "from a file"
    assert sys.modules.get("app") is before


async def test_a_file_next_to_the_server_does_not_hide_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER.format("import colorsys\ncolorsys.rgb_to_hls\n"))
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('the wrong one')")
    sys.modules.pop("colorsys", None)
    async with connected(InProcessTarget(f"{tmp_path / 'server.py'}:server")) as line:
        assert "result" in await line.ask(1, "initialize", INITIALIZE)


async def test_an_edited_file_is_read_again_at_the_next_connection(tmp_path: Path) -> None:
    file = tmp_path / "changing.py"
    for name in ("first", "a second one"):
        file.write_text(f"from mcp.server.mcpserver import MCPServer\nmcp = MCPServer({name!r})\n")
        async with connected(InProcessTarget(str(file))) as line:
            welcome = await line.ask(1, "initialize", INITIALIZE)
            assert welcome["result"]["serverInfo"]["name"] == name


async def test_a_module_and_a_factory_in_it_are_found_by_name() -> None:
    async with connected(InProcessTarget("mcpdeck.app.demo.in_process:server")) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"]["name"] == "demo-in-process"


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = await refused(f"{tmp_path}/nothing.py:server")
    assert error.title == f"no such file: {tmp_path}/nothing.py"


async def test_a_missing_module_is_named_with_the_python_that_lacks_it() -> None:
    error = await refused("no_such_package.server:mcp")
    assert error.title == "no module named 'no_such_package'"
    assert sys.executable in error.hint


async def test_a_word_that_names_no_object_says_how_to_write_one() -> None:
    error = await refused("something")
    assert error.title == "'something' names no server object"
    assert "package.module:object" in error.hint


async def test_a_missing_object_tells_which_servers_there_are(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text("from mcp.server.mcpserver import MCPServer\nred = MCPServer('red')\nblue = MCPServer('blue')\n")
    error = await refused(f"{file}:green")
    assert error.title == f"{file} has no 'green'"
    assert error.hint == "there is: red, blue"
    error = await refused(str(file))
    assert error.title == f"{file} has several server objects"


async def test_an_object_that_is_no_server_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text("from mcp.server.mcpserver import MCPServer\nnumber = 3\n")
    assert (await refused(f"{file}:number")).title == f"{file}:number is not an MCP server but an int"
    assert (await refused(f"{file}:MCPServer")).title == f"{file}:MCPServer is a class, not a server object"
    assert (await refused(str(file))).title == f"{file} has no server object"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("x = 1\nraise ValueError('no kettle')\n", "ValueError: no kettle"),
        ("x = 1\nraise SystemExit('done')\n", "SystemExit: done"),
        ("x = 1\nserver = = 2\n", "SyntaxError: invalid syntax"),
    ],
)
async def test_code_that_fails_while_it_is_imported_is_quoted_with_its_place(
    tmp_path: Path, text: str, title: str
) -> None:
    file = tmp_path / "failing.py"
    file.write_text(text)
    error = await refused(str(file))
    assert error.title == f"loading {file} failed: {title}"
    assert error.hint == f"see {file}, line 2"
    shown = str(error.details["stderr"])
    assert str(file) in shown
    assert str(Path(memory.__file__).parent) not in shown
    assert "importlib" not in shown


async def test_a_module_that_a_file_lacks_is_named_with_the_environment_it_is_looked_for_in(tmp_path: Path) -> None:
    file = tmp_path / "failing.py"
    file.write_text("x = 1\nimport kettle_maker\n")
    error = await refused(f"{file}:server")
    assert error.title == f"loading {file}:server failed: ModuleNotFoundError: No module named 'kettle_maker'"
    assert f"see {file}, line 2" in error.hint
    assert "mcpdeck's own environment" in error.hint
    assert f"-- python {file}" in error.hint


async def test_connecting_can_be_given_up_while_a_module_is_still_being_imported() -> None:
    started, release = threading.Event(), threading.Event()

    def factory() -> object:
        started.set()
        release.wait(BOUND)
        return adder()

    try:
        with anyio.fail_after(BOUND):
            async with anyio.create_task_group() as tasks:

                async def connect() -> None:
                    async with InProcessTransport(of(factory)):
                        pass

                tasks.start_soon(connect)
                assert await anyio.to_thread.run_sync(started.wait, BOUND)
                tasks.cancel_scope.cancel()
            assert nothing_of_ours() is False  # as long as its thread goes on
    finally:
        release.set()
    await eventually(nothing_of_ours, "end of the thread that was given up")


async def test_entering_happens_without_holding_up_the_loop() -> None:
    here = threading.get_ident()
    there: list[int] = []

    def factory() -> object:
        there.append(threading.get_ident())
        return adder()

    async with connected(of(factory)):
        pass
    assert there != [here]
