"""Two lists of entries compared: what came, what went, what is another now, and in which words.

Owns the comparison. Never starts or stops anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from ..config.merge import merge
from ..errors import ConnectionLost, McpDeckError, PolicyDenied
from ..models import ErrorInfo, ServerEntry, Status, Target

_CALLABLES = frozenset({"helper", "token", "factory"})
"""Made anew with each reading; what they do is told by the entry's text, and so by its digest."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the servers that came, went, or were started over; ``errors`` of those that cannot be used."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    errors: Mapping[str, ErrorInfo] = field(default_factory=dict[str, ErrorInfo])

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.errors)

    def __str__(self) -> str:
        """``+a −b ~c``, for people."""
        signs = (("+", self.added), ("−", self.removed), ("~", self.changed), ("!", tuple(self.errors)))
        return " ".join(f"{sign}{name}" for sign, names in signs for name in names)


def same(old: ServerEntry, new: ServerEntry) -> bool:
    """Nothing changed that matters for the connection: text, gate, and what its variables expand to."""
    return (
        old.digest == new.digest
        and old.gate == new.gate
        and _essence(old) == _essence(new)
        and _parts(old.target) == _parts(new.target)
    )


def _essence(entry: ServerEntry) -> tuple[object, ...]:
    return entry.era, entry.protocol_version, entry.call_timeout, entry.roots, entry.oauth


def _parts(target: Target | None) -> tuple[object, ...]:
    if target is None:
        return ()
    return type(target), *(getattr(target, part.name) for part in fields(target) if part.name not in _CALLABLES)


def why_ended(old: ServerEntry, new: ServerEntry | None) -> McpDeckError:
    """What calls in flight are told when ``old`` makes room for ``new`` (None: for nothing)."""
    name = old.name
    if new is None:
        return ConnectionLost(f"{name} was removed from the configuration", server=name)
    hint = "Call again: it is started as the entry says now."
    match new.gate:
        case Status.BLOCKED:
            shown = new.blocked
            reason = f": {shown.title}" if shown is not None else ""
            hint = shown.hint if shown is not None else "Ask whoever manages this machine."
            details = dict(shown.details) if shown is not None else None
            return PolicyDenied(f"{name} is blocked by policy{reason}", hint=hint, server=name, details=details)
        case Status.DISABLED if new.suppressed_by is None:
            return ConnectionLost(f"{name} was switched off", hint="Switch it on again to use it.", server=name)
        case Status.REJECTED:
            return ConnectionLost(f"{name} was rejected", server=name)
        case Status.PENDING_APPROVAL:
            return ConnectionLost(f"{name} has to be approved again: its entry changed", server=name)
        case None:
            return ConnectionLost(f"the entry of {name} changed", hint=hint, server=name)
        case _:
            return ConnectionLost(f"the entry of {name} changed", hint="It cannot be used as it is now.", server=name)


def layered(given: Sequence[ServerEntry], configured: Iterable[ServerEntry]) -> tuple[ServerEntry, ...]:
    """Servers of the embedding program above those from files; of two with one name the lower is suppressed."""
    return merge((*given, *configured)) if given else tuple(configured)


def placed(entries: Iterable[ServerEntry], off: Callable[[str], bool]) -> dict[str, ServerEntry]:
    """By name, in order; ``off`` names those that are switched off for this run."""
    return {
        entry.name: replace(entry, gate=Status.DISABLED) if entry.gate is None and off(entry.name) else entry
        for entry in entries
    }
