"""The YAML frontmatter of a Markdown file, compared with the JSON object that describes it.

Owns finding the block and telling where the two differ (SEP-2640, Integrity and verification). Nothing is
built from the YAML: its nodes are looked at beside the JSON value, which is finite, so that aliases, cycles
and tags of a hostile file cost no more than the JSON does. Plain scalars mean what the core schema of
YAML 1.2 says (section 10.3 there). Never reads a file and knows no session.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import VerificationError
from ..models import Json, JsonObject

if TYPE_CHECKING:
    from yaml import Node, ScalarNode

FRONTMATTER = 65_536
"""Characters of frontmatter that are looked at."""
SHOWN = 80
"""Characters of a value that a sentence quotes."""

_TEXT_TAG = "tag:yaml.org,2002:str"
_COLLECTION_TAGS = ("", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FIRST = re.compile(r"\ufeff?---[ \t]*\r?\n")
_LAST = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASED = {"0o": (re.compile(r"0o[0-7]+"), 8), "0x": (re.compile(r"0x[0-9a-fA-F]+"), 16)}


def block_of(text: str) -> str:
    """The YAML between the leading ``---`` line and the next one. Raises ``VerificationError`` where there is none."""
    first = _FIRST.match(text)
    if first is None:
        raise VerificationError("the file does not begin with YAML frontmatter")
    last = _LAST.search(text, first.end(), first.end() + FRONTMATTER)
    if last is None:
        raise VerificationError(f"the frontmatter does not end within {FRONTMATTER:,} characters")
    return text[first.end() : last.start()]


def difference(text: str, described: JsonObject) -> str | None:
    """Where the frontmatter of ``text`` and ``described`` differ, as a sentence; None when they are the same.

    Raises ``VerificationError`` for frontmatter that cannot be read.
    """
    pending: list[tuple[str, Node, Json]] = [("", _root(block_of(text)), described)]
    while pending:
        path, node, value = pending.pop()
        if node.tag not in (*_COLLECTION_TAGS, _TEXT_TAG):
            return f"{path or 'the frontmatter'} carries the YAML tag {str(node.tag)[:SHOWN]!r}"
        parts = _parts(path, node, value)
        if isinstance(parts, str):
            return parts
        pending += parts
    return None


def _root(block: str) -> Node:
    import yaml

    class Untyped(yaml.BaseLoader):
        """Leaves the meaning of plain scalars open: only what a file tags itself has a tag."""

        DEFAULT_SCALAR_TAG = DEFAULT_SEQUENCE_TAG = DEFAULT_MAPPING_TAG = ""

    try:
        node = Untyped(block).get_single_node()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise VerificationError(f"the frontmatter is not YAML: {reason}") from error
    if not isinstance(node, yaml.MappingNode):
        raise VerificationError("the frontmatter is not a YAML mapping")
    return node


def _parts(path: str, node: Node, value: Json) -> list[tuple[str, Node, Json]] | str:
    """What is left to compare below ``node``, or the difference that was found."""
    import yaml

    where = path or "the frontmatter"
    if isinstance(node, yaml.ScalarNode):
        return (
            [] if _same(node, value) else f"{where} is {_shown(node.value)} in the file, {_shown(value)} in the entry"
        )
    if isinstance(node, yaml.SequenceNode):
        items: list[Node] = node.value
        if not isinstance(value, list):
            return f"{where} is a list in the file, {_shown(value)} in the entry"
        if len(items) != len(value):
            return f"{where} has {len(items)} items in the file, {len(value)} in the entry"
        return [(f"{path}[{place}]", item, value[place]) for place, item in enumerate(items)]
    if not isinstance(node, yaml.MappingNode):
        return f"{where} is of an unknown YAML kind"
    if not isinstance(value, dict):
        return f"{where} is a mapping in the file, {_shown(value)} in the entry"
    pairs: list[tuple[Node, Node]] = node.value
    fields: dict[str, Node] = {}
    for key, held in pairs:
        if not isinstance(key, yaml.ScalarNode):
            return f"{where} has a key that is not a scalar"
        name: str = key.value
        if name in fields:
            return f"{where} has the key {_shown(name)} twice"
        fields[name] = held
    for name in (*fields, *value):
        if name not in value:
            return f"{_below(path, name)} is in the file, but not in the entry"
        if name not in fields:
            return f"{_below(path, name)} is in the entry, but not in the file"
    return [(_below(path, name), held, value[name]) for name, held in fields.items()]


def _same(node: ScalarNode, value: Json) -> bool:
    text: str = node.value
    if node.tag == _TEXT_TAG or node.style is not None:
        return value == text
    if text in _NULL:
        return value is None
    if text in _BOOLEANS:
        return value is _BOOLEANS[text]
    if isinstance(value, (bool, dict, list)) or value is None:
        return False
    number = _number(text)
    if number is None or isinstance(value, str):
        # A number in the file is no text in the entry, however alike the two look.
        return number is None and value == text
    try:
        # JSON as many write it has no more digits than a double.
        return value == number or float(value) == float(number)
    except OverflowError:
        return False


def _number(text: str) -> int | float | None:
    try:
        for prefix, (pattern, base) in _BASED.items():
            if text.startswith(prefix) and pattern.fullmatch(text):
                return int(text[2:], base)
        match = _NUMBER.fullmatch(text)
        if match is None:
            return None
        number = float(text) if match[3] or "." in text else int(text)
        float(number)
    except (ValueError, OverflowError):
        return None  # longer than any number that JSON carries
    return number


def _below(path: str, name: str) -> str:
    return f"{path}.{name[:SHOWN]}" if path else name[:SHOWN]


def _shown(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            text = repr(value)
            return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
