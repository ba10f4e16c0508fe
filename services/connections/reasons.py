"""Why a connection cannot be had, as the errors that people read.

Owns the words for gates, silence and refusal. Never decides what follows from them.
"""

from __future__ import annotations

from ..errors import (
    ConfigError,
    McpDeckError,
    RemoteProtocolError,
    RPCError,
    TransportTimeout,
    UntrustedError,
)
from ..models import ServerEntry, Status


def refused(error: RPCError) -> RemoteProtocolError:
    """An error instead of a greeting: nothing can be asked of such a server."""
    return RemoteProtocolError(
        f"the server refused to begin: {error.message} ({error.code})", hint=error.hint, details=error.details
    )


def silent(seconds: float, *, wrote: bool) -> TransportTimeout:
    """No greeting within ``seconds``; ``wrote``: it did write on stdout, but no messages."""
    if wrote:
        hint = "It wrote lines on stdout that are not MCP messages: only messages may stand there (log to stderr)."
    else:
        hint = "Does it need longer to start? Raise --timeout or MCP_TIMEOUT. Is it an MCP server at all?"
    return TransportTimeout(f"no answer within {seconds:g} s", hint=hint, retryable=not wrote)


def gate_error(entry: ServerEntry, gate: Status) -> McpDeckError:
    """Why an entry may not be contacted, as the error that a command ends with."""
    name = entry.name
    if entry.problem is not None:
        return ConfigError(entry.problem.title, hint=entry.problem.hint, details=dict(entry.problem.details))
    match gate:
        case Status.PENDING_APPROVAL:
            return UntrustedError(
                f"{name} comes from a project file and was not approved yet",
                hint=f"Look at it and approve it: mcpdeck approve {name} (or --yes for this run).",
            )
        case Status.REJECTED:
            return UntrustedError(f"{name} was rejected", hint=f"mcpdeck approve {name} takes that back.")
        case Status.BLOCKED:
            return UntrustedError(f"{name} is blocked by policy", hint="Ask whoever manages this machine.")
        case Status.DISABLED:
            return ConfigError(f"{name} is disabled", hint="Enable it first.")
        case _:
            return ConfigError(f"{name} cannot be used", hint="See its entry in the configuration.")
