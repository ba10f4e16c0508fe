"""Trees of one level for fields that are given, and how wide the column of names is.

Owns those small readings of a form. Never draws.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len

from ..form_values import EMPTY, Entry, Form
from .nodes import Node, NodeKind
from .places import Place
from .row_words import label_text

LABEL_CELLS = 22
DEEPEST_LABEL = 34
"""Widest column of names, where some are indented."""


def flat(form: Form, entries: Mapping[str, Entry]) -> Node:
    """A tree of one level, of fields that are given."""
    root = Node({}, {"type": "object", "properties": {}, "additionalProperties": False})
    for one in form.fields:
        node = Node({}, one.schema, one.name, root, required=one.required, field=one)
        node.entry = entries.get(one.name, EMPTY)
        root.members.append(node)
    return root


def unfold(node: Node) -> None:
    """Open everything that a node lies in."""
    above = node.parent
    while above is not None:
        if above.kind is not NodeKind.VALUE:
            above.open = True
        above = above.parent


def label_cells(rows: list[Place], width: int) -> int:
    deep = any(place.depth for place in rows)
    longest = max((cell_len(label_text(place)) + 2 * place.node.required for place in rows), default=0)
    return min(longest + 2, DEEPEST_LABEL if deep else LABEL_CELLS, max(10, width // (2 if deep else 3)))
