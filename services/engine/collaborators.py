"""Who helps the executor with a call: what is asked of each.

Owns the protocols only. Each of them may be missing; that step of the pipeline does nothing then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Protocol, TypeAlias, TypeVar

from ..models import Act, Caller, Decision, ErrorInfo, JsonObject, Measured, Reach, ServerEntry, Tool
from ..session import Session
from ..state.model import CallState

T = TypeVar("T")

AskPermission: TypeAlias = Callable[[Act, Decision, tuple[Reach, ...]], Awaitable[Reach | None]]
"""Puts a use to a person; how far the yes reaches, which is one of those offered; None: no."""

CALL_ASKED_FOR: ContextVar[str | None] = ContextVar("call_asked_for", default=None)
"""While an ``AskPermission`` runs: the id of the call that waits for it."""


class Sessions(Protocol):
    """Who knows the sessions: the connection manager."""

    def entry(self, name: str) -> ServerEntry | None: ...
    def session(self, name: str) -> Session | None: ...
    def check(self, name: str) -> None: ...
    async def connected(self, name: str) -> Session: ...
    async def using(
        self, name: str, operation: Callable[[Session], Awaitable[T]], *, bound: bool = False, checked: bool = False
    ) -> T: ...
    def call_timeout(self, name: str) -> float: ...
    def idle_timeout(self, name: str) -> float: ...


class Permissions(Protocol):
    """Which rules apply to a use. ``decide`` counts a use that it allows; ``answered`` says, after it wanted one asked,
    that a person said yes, and for how long; what it gives says why that could not be kept for good. ``judge`` decides,
    and counts nothing.
    """

    def decide(self, act: Act) -> Decision: ...
    def judge(self, act: Act) -> Decision: ...
    def reaches(self, act: Act, decision: Decision) -> tuple[Reach, ...]: ...
    def answered(self, act: Act, reach: Reach) -> ErrorInfo | None: ...


class Keeper(Protocol):
    """Measures results, and keeps the whole of those aside that are large. ``held``: what the state is to hold."""

    async def keep(self, call_id: str, server: str, tool: Tool | None, result: JsonObject) -> Measured: ...
    def held(self, result: JsonObject, measured: Measured) -> JsonObject: ...


class Metrics(Protocol):
    """Counts calls that ended. Sizes in bytes of JSON, those of results may be estimates."""

    def record(self, call: CallState, *, bytes_sent: int = 0, bytes_received: int = 0) -> None: ...


class Audit(Protocol):
    """Writes down what was asked for and what became of it. Never raises."""

    def record(self, call: CallState) -> None: ...


class Span(Protocol):
    """One call in a trace; requests that are sent inside ``with`` belong to it. ``trace_id`` may be empty."""

    @property
    def trace_id(self) -> str: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None: ...
    def end(self, call: CallState, *, bytes_sent: int = 0, bytes_received: int = 0) -> None: ...


class Spans(Protocol):
    """Begins a span for each call."""

    def begin(self, call: str, *, server: str, name: str, method: str, caller: Caller) -> Span: ...
