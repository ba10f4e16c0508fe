"""A span for every call: what its requests carry, and what a tracing back end is told when it ended.

Owns when a call belongs to a trace: to that of whoever started mcpdeck (``TRACEPARENT``), to one of its own where a
person asked for it (``MCPDECK_TRACE_CONTEXT=1``) or where spans are exported; else to none, and a server gets nothing.
Never exports by itself: see ``otel``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Token
from types import TracebackType
from typing import Protocol, Self

from ..models import Caller
from ..state.model import CallState
from .otel_settings import says_yes
from .trace_context import CARRIED, TraceContext

ASKED_FOR = "MCPDECK_TRACE_CONTEXT"
"""Set to ``1``: each call begins a trace of its own, where nobody gave one."""


class Exported(Protocol):
    """A span of the exporter. ``context`` is what requests carry, so that the server's spans stand below this one;
    None: it is none that a server could stand below (only metrics are exported).
    """

    @property
    def context(self) -> TraceContext | None: ...

    def end(self, call: CallState, *, bytes_sent: int, bytes_received: int) -> None: ...


class Exporter(Protocol):
    """Whoever takes spans to a back end. ``parent``: the span of whoever started mcpdeck."""

    def begin(
        self, call: str, *, server: str, name: str, method: str, caller: Caller, parent: TraceContext | None
    ) -> Exported: ...

    def close(self) -> None: ...


class CallSpan:
    """One call's. Used as a context manager: every request sent inside, also by tasks begun there, belongs to it."""

    __slots__ = ("_exported", "_token", "context")

    def __init__(self, context: TraceContext | None, exported: Exported | None = None) -> None:
        self.context = context
        self._exported = exported
        self._token: Token[TraceContext | None] | None = None

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty where the call belongs to no trace."""
        return self.context.trace_id if self.context is not None else ""

    def __enter__(self) -> Self:
        self._token = CARRIED.set(self.context) if self.context is not None else None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            CARRIED.reset(self._token)
            self._token = None

    def end(self, call: CallState, *, bytes_sent: int = 0, bytes_received: int = 0) -> None:
        """Tell how it went. Only the first time counts."""
        exported, self._exported = self._exported, None
        if exported is not None:
            exported.end(call, bytes_sent=bytes_sent, bytes_received=bytes_received)


_NONE = CallSpan(None)


class Spans:
    """Begins them. ``parent``: the context mcpdeck was started in; ``always``: without one, a trace for each call.

    ``make`` gives the exporter when the first call begins, which is early enough to import one, or None.
    """

    def __init__(
        self,
        parent: TraceContext | None = None,
        *,
        always: bool = False,
        make: Callable[[], Exporter | None] | None = None,
    ) -> None:
        self._parent = parent
        self._always = always
        self._make = make
        self._exporter: Exporter | None = None

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], make: Callable[[], Exporter | None] | None = None
    ) -> Self | None:
        """None where no call belongs to a trace."""
        parent = TraceContext.from_environment(environ)
        always = says_yes(environ, ASKED_FOR)
        return cls(parent, always=always, make=make) if parent or always or make else None

    def begin(self, call: str, *, server: str, name: str, method: str, caller: Caller = Caller.PROGRAM) -> CallSpan:
        """A span for ``call``, an id of this process; ``name`` of the tool or prompt, or the URI."""
        if self._make is not None:
            self._exporter, self._make = self._make(), None
        if self._exporter is not None:
            exported = self._exporter.begin(
                call, server=server, name=name, method=method, caller=caller, parent=self._parent
            )
            if exported.context is not None:
                return CallSpan(exported.context, exported)
            return CallSpan(self._own(), exported)  # metrics only
        own = self._own()
        return CallSpan(own) if own is not None else _NONE

    def close(self) -> None:
        """Send what was not sent yet; waits at most a few seconds, so not on the loop's thread."""
        if self._exporter is not None:
            self._exporter.close()

    def _own(self) -> TraceContext | None:
        if self._parent is not None:
            return self._parent.child()
        return TraceContext.fresh().child() if self._always else None
