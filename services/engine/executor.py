"""The path of a tool call: resolve, validate, call, record.

Owns the order of the steps and the events of a call. Never draws and never asks a person.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Protocol, TypeVar
from uuid import uuid4

import anyio

from .. import events as ev
from ..errors import (
    InvalidArguments,
    McpDeckError,
    PolicyDenied,
    ProtocolError,
    RequestCancelled,
    RequestTimeout,
    UnknownTool,
    UntrustedError,
)
from ..models import ErrorInfo, JsonObject, TaskInfo, Tool, as_object
from ..protocol.clock import Clock
from ..session import Session
from ..state.model import CallState
from ..state.store import Store
from .validation import check

T = TypeVar("T")


class Sessions(Protocol):
    """Who knows the sessions: the connection manager."""

    def check(self, name: str) -> None: ...
    async def connected(self, name: str) -> Session: ...
    async def using(self, name: str, operation: Callable[[Session], Awaitable[T]]) -> T: ...
    def call_timeout(self, name: str) -> float: ...
    def idle_timeout(self, name: str) -> float: ...


class Executor:
    """Runs calls on the manager's sessions and records them in the store."""

    def __init__(self, sessions: Sessions, store: Store) -> None:
        self._sessions = sessions
        self._store = store
        self._clocks: dict[str, tuple[str, Clock, Clock]] = {}

    def deadline(self, call: str) -> float | None:
        """When a running call times out, on the loop's clock; ``inf`` while a human is asked, None at its end."""
        found = self._clocks.get(call)
        return min(found[1].deadline, found[2].deadline) if found is not None else None

    @contextmanager
    def paused(self, server: str, call: str | None) -> Generator[None]:
        """Hold the clocks of a call while its server waits for a human; of all its calls, when it is not known which.

        Protocol section 22: a call must not run out of time because its server asked somebody.
        """
        with ExitStack() as stack:
            for known, (whose, *clocks) in self._clocks.items():
                if known == call or (call is None and whose == server):
                    for clock in clocks:
                        stack.enter_context(clock.paused())
            yield

    async def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        call_id: str | None = None,
        validate: bool = True,
        timeout: float | None = None,
        as_task: bool = False,
    ) -> CallState:
        """Call a tool and wait for its end.

        Raises ``UnknownTool``, ``InvalidArguments`` and what keeps the server from being connected,
        all before anything is sent. Whatever happens to the call itself is in the returned state, also that policy
        or a person's decision forbids it by now: then nothing is sent, not even to look at the tool.
        ``timeout`` in seconds; the entry's own comes before the general one. ``as_task``: let the server
        run it as a task (section 36).
        """
        denied = self._denied(server)
        if denied is None:
            await self._sessions.connected(server)
        if validate and denied is None:
            # Reading the list may be what finds out that the session is gone.
            known = await self._sessions.using(server, lambda session: self._resolve(session, tool))
            # None: the schema's patterns take too long; the server will judge by itself.
            wrong = await check(arguments, known.input_schema)
            if wrong:
                raise InvalidArguments(
                    f"the arguments do not fit {tool}",
                    problems=wrong,
                    hint=_misspelt(arguments, known.input_schema)
                    or "See the tool's input schema; without validation they are sent as they are.",
                    server=server,
                )
        call = call_id or uuid4().hex[:12]
        if timeout is None:
            timeout = self._sessions.call_timeout(server)
        self._store.dispatch(ev.CallStarted(call, server, tool, arguments, time.time()))
        began = time.perf_counter()
        result: JsonObject | None = None
        failure: McpDeckError | None = None
        rounds = [1]
        tasks: list[str] = []
        idle = self._sessions.idle_timeout(server)

        def progressed(progress: float, total: float | None, message: str | None) -> None:
            self._clocks[call][2].restart(timeout if tasks else idle)
            self._store.dispatch(ev.CallProgressed(call, progress, total, message))

        def began_task(task: TaskInfo) -> None:
            # A task tells of itself when it is asked: from here on only the whole call is bounded.
            tasks.append(task.id)
            self._clocks[call][2].restart(timeout)
            self._store.dispatch(ev.CallBecameTask(call, task.id))

        async def through(session: Session) -> JsonObject:
            self._sessions.check(server)  # reading the tool, or connecting again, took its time
            return await session.call_tool(
                tool,
                arguments,
                call=call,
                on_progress=progressed,
                on_round=lambda number: rounds.__setitem__(0, number),
                as_task=as_task,
                on_task=began_task,
            )

        try:
            if denied is not None:
                raise denied
            with anyio.fail_after(timeout) as scope:
                with anyio.move_on_after(idle) as waiting:
                    self._clocks[call] = (server, Clock(scope), Clock(waiting))
                    result = await self._sessions.using(server, through)
                if waiting.cancelled_caught:
                    failure = RequestTimeout(
                        f"no result and no progress within {idle:g} s",
                        hint="Raise the idle time-out (MCPDECK_IDLE_TIMEOUT), or look at the server's log.",
                    )
        except TimeoutError:
            failure = RequestTimeout(
                f"no result within {timeout:g} s", hint="Raise the time-out, or look at the server's log."
            )
        except McpDeckError as error:
            failure = error
        except anyio.get_cancelled_exc_class():
            failure = RequestCancelled("cancelled")
            raise
        finally:
            self._clocks.pop(call, None)
            if result is None and failure is None:
                failure = ProtocolError(
                    "internal error: the call ended without a result",
                    hint="This is a fault of mcpdeck; please report it.",
                )
            self._store.dispatch(
                ev.CallFinished(
                    call,
                    time.time(),
                    (time.perf_counter() - began) * 1000,
                    result,
                    ErrorInfo.of(failure) if failure else None,
                    rounds[0],
                )
            )
        return next(state for state in self._store.state.calls if state.id == call)

    def _denied(self, server: str) -> McpDeckError | None:
        """Why the server must not be used any more. Raises ``UsageError`` for one that there is not."""
        try:
            self._sessions.check(server)
        except (PolicyDenied, UntrustedError) as error:
            return error
        return None

    async def _resolve(self, session: Session, tool: str) -> Tool:
        tools = await session.lists.known_tools()
        for known in tools:
            if known.name == tool:
                if known.excluded is not None:
                    raise UnknownTool(
                        f"tool {tool!r} must not be called: {known.excluded}",
                        hint="Its definition breaks a rule that protects clients (x-mcp-header).",
                        server=session.server,
                    )
                return known
        raise UnknownTool(
            f"{session.server} has no tool called {tool!r}",
            hint=_suggestion(tool, tools),
            server=session.server,
        )


def _misspelt(arguments: JsonObject, schema: JsonObject) -> str:
    """A name that was probably meant; empty when every name is known."""
    import difflib

    names = list(as_object(schema.get("properties")))
    for given in arguments:
        close = difflib.get_close_matches(given, names, 1, 0.6) if given not in names else []
        if close:
            return f"Did you mean {close[0]} instead of {given}?"
    return ""


def _suggestion(tool: str, tools: tuple[Tool, ...]) -> str:
    import difflib

    names = [known.name for known in tools]
    close = difflib.get_close_matches(tool, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"It has: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}."
