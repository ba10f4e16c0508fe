"""Approving a server that somebody else configured, as a question: everything that would be run or contacted.

Owns what it says. Never starts anything, and never draws.
"""

from __future__ import annotations

from ...services.models import JsonObject, Source, TransportKind
from ...services.state.model import PromptState, ServerState
from ...widgets.prompts.approval import APPROVAL
from .server_words import facts_of

WHO: dict[Source, str] = {
    Source.PROJECT: "This project's file",
    Source.PLUGIN: "A plugin",
    Source.CONNECTOR: "Your connector directory",
    Source.IDE: "A code editor on this machine",
}


def approval_of(server: ServerState, at: float = 0.0) -> PromptState:
    """The question about the entry as it stands in the file now; another entry is another question."""
    runs = server.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS)
    who = WHO.get(server.source, "A file of others")
    asks = "wants to run this command on your machine." if runs else "wants to connect to this address."
    request: JsonObject = {
        "lead": f"{who} {asks}",
        "facts": [[label, text] for label, text in facts_of(server)],
        "odd": list(server.lints),
    }
    return PromptState(f"{APPROVAL} {server.digest} {server.id}", server.id, None, APPROVAL, request, at)
