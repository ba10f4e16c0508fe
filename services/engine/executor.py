"""The path of a tool call: resolve, validate, call, record.

Owns the order of the steps and the events of a call. Never draws and never asks a person.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol
from uuid import uuid4

import anyio

from .. import events as ev
from ..errors import InvalidArguments, McpDeckError, RequestCancelled, RequestTimeout, UnknownTool
from ..models import ErrorInfo, JsonObject, Tool, as_object
from ..session import Session
from ..state.model import CallState
from ..state.store import Store
from .validation import check


class Sessions(Protocol):
    """Who knows the sessions: the connection manager."""

    async def connected(self, name: str) -> Session: ...
    def call_timeout(self, name: str) -> float: ...


class CallClock:
    """The deadline of one call; it stands still while a human answers its server (protocol section 22)."""

    def __init__(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        self._questions = 0
        self._left = 0.0

    @property
    def deadline(self) -> float:
        return self._scope.deadline

    @contextmanager
    def paused(self) -> Generator[None]:
        if self._questions == 0:
            self._left = self._scope.deadline - anyio.current_time()
            self._scope.deadline = math.inf
        self._questions += 1
        try:
            yield
        finally:
            self._questions -= 1
            if self._questions == 0:
                self._scope.deadline = anyio.current_time() + self._left


class Executor:
    """Runs calls on the manager's sessions and records them in the store."""

    def __init__(self, sessions: Sessions, store: Store) -> None:
        self._sessions = sessions
        self._store = store
        self._clocks: dict[str, CallClock] = {}

    def deadline(self, call: str) -> float | None:
        """When a running call times out, on the loop's clock; ``inf`` while a human is asked, None at its end."""
        clock = self._clocks.get(call)
        return clock.deadline if clock is not None else None

    def paused(self, call: str | None) -> AbstractContextManager[None]:
        """Hold the clock of a running call while its server waits for a human."""
        clock = self._clocks.get(call) if call is not None else None
        return clock.paused() if clock is not None else nullcontext()

    async def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        call_id: str | None = None,
        validate: bool = True,
        timeout: float | None = None,
    ) -> CallState:
        """Call a tool and wait for its end.

        Raises ``UnknownTool``, ``InvalidArguments`` and what keeps the server from being connected,
        all before anything is sent. Whatever happens to the call itself is in the returned state.
        ``timeout`` in seconds; the entry's own comes before the general one.
        """
        session = await self._sessions.connected(server)
        if validate:
            known = await self._resolve(session, tool)
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
        try:
            with anyio.fail_after(timeout) as scope:
                self._clocks[call] = CallClock(scope)
                result = await session.call_tool(
                    tool,
                    arguments,
                    call=call,
                    on_progress=lambda progress, total, message: self._store.dispatch(
                        ev.CallProgressed(call, progress, total, message)
                    ),
                    on_round=lambda number: rounds.__setitem__(0, number),
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
