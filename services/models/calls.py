"""What is known of calls beside their results: how much of one a model gets, how they went so far.

Owns plain values for the state. Never measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .json_values import JsonObject

CHARACTERS_A_TOKEN = 4
"""An estimate: no tokenizer of any model is asked. Shown figures say ``~``."""


def tokens_of(characters: int) -> int:
    """Tokens that this many characters come to, roughly; rounded up."""
    return -(-characters // CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """How large a result is for a model. ``size`` in bytes as JSON (about), ``tokens`` estimated, ``limit`` in tokens.

    ``given`` is the result as a model gets it where that is less than all of it (``truncated``), ``saved_to`` the file
    that holds the whole. ``large``: above the number of tokens from which on a warning is due.
    """

    size: int
    tokens: int
    limit: int
    large: bool = False
    truncated: bool = False
    saved_to: str | None = None
    given: JsonObject | None = None


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Calls to a server whose transport failed again and again are not made for a while.

    ``failures`` in a row; ``retry_at`` (wall seconds): when one call is let through to find out.
    """

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    reason: str = ""
    opened_at: float | None = None
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class CallStats:
    """Calls of one tool or of one server. Percentiles in milliseconds (from a histogram), None: no call ended.

    ``rate`` is calls a minute over the last minute; ``errors`` counts every outcome but success, ``by_kind`` each
    (``tool error``, ``timeout`` …). Bytes are those of arguments and results as JSON.
    """

    calls: int = 0
    errors: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict[str, int])
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    longest: float | None = None
    rate: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0
    last_at: float | None = None


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One process of a server. ``name`` is its program's, ``born`` wall seconds; ``depth``: of how many it descends."""

    pid: int
    name: str
    cpu: float
    memory: int
    born: float
    depth: int = 0


@dataclass(frozen=True, slots=True)
class ProcessLoad:
    """What a child and its descendants take: ``cpu`` in percent of one core, ``memory`` resident bytes."""

    processes: int
    cpu: float
    memory: int
    at: float
    tree: tuple[ProcessInfo, ...] = ()
    """The child and its descendants, each below the one that started it; the first of them, where they are many."""
