"""An executor on one scripted server, in memory: the way of a call without a manager, a process or a clock.

Owns the fake manager and fake helpers that write down what they are told. Never judges what happened.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from mcpdeck.services import events as ev
from mcpdeck.services.engine.executor import Executor
from mcpdeck.services.errors import McpDeckError, UsageError
from mcpdeck.services.models import Act, Decision, Effect, Reach, ServerEntry
from mcpdeck.services.session import Session
from mcpdeck.services.state.model import CallState
from mcpdeck.services.state.store import Store
from tests import entries
from tests.playbooks.opened import Opened, opened
from tests.spec.peers import LEGACY, server

T = TypeVar("T")

ECHO: dict[str, Any] = {
    "name": "echo",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}
ALLOWED = Decision(Effect.ALLOW, "a rule", "a file")
DENIED = Decision(Effect.DENY, "mcp__peer", "settings.json", "It says so.")
ASKED = Decision(Effect.ASK, "tools are asked for", "default")


class Sessions:
    """One server, ``peer``, that is connected. ``refusal`` is what the guard says; ``broken`` keeps from connecting.

    ``gets`` is another session, which gets what is sent; ``before`` is done before an operation is.
    """

    def __init__(self, session: Session, entry: ServerEntry) -> None:
        self.at = session
        self.known = entry
        self.refusal: McpDeckError | None = None
        self.broken: McpDeckError | None = None
        self.used: list[str] = []
        self.bound: list[bool] = []
        self.gets: Session | None = None
        self.before: Callable[[str], Awaitable[None]] | None = None

    def entry(self, name: str) -> ServerEntry | None:
        return self.known if name == self.known.name else None

    def session(self, name: str) -> Session | None:
        return self.at if name == self.known.name else None

    def check(self, name: str) -> None:
        if name != self.known.name:
            raise UsageError(f'no server is called "{name}"')
        if self.refusal is not None:
            raise self.refusal

    async def connected(self, name: str) -> Session:
        if self.broken is not None:
            raise self.broken
        return self.at

    async def using(
        self, name: str, operation: Callable[[Session], Awaitable[T]], *, bound: bool = False, checked: bool = False
    ) -> T:
        if not checked:
            self.check(name)
        self.used.append(name)
        self.bound.append(bound)
        session = self.gets or await self.connected(name)
        if self.before is not None:
            await self.before(name)
        return await operation(session)

    def call_timeout(self, name: str) -> float:
        return 10.0

    def idle_timeout(self, name: str) -> float:
        return 10.0


@dataclass
class Rules:
    """Permissions that say ``decision``, or what ``decide_by`` says of a use."""

    decision: Decision = ALLOWED
    decide_by: Callable[[Act], Decision] | None = None
    acts: list[Act] = field(default_factory=list)
    yes: list[tuple[Act, Reach]] = field(default_factory=list)

    def decide(self, act: Act) -> Decision:
        self.acts.append(act)
        return self.decision if self.decide_by is None else self.decide_by(act)

    def judge(self, act: Act) -> Decision:
        return self.decision if self.decide_by is None else self.decide_by(act)

    def reaches(self, act: Act, decision: Decision) -> tuple[Reach, ...]:
        return (Reach.ONCE, Reach.SESSION)

    def answered(self, act: Act, reach: Reach) -> None:
        self.yes.append((act, reach))


@dataclass
class Log:
    """Audit and metrics at once: the calls that they were told of, and sizes."""

    calls: list[CallState] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def record(self, call: CallState, *, bytes_sent: int = -1, bytes_received: int = -1) -> None:
        self.calls.append(call)
        self.sizes.append((bytes_sent, bytes_received))


@dataclass
class Peer:
    """``sent`` is what the server got, ``sessions`` what the manager was asked, ``store`` what is seen; ``tools`` is
    what it lists the next time.
    """

    executor: Executor
    store: Store
    sessions: Sessions
    it: Opened
    tools: list[dict[str, Any]]

    @property
    def calls(self) -> tuple[CallState, ...]:
        return self.store.state.calls

    def sent(self, method: str = "tools/call") -> list[Any]:
        return [message for message in self.it.transport.sent if message.get("method") == method]


@asynccontextmanager
async def peer(
    answers: dict[str, Any] | None = None,
    *,
    tools: list[dict[str, Any]] | None = None,
    entry: ServerEntry | None = None,
    wish: Any = LEGACY,
    capabilities: dict[str, Any] | None = None,
    **helpers: Any,
) -> AsyncGenerator[Peer]:
    """``answers`` by method (see ``spec.peers.server``), an error to raise among them. ``helpers`` of the executor."""
    listed = {"tools": [ECHO] if tools is None else tools}
    script = server({"tools/list": listed, **(answers or {})}, capabilities=capabilities or {"tools": {}})

    def answer(message: dict[str, Any]) -> Any:
        given = (answers or {}).get(message.get("method", ""))
        said = given(message) if callable(given) else given
        if isinstance(said, McpDeckError):
            return said
        return script(message) if given is None or callable(given) is False else _whole(message, said, script)

    known = entry or replace(entries.stdio("peer", "x"), name="peer")
    async with opened(answer) as it:
        await it.session.open(wish)
        await it.session.lists.read_tools()
        store = Store()
        store.dispatch(ev.ServersConfigured((known,)))
        sessions = Sessions(it.session, known)
        yield Peer(Executor(sessions, store, **helpers), store, sessions, it, listed["tools"])


def _whole(message: dict[str, Any], said: Any, script: Callable[[dict[str, Any]], Any]) -> Any:
    """An answer that was made already: it must not be made a second time."""
    if said is None or (isinstance(said, dict) and "jsonrpc" in said):
        return said
    return server({message["method"]: said})(message)
