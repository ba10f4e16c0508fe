"""Changing the shape of a tree by hand: open and fold, items and members more and fewer, unset and null.

Owns those steps. Never draws; says which row is to have the focus afterwards.
"""

from __future__ import annotations

from typing import TypeAlias

from ...services.models import Json
from ..form_values import EMPTY, UNSET, Entry, MaybeJson
from ..json_text import JsonTextError, loads, pretty_text
from .filling import clear, put
from .gathering import value_of
from .nodes import NULL, Node, NodeKind
from .places import Place, Role

Focus: TypeAlias = "tuple[Node, Role] | None"


def change(place: Place, what: str, name: str = "") -> tuple[Focus, str]:
    """Do it; the row that gets the focus (None: it stays), and why it could not be done, safe to show."""
    node = place.node
    match what:
        case "toggle" | "open" | "fold":
            return _fold(node, what)
        case "append":
            return _add(node, len(node.members))
        case "add" if node.kind is NodeKind.ARRAY and place.role is Role.HEAD:
            return _add(node, len(node.members))
        case "name":
            return _named(node, name)
        case "literal":
            return _as_json(node)
        case "nothing":
            return _nothing(place)
        case "unset":
            if node.required:
                return None, "It is required: it cannot be left out."
            clear(node)
            return None, ""
        case _:
            return _item(place, what)


def _fold(node: Node, what: str) -> tuple[Focus, str]:
    if node.as_json:  # null: opened, there are members again
        node.entry = EMPTY
        node.open = what != "fold"
    else:
        node.open = not node.open if what == "toggle" else what == "open"
    if node.open:
        node.build()
    return None, ""


def _add(node: Node, index: int) -> tuple[Focus, str]:
    if node.full:
        return None, f"There are {len(node.members)} already: more are not allowed."
    node.entry, node.built, node.open = EMPTY, True, True
    item = node.item(index)
    node.members.insert(index, item)
    item.open = item.kind is not NodeKind.VALUE
    item.build()
    return (item, Role.FIELD), ""


def _named(node: Node, name: str) -> tuple[Focus, str]:
    known = node.named(name)
    if known is not None:
        return (known, Role.FIELD), "There is a member of that name: each name may stand once."
    member = node.member(name, node.extra_schema(name), False, declared=False)
    node.members.append(member)
    node.entry, node.given = EMPTY, True
    member.open = member.kind is not NodeKind.VALUE
    member.build()
    return (member, Role.FIELD), ""


def _item(place: Place, what: str) -> tuple[Focus, str]:
    """Move, add or remove among the items that the row is one of; a member that was added by name is removed too."""
    node = place.node
    if place.role is Role.ADD:
        if what == "add" and node.kind is NodeKind.ARRAY:
            return _add(node, len(node.members))
        return None, ""
    if what == "remove" and not node.declared and node.parent is not None and not node.in_list:
        node.parent.members.remove(node)
        return (node.parent, Role.ADD), ""
    item = _item_of(node)
    if item is None or item.parent is None:
        return None, ""
    above = item.parent
    at = above.members.index(item)
    match what:
        case "add":
            return _add(above, at + 1)
        case "remove":
            above.members.remove(item)
            above.given = True
            after = above.members[min(at, len(above.members) - 1)] if above.members else None
            return ((after, Role.FIELD) if after is not None else (above, Role.ADD)), ""
        case _:
            to = at + (-1 if what == "up" else 1)
            if 0 <= to < len(above.members):
                above.members.insert(to, above.members.pop(at))
            return (node, place.role), ""


def _item_of(node: Node) -> Node | None:
    """The innermost item of a list that this row belongs to."""
    while node.parent is not None:
        if node.in_list:
            return node
        node = node.parent
    return None


def _as_json(node: Node) -> tuple[Focus, str]:
    """A whole container between members and JSON text."""
    if not node.entry.literal:
        value = value_of(node)
        node.entry = Entry("" if value is UNSET else pretty_text(value), literal=True)
        if node.entry.text == "null":
            node.entry = EMPTY
            return None, "It is null: choose something else first."
        return (node, Role.FIELD), ""
    text = node.entry.text
    if not text.strip():
        clear(node)
        return (node, Role.HEAD), ""
    try:
        value = loads(text)
    except JsonTextError as error:
        return None, f"Not JSON: {error}"
    put(node, value)
    if node.entry.literal and node.entry.text != "null":
        node.entry = Entry(text, literal=True)
        return None, "That fits no fields of the schema: it stays JSON."
    return (node, Role.HEAD if node.kind is not NodeKind.UNION else Role.CHOICE), ""


def _nothing(place: Place) -> tuple[Focus, str]:
    """From one kind of nothing to the next: unset, empty, null."""
    node = place.node
    value = value_of(node)
    empty: Json = {} if node.kind is NodeKind.OBJECT else []
    kinds: list[MaybeJson] = [] if node.required else [UNSET]
    kinds += [empty] if node.kind is not NodeKind.UNION else []
    kinds += [None] if node.nullable else []
    if not kinds:
        return None, "It is required, and not null."
    at = kinds.index(value) if value in kinds else -1
    following = kinds[(at + 1) % len(kinds)]
    clear(node)
    if following is None:
        node.entry = NULL
    elif following is not UNSET:
        node.given = True
        node.open = True
        node.build()
    return None, ""
