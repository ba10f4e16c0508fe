"""One step in the life of a server's connections: what it was, when it began, how long it took, how it ended.

Owns plain values. Never measures anything.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PhaseState(StrEnum):
    """How a phase ended; ``left``: it was given up, by whoever began it or by something that ended around it."""

    GOING = "going"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Phase:
    """``id`` is unique in its ``generation`` (connect attempt); what was told later has the higher one.

    ``at`` is the wall time (s) of its beginning, ``since`` the monotonic one, which places it beside others.
    ``ms``: how long it took, None while it goes on or where it is a moment. ``depth`` 1: a part of the one before it.
    ``times``: how often it was done again, where only the last time is kept.
    """

    id: int
    generation: int
    name: str
    at: float
    since: float
    ms: float | None = None
    state: PhaseState = PhaseState.GOING
    said: str = ""
    depth: int = 0
    times: int = 1


CONNECTED = "connected"
"""Name of the phase for which a connection stands: by far the longest, and no part of connecting."""
WAITS = "wait"
"""Name of the phase between two attempts."""


class During(Protocol):
    """Tells of what is done inside it as a phase; ``least``: only where it took as many milliseconds."""

    def __call__(self, name: str, *, least: float = 0.0) -> AbstractContextManager[None]: ...


@contextmanager
def untold(name: str, *, least: float = 0.0) -> Generator[None]:
    """``During`` for whoever tells nobody."""
    del name, least
    yield
