"""Whether an entry may be contacted now: its own gate, and what the guard says at this moment.

Owns asking the guard, and turning what it says into a gate. Knows no rule: those are the policy room's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ..errors import McpDeckError, PolicyDenied
from ..models import ErrorInfo, ServerEntry, Status
from .reasons import gate_error

Guard: TypeAlias = Callable[[ServerEntry], McpDeckError | None]
"""Why an entry must not be contacted now, None when it may. Synchronous and quick."""

GATES = frozenset({Status.BLOCKED, Status.REJECTED, Status.PENDING_APPROVAL, Status.DISABLED})


def refusal(guard: Guard | None, entry: ServerEntry) -> McpDeckError | None:
    """What the guard says. A guard that cannot tell lets nothing through."""
    if guard is None:
        return None
    if entry.replica_of is not None:
        entry = replace(entry, name=entry.replica_of)  # what is decided of an entry is decided of all its instances
    try:
        return guard(entry)
    except (McpDeckError, OSError, ValueError) as error:
        if isinstance(error, McpDeckError):
            return error
        title = f"whether {entry.name} may be contacted could not be found out: {error}"
        return PolicyDenied(title, hint="Mend the settings file that the policy stands in.", server=entry.name)


def held_back(guard: Guard | None, entry: ServerEntry) -> tuple[ServerEntry, McpDeckError] | None:
    """The entry as the row shows it, and the error for whoever wants to use it; None: it may be contacted."""
    gate = entry.gate or (Status.NOT_CONFIGURED if entry.target is None else None)
    if gate is not None:
        return replace(entry, gate=gate), gate_error(entry, gate)
    error = refusal(guard, entry)
    return None if error is None else (replace(entry, gate=gate_of(error), blocked=ErrorInfo.of(error)), error)


def gate_of(error: McpDeckError) -> Status:
    """The status of a server that the guard refuses with ``error``: it names it, else policy is what blocks."""
    named = error.details.get("gate")
    return next((gate for gate in GATES if gate == named), Status.BLOCKED)
