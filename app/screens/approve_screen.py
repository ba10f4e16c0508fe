"""Approving a server that somebody else configured: everything that would be run or contacted, three answers.

Owns the question. Never starts anything: it dismisses with ``approve``, ``reject`` or None (not now).
"""

from __future__ import annotations

from ...services.models import Source, TransportKind
from ...services.state.model import ServerState
from .confirm_screen import Answer, ConfirmScreen
from .server_words import facts_of

ANSWERS = (
    Answer("", "Not now (Esc)", "escape"),
    Answer("reject", "Reject (x)", "x"),
    Answer("approve", "Approve (y)", "y"),  # not the key that opens the question
)
WHO: dict[Source, str] = {
    Source.PROJECT: "This project's file",
    Source.PLUGIN: "A plugin",
    Source.CONNECTOR: "Your connector directory",
    Source.IDE: "A code editor on this machine",
}


class ApproveScreen(ConfirmScreen):
    """Asks about one server as it stands in the file now; an entry that changes meanwhile closes it."""

    def __init__(self, server: ServerState) -> None:
        runs = server.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS)
        who = WHO.get(server.source, "A file of others")
        asks = "wants to run this command on your machine." if runs else "wants to connect to this address."
        super().__init__(
            f"Approve {server.id}",
            f"{who} {asks}",
            facts_of(server),
            ANSWERS,
            odd=server.lints,
            note="Remembered for this project, until the entry changes.",
            about=server,
        )
