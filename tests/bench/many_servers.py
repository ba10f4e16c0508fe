"""Hundreds of servers connect at once: how long the event loop of the dashboard is held up meanwhile.

Owns the servers it measures on: one process that answers under many paths, and as many small children as are
asked for. Never judges what it measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio

from mcpdeck.app.controller import Controller
from mcpdeck.app.deck import Deck
from mcpdeck.app.main import collecting_rarely
from mcpdeck.app.worker import Services, running
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import EraMode, ServerEntry
from tests import entries
from tests.servers.processes import free_port, listening

TICK = 0.005
"""Seconds between two looks at the clock."""
IDLE = 2.0
"""Seconds for which the loop is watched before anything connects."""
WITHIN = 120.0

ANSWERS = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
TOOLS = [{"name": f"tool-{n}", "description": "One of ten.", "inputSchema": {"type": "object"}} for n in range(10)]
class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(405, b"")
    def do_DELETE(self):
        self.answer(200, b"")
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "id" not in asked:
            return self.answer(202, b"")
        match asked["method"]:
            case "initialize":
                result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                          "serverInfo": {"name": "many", "version": "1"}}
            case "tools/list":
                result = {"tools": TOOLS}
            case _:
                result = {}
        self.answer(200, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode())
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
server = Server(("127.0.0.1", int(sys.argv[1])), Answers)
print("listening on port", flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Delays:
    """How late the loop woke up (ms), and the CPU time its thread took meanwhile (s of s).

    On a machine that does other things too, part of a delay is waiting for a processor.
    """

    p50: float
    p99: float
    worst: float
    seconds: float
    busy: float

    @classmethod
    def of(cls, late: list[float], seconds: float, busy: float) -> Delays:
        ordered = sorted(late)
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        return cls(p50 * 1000, p99 * 1000, ordered[-1] * 1000, seconds, busy)


def many_servers(http: int = 200, stdio: int = 100) -> tuple[Delays, Delays]:
    """Delays while the dashboard stands and nothing goes on, and while all these servers connect."""
    with tempfile.TemporaryDirectory() as folder, _http(http) as remote:
        tiny = (entries.PYTHON, "-S", "-E", str(entries.SERVERS / "tiny_stdio.py"))
        local = [entries.stdio(f"stdio-{number}", *tiny, era=EraMode.LEGACY) for number in range(stdio)]
        return anyio.run(_measured, [*remote, *local], Path(folder))


@contextmanager
def _http(count: int) -> Iterator[list[ServerEntry]]:
    port = free_port()
    with listening((sys.executable, "-c", ANSWERS, str(port))):
        base = f"http://127.0.0.1:{port}"
        yield [entries.http(f"http-{number}", f"{base}/{number}", era=EraMode.LEGACY) for number in range(count)]


def say(servers: int) -> None:
    """Print both, for two thirds HTTP and one third stdio."""
    stdio = servers // 3
    idle, crowd = many_servers(servers - stdio, stdio)
    print(
        f"{f'{servers} servers connect in {crowd.seconds:.1f} s':<44}{'meanwhile':>13} {'idle loop':>13} {'ratio':>7}"
    )
    for what, ours, bare in (
        ("p50", crowd.p50, idle.p50),
        ("p99", crowd.p99, idle.p99),
        ("worst", crowd.worst, idle.worst),
    ):
        ratio = ours / bare if bare else float("inf")
        title = f"delay of the event loop, {what}"
        print(f"{title:<44}{ours:10.2f} ms {bare:10.2f} ms {ratio:7.1f}   itself with nothing to do")
    share = f"{100 * crowd.busy / crowd.seconds:.0f} %"
    print(f"{'CPU time of the loop, share of the time':<44}{share:>13}", flush=True)


async def _measured(crowd: list[ServerEntry], folder: Path) -> tuple[Delays, Delays]:
    settings = replace(Settings(), pings=False)
    begin = anyio.Event()
    with anyio.fail_after(WITHIN), collecting_rarely() as keep:
        async with (
            running(crowd, settings=settings, can_ask=True, start=begin) as services,
            anyio.create_task_group() as tasks,
        ):
            deck = _deck(services, tasks, folder)
            async with deck.run_test(size=(120, 40)) as pilot:
                await pilot.pause()
                keep()
                idle = await _delays(partial(anyio.sleep, IDLE))
                begin.set()
                meanwhile = await _delays(partial(_all_connected, services, crowd))
                tasks.cancel_scope.cancel()
    return idle, meanwhile


async def _all_connected(services: Services, crowd: list[ServerEntry]) -> None:
    await services.manager.settled()
    for entry in crowd:
        await (await services.manager.connected(entry.name)).lists.tools_settled()


async def _delays(during: Callable[[], Awaitable[None]]) -> Delays:
    late: list[float] = []
    async with anyio.create_task_group() as ticking:
        ticking.start_soon(_tick, late)
        began, busy = time.perf_counter(), time.thread_time()
        await during()
        seconds, busy = time.perf_counter() - began, time.thread_time() - busy
        ticking.cancel_scope.cancel()
    return Delays.of(late, seconds, busy)


def _deck(services: Services, tasks: anyio.abc.TaskGroup, folder: Path) -> Deck:
    def nothing(*_: object) -> None:
        return None

    return Deck(
        services.store,
        lambda toast: Controller(
            services, tasks, toast, set_enabled=nothing, approve=nothing, reject=nothing, data_folder=folder
        ),
    )


async def _tick(delays: list[float]) -> None:
    """By how much each wake-up came late, in seconds."""
    while True:
        due = time.perf_counter() + TICK
        await anyio.sleep(TICK)
        delays.append(max(0.0, time.perf_counter() - due))


if __name__ == "__main__":
    say(300)
