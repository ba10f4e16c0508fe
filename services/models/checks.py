"""One check of the connection doctor: what was looked at, how it went, and what to do about it.

Owns plain values. Never looks at anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """``warn``: it works, and something about it is not as it should be. ``skip``: it says nothing here, or cannot."""

    RUNNING = "running"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """``id`` is a plain word, the same for the same check of every server; told twice, first as ``running``.

    ``detail``: what was found, ``remedy``: what to do about it, both in whole words and without secrets. ``ms``: how
    long it took. ``source``: the rule behind it (an RFC, a section of the specification), empty for common sense.
    """

    id: str
    title: str
    state: CheckState
    detail: str = ""
    remedy: str = ""
    ms: float | None = None
    source: str = ""
