"""Putting values into a tree, so that they come out of it the same.

Owns that way in, and carrying what was typed over into the tree of a schema that changed. A value that fits no
control stands as JSON: nothing is dropped.
"""

from __future__ import annotations

from ...services.models import Json, JsonObject
from ..form_values import EMPTY, Entry, Kind, Unset, ValueProblem, entry_for, first_entry, read
from ..json_text import dumps, pretty_text
from .conditions import settle
from .fitting import best_branch
from .gathering import value_of
from .nodes import Node, NodeKind

MOST_ITEMS = 300
MOST_MEMBERS = 400
DEPTH = 24
"""Beyond this many items, members or levels a value stands as JSON text."""


def put(node: Node, value: Json) -> None:
    """``value`` is what comes out of ``node`` from now on."""
    if node.kind is NodeKind.VALUE:
        node.entry = entry_for(node.field, value)
        return
    node.entry = EMPTY
    node.left_out = False
    match node.kind:
        case NodeKind.OBJECT if isinstance(value, dict) and len(value) <= MOST_MEMBERS and node.depth < DEPTH:
            _put_members(node, value)
        case NodeKind.ARRAY if isinstance(value, list) and len(value) <= MOST_ITEMS and node.depth < DEPTH:
            node.built = node.given = True
            node.members = []
            for one in value:
                item = node.item(len(node.members))
                node.members.append(item)
                put(item, one)
        case NodeKind.UNION if node.depth < DEPTH and not (value is None and node.nullable):
            index = best_branch(node.branches, value, node.root)
            if index is None:
                _put_text(node, value)
            else:
                node.built = True
                node.chosen = index
                node.given = True
                put(node.alternative(index), value)
        case _:
            _put_text(node, value)
    node.open = True


def _put_text(node: Node, value: Json) -> None:
    text = dumps(value)
    node.entry = Entry(pretty_text(value) if len(text) > 60 else text, literal=True)


def _put_members(node: Node, value: JsonObject) -> None:
    node.build()
    node.given = True
    node.order = tuple(value)
    for one in [*node.members]:
        if one.key not in value:
            clear(one, keep_unread=True)
    for name, part in value.items():
        _put_member(node, name, part)
    # What is asked for may depend on what stands there, and so may what the rest of it means.
    for _ in range(4):
        if not settle(node):
            break
        for name, part in value.items():
            _put_member(node, name, part)
    node.members = [one for one in node.members if one.declared or one.key in value or one.touched]


def _put_member(node: Node, name: str, part: Json) -> None:
    member = node.named(name)
    if member is None:
        member = node.member(name, node.extra_schema(name), False, declared=False)
        node.members.append(member)
    put(member, part)


def clear(node: Node, *, keep_unread: bool = False) -> None:
    """As before anything was typed or, what is optional, unset. ``keep_unread``: not what cannot be read."""
    if node.kind is NodeKind.VALUE:
        if keep_unread and _unread(node):
            return
        node.entry = EMPTY
        return
    node.entry = EMPTY
    node.given = False
    node.left_out = keep_unread and node.required
    node.order = ()
    if node.kind is NodeKind.UNION:
        if not node.required or node.left_out:
            node.built = True
            node.chosen = None
    elif node.kind is NodeKind.ARRAY:
        node.members = []
    for one in [*node.members, *node.alternatives.values()]:
        clear(one, keep_unread=keep_unread)
        one.left_out = False


def _unread(node: Node) -> bool:
    try:
        read(node.field, node.entry)
    except ValueProblem:
        return True
    return False


def restart(node: Node) -> None:
    """As at the very start: defaults of what is required stand there again."""
    node.members, node.alternatives, node.shelf = [], {}, {}
    node.chosen, node.order, node.entry = None, (), EMPTY
    node.given = node.built = False
    if node.kind is NodeKind.VALUE:
        node.entry = first_entry(node.field, prefill=False)
    node.build()


def carry(old: Node, new: Node) -> None:
    """What was typed into the tree of an earlier listing goes on in this one, readable or not."""
    if not old.touched:
        if old.left_out:
            clear(new, keep_unread=True)
        return
    if old.kind is not new.kind or old.entry.literal or new.kind is NodeKind.VALUE:
        _carry_value(old, new)
        return
    new.given, new.open, new.order = old.given, old.open or new.open, old.order
    new.left_out = old.left_out
    match old.kind:
        case NodeKind.OBJECT:
            new.build()
            for one in old.members:
                other = new.named(one.key)
                if other is None and one.touched:
                    other = new.member(one.key, new.extra_schema(one.key), False, declared=False)
                    new.members.append(other)
                if other is not None:
                    carry(one, other)
            settle(new)
        case NodeKind.ARRAY:
            new.built = True
            new.members = []
            for one in old.members:
                new.members.append(new.item(len(new.members)))
                carry(one, new.members[-1])
        case _:
            active = old.active
            if active is not None and old.chosen is not None and old.chosen < len(new.branches):
                new.chosen = old.chosen
                carry(active, new.alternative(old.chosen))


def _carry_value(old: Node, new: Node) -> None:
    if old.kind is NodeKind.VALUE and new.kind is NodeKind.VALUE:
        if old.field.kind is new.field.kind or old.entry.literal or _unread(old):
            new.entry = old.entry
            return
        text = old.entry.text
        if new.field.kind in (Kind.STRING, Kind.TEXT) and old.field.kind in (Kind.STRING, Kind.TEXT):
            new.entry = Entry(text)
            return
    value = value_of(old)
    if isinstance(value, Unset):
        new.entry = old.entry if old.entry.text else new.entry
    else:
        put(new, value)
