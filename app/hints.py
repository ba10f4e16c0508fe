"""Which keys the footer shows: those of the registry that do something here and now.

Owns that choice and the words for it. Pure: zone and snapshot in, hints out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.models import Source, Status, TaskInfo, Tool
from ..services.state.model import CallState, CallStatus, PromptState, ServerState
from ..widgets.footer_keys import KeyHint
from ..widgets.item_kinds import WORDS, Item, ItemKind, can_subscribe, key_of
from ..widgets.prompts.permission_words import PERMISSION, shows_changes
from ..widgets.provenance_lines import offered
from ..widgets.result_links import links_of
from ..widgets.status_marks import held_back, of_whole_file, wants_variables
from .actions import ACTIONS, BY_ID, ITEMS, LOG, READING, Action, Zone

FIXED = ("palette", "help", "quit")
FIRST = ("call", "subscribe")
"""Of the keys about one thing, those that come before the keys about its server."""
APPROVABLE = frozenset({Status.PENDING_APPROVAL, Status.REJECTED})
AILING = frozenset({Status.FAILED, Status.RECONNECTING, Status.DEGRADED, Status.NEEDS_AUTH, Status.NOT_CONFIGURED})
"""What the doctor may find the reason of."""
OF_CONFIGURATION = frozenset({"add", "edit", "duplicate", "remove", "export", "sources", "registry"})
WRITABLE = frozenset({Source.LOCAL, Source.PROJECT, Source.USER})
"""Sources among whose files are some that may be written here."""


@dataclass(frozen=True, slots=True)
class Things:
    """Of which kind the things are that the keys speak of, and the one at hand."""

    kind: ItemKind = ItemKind.TOOLS
    item: Item | None = None


NO_THINGS = Things()


_STATUSES = {"approve": APPROVABLE, "doctor": AILING}


def hints(
    zone: Zone,
    server: ServerState | None,
    call: CallState | None,
    *,
    asked: bool,
    question: PromptState | None = None,
    embedded: bool = False,
    many: tuple[ServerState, ...] = (),
    things: Things = NO_THINGS,
) -> tuple[KeyHint, ...]:
    """Hints for ``zone``; ``call`` is the selected call, ``asked`` whether a question waits, ``question`` the one that
    shows.

    ``embedded``: a program brought the servers along, nothing about the configuration can be done. ``many``: the
    servers that keys act on together: those that are marked, or of a group.
    """
    if zone is Zone.SERVERS and many:
        return tuple(hint for hint in _together(many) if not (embedded and hint.action in OF_CONFIGURATION))
    if zone is Zone.QUESTION and question is not None and question.method == PERMISSION:
        return tuple(_permission_hints(question))
    found = _hints(zone, server, call, asked, things)
    return tuple(hint for hint in found if not (embedded and hint.action in OF_CONFIGURATION))


def fixed_hints(zone: Zone) -> tuple[KeyHint, ...]:
    """The keys that work wherever one is; where letters are typed, their other keys."""
    typed = {} if zone in READING else {"help": "F1", "quit": "Ctrl+C"}
    return tuple(KeyHint(typed.get(name, BY_ID[name].shown), BY_ID[name].title, name) for name in FIXED)


def _hints(
    zone: Zone, server: ServerState | None, call: CallState | None, asked: bool, things: Things
) -> Iterator[KeyHint]:
    # A question stops a call: it comes first.
    if asked and zone in BY_ID["answer"].footer:
        yield _hint(BY_ID["answer"], server)
    if server is None and zone in BY_ID["add"].footer:  # where there is nothing yet, adding comes first
        yield _hint(BY_ID["add"], server)
    if zone in ITEMS and things.kind is ItemKind.TASKS and _useful("cancel_task", server, call, things):
        yield _hint(BY_ID["cancel_task"], server)
    first = [name for name in FIRST if zone in BY_ID[name].footer and _useful(name, server, call, things)]
    for name in first:
        yield _hint(BY_ID[name], server, things)
    for action in sorted(ACTIONS, key=_elsewhere_too) if zone is Zone.LOG else ACTIONS:
        if (
            action.id != "answer"
            and action.id not in first
            and zone in action.footer
            and _useful(action.id, server, call, things)
        ):
            yield _hint(action, server, things)


def _elsewhere_too(action: Action) -> bool:
    """In the log, what works only there comes first."""
    return action.zones != LOG


def _together(many: tuple[ServerState, ...]) -> Iterator[KeyHint]:
    """What can be done to several servers at once, and to how many of them."""
    count = len(many)
    off = all(server.status is Status.DISABLED for server in many if _used(server))
    words = {
        "reconnect": "Reconnect",
        "enable": "Enable" if off else "Disable",
        "relist": "Read lists",
        "remove": "Remove",
    }
    for name, word in words.items():
        yield KeyHint(BY_ID[name].shown, f"{word} {count:,}", name)
    for name in ("tick", "tick_all"):
        yield KeyHint(BY_ID[name].shown, BY_ID[name].title, name)
    yield KeyHint("Esc", "Unmark", "back")


def _permission_hints(question: PromptState) -> Iterator[KeyHint]:
    """Its answers stand in it; these are the other keys of its panel."""
    yield KeyHint("↑↓", "Read on", "read_on")
    if shows_changes(question.request):
        yield KeyHint("H", "Changes", "asked_history")
    yield KeyHint(BY_ID["focus_next"].shown, BY_ID["focus_next"].title, "focus_next")


def _useful(action: str, server: ServerState | None, call: CallState | None, things: Things) -> bool:
    match action:
        case "approve" | "doctor":
            return server is not None and server.status in _STATUSES[action]
        case "add" | "open" | "overview" | "log" | "export" | "tick" | "find_server" | "sort" | "group" | "list":
            return server is not None
        case "reconnect" | "enable":
            return server is not None and _used(server)
        case "duplicate":
            return server is not None and offered(server)
        case "edit" | "remove":
            return server is not None and server.source in WRITABLE and not of_whole_file(server)
        case "filter" | "call" | "permissions" | "subscribe" | "cancel_task":
            return server is not None and _useful_to(action, server, things)
        case "auth":
            return server is not None and (server.auth is not None or server.status is Status.NEEDS_AUTH)
        case "repeat_last":
            return call is not None
        case "log_level":
            return server is not None and "logging" in server.capabilities
        case "reset_breaker":
            return server is not None and held_back(server)
        case "follow" | "cancel" | "whole" | "result_view" | "result_diff" | "save" | "copy" | "repeat" | "copy_as":
            return call is not None and _useful_for(action, call)
        case _:
            return True


def _useful_to(action: str, server: ServerState, things: Things) -> bool:
    """Whether it can be done to the thing at hand."""
    match action:
        case "permissions":
            return isinstance(things.item, Tool)
        case "subscribe":
            return things.kind is ItemKind.RESOURCES and things.item is not None and can_subscribe(server)
        case "cancel_task" if things.kind is ItemKind.TASKS:
            return isinstance(things.item, TaskInfo) and not things.item.over
        case "cancel_task":
            return any(not task.over for task in server.tasks)
        case _:
            return things.item is not None


def _useful_for(action: str, call: CallState) -> bool:
    running = call.status is CallStatus.RUNNING
    match action:
        case "follow":
            return bool(links_of(call.result))
        case "cancel":
            return running
        case "repeat" | "whole":
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


def _hint(action: Action, server: ServerState | None, things: Things = NO_THINGS) -> KeyHint:
    return KeyHint(action.shown, _word(action, server, things), action.id)


def _word(action: Action, server: ServerState | None, things: Things) -> str:
    if action.id == "call":
        return _does(things)
    if action.id == "subscribe" and server is not None and things.item is not None:
        return "Tell no more" if key_of(things.item) in server.subscriptions else "Tell changes"
    if server is not None and action.id == "open":
        if server.status is Status.PENDING_APPROVAL:
            return "Review"
        if server.status is Status.NEEDS_AUTH:
            return "Log in"
        return "Tools" if server.usable else "Set variable" if wants_variables(server) else "See why"
    if action.id == "duplicate":
        return "Take over"
    if server is not None and action.id == "enable":
        return "Enable" if server.status is Status.DISABLED else "Disable"
    return action.title


def _does(things: Things) -> str:
    """What Enter does to the thing at hand."""
    if isinstance(things.item, TaskInfo):
        return "Result" if things.item.status == "completed" else "Look"
    return WORDS[things.kind].does
