"""The calls of one connection to typed tools: run side by side, told of, cancelled.

Owns the tasks of the calls, and the order in which answers, progress and log records leave. Never decides which
request is for it, and knows no era: how a result is dressed is handed in.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import anyio
import anyio.abc

from ..eras.versions import INVALID_PARAMS, LOG_LEVELS
from ..errors import RPCError
from ..models import Json, JsonObject, as_object, as_text
from ..transports.base import RequestId
from ..transports.guest_code import Raised, outcome, outcome_in_thread
from ..transports.server_object import described, traceback_of
from ..transports.server_thread import in_loop
from .typed import Failure, Permits, ToolContext
from .typed_tools import AnyTool, failed, plain, request_of, result_of

RECORDS = 256
"""Log records on their way; further ones are counted instead, so that a tool that floods costs no memory."""
AT_ONCE = 64
"""Calls that run at a time; further ones wait for their turn."""

Dress: TypeAlias = Callable[[JsonObject], JsonObject]
_ANSWERED = (int, str)


class Outbox:
    """Messages to the client, in order. Every method but ``drain`` returns at once; all in the server's loop."""

    def __init__(self) -> None:
        self._messages: dict[object, JsonObject] = {}
        self._count = 0
        self._records = 0
        self._lost = 0
        self._filled = anyio.Event()

    def result(self, request: RequestId, result: JsonObject) -> None:
        self._put({"jsonrpc": "2.0", "id": request, "result": result})

    def error(self, request: RequestId, error: RPCError) -> None:
        shown: JsonObject = {"code": error.code, "message": error.message}
        if error.data is not None:
            shown["data"] = error.data
        self._put({"jsonrpc": "2.0", "id": request, "error": shown})

    def progress(self, call: object, params: JsonObject) -> None:
        """Of what one ``call`` says while nobody reads, the last counts."""
        self._put({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}, ("progress", call))

    def record(self, params: JsonObject) -> None:
        """A log record; beyond ``RECORDS`` that nobody has read they are counted, and the number is told."""
        if self._records >= RECORDS:
            self._lost += 1
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            self.record({"level": "warning", "logger": "mcpdeck", "data": f"{lost:,} records are left out here"})
        self._records += 1
        self._put({"jsonrpc": "2.0", "method": "notifications/message", "params": params})

    async def drain(self, send: Callable[[object], Awaitable[None]]) -> None:
        """Send what there is, and wait for more, until cancelled."""
        while True:
            while self._messages:
                message = self._messages.pop(next(iter(self._messages)))
                if message.get("method") == "notifications/message":
                    self._records -= 1
                try:
                    await send(message)
                except anyio.BrokenResourceError:
                    return  # nobody hears it any more
            self._filled = anyio.Event()
            await self._filled.wait()

    def _put(self, message: JsonObject, key: object = None) -> None:
        self._count += 1
        self._messages[self._count if key is None else key] = message
        self._filled.set()


class Serving(Protocol):
    """What every call of a server shares."""

    project: Path | None
    permissions: Permits


@dataclass(slots=True, eq=False)
class _Call:
    tool: AnyTool
    request: RequestId
    arguments: JsonObject
    meta: Mapping[str, Json]
    level: str | None
    dress: Dress
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    stop: threading.Event = field(default_factory=threading.Event)
    progress: float = -math.inf
    over: bool = False


