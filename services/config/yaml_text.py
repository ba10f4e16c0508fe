"""YAML as JSON values, with the places of its keys.

Owns what a YAML file means here: the core schema of YAML 1.2, aliases and merge keys within bounds,
nothing else; a tag that asks for more is refused. Never makes an object, never opens a file and knows
nothing of servers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ..models import Json, JsonObject
from .positions import MAX_DUPLICATES, TOO_DEEP, Document, KeyPath, Place, TextProblem

if TYPE_CHECKING:
    import yaml

MAX_DEPTH = 100
MAX_VALUES = 100_000
"""Values in a document with its aliases put in: a few lines of them can stand for any number."""

_TAG = "tag:yaml.org,2002:"
_SCALARS = ("null", "bool", "int", "float")
_TEXTS = ("str", "timestamp", "binary")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


@dataclass(slots=True)
class _Node:
    """A scalar's value, or what a sequence or a mapping holds; keys are nodes too."""

    place: Place
    scalar: Json = None
    text: str = ""
    merges: bool = False
    items: list[_Node] | None = None
    pairs: list[tuple[_Node, _Node]] | None = None
    waiting: _Node | None = field(default=None)  # the key whose value comes next

    def take(self, node: _Node) -> None:
        if self.items is not None:
            self.items.append(node)
        elif self.waiting is None:
            self.waiting = node
        elif self.pairs is not None:
            self.pairs.append((self.waiting, node))
            self.waiting = None


def read_yaml(text: str) -> Document:
    """Read ``text``. Raises ``TextProblem``."""
    import yaml  # not needed by most runs

    try:
        top = _tree(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else None
        raise TextProblem(error.problem or "it cannot be read", place, "correct the YAML at this place") from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        reason = str(error).splitlines()[0]
        raise TextProblem(reason, None, "remove what is no text") from None
    if top is None:
        raise TextProblem("it is empty", Place(1, 1), "write servers into it, or remove it")
    reading = _Values()
    return Document(reading.value(top, (), 0), reading.places, tuple(reading.duplicates))


def _tree(text: str) -> _Node | None:
    """The nodes of the one document, built from events: the depth of a text is never our own depth."""
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    open_nodes: list[_Node] = []
    anchors: dict[str, _Node] = {}
    top: _Node | None = None
    for event in cast("Iterator[yaml.Event]", yaml.parse(text, Loader=loader)):  # pyright: ignore[reportUnknownMemberType]
        if isinstance(event, yaml.CollectionEndEvent):
            open_nodes.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and top is not None:
            raise TextProblem("it holds more than one document", _place(event), "keep one of them")
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, anchors)
            if open_nodes:
                open_nodes[-1].take(node)
            else:
                top = node
            if isinstance(event, yaml.CollectionStartEvent):
                if len(open_nodes) >= MAX_DEPTH:
                    raise TextProblem(*TOO_DEEP)
                open_nodes.append(node)
    return top


def _node(event: yaml.NodeEvent, anchors: dict[str, _Node]) -> _Node:
    """The node that begins here; one with an anchor is noted in ``anchors``. Raises ``TextProblem``."""
    import yaml

    match event:
        case yaml.ScalarEvent():
            node = _scalar(event)
        case yaml.SequenceStartEvent():
            node = _Node(_checked(event), items=[])
        case yaml.MappingStartEvent():
            node = _Node(_checked(event), pairs=[])
        case _:
            node = anchors.get(event.anchor)
            if node is None:
                what = f'the alias "*{event.anchor}" has no anchor'
                raise TextProblem(what, _place(event), "define it with & above, or write the value")
            return node
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _place(event: yaml.Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _checked(event: yaml.CollectionStartEvent) -> Place:
    """The place of a collection whose tag asks for nothing special. Raises ``TextProblem``."""
    place = _place(event)
    if event.tag not in (None, "!", f"{_TAG}seq", f"{_TAG}map"):
        raise TextProblem(f'the tag "{event.tag}" is not read', place, "remove the tag: only plain values are read")
    return place


def _scalar(event: yaml.ScalarEvent) -> _Node:
    place, text, tag = _place(event), event.value, event.tag
    plain = event.implicit[0]
    if tag is None:
        value = _core(text) if plain else text
    elif tag == "!" or tag.removeprefix(_TAG) in _TEXTS:
        value = text
    elif tag.removeprefix(_TAG) in _SCALARS:
        value = _core(text)
    else:
        raise TextProblem(f'the tag "{tag}" is not read', place, "remove the tag: only plain values are read")
    return _Node(place, value, text, merges=plain and text == "<<")


def _core(text: str) -> Json:
    """A plain scalar by the core schema (YAML 1.2.2, section 10.3.2): "no" and "12:30" are text."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            return number if math.isfinite(number) else text
    except ValueError:  # too many digits
        return text
    return text


class _Values:
    """Nodes -> values, with the places of keys; aliases are followed as often as the bounds allow."""

    def __init__(self) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.duplicates: list[tuple[KeyPath, Place]] = []
        self._count = 0

    def value(self, node: _Node, path: KeyPath | None, depth: int) -> Json:
        """``path`` None: below a sequence, where keys get no place."""
        self._count += 1
        if self._count > MAX_VALUES:
            raise TextProblem("its aliases stand for too many values", node.place, "write the values out")
        if depth > MAX_DEPTH:
            raise TextProblem("an alias stands inside what it names", node.place, "write the value out")
        if node.items is not None:
            return [self.value(item, None, depth + 1) for item in node.items]
        if node.pairs is not None:
            return self._mapping(node.pairs, path, depth)
        return node.scalar

    def _mapping(self, pairs: list[tuple[_Node, _Node]], path: KeyPath | None, depth: int) -> JsonObject:
        found: JsonObject = {}
        merged: JsonObject = {}
        for key, node in pairs:
            if key.items is not None or key.pairs is not None:
                raise TextProblem("a key is no text", key.place, "write a name")
            if key.merges:
                merged = {**self._merged(node, depth), **merged}
                continue
            here = None if path is None else (*path, key.text)
            if here is not None:
                if here in self.places and key.text in found and len(self.duplicates) < MAX_DUPLICATES:
                    self.duplicates.append((here, self.places[here]))
                self.places[here] = key.place
            found[key.text] = self.value(node, here, depth + 1)
        return {**merged, **found} if merged else found

    def _merged(self, node: _Node, depth: int) -> JsonObject:
        """What ``<<`` brings in: a mapping, or several of which the first wins."""
        merged: JsonObject = {}
        for part in node.items if node.items is not None else [node]:
            value = self.value(part, None, depth + 1)
            if not isinstance(value, dict):
                raise TextProblem("<< names no mapping", part.place, "name one, or write the values out")
            merged = {**value, **merged}
        return merged
