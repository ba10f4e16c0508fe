"""The rows in which a tree is shown, in order.

Owns which rows there are and how far each is indented. Never draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from .nodes import Node, NodeKind


class Role(StrEnum):
    """What a row is for."""

    FIELD = "field"
    """A control for one value."""
    HEAD = "head"
    """The name of a container, what is in it, and whether it is open."""
    CHOICE = "choice"
    """Which way a value is filled in."""
    ADD = "add"
    """One more item, or one more member by name."""


class Place(NamedTuple):
    """One row. ``depth`` is how far it is indented."""

    node: Node
    role: Role
    depth: int


def places(tree: Node) -> list[Place]:
    """Every row of a form; rows of what is folded are left out."""
    return [*_inside(tree, 0)] if tree.kind is not NodeKind.UNION else [*_node(tree, 0)]


def _node(node: Node, depth: int) -> Iterator[Place]:
    match node.kind:
        case NodeKind.VALUE:
            yield Place(node, Role.FIELD, depth)
        case NodeKind.UNION:
            yield Place(node, Role.CHOICE, depth)
            if node.as_json and node.entry.text != "null":
                yield Place(node, Role.FIELD, depth + 1)
            elif node.active is not None and not node.as_json:
                deeper = depth + 1 if node.parent is not None else depth
                if node.active.kind in (NodeKind.OBJECT, NodeKind.ARRAY) and not node.active.as_json:
                    yield from _inside(node.active, deeper)
                else:
                    yield from _node(node.active, deeper)
        case _:
            if node.as_json and node.entry.text != "null":
                yield Place(node, Role.FIELD, depth)
                return
            yield Place(node, Role.HEAD, depth)
            if node.open and not node.as_json:
                yield from _inside(node, depth + 1)


def _inside(node: Node, depth: int) -> Iterator[Place]:
    node.build()
    for one in node.members:
        yield from _node(one, depth)
    if node.takes_more or (node.kind is NodeKind.ARRAY and not node.full):
        yield Place(node, Role.ADD, depth)
