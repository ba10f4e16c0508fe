"""The kinds of things that a server offers: what they are called, where they stand, what one is known by.

Owns that table. Never draws, and never asks a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..services.models import EraName, Listed, TaskInfo, Tool, as_object
from ..services.state.matching import Texts
from ..services.state.model import ServerState
from .tool_words import TASKS_EXTENSION

Item: TypeAlias = Tool | Listed | TaskInfo


class ItemKind(StrEnum):
    TOOLS = "tools"
    RESOURCES = "resources"
    TEMPLATES = "templates"
    PROMPTS = "prompts"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True)
class KindWords:
    """``titles`` are its names above the list, the longest first; ``one`` is what a person calls one of it, ``does``
    what Enter does to that. ``method`` reads the list.
    """

    kind: ItemKind
    key: str
    titles: tuple[str, str]
    one: str
    does: str
    method: str


KINDS: tuple[KindWords, ...] = (
    KindWords(ItemKind.TOOLS, "1", ("Tools", "Tools"), "tool", "Arguments", "tools/list"),
    KindWords(ItemKind.RESOURCES, "2", ("Resources", "Res."), "resource", "Read", "resources/list"),
    KindWords(ItemKind.TEMPLATES, "3", ("Templates", "Templ."), "template", "Fill in", "resources/templates/list"),
    KindWords(ItemKind.PROMPTS, "4", ("Prompts", "Prompts"), "prompt", "Fill in", "prompts/list"),
    KindWords(ItemKind.TASKS, "5", ("Tasks", "Tasks"), "task", "Look", ""),
)
WORDS: dict[ItemKind, KindWords] = {words.kind: words for words in KINDS}


def items_of(server: ServerState | None, kind: ItemKind) -> Sequence[Item] | None:
    """What the server offers of a kind; None while that is not known."""
    if server is None:
        return None
    match kind:
        case ItemKind.TOOLS:
            return server.tools
        case ItemKind.RESOURCES:
            return server.resources
        case ItemKind.TEMPLATES:
            return server.templates
        case ItemKind.PROMPTS:
            return server.prompts
        case ItemKind.TASKS:
            return server.tasks


def offered(server: ServerState | None) -> tuple[ItemKind, ...]:
    """The kinds of which there are things, or which are announced; tools always, for they are what people look for."""
    if server is None:
        return (ItemKind.TOOLS,)
    return tuple(words.kind for words in KINDS if items_of(server, words.kind) or _announced(server, words.kind))


def _announced(server: ServerState, kind: ItemKind) -> bool:
    capabilities = server.capabilities if server.usable else {}
    match kind:
        case ItemKind.TOOLS:
            return True
        case ItemKind.RESOURCES | ItemKind.TEMPLATES:
            # Whether there are templates is known only once they were asked for: an empty list needs no tab.
            return "resources" in capabilities and kind is ItemKind.RESOURCES
        case ItemKind.PROMPTS:
            return "prompts" in capabilities
        case ItemKind.TASKS:
            if server.era is EraName.MODERN:
                return TASKS_EXTENSION in as_object(capabilities.get("extensions"))
            return "tasks" in capabilities


def key_of(item: Item) -> str:
    """What the server knows it by."""
    match item:
        case Tool():
            return item.name
        case Listed():
            return item.key
        case TaskInfo():
            return item.id


def title_of(item: Item) -> str:
    """What people know it by; not safe to show."""
    match item:
        case Tool():
            return item.label
        case Listed():
            return item.title or item.name or item.key
        case TaskInfo():
            return item.tool or item.id


def texts_of(item: Item) -> Texts:
    """What it is found by."""
    match item:
        case Tool():
            return Texts(item.name, item.label, "", item.description)
        case Listed():
            return Texts(item.name or item.key, item.title or "", item.key, item.description)
        case TaskInfo():
            return Texts(item.tool or item.id, item.status, item.id, item.message)


def can_subscribe(server: ServerState) -> bool:
    """It announces that it tells of changes of a resource (protocol section 17)."""
    return as_object(server.capabilities.get("resources")).get("subscribe") is True