class Calls:
    """The calls that run. ``start`` and ``cancel`` are called in the server's loop and return at once."""

    def __init__(
        self,
        tools: Mapping[str, AnyTool],
        outbox: Outbox,
        tasks: anyio.abc.TaskGroup,
        *,
        session: str,
        server: Serving,
    ) -> None:
        self._tools = tools
        self._outbox = outbox
        self._tasks = tasks
        self._session = session
        self._server = server
        self._running: dict[RequestId, _Call] = {}
        self._turns = anyio.Semaphore(AT_ONCE)
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def start(self, request: RequestId, params: JsonObject, level: str | None, dress: Dress) -> None:
        """Begin a ``tools/call``; log records from ``level`` on are told (None: none).

        Raises ``RPCError`` for an unknown tool and a malformed request.
        """
        name = as_text(params.get("name"))
        if name is None:
            raise RPCError(INVALID_PARAMS, "the call names no tool", None)
        tool = self._tools.get(name)
        if tool is None:
            raise RPCError(INVALID_PARAMS, f"unknown tool {name!r}", None)
        arguments = params.get("arguments")
        if arguments is not None and not isinstance(arguments, dict):
            raise RPCError(INVALID_PARAMS, "the arguments are no object", None)
        if request in self._running:
            raise RPCError(INVALID_PARAMS, f"a request with the id {request!r} is being answered", None)
        call = self._running[request] = _Call(
            tool, request, arguments or {}, as_object(params.get("_meta")), level, dress
        )
        self._tasks.start_soon(self._run, call)

    def cancel(self, request: object) -> None:
        """Nobody waits for it any more. What is not running is left alone."""
        call = self._running.get(request) if isinstance(request, _ANSWERED) else None
        if call is not None:
            call.stop.set()
            call.scope.cancel()

    def cancel_all(self) -> None:
        """The connection ends: tools in threads are told, too."""
        for call in self._running.values():
            call.stop.set()

    async def _run(self, call: _Call) -> None:
        result: JsonObject | None = None
        try:
            with call.scope:
                async with self._turns:
                    result = await self._result(call)
        finally:
            call.over = True
            del self._running[call.request]
            if result is not None and not call.stop.is_set():
                self._outbox.result(call.request, call.dress(result))

    async def _result(self, call: _Call) -> JsonObject:
        request = request_of(call.tool, call.arguments)
        if isinstance(request, Failure):
            return failed(request)
        context = self._context(call)
        run = partial(call.tool.run, request, context)
        if inspect.iscoroutinefunction(call.tool.run):
            answer = await outcome(cast("Callable[[], Awaitable[object]]", run))
        else:
            answer = await outcome_in_thread(cast("Callable[[], object]", run))
            if inspect.isawaitable(answer):
                given = answer
                answer = await outcome(lambda: cast("Awaitable[object]", given))
        if not isinstance(answer, Raised):
            return result_of(call.tool, answer)
        logging.getLogger(call.tool.name).error("%s", "".join(traceback_of(answer.error)).rstrip())
        return failed(
            Failure(f"{call.tool.name} failed: {described(answer.error)}", "The server's log has the traceback.")
        )

    def _context(self, call: _Call) -> ToolContext:
        token = call.meta.get("progressToken")
        tells = isinstance(token, _ANSWERED) and not isinstance(token, bool)
        lowest = LOG_LEVELS.index(call.level) if call.level is not None else len(LOG_LEVELS)

        def report(progress: float, total: float | None, message: str | None) -> None:
            if tells and math.isfinite(progress):
                params: JsonObject = {"progressToken": token, "progress": progress}
                if total is not None and math.isfinite(total):
                    params["total"] = total
                if message is not None:
                    params["message"] = str(message)
                self._at_home(partial(self._tell, call, progress, params))

        def log(level: str, data: Json) -> None:
            rank = LOG_LEVELS.index(level) if level in LOG_LEVELS else LOG_LEVELS.index("info")
            if rank >= lowest:
                params: JsonObject = {"level": LOG_LEVELS[rank], "logger": call.tool.name, "data": plain(data)}
                self._at_home(partial(self._record, call, params))

        return ToolContext(
            self._session,
            str(call.request),
            permissions=self._server.permissions,
            project=self._server.project,
            metadata=call.meta,
            progress=report,
            log=log,
            stop=call.stop,
        )

    def _at_home(self, function: Callable[[], object]) -> None:
        """In the server's loop: at once where this is its thread, so that it comes before the answer."""
        if threading.get_ident() == self._thread:
            function()
        else:
            in_loop(self._loop, function)

    def _tell(self, call: _Call, progress: float, params: JsonObject) -> None:
        # It has to rise, and nothing may follow the answer (protocol section 20).
        if not call.over and progress > call.progress:
            call.progress = progress
            self._outbox.progress(call, params)

    def _record(self, call: _Call, params: JsonObject) -> None:
        if not call.over:
            self._outbox.record(params)
