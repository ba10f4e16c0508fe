"""The numbers of a run: time limits, retries and pools, with the variables that set them.

Owns config contract sections 5 and 6 as values. Never waits and never connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from ..models import ServerEntry, Timer
from ..protocol.dispatcher import REQUEST_TIMEOUT
from ..session import TraceContext
from ..transports.base import MAX_FRAME
from .lifecycle import CONNECT_RETRIES

_VARIABLES = {
    "connect": ("connect_timeout", "MCP_TIMEOUT"),
    "request": ("request_timeout", "MCPDECK_REQUEST_TIMEOUT"),
    "call": ("call_timeout", "MCP_TOOL_TIMEOUT"),
    "idle": ("idle_timeout", "MCPDECK_IDLE_TIMEOUT"),
    "probe": ("probe_timeout", "MCPDECK_PROBE_TIMEOUT"),
}
"""The five timers: field of the settings, and the variable that sets it (milliseconds)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the config contract, sections 5 and 6. Times in seconds.

    ``idle_timeout``: how long a call may go without progress. ``listens``: hear of changed lists without
    asking (2026-07-28); ``pings``: measure the latency now and then; ``reads``: methods of the lists that
    are read unasked, None: all. ``sources`` says of a timer where
    its value comes from, when that is not the default. ``context``: of the trace that requests belong to.
    ``max_message``: bytes of the largest message that is taken. ``output_tokens``: what a model gets of one result at
    the most, estimated. ``replicas``: as many processes of a server as its
    entry says, else one. ``remarks``: variables that hold no number, for
    which the default is used.
    """

    connect_timeout: float = 30.0
    request_timeout: float = REQUEST_TIMEOUT
    call_timeout: float = 100_000.0
    idle_timeout: float = 1_800.0
    probe_timeout: float = 8.0
    connect_retries: int = CONNECT_RETRIES
    local_pool: int = 3
    remote_pool: int = 20
    listens: bool = True
    pings: bool = True
    reads: frozenset[str] | None = None
    context: TraceContext | None = None
    max_message: int = MAX_FRAME
    output_tokens: int = 25_000
    replicas: bool = True
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables that are set; one that is no positive number is told, and counts as not set."""
        remarks: dict[str, str] = {}
        values: dict[str, float] = {}
        sources: dict[str, str] = {}
        for timer, (name, variable) in _VARIABLES.items():
            given = _number(environ, variable, remarks)
            if given is not None:
                values[name] = given / 1000
                sources[timer] = variable
            elif variable in remarks:
                sources[timer] = f"default ({remarks[variable]})"
        default = cls()
        local = _number(environ, "MCP_SERVER_CONNECTION_BATCH_SIZE", remarks)
        remote = _number(environ, "MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE", remarks)
        largest = _number(environ, "MCPDECK_MAX_MESSAGE", remarks)
        output = _number(environ, "MAX_MCP_OUTPUT_TOKENS", remarks)
        settings = cls(
            local_pool=default.local_pool if local is None else max(1, int(local)),
            remote_pool=default.remote_pool if remote is None else max(1, int(remote)),
            context=TraceContext.from_environment(environ),
            max_message=MAX_FRAME if largest is None else max(1024, int(largest)),
            output_tokens=default.output_tokens if output is None else max(1, int(output)),
            sources=sources,
            remarks=tuple(f"{remark}: the default is used" for remark in remarks.values()),
        )
        return replace(settings, **values)

    def within(self, seconds: float, source: str) -> Self:
        """Connecting and calls bounded by ``seconds``, which ``source`` asked for."""
        sources = {**self.sources, "connect": source, "call": source}
        return replace(self, connect_timeout=seconds, call_timeout=seconds, sources=sources)

    def timers(self, entry: ServerEntry) -> tuple[Timer, ...]:
        """The five time limits as they apply to one server, each with its source."""
        shown = [
            Timer(timer, getattr(self, name), self.sources.get(timer, "default"))
            for timer, (name, _) in _VARIABLES.items()
        ]
        if entry.call_timeout is not None:
            place = str(entry.origin) or "the command line"
            shown = [Timer("call", entry.call_timeout, place) if timer.name == "call" else timer for timer in shown]
        return tuple(shown)


def _number(environ: Mapping[str, str], name: str, remarks: dict[str, str]) -> float | None:
    """The value of ``name``, None where there is none or ``remarks`` says what is wrong with it."""
    text = environ.get(name)
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        remarks[name] = f"{name} is not a number"
        return None
    if not 0 < value < 1e12:
        remarks[name] = f"{name} is not a positive number" if not value > 0 else f"{name} is too large"
        return None
    return value
