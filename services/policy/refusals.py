"""Why a server is not started or contacted, as the error that a person reads.

Owns the words for every gate, with the way out where there is one. Never decides: see ``configured``.
"""

from __future__ import annotations

import shlex

from ..config.merge import configured_name
from ..errors import ConfigValidationError, McpDeckError, PolicyDenied, UntrustedError
from ..models import OFFERED, ErrorInfo, JsonObject, ServerEntry, Source, Status, Suppression

_FROM = {
    Source.PROJECT: "a project file",
    Source.PLUGIN: "a plugin",
    Source.CONNECTOR: "a connector directory",
    Source.IDE: "an IDE's lock file",
}


def refusal(entry: ServerEntry) -> McpDeckError | None:
    """Why ``entry`` must not be started or contacted, None when it may.

    ``PolicyDenied`` for what a rule or a managed file forbids, ``UntrustedError`` for what a person has to decide
    first, ``ConfigValidationError`` for what cannot be used. ``details.gate`` is the status that it stays in.
    """
    if entry.problem is not None:
        return _unusable(entry)
    match entry.gate:
        case None:
            return None
        case Status.BLOCKED:
            return blocked(entry)
        case Status.PENDING_APPROVAL:
            return pending(entry)
        case Status.REJECTED:
            return rejected(entry)
        case Status.DISABLED:
            return offered(entry) if entry.source in OFFERED else switched_off(entry)
        case _:
            return UntrustedError(
                f'"{entry.name}" is {entry.gate}', server=entry.name, details={"gate": entry.gate.value}
            )


def blocked(entry: ServerEntry) -> PolicyDenied:
    """A rule blocks it; which one was found when it was loaded."""
    info = entry.blocked
    if info is None:
        hint = "ask whoever manages this machine"
        return PolicyDenied(f'"{entry.name}" is blocked by policy', hint=hint, server=entry.name, details=_gate(entry))
    return PolicyDenied(info.title, hint=info.hint, server=entry.name, details={**info.details, **_gate(entry)})


def pending(entry: ServerEntry) -> UntrustedError:
    """Nobody said yet that it may be used."""
    name = shlex.quote(entry.name)
    place = str(entry.origin)
    origin = _FROM.get(entry.source, entry.source.value) + (f" ({place})" if place else "")
    hint = f"look at it and remember: mcpdeck approve {name} · or for this run: --approve {name} (or --yes)"
    details: JsonObject = {"command": entry.endpoint, "gate": Status.PENDING_APPROVAL.value}
    return UntrustedError(
        f'"{entry.name}" comes from {origin} and is not approved', hint=hint, server=entry.name, details=details
    )


def rejected(entry: ServerEntry, by: str = "") -> UntrustedError:
    """Somebody said that it must not be used; ``by`` is the settings file and key, empty for mcpdeck's own memory."""
    info = entry.blocked
    if by:
        title, hint = f'"{entry.name}" was rejected by {by}', "take it out there; nothing else overrides a rejection"
    elif info is not None:
        title, hint = info.title, info.hint
    else:
        title = f'"{entry.name}" was rejected'
        hint = f"mcpdeck approve {shlex.quote(entry.name)} takes the rejection back"
    return UntrustedError(title, hint=hint, server=entry.name, details={"gate": Status.REJECTED.value})


def switched_off(entry: ServerEntry) -> UntrustedError:
    """It is disabled: by a switch, or by its own text."""
    title, hint = (
        f'"{entry.name}" is disabled',
        f"switch it on in this project: mcpdeck enable {shlex.quote(entry.name)}",
    )
    if entry.blocked is not None:
        title, hint = f'"{entry.name}" is not started: {entry.blocked.title}', entry.blocked.hint
    return UntrustedError(title, hint=hint, server=entry.name, details={"gate": Status.DISABLED.value})


def unknown_switch(entry: ServerEntry, why: str) -> ErrorInfo:
    """Nobody can tell whether it was switched off; ``why`` names the file."""
    hint = "repair that file, or forget every choice about this project: mcpdeck reset-project-choices"
    title = f"it may have been switched off, and {why}"
    return ErrorInfo("untrusted", title, hint, {"entry": entry.name, "gate": Status.DISABLED.value})


def offered(entry: ServerEntry) -> UntrustedError:
    """It is shown only; one's own file must have it first."""
    name = shlex.quote(configured_name(entry))
    if entry.target is None and entry.lints:
        title, hint = "belongs to another client", entry.lints[0]
    elif entry.source is Source.IMPORTED:
        client = entry.client or "CLIENT"
        title, hint = "belongs to another client", f"take it over: mcpdeck import {client} {name}"
    else:
        title, hint = "was found on the network", f"take it over: mcpdeck add {name} URL"
    return UntrustedError(
        f'"{entry.name}" {title} and is only shown', hint=hint, server=entry.name, details={"gate": "disabled"}
    )


def exclusive(file: str, what: str) -> PolicyDenied:
    """A managed file leaves no other source standing; ``what`` was asked for all the same."""
    return PolicyDenied(
        f"{what} cannot be used: {file} leaves only managed servers",
        hint="mcpdeck list shows those; ask whoever manages this machine for more",
        details={"rule": None, "list": None, "file": file, "gate": Status.BLOCKED.value},
    )


def _unusable(entry: ServerEntry) -> McpDeckError:
    problem, suppression = entry.problem, entry.provenance.suppression
    assert problem is not None  # asked for entries with a problem only
    details = dict(problem.details)
    if suppression is not None and suppression.why == "managed":
        return _not_managed(entry, suppression, details)
    return ConfigValidationError(problem.title, hint=problem.hint, server=entry.name, details=details)


def _not_managed(entry: ServerEntry, suppression: Suppression, details: JsonObject) -> PolicyDenied:
    problem = entry.problem
    assert problem is not None  # a suppressed row has one
    file = suppression.place.rpartition(f"{Source.MANAGED}, ")[2] or suppression.by
    details |= {"rule": None, "list": None, "managedFile": file, "gate": Status.BLOCKED.value}
    return PolicyDenied(problem.title, hint=problem.hint, server=entry.name, details=details)


def _gate(entry: ServerEntry) -> JsonObject:
    return {"gate": Status.BLOCKED.value if entry.gate is None else entry.gate.value}
