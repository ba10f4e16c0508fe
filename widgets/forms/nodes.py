"""The members of a schema as a tree that is filled in: what stands where, what is open, which way was chosen.

Owns that state and its changes. ``gathering`` reads values out of it, ``filling`` puts values in, ``places`` says in
which rows it is shown. What lies in a member is built when it is opened: a schema may lead into itself for ever.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ..form_values import EMPTY, UNSET, Entry, Field, Kind, Problem, entry_for, field_of, first_entry
from ..json_text import dumps
from ..schema_shape import shape_words
from .resolving import Branch, Resolved, resolved

OPEN_DEPTH = 3
"""Required objects are open from the start down to here."""
STARTED = 5
"""Most items that a list begins with because it needs that many."""
NULL: Final = Entry("null", literal=True)


class NodeKind(StrEnum):
    """How a node is filled in: in one control, member by member, item by item, or by choosing a way first."""

    VALUE = "value"
    OBJECT = "object"
    ARRAY = "array"
    UNION = "union"


class Node:
    """One value to be. Compared by identity: a row belongs to it as long as it lives.

    ``entry`` is what stands in a control; of a container a literal entry is its whole value as JSON (``null``, say)
    and what stands in its members counts no more. ``given``: sent even when nothing stands in it; ``left_out``: the
    values that were put in had nothing for it, though it is required.
    """

    __slots__ = (
        "alternatives",
        "built",
        "chosen",
        "declared",
        "entry",
        "field",
        "given",
        "key",
        "kind",
        "left_out",
        "members",
        "open",
        "order",
        "parent",
        "problem",
        "required",
        "resolved",
        "root",
        "schema",
        "shelf",
        "untold",
    )

    def __init__(
        self,
        root: JsonObject,
        schema: Json,
        key: str = "",
        parent: Node | None = None,
        *,
        required: bool = True,
        declared: bool = True,
        field: Field | None = None,
        prefill: bool = False,
    ) -> None:
        self.root, self.key, self.parent = root, key, parent
        self.required, self.declared = required, declared
        self.members: list[Node] = []
        self.shelf: dict[str, Node] = {}
        self.order: tuple[str, ...] = ()
        self.alternatives: dict[int, Node] = {}
        self.chosen: int | None = None
        self.built = self.given = self.untold = self.left_out = False
        self.problem: Problem | None = None
        self.resolved = Resolved(field.schema, field.nullable) if field is not None else resolved(schema, root)
        self.schema = self.resolved.schema
        self.kind = NodeKind.VALUE if field is not None else _kind(self.resolved, root)
        self.field = field or _field(self.resolved, self.kind, key, required, root)
        self.entry = first_entry(self.field, prefill=prefill) if self.kind is NodeKind.VALUE else EMPTY
        constant = self.field.choices[0] if self.field.kind is Kind.CHOICE and len(self.field.choices) == 1 else None
        if constant is not None and required and field is None and "const" in self.schema:
            self.entry = entry_for(self.field, constant.value)
        self.open = self.kind is not NodeKind.VALUE and (parent is None or (required and self.depth <= OPEN_DEPTH))
        if parent is None:
            self.build()

    # Where it stands.

    @property
    def depth(self) -> int:
        """0 for the members of the whole."""
        depth, above = -1, self.parent
        while above is not None:
            depth, above = depth + 1, above.parent
        return depth

    @property
    def path(self) -> tuple[str | int, ...]:
        """Names and places from the whole down to here; a way that was chosen has none of its own."""
        steps: list[str | int] = []
        node = self
        while node.parent is not None:
            if node.parent.kind is NodeKind.ARRAY:
                steps.append(node.parent.members.index(node))
            elif node.parent.kind is NodeKind.OBJECT:
                steps.append(node.key)
            node = node.parent
        return tuple(reversed(steps))

    @property
    def in_list(self) -> bool:
        return self.parent is not None and self.parent.kind is NodeKind.ARRAY

    @property
    def label(self) -> str:
        """Its name, or its place in a list."""
        if self.in_list and self.parent is not None:
            return f"{self.parent.members.index(self) + 1}."
        return self.key

    @property
    def nullable(self) -> bool:
        return self.resolved.nullable

    @property
    def branches(self) -> tuple[Branch, ...]:
        return self.resolved.branches

    @property
    def active(self) -> Node | None:
        """The way that was chosen."""
        return self.alternatives.get(self.chosen) if self.chosen is not None else None

    @property
    def as_json(self) -> bool:
        """A container that is written as JSON, whole."""
        return self.kind is not NodeKind.VALUE and self.entry.literal

    @property
    def touched(self) -> bool:
        """Something in here is not as it was at the start."""
        match self.kind:
            case NodeKind.VALUE:
                return self.entry != self._first()
            case NodeKind.UNION:
                return self.given or self.entry.literal or (self.active is not None and self.active.touched)
            case NodeKind.ARRAY:
                return self.given or self.entry.literal or bool(self.members)
            case NodeKind.OBJECT:
                return self.given or self.entry.literal or any(one.touched for one in self.members)

    def _first(self) -> Entry:
        if self.field.kind is Kind.CHOICE and self.required and "const" in self.schema:
            return entry_for(self.field, self.schema["const"])
        return first_entry(self.field, prefill=False)

    # What is in it.

    def build(self) -> None:
        """Make what lies one level below, once."""
        if self.built:
            return
        self.built = True
        match self.kind:
            case NodeKind.OBJECT:
                self.members = [
                    self.member(name, part, name in as_list(self.schema.get("required")))
                    for name, part in as_object(self.schema.get("properties")).items()
                ]
                for name in as_list(self.schema.get("required")):
                    if isinstance(name, str) and all(one.key != name for one in self.members):
                        self.members.append(self.member(name, self.extra_schema(name) or {}, True))
            case NodeKind.ARRAY if self.required:
                least = self.schema.get("minItems")
                count = min(least, STARTED) if isinstance(least, int) and not isinstance(least, bool) else 0
                self.members = [self.item(index) for index in range(count)]
            case NodeKind.UNION if self.required and self.depth <= 2 * OPEN_DEPTH:
                self.chosen = 0
                self.alternative(0)
            case _:
                pass
        for one in self.members:
            if one.open:
                one.build()

    def member(self, name: str, schema: Json, required: bool, *, declared: bool = True) -> Node:
        return Node(self.root, schema, name, self, required=required, declared=declared)

    def item(self, index: int) -> Node:
        """A new item for that place; it is not in the list yet."""
        first = as_list(self.schema.get("prefixItems")) or as_list(self.schema.get("items"))
        rest = self.schema.get("additionalItems" if isinstance(self.schema.get("items"), list) else "items")
        schema = first[index] if index < len(first) else rest if isinstance(rest, dict) else {}
        return Node(self.root, schema, "", self)

    def alternative(self, index: int) -> Node:
        """The node of one way to fill this in; each is kept with what stands in it."""
        node = self.alternatives.get(index)
        if node is None:
            node = Node(self.root, self.branches[index].schema, "", self)
            node.open = True
            node.build()
            self.alternatives[index] = node
        return node

    def named(self, name: str) -> Node | None:
        return next((one for one in self.members if one.key == name), None)

    # Members that the schema does not name.

    @property
    def takes_more(self) -> bool:
        """Members may be added by name: the schema says so, or names none at all."""
        if self.kind is not NodeKind.OBJECT:
            return False
        others = self.schema.get("additionalProperties")
        if "patternProperties" in self.schema:
            return True
        if others is None:
            # Many a tool without arguments says no more than that they are an object.
            return "properties" not in self.schema and self.parent is not None
        return others is not False

    @property
    def full(self) -> bool:
        """A list that may not grow."""
        most = self.schema.get("maxItems")
        if isinstance(most, int) and len(self.members) >= most:
            return True
        first = as_list(self.schema.get("prefixItems"))
        return bool(first) and self.schema.get("items") is False and len(self.members) >= len(first)

    def extra_schema(self, name: str) -> Json:
        """What a member of that name must be, where the schema does not name it."""
        import re

        for pattern, part in as_object(self.schema.get("patternProperties")).items():
            try:
                if len(pattern) < 200 and not re.search(r"[)][*+{]|\\[1-9]", pattern) and re.search(pattern, name):
                    return part
            except re.error:
                continue
        others = self.schema.get("additionalProperties")
        return others if isinstance(others, dict) else {}

    def words(self) -> str:
        """What belongs in a container, from its schema."""
        return (
            shape_words(self.schema, self.root)
            if self.kind is not NodeKind.UNION
            else " or ".join(branch.title for branch in self.branches[:6])
        )


def tree_of(schema: JsonObject) -> Node:
    """The arguments of something, to be filled in. Whatever the schema says, arguments are an object."""
    whole = schema if "type" in schema else {**schema, "type": "object"}
    node = Node(schema, whole)
    if node.kind in (NodeKind.OBJECT, NodeKind.UNION):
        return node
    return Node(schema, {"type": "object", "properties": schema.get("properties", {})})


def _kind(of: Resolved, root: JsonObject) -> NodeKind:
    flat = of.schema
    if "const" in flat or as_list(flat.get("enum")):
        return NodeKind.VALUE
    if of.branches:
        return NodeKind.UNION
    match of.type:
        case "object":
            return NodeKind.OBJECT
        case "array":
            items = resolved(flat.get("items"), root)
            choices = not items.branches and ("enum" in items.schema or _titled(items.schema))
            return NodeKind.VALUE if choices and "prefixItems" not in flat else NodeKind.ARRAY
        case _:
            return NodeKind.VALUE


def _titled(flat: JsonObject) -> bool:
    return any(
        bool(as_list(flat.get(word))) and all("const" in as_object(one) for one in as_list(flat.get(word)))
        for word in ("oneOf", "anyOf")
    )


def _field(of: Resolved, kind: NodeKind, key: str, required: bool, root: JsonObject) -> Field:
    flat = {name: part for name, part in of.schema.items() if name != "not"}
    if kind is NodeKind.VALUE:
        if of.type == "array":  # its items are choices
            flat["items"] = resolved(flat.get("items"), root).schema
        if "type" not in flat and of.type:
            flat["type"] = of.type
        made = field_of(key, flat, required, root)
        return made if made.nullable or not of.nullable else _nullable(made)
    return Field(
        key,
        Kind.JSON,
        required=required,
        schema={"type": of.type} if of.type else {},
        title=as_text(flat.get("title")) or "",
        description=as_text(flat.get("description")) or "",
        nullable=of.nullable,
        default=flat.get("default", UNSET),
    )


def _nullable(field: Field) -> Field:
    from dataclasses import replace

    return replace(field, nullable=True)


def preview(value: Json, limit: int = 60) -> str:
    """A value in one short line of JSON."""
    text = dumps(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
