"""What is kept of the phases of a server's connections: the last of them, each as it was told last.

Owns the bound. Pure.
"""

from __future__ import annotations

from ..models import Phase

PHASES = 64
"""Phases of one server that are kept: some five attempts."""


def with_phase(known: tuple[Phase, ...], phase: Phase) -> tuple[Phase, ...]:
    """The phases with this one in its place; a new one comes last, and the oldest makes room for it."""
    for index in range(len(known) - 1, -1, -1):
        one = known[index]
        if one.id == phase.id and one.generation == phase.generation:
            return (*known[:index], phase, *known[index + 1 :])
    return (*known[max(0, len(known) + 1 - PHASES) :], phase)
