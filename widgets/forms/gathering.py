"""The values that stand in a tree, and what is wrong with them, by path.

Owns the way out of the tree, and the rules that hold between members. Never changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ...services.models import Json, JsonObject, as_list, as_object
from ..form_rules import broken_rule
from ..form_values import UNSET, MaybeJson, Problem, Unset, ValueProblem, problem_of, read
from ..json_text import JsonTextError, dumps, loads
from .nodes import Node, NodeKind

Path: TypeAlias = tuple[str | int, ...]

BUILT_DEPTH = 8
"""Required members that were never opened are looked into down to here."""


@dataclass(slots=True)
class Gathered:
    """``values`` as they would be sent, and every problem by its node."""

    values: JsonObject
    problems: Mapping[Node, Problem] = field(default_factory=dict[Node, Problem])

    @property
    def blocked(self) -> bool:
        return any(problem.blocking for problem in self.problems.values())


def gathered(tree: Node) -> Gathered:
    """All values that can be read, and every problem."""
    problems: dict[Node, Problem] = {}
    value = _value(tree, problems)
    return Gathered(value if isinstance(value, dict) else {}, problems)


def value_of(node: Node) -> MaybeJson:
    """What stands in one node, leaving out what cannot be read."""
    return _value(node, {})


def problem_at(node: Node) -> Problem | None:
    """What is wrong with one node alone."""
    problems: dict[Node, Problem] = {}
    _value(node, problems)
    return problems.get(node)


def path_words(path: Path) -> str:
    """``travellers[0].name``."""
    words = ""
    for step in path:
        words += f"[{step}]" if isinstance(step, int) else f".{step}" if words else step
    return words or "arguments"


def _value(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    if node.kind is NodeKind.VALUE:
        return _leaf(node, problems)
    if node.entry.literal:
        return _text(node, problems)
    match node.kind:
        case NodeKind.UNION:
            return _union(node, problems)
        case NodeKind.ARRAY:
            return _array(node, problems)
        case _:
            return _object(node, problems)


def _leaf(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    problem = problem_of(node.field, node.entry)
    if problem is not None:
        if node.in_list and problem.message == "required":
            problem = Problem('empty: type something, or Alt+X removes it, or Ctrl+N for ""', blocking=False)
        problems[node] = problem
        if problem.blocking:
            return UNSET
    try:
        return read(node.field, node.entry)
    except ValueProblem:
        return UNSET


def _text(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    """A container that is written as JSON."""
    if not node.entry.text.strip():
        if node.required:
            problems[node] = Problem("required", blocking=False)
        return UNSET
    try:
        value = loads(node.entry.text)
    except JsonTextError as error:
        problems[node] = Problem(f"not JSON: {error}", blocking=True)
        return UNSET
    if value is None and node.nullable:
        return None
    wanted = node.resolved.type
    if wanted and node.kind is not NodeKind.UNION:
        broken = broken_rule({"type": wanted}, value, (), many=False)
        if broken:
            problems[node] = Problem(broken, blocking=False)
    return value


def _union(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    active = node.active
    if active is None:
        if node.required:
            problems[node] = Problem("required: choose one", blocking=False)
        return UNSET
    return _value(active, problems)


def _array(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    items = [_value(one, problems) for one in node.members]
    values: list[Json] = [item for item in items if not isinstance(item, Unset)]
    if not node.members and not node.given:
        if node.required and not node.in_list and not (node.parent and node.parent.kind is NodeKind.UNION):
            problems[node] = Problem("required: + adds an item, Ctrl+N sends []", blocking=False)
            return UNSET
        return [] if node.required else UNSET
    broken = broken_rule(node.schema, values, (), many=False)
    if broken is None and node.schema.get("uniqueItems") is True:
        broken = _twice(values)
    if broken:
        problems[node] = Problem(broken, blocking=False)
    return values


def _twice(values: list[Json]) -> str | None:
    seen: dict[str, int] = {}
    for index, value in enumerate(values, start=1):
        text = dumps(value)
        if text in seen:
            return f"{seen[text]}. and {index}. are the same; each may stand there once"
        seen[text] = index
    return None


def _object(node: Node, problems: dict[Node, Problem]) -> MaybeJson:
    if node.required and not node.built and node.depth <= BUILT_DEPTH:
        node.build()
    inner: dict[Node, Problem] = {}
    found = {one.key: _value(one, inner) for one in node.members}
    there = any(one.touched for one in node.members) or any(problem.blocking for problem in inner.values())
    if not (there or node.given or node.required or node.parent is None):
        return UNSET
    if node.left_out and not there and not node.given:
        problems[node] = Problem("required", blocking=False)
        return UNSET
    problems.update(inner)
    names = [*(name for name in node.order if name in found), *(name for name in found if name not in node.order)]
    values: JsonObject = {}
    for name in names:
        value = found[name]
        if not isinstance(value, Unset):
            values[name] = value
    wrong = _between(node.schema, values)
    if wrong:
        problems[node] = Problem(wrong, blocking=False)
    return values


def _between(schema: JsonObject, values: JsonObject) -> str | None:
    """Rules that no single member breaks."""
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if isinstance(least, int) and len(values) < least:
        return f"at least {least} members"
    if isinstance(most, int) and len(values) > most:
        return f"at most {most} members"
    for name, needed in as_object(schema.get("dependentRequired")).items():
        missing = [one for one in as_list(needed) if isinstance(one, str) and one not in values]
        if name in values and missing:
            return f"with {name} comes {', '.join(missing)}"
    return None
