"""What a row of a form says: its label, what belongs in it, and what it is for.

Owns those words. Never draws, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ...services.state.text import one_line
from ..form_values import UNSET, Kind, Problem, asks_for_secret
from ..json_text import dumps
from .nodes import Node, NodeKind
from .picking import picks
from .places import Place, Role

DESCRIPTION = 300
PLAIN_SHAPES = ("", "any JSON", "object", "list")
"""Shapes that the hint in the field says already."""
PROBLEMS = 4
"""Most problems that are listed in one place."""
CHOSEN = (Kind.CHOICE, Kind.BOOLEAN, Kind.CHOICES)


def label_text(place: Place) -> str:
    """The name, indented; safe on one line."""
    if place.role is Role.ADD:
        return "  " * place.depth
    node = place.node
    name = one_line(node.label, 60)
    if not name and node.parent is not None and node.parent.kind is NodeKind.UNION:
        name = "└"
    return "  " * place.depth + (name or "(no name)")


def label_of(place: Place) -> Content:
    required = place.role is not Role.ADD and place.node.required and not place.node.in_list and bool(place.node.label)
    return Content.assemble(label_text(place), (" *", "bold $text-error") if required else "")


def placeholder_of(node: Node) -> str:
    field = node.field
    if field.kind is Kind.JSON and field.example and node.kind is NodeKind.VALUE:
        return field.example
    words = field.hint if node.kind is NodeKind.VALUE else one_line(node.words(), 100)
    if field.default is not UNSET and not field.required:
        words = f"default {one_line(dumps(field.default), 40)} · {words}"
    return words


def note_of(place: Place, *, focused: bool, warn_secret: bool) -> Content | None:
    """What the row is for; beside the one that is filled in, its keys."""
    node = place.node
    if place.role is Role.ADD or (place.depth and not node.key and place.role is Role.FIELD and not node.in_list):
        return _joined(_keys(place) if focused and place.role is not Role.ADD else [])
    parts: list[tuple[str, str] | str] = []
    if node.entry.literal and place.role is Role.FIELD:
        nothing = {'""': "the empty text", "null": "null"}.get(node.entry.text)
        parts.append((nothing or "as JSON, ctrl+l for plain", "$text-warning"))
    if warn_secret and asks_for_secret(node.field):
        parts.append(("looks like a secret: do not type one here", "bold $text-warning"))
    if not node.declared and node.parent is not None and not node.parent.takes_more:
        parts.append("not named in the schema")
    parts += _about(place)
    if focused:
        parts += _keys(place)
    return _joined(parts)


def _joined(parts: list[tuple[str, str] | str]) -> Content | None:
    joined: list[tuple[str, str] | str] = []
    for part in parts:
        joined += [" · ", part] if joined else [part]
    return Content.assemble(*joined) if joined else None


def _about(place: Place) -> list[tuple[str, str] | str]:
    """Shape, title, description, default."""
    node, field = place.node, place.node.field
    description = one_line(field.description, DESCRIPTION)
    title = one_line(field.title, 60)
    plain_title = title.lower().replace(" ", "") != field.name.lower().replace("_", "").replace("-", "")
    if title and plain_title and not description.lower().startswith(title.lower()):
        description = f"{title}: {description}" if description else title
    container = node.kind is not NodeKind.VALUE
    if (field.kind in CHOSEN or field.example or container) and field.default is not UNSET and not node.entry.text:
        default = f"default {one_line(dumps(field.default), 40)}"
        description = f"{description} · {default}" if description else default
    shape = one_line(node.words(), 160) if place.role is Role.HEAD and not (node.open and node.members) else field.shape
    parts: list[tuple[str, str] | str] = [shape] if shape not in PLAIN_SHAPES else []
    parts += [description] if description else []
    parts += [one_line(note, 200) for note in node.resolved.notes]
    if node.untold:
        parts.append("more may be asked for than this form can tell")
    return parts


def _keys(place: Place) -> list[tuple[str, str] | str]:
    node, keys = place.node, list[str]()
    if place.role is Role.HEAD:
        keys.append("Enter opens" if not node.open else "Enter folds")
        keys += ["+ adds"] if node.kind is NodeKind.ARRAY else []
        keys += ["Backspace unsets"] if not node.required else []
        keys += (
            ["Ctrl+N: {} or null" if node.kind is NodeKind.OBJECT else "Ctrl+N: [] or null"] if node.nullable else []
        )
    elif node.kind is NodeKind.VALUE:
        pick = picks(node.field)
        keys += [f"F7 {pick.words}"] if pick is not None else []
        if not node.entry.text or node.entry.literal:
            keys += _nothing(node)
    if _list_above(node) is not None and place.role is not Role.CHOICE:
        keys.append("Alt+↑↓ Alt+N Alt+X: move, add, remove")
    return [(" · ".join(keys), "$text-muted italic")] if keys else []


def _nothing(node: Node) -> list[str]:
    kinds = ['""'] if node.field.kind in (Kind.STRING, Kind.TEXT) else []
    kinds += ["null"] if node.field.nullable else []
    return [f"unset · Ctrl+N: {' or '.join(kinds)}"] if node.field.nullable and not node.entry.text else []


def _list_above(node: Node) -> Node | None:
    """The item of a list that a node is, or is the way of."""
    while node.parent is not None:
        if node.in_list:
            return node
        if node.parent.kind is not NodeKind.UNION:
            return None
        node = node.parent
    return None


def problem_lines(problems: Sequence[str]) -> list[Content]:
    """What is wrong, a line each; of many the first few, and how many more."""
    lines = [Content(f"✖ {one_line(problem, 300)}") for problem in problems[:PROBLEMS]]
    if len(problems) > PROBLEMS:
        lines.append(Content(f"… and {len(problems) - PROBLEMS} more"))
    return lines


def wrong_words(problem: Problem | None) -> Content:
    """All that is wrong in one row."""
    return Content("\n").join(problem_lines(problem.message.split("\n"))) if problem is not None else Content("")
