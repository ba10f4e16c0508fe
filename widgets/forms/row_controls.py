"""The control of a row, from the node and the role, and what it shows.

Owns which control that is. Never changes a node.
"""

from __future__ import annotations

from textual.widget import Widget

from ...services.state.text import one_line
from ..form_values import EMPTY, UNSET, Choice, Entry, Field, Kind
from ..json_text import dumps
from ..value_editor import ValueEditor
from .gathering import value_of
from .lines import AddLine, HeadLine, NameLine
from .nodes import Node, NodeKind, preview
from .places import Place, Role
from .row_words import placeholder_of

AS_JSON = "json"
"""The way to fill in a choice of ways that fits none of them."""


def made_control(place: Place, width: int) -> Widget:
    """A new control for a row; ``width`` is the room it has."""
    node = place.node
    match place.role:
        case Role.HEAD:
            head = HeadLine()
            tell_head(head, node)
            return head
        case Role.ADD if node.kind is NodeKind.ARRAY:
            add = AddLine()
            add.set_reactive(AddLine.words, add_words(node))
            return add
        case Role.ADD:
            return NameLine()
        case Role.CHOICE:
            return ValueEditor(_ways(node), entry_of(place), placeholder="choose", width=width)
        case _:
            return ValueEditor(node.field, entry_of(place), placeholder=placeholder_of(node), width=width)


def _ways(node: Node) -> Field:
    """The choice of a way, as a field."""
    ways = [Choice(index, branch.title) for index, branch in enumerate(node.branches)]
    ways += [Choice(None, "null")] if node.nullable else []
    ways += [Choice(AS_JSON, "JSON")]
    return Field(node.key, Kind.CHOICE, required=node.required, schema={}, choices=tuple(ways))


def entry_of(place: Place) -> Entry:
    """What the control of a row with a value shows."""
    node = place.node
    if place.role is not Role.CHOICE:
        return node.entry
    if node.entry.literal:
        return Entry("null" if node.entry.text == "null" else dumps(AS_JSON))
    return Entry(dumps(node.chosen)) if node.chosen is not None else EMPTY


def tell_head(head: HeadLine, node: Node) -> None:
    """Say in the head of a container what is in it."""
    value = value_of(node)
    head.unset = value is UNSET
    head.folded = not node.open or node.as_json
    if value is UNSET:
        words = "unset"
    elif value is None:
        words = "null"
    elif node.kind is NodeKind.ARRAY:
        count = len(node.members)
        words = "[] empty" if not count else f"{count} item{'s' if count != 1 else ''}"
        words += f" · {preview(value, 60)}" if count and head.folded else ""
    else:
        words = preview(value, 80) if head.folded or value == {} else ""
    head.words = one_line(words, 200)


def add_words(node: Node) -> str:
    most = node.schema.get("maxItems")
    return f"add item{f' ({len(node.members)} of {most})' if isinstance(most, int) else ''}"
