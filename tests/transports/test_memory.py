"""The in-process transport, driven with JSON-RPC bytes, against real SDK servers and odd objects."""

from __future__ import annotations

import json
import logging
import sys
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
from mcpdeck.services.transports import memory
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from mcpdeck.services.transports.memory import InProcessTransport
from tests.waiting import eventually

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
    cancelled = anyio.Event()

    async def run(_read: Any, _write: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    async with connected(of(lambda: Odd(run))):
        pass
    assert cancelled.is_set()


async def test_a_server_ends_in_its_own_way_while_the_one_who_leaves_is_cancelled() -> None:
    tidied = anyio.Event()

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
    written = 0

    async def run(_read: Any, write: Any) -> None:
        nonlocal written
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        note = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", "method": "notifications/tick"})
        for _ in range(100):
            await write.send(SessionMessage(note))
            written += 1

    with anyio.fail_after(BOUND):
        async with InProcessTransport(of(lambda: Odd(run))) as transport:
            await anyio.wait_all_tasks_blocked()
            assert written == 0
            line = Line(transport)
            await line.listen()
            assert written == len(line.frames) == 100


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
        ("x = 1\nimport kettle_maker\n", "ModuleNotFoundError: No module named 'kettle_maker'"),
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


async def test_connecting_can_be_given_up_while_a_module_is_still_being_imported() -> None:
    import threading

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
    finally:
        release.set()
    assert not any(isinstance(handler, memory._ServerLog) for handler in logging.getLogger().handlers)


async def test_entering_happens_without_holding_up_the_loop() -> None:
    import threading

    here = threading.get_ident()
    there: list[int] = []

    def factory() -> object:
        there.append(threading.get_ident())
        return adder()

    async with connected(of(factory)):
        pass
    assert there != [here]
