"""``mcpdeck watch``: what a server says by itself, as JSON Lines.

Owns the lines ``{"time", "server", "kind", "method", "params"}``: ``notification``, ``log`` and ``status``.
Subscribes to what the server offers (lists by themselves, resources with ``--subscribe``). Never drops a
line while its reader is slow without saying so.
"""

from __future__ import annotations

import time

import anyio

from ...services.errors import McpDeckError
from ...services.models import ErrorInfo, JsonObject, ServerEntry, Status
from ...services.session import Session
from ...services.state.model import AppState, ServerState
from ...services.telemetry.trace import TraceRecord, iso
from .. import headless
from ..exits import Exit, exit_code
from ..heard import MESSAGE, is_notification, shown
from ..json_lines import JsonLines
from ..options import Options
from ..printing import note_error, note_warning
from ..resolve import Guard, usable
from ..restarting import restart_on_changes
from ..worker import Services

WAITING = 10_000
"""Lines that wait for a slow reader."""
_ENDED = frozenset({Status.FAILED, Status.NEEDS_AUTH})


def run(options: Options) -> int:
    """0 after ``--for``; a server that is lost for good ends it with the code of the reason."""
    entry, guard = usable(options, options.words[0] if options.words else None)
    error = headless.run_for(lambda: _watched(entry, guard, options))
    if error is None:
        return Exit.DONE
    note_error(error, entry.name)
    return exit_code(error.kind)


async def _watched(entry: ServerEntry, guard: Guard, options: Options) -> ErrorInfo | None:
    """What ended it before its time, if anything did."""
    async with (
        headless.services((entry,), options, guard=guard, listens=True, pings=True, reads=None) as services,
        anyio.create_task_group() as tasks,
    ):
        watch = _Watch(entry.name, services)
        with watch:
            tasks.start_soon(_subscribe, services, entry.name, options)
            if entry.watch:
                tasks.start_soon(restart_on_changes, services.manager, services.store)
            await watch.write(JsonLines.stdout(), options.seconds)
        tasks.cancel_scope.cancel()
        headless.note_log(services, entry.name, options)
        return watch.error
    raise AssertionError  # the block above returns


async def _subscribe(services: Services, server: str, options: Options) -> None:
    """Once connected; a subscription that is refused is said and the others go on."""
    for uri in options.subscribe:

        async def operation(session: Session, uri: str = uri) -> None:
            await session.subscribe(uri)

        try:
            await services.manager.using(server, operation, bound=True)
        except McpDeckError as error:
            note_warning(f"{uri} is not subscribed to: {error.title}")


class _Watch:
    """Collects lines from the trace and the store, and writes them as they come."""

    def __init__(self, server: str, services: Services) -> None:
        self.error: ErrorInfo | None = None
        self._server = server
        self._services = services
        self._status: tuple[object, ...] = ()
        self._send, self._receive = anyio.create_memory_object_stream[JsonObject](WAITING)
        self._dropped = 0

    def __enter__(self) -> None:
        self._stops = (
            self._services.trace.tap(self._on_record),
            self._services.store.subscribe(self._on_state),
        )
        self._on_state(self._services.store.state)

    def __exit__(self, *_: object) -> None:
        for stop in self._stops:
            stop()
        self._send.close()
        self._receive.close()

    async def write(self, out: JsonLines, seconds: float | None) -> None:
        """Write until ``seconds`` are over or nothing more can come."""
        with anyio.move_on_after(seconds):
            async for line in self._receive:
                await out.write(line)
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    note_warning(f"{dropped:,} lines were dropped: they are not read fast enough")

    def _on_record(self, record: TraceRecord) -> None:
        if is_notification(record, self._server):
            said = shown(record)
            kind = "log" if record.method == MESSAGE else "notification"
            self._put({"time": said["time"], "server": self._server, "kind": kind, **said})

    def _on_state(self, state: AppState) -> None:
        server = state.mcp.servers.get(self._server)
        if server is None or self._status == (now := (server.status, server.generation, server.error)):
            return
        self._status = now
        self._put(_status(server))
        if server.status in _ENDED:
            self.error = server.error
            self._send.close()

    def _put(self, line: JsonObject) -> None:
        try:
            self._send.send_nowait(line)
        except anyio.WouldBlock:
            self._dropped += 1
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return  # it is over


def _status(server: ServerState) -> JsonObject:
    error = server.error
    params: JsonObject = {
        "status": server.status.value,
        "generation": server.generation,
        "era": server.era.value if server.era else None,
        "protocolVersion": server.version,
        "error": None if error is None else {"kind": error.kind, "title": error.title, "hint": error.hint},
    }
    return {"time": iso(time.time()), "server": server.id, "kind": "status", "method": None, "params": params}
