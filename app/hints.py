"""Which keys the footer shows: those of the registry that do something here and now.

Owns that choice and the words for it. Pure: zone and snapshot in, hints out.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..services.models import Source, Status
from ..services.state.model import CallState, CallStatus, PromptState, ServerState
from ..widgets.footer_keys import KeyHint
from ..widgets.prompts.permission_words import PERMISSION, shows_changes
from ..widgets.provenance_lines import offered
from ..widgets.result_links import links_of
from ..widgets.status_marks import held_back, of_whole_file
from .actions import ACTIONS, BY_ID, READING, Action, Zone

FIXED = ("palette", "help", "quit")
APPROVABLE = frozenset({Status.PENDING_APPROVAL, Status.REJECTED})
OF_CONFIGURATION = frozenset({"add", "edit", "duplicate", "remove", "export", "sources", "registry"})
WRITABLE = frozenset({Source.LOCAL, Source.PROJECT, Source.USER})
"""Sources among whose files are some that may be written here."""


def hints(
    zone: Zone,
    server: ServerState | None,
    call: CallState | None,
    *,
    asked: bool,
    question: PromptState | None = None,
    embedded: bool = False,
) -> tuple[KeyHint, ...]:
    """Hints for ``zone``; ``call`` is the selected call, ``asked`` whether a question waits, ``question`` the one that
    shows.

    ``embedded``: a program brought the servers along, nothing about the configuration can be done.
    """
    if zone is Zone.QUESTION and question is not None and question.method == PERMISSION:
        return tuple(_permission_hints(question))
    found = _hints(zone, server, call, asked)
    return tuple(hint for hint in found if not (embedded and hint.action in OF_CONFIGURATION))


def fixed_hints(zone: Zone) -> tuple[KeyHint, ...]:
    """The keys that work wherever one is; where letters are typed, their other keys."""
    typed = {} if zone in READING else {"help": "F1", "quit": "Ctrl+C"}
    return tuple(KeyHint(typed.get(name, BY_ID[name].shown), BY_ID[name].title, name) for name in FIXED)


def _hints(zone: Zone, server: ServerState | None, call: CallState | None, asked: bool) -> Iterator[KeyHint]:
    # A question stops a call: it comes first.
    if asked and zone in BY_ID["answer"].footer:
        yield _hint(BY_ID["answer"], server)
    if server is None and zone in BY_ID["add"].footer:  # where there is nothing yet, adding comes first
        yield _hint(BY_ID["add"], server)
    for action in ACTIONS:
        if action.id != "answer" and zone in action.footer and _useful(action.id, server, call):
            yield _hint(action, server)


def _permission_hints(question: PromptState) -> Iterator[KeyHint]:
    """Its answers stand in it; these are the other keys of its panel."""
    yield KeyHint("↑↓", "Read on", "read_on")
    if shows_changes(question.request):
        yield KeyHint("H", "Changes", "asked_history")
    yield KeyHint(BY_ID["focus_next"].shown, BY_ID["focus_next"].title, "focus_next")


def _useful(action: str, server: ServerState | None, call: CallState | None) -> bool:
    match action:
        case "approve":
            return server is not None and server.status in APPROVABLE
        case "add" | "open" | "overview" | "log" | "export":
            return server is not None
        case "reconnect" | "enable":
            return server is not None and _used(server)
        case "duplicate":
            return server is not None and offered(server)
        case "edit" | "remove":
            return server is not None and server.source in WRITABLE and not of_whole_file(server)
        case "filter" | "call" | "permissions":
            return server is not None and bool(server.tools)
        case "auth":
            return server is not None and (server.auth is not None or server.status is Status.NEEDS_AUTH)
        case "log_level":
            return server is not None and "logging" in server.capabilities
        case "reset_breaker":
            return server is not None and held_back(server)
        case "cancel_task":
            return server is not None and any(not task.over for task in server.tasks)
        case "follow" | "cancel" | "whole" | "save" | "copy" | "repeat":
            return call is not None and _useful_for(action, call)
        case _:
            return True


def _useful_for(action: str, call: CallState) -> bool:
    running = call.status is CallStatus.RUNNING
    match action:
        case "follow":
            return bool(links_of(call.result))
        case "cancel":
            return running
        case "repeat":
            return True
        case "save":
            return call.result is not None
        case _:
            return not running


def _used(server: ServerState) -> bool:
    """It may be switched on and connected to; what stands in the way is no rule and no other entry."""
    return server.status is not Status.BLOCKED and not (
        server.suppressed_by or offered(server) or of_whole_file(server)
    )


def _hint(action: Action, server: ServerState | None) -> KeyHint:
    return KeyHint(action.shown, _word(action, server), action.id)


def _word(action: Action, server: ServerState | None) -> str:
    if server is not None and action.id == "open":
        if server.status is Status.PENDING_APPROVAL:
            return "Review"
        if server.status is Status.NEEDS_AUTH:
            return "Log in"
        return "Tools" if server.usable else "See why"
    if action.id == "duplicate":
        return "Take over"
    if server is not None and action.id == "enable":
        return "Enable" if server.status is Status.DISABLED else "Disable"
    return action.title
