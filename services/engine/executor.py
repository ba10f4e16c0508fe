"""The path of a tool call: resolve, validate, call, record.

Owns the order of the steps and the events of a call. Never draws and never asks a person.
"""

from __future__ import annotations

import time
from typing import Protocol
from uuid import uuid4

import anyio

from .. import events as ev
from ..errors import InvalidArguments, McpDeckError, RequestCancelled, RequestTimeout, UnknownTool
from ..models import ErrorInfo, JsonObject, Tool
from ..session import Session
from ..state.model import CallState
from ..state.store import Store
from .validation import problems


class Sessions(Protocol):
    """Who knows the sessions: the connection manager."""

    async def connected(self, name: str) -> Session: ...
    def call_timeout(self, name: str) -> float: ...


class Executor:
    """Runs calls on the manager's sessions and records them in the store."""

    def __init__(self, sessions: Sessions, store: Store) -> None:
        self._sessions = sessions
        self._store = store

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
            wrong = problems(arguments, known.input_schema)
            if wrong:
                raise InvalidArguments(
                    f"the arguments do not fit {tool}",
                    problems=wrong,
                    hint="; ".join(wrong[:3]),
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
            with anyio.fail_after(timeout):
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


def _suggestion(tool: str, tools: tuple[Tool, ...]) -> str:
    import difflib

    names = [known.name for known in tools]
    close = difflib.get_close_matches(tool, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"It has: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}."
