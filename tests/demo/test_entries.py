"""The list of demo servers, and that everything behind it comes to an end."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import anyio
import httpx2
import psutil
import pytest
from mcp.shared.exceptions import MCPError

from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.services.models import (
    EraMode,
    HttpTarget,
    InProcessTarget,
    Source,
    StdioTarget,
    TransportKind,
    WebSocketTarget,
)
from tests.waiting import gone

from .clients import BOUND, children, end, entries, started_call, talking

PARENT = """
import anyio, os
from mcpdeck.app.demo.entries import demo_servers
async def main():
    async with demo_servers() as entries:
        print(entries[2].target.url, flush=True)
        await anyio.sleep_forever()
anyio.run(main)
"""


NAMES = ["demo-stdio", "demo-in-process", "demo-http", "demo-login", "demo-sse", "demo-websocket", "demo-broken"]


async def test_the_demo_has_servers_over_all_transports_and_both_eras() -> None:
    async with entries() as servers:
        assert list(servers) == NAMES
        assert {entry.source for entry in servers.values()} == {Source.DEMO}
        assert {entry.transport for entry in servers.values()} == {
            TransportKind.STDIO,
            TransportKind.IN_PROCESS,
            TransportKind.HTTP,
            TransportKind.SSE,
            TransportKind.WS,
        }
        assert servers["demo-http"].era is EraMode.LEGACY
        assert servers["demo-stdio"].era is servers["demo-in-process"].era is EraMode.AUTO
        assert len({entry.digest for entry in servers.values()}) == len(NAMES)
        assert all(entry.problem is None and entry.endpoint for entry in servers.values())


def test_making_the_entries_imports_nothing_of_the_sdk() -> None:
    code = (
        "import anyio, sys\nfrom mcpdeck.app.demo.entries import demo_servers\n"
        "async def main():\n async with demo_servers() as entries: print(len(entries))\n"
        "anyio.run(main)\nprint([name for name in ('mcp', 'mcp_types', 'pydantic', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND, check=True)
    assert done.stdout.split("\n")[:2] == [str(len(NAMES)), "[]"]


async def test_without_the_sdk_the_rows_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == "mcp" else importlib.util.find_spec(name)

    monkeypatch.setattr("mcpdeck.app.demo.entries.find_spec", find_spec)
    before = children()
    async with demo_servers() as found:
        assert children() == before
        usable = [entry.name for entry in found if entry.problem is None]
        assert usable == ["demo-broken"]
        for entry in found[:-1]:
            assert entry.target is None
            assert entry.problem is not None
            assert "pip install 'mcpdeck[server]'" in entry.problem.hint
            assert entry.endpoint


async def test_the_servers_behind_the_urls_take_a_client_that_comes_before_they_are_up() -> None:
    async with entries() as servers, httpx2.AsyncClient(timeout=BOUND) as http:
        for name, status in (("demo-http", 400), ("demo-login", 401), ("demo-websocket", 426)):
            target = servers[name].target
            assert isinstance(target, HttpTarget | WebSocketTarget)
            assert (await http.get(target.url.replace("ws://", "http://"))).status_code == status


async def test_leaving_ends_the_process_even_in_the_middle_of_a_call() -> None:
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            async with entries() as servers:
                [process] = [child for child in children() if "http_server" in " ".join(child.cmdline())]
                target = servers["demo-http"].target
                assert isinstance(target, HttpTarget)
                busy = anyio.Event()

                async def progress(*_: object) -> None:
                    busy.set()

                async def call(url: str) -> None:
                    with contextlib.suppress(MCPError, ExceptionGroup):  # the server goes away under it
                        async with talking(url, "legacy") as client:
                            await client.call_tool("count_primes", {"limit": 50_000_000}, progress_callback=progress)

                tasks.start_soon(call, target.url)
                await busy.wait()
            assert not process.is_running()
            tasks.cancel_scope.cancel()


async def test_leaving_ends_the_process_while_it_is_still_starting() -> None:
    with anyio.fail_after(BOUND):
        async with entries():
            [process] = [child for child in children() if "http_server" in " ".join(child.cmdline())]
        assert not process.is_running()


async def test_a_process_that_died_leaves_a_url_that_refuses() -> None:
    async with entries() as servers, httpx2.AsyncClient(timeout=BOUND) as http:
        [process] = [child for child in children() if "http_server" in " ".join(child.cmdline())]
        process.kill()
        target = servers["demo-http"].target
        assert isinstance(target, HttpTarget)
        with pytest.raises(httpx2.TransportError):
            await http.get(target.url)


@pytest.mark.parametrize("up", [True, False], ids=["serving", "still starting"])
def test_the_http_process_goes_when_its_parent_is_killed(up: bool) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        [child] = psutil.Process(parent.pid).children()
        if up:
            assert httpx2.get(url, timeout=BOUND).status_code == 400
    finally:
        parent.kill()
        parent.wait(BOUND)
    gone([child])


def test_the_stdio_server_ends_when_its_input_does_even_in_the_middle_of_a_call() -> None:
    process = started_call("countdown", {"seconds": 600})
    try:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
    finally:
        end(process)


def test_the_stdio_server_ends_on_sigterm_even_in_the_middle_of_a_call() -> None:
    process = started_call("countdown", {"seconds": 600})
    try:
        process.terminate()
        assert process.wait(10) == -15
    finally:
        end(process)


async def test_the_http_process_ends_on_sigterm() -> None:
    async with entries() as servers, httpx2.AsyncClient(timeout=BOUND) as http:
        target = servers["demo-http"].target
        assert isinstance(target, HttpTarget)
        await http.get(target.url)
        [process] = [child for child in children() if "http_server" in " ".join(child.cmdline())]
        process.terminate()
        gone([process])


def test_the_broken_server_says_why_and_exits_with_3() -> None:
    target = StdioTarget(sys.executable, ("-P", "-m", "mcpdeck.app.demo.broken_server"))
    done = subprocess.run(
        [target.command, *target.args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "error: DEMO_DATABASE_URL is not set" in done.stderr
    assert "broken on purpose" in done.stderr


async def test_the_in_process_entry_carries_a_factory_and_a_spec_that_means_the_same() -> None:
    async with entries() as servers:
        target = servers["demo-in-process"].target
        assert isinstance(target, InProcessTarget)
        assert target.factory is not None
        assert target.spec == servers["demo-in-process"].endpoint == "mcpdeck.app.demo.in_process:server"
