"""Why a connection cannot be had, as the errors that people read.

Owns the words for gates, silence and refusal. Never decides what follows from them.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import (
    ConfigError,
    McpDeckError,
    ProtocolError,
    RemoteProtocolError,
    RPCError,
    TransportTimeout,
)
from ..models import ServerEntry, Status
from ..policy.refusals import refusal


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


def internal(error: Exception) -> ProtocolError:
    """A failure that nobody expected."""
    return ProtocolError(
        f"internal error: {type(error).__name__}: {error}", hint="This is a fault of mcpdeck; please report it."
    )


def gate_error(entry: ServerEntry, gate: Status) -> McpDeckError:
    """Why an entry may not be contacted, as the error that a command ends with."""
    return refusal(replace(entry, gate=gate)) or ConfigError(
        f"{entry.name} cannot be used", hint="See its entry in the configuration."
    )
