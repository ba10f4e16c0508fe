"""Checks before anything is contacted: the entry, its variables, what policy and people say of it.

Owns these checks. Reads nothing again: the entry is examined as it is used.
"""

from __future__ import annotations

from ..errors import McpDeckError
from ..models import ErrorInfo, Status
from .checking import Checks, Finding
from .patient import Patient

SEVERAL = 4
"""Remarks about an entry that are shown."""


def configured(checks: Checks, patient: Patient) -> None:
    """Whether the entry may be contacted at all. Raises ``Stopped`` where it may not."""
    entry = patient.entry
    with checks.check("config", "The entry is valid") as found:
        place = str(entry.origin) or entry.source.value
        if entry.target is None:
            problem = entry.problem or ErrorInfo("config", "the entry cannot be used")
            found.fail(f"{place}: {problem.title}", problem.hint)
        elif entry.suppressed_by:
            found.fail(
                f"{place}: not used, {entry.suppressed_by} is used in its place", "Rename one of the two to use both."
            )
        elif entry.lints:
            found.warn("\n".join((place, *entry.lints[:SEVERAL])), "See the overview for all remarks about the entry.")
        else:
            found.well(place)
    with checks.check("variables", "Its variables are set", vital=False) as found:
        _variables(found, patient)
    refused = _gated(patient) or patient.refusal()
    gate = str(refused.details.get("gate", "")) if refused is not None else ""
    by_person = gate in (Status.PENDING_APPROVAL.value, Status.REJECTED.value, Status.DISABLED.value)
    for name, title, mine in (
        ("policy", "Policy allows it", not by_person),
        ("approval", "It is approved and switched on", by_person),
    ):
        with checks.check(name, title) as found:
            if refused is not None and mine:
                found.fail(refused.title, refused.hint or "Nothing was contacted.")


def _variables(found: Finding, patient: Patient) -> None:
    entry = patient.entry
    if entry.missing:
        names = ", ".join(entry.missing)
        one = len(entry.missing) == 1
        found.warn(
            f"not set and without a default: {names}",
            f"Set {'it' if one else 'them'} before mcpdeck is started, or write a default: ${{{entry.missing[0]}:-…}}.",
        )
    elif entry.env_names:
        found.well(f"gives its process {', '.join(entry.env_names)}" if entry.target else "")
    else:
        found.skip("it needs none")


def _gated(patient: Patient) -> McpDeckError | None:
    from ..connections.barrier import held_back  # the words of every gate

    held = held_back(None, patient.entry)
    return held[1] if held is not None else None


async def live(checks: Checks, patient: Patient) -> None:
    """Whether the connection that stands still answers; the one check that uses it."""
    session = patient.live
    if session is None:
        return
    with checks.check("live", "The connection that stands answers", vital=False) as found:
        took = await session.ping()
        found.well(f"ping {took:.1f} ms on the dashboard's own connection; what follows opens another one beside it")
