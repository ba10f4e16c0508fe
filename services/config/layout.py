"""How a JSON text is laid out, and how another member is put into it so that it looks at home.

Owns the passes over the tokens of valid JSON (with comments and trailing commas, where the file may have them).
Never judges whether the text is JSON and never opens a file: see ``edit``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import cast

from ..models import Json

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|//[^\r\n]*|/\*.*?\*/|[{}\[\]:,]|[^\s{}\[\]:,"/]+', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAIL = re.compile(r"[ \t]*(?://[^\r\n]*|/\*(?:[^*\r\n]|\*(?!/))*\*/(?=[ \t]*\r?\n))")
_INDENT = re.compile(r"\n([ \t]+)\"")
_SPREAD_ARRAY = re.compile(r"\[[ \t]*\r?\n")
_LINE = 80
"""An array that fits on a line of so many characters stands on one, unless the text has them spread out."""


@dataclass(frozen=True, slots=True)
class Member:
    """Offsets of one member: its key from ``start`` to ``key_end``, its value from ``value`` to ``end``.

    ``token`` is the index of the value's first token, ``comma`` the offset of the comma behind it.
    """

    key: str
    start: int
    key_end: int
    value: int
    end: int
    comma: int | None
    token: int

    @property
    def after(self) -> int:
        """Where it ends, with its comma."""
        return self.end if self.comma is None else self.comma + 1


@dataclass(frozen=True, slots=True)
class Members:
    """An object: offsets of its brackets, and what is between them. ``spread``: what is put into it gets lines."""

    start: int
    end: int
    items: tuple[Member, ...]
    spread: bool

    def last(self, key: str) -> Member | None:
        """The member that counts."""
        return next((item for item in reversed(self.items) if item.key == key), None)


def place_in(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def quoted(text: str) -> str:
    """A JSON string; half a surrogate pair, which UTF-8 cannot hold, stays an escape."""
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(text, ensure_ascii=False))


class JsonLayout:
    """A valid JSON text whose outermost value is an object (or an empty text, which has the usual layout)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._comment_ends: set[int] = set()
        self._tokens: list[tuple[int, int]] = []
        for match in TOKEN.finditer(text):
            if text.startswith("//", match.start()):
                self._comment_ends.add(match.end())
            elif not text.startswith("/*", match.start()):
                self._tokens.append(match.span())

    # -- what is there

    def stray_comma(self) -> int | None:
        """Offset of a comma with nothing before it, which taking out trailing commas would hide."""
        pairs = pairwise(start for start, _ in self._tokens)
        return next((this for last, this in pairs if self.text[this] == "," and self.text[last] in "{[,"), None)

    def root(self) -> Members:
        inner = self.text.strip()
        return self._members(0, spread="\n" in inner or len(self._tokens) == 2)

    def members(self, member: Member) -> Members:
        """Those of a value that is an object."""
        line = self.text.rfind("\n", 0, member.start)
        return self._members(member.token, spread=not self.text[line + 1 : member.start].strip() and line >= 0)

    def _members(self, index: int, *, spread: bool) -> Members:
        """``spread`` decides only where there is no member to go by."""
        items: list[Member] = []
        start = self._tokens[index][0]
        index += 1
        while self.text[self._tokens[index][0]] != "}":
            key = self._tokens[index]
            behind = self._behind(index + 2)
            has_comma = self.text[self._tokens[behind][0]] == ","
            items.append(
                Member(
                    key=cast("str", json.loads(self.text[slice(*key)])),
                    start=key[0],
                    key_end=key[1],
                    value=self._tokens[index + 2][0],
                    end=self._tokens[behind - 1][1],
                    comma=self._tokens[behind][0] if has_comma else None,
                    token=index + 2,
                )
            )
            index = behind + 1 if has_comma else behind
        end = self._tokens[index][0]
        members = Members(start, end, tuple(items), spread)
        if not items:
            return members
        return Members(start, end, members.items, any("\n" in gap for gap in self._gaps(members)))

    def _behind(self, index: int) -> int:
        """Index of the token after the value that begins at ``index``."""
        depth = 0
        while True:
            token = self.text[self._tokens[index][0]]
            depth += (token in "{[") - (token in "}]")
            index += 1
            if depth == 0:
                return index

    def _gaps(self, members: Members) -> list[str]:
        """What stands before each key: after the bracket, or after the comma."""
        begins = [members.start + 1, *(item.after for item in members.items)]
        return [self.text[begin : item.start] for begin, item in zip(begins, members.items, strict=False)]

    # -- how it is laid out

    @cached_property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @cached_property
    def _unit(self) -> str:
        """One step of indentation: that of the first indented key, else two spaces."""
        found = _INDENT.search(self.text)
        return found.group(1) if found and len(found.group(1)) <= 8 else "  "

    def _indent_at(self, offset: int) -> str:
        """The white space at the start of the line of ``offset``."""
        line = self.text[self.text.rfind("\n", 0, offset) + 1 :]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def spread(self, value: Json, indent: str) -> str:
        """``value`` on several lines; ``indent`` stands before the line it begins on."""
        inner = indent + self._unit
        if isinstance(value, dict) and value:
            lines = [f"{inner}{quoted(key)}: {self.spread(part, inner)}" for key, part in value.items()]
            return self._bracketed("{", lines, indent, "}")
        if isinstance(value, list) and value and not self._fits(value, indent):
            return self._bracketed("[", [inner + self.spread(part, inner) for part in value], indent, "]")
        return _on_one_line(value, ": ", ", ")

    def _bracketed(self, start: str, lines: list[str], indent: str, end: str) -> str:
        return self._newline.join([start, f",{self._newline}".join(lines), indent + end])

    def _fits(self, items: list[Json], indent: str) -> bool:
        if _SPREAD_ARRAY.search(self.text) or any(isinstance(item, dict | list) for item in items):
            return False
        return len(indent) + len(_on_one_line(items, ": ", ", ")) <= _LINE

    def _written(self, members: Members, like: str, value: Json, indent: str) -> str:
        """``value`` among ``members``: on one line where they are, or where ``like``, a text of its kind, is."""
        if members.spread and not ("\n" not in like and _alike(like, value)):
            return self.spread(value, indent)
        colon = self._colon(members)
        return _on_one_line(value, colon, ", " if colon.endswith(" ") else ",")

    def _colon(self, members: Members) -> str:
        if not members.items:
            return ":" if re.search(r'":\S', self.text) else ": "
        last = members.items[-1]
        colon = self.text[last.key_end : last.value]
        return colon if re.fullmatch(r"[ ]*:[ ]*", colon) else ": "

    # -- changes

    def replaced(self, members: Members, member: Member, value: Json) -> str:
        """The text with ``value`` in the place of ``member``'s."""
        old = self.text[member.value : member.end]
        written = self._written(members, old, value, self._indent_at(member.start))
        return self.text[: member.value] + written + self.text[member.end :]

    def inserted(self, members: Members, key: str, value: Json) -> str:
        """The text with another member at the end of an object."""
        if not members.items:
            return self._into_empty(members, key, value)
        last = members.items[-1]
        tail = self._tail(last.after)
        lead = self._lead(members, in_comment=tail in self._comment_ends)
        indent = lead.rpartition("\n")[2] if "\n" in lead else self._indent_at(last.start)
        texts = [self.text[item.value : item.end] for item in members.items]
        sibling = next((text for text in reversed(texts) if _alike(text, value)), "")
        written = f"{lead}{quoted(key)}{self._colon(members)}{self._written(members, sibling, value, indent)}"
        if last.comma is not None:
            return f"{self.text[:tail]}{written},{self.text[tail:]}"
        return f"{self.text[: last.end]},{self.text[last.end : tail]}{written}{self.text[tail:]}"

    def removed(self, members: Members, member: Member) -> str:
        """The text without ``member``, its comma, and a comment behind it on its line."""
        index = members.items.index(member)
        before = members.items[index - 1] if index else None
        after = members.items[index + 1] if index + 1 < len(members.items) else None
        if before is None and after is None:
            inside = self.text[members.start + 1 : member.start] + self.text[member.after : members.end]
            if not inside.strip():
                return self.text[: members.start + 1] + self.text[members.end :]
        elif after is not None and not self.text[member.after : after.start].strip():
            return self.text[: member.start] + self.text[after.start :]
        elif before is not None and after is None and not self.text[before.after : member.start].strip():
            return self.text[: before.after - 1] + self.text[member.end :]
        cut = self._without(member)
        if before is not None and before.comma is not None and after is None and member.comma is None:
            cut = cut[: before.comma] + cut[before.comma + 1 :]
        return cut

    def _without(self, member: Member) -> str:
        """The text without ``member`` where comments stand about it."""
        start = len(self.text[: member.start].rstrip())
        rest = self.text[self._tail(member.after) :]
        if start in self._comment_ends and not re.match(r"[ \t]*\r?\n", rest):
            return self.text[:start] + self._newline + rest  # else the comment would swallow it
        return self.text[:start] + rest

    def _into_empty(self, members: Members, key: str, value: Json) -> str:
        inside = self.text[members.start + 1 : members.end]
        indent = self._indent_at(members.start)
        lead = (
            f"{self._newline}{indent}{self._unit}" if "\n" in inside or (members.spread and not inside.strip()) else ""
        )
        written = f"{lead}{quoted(key)}{self._colon(members)}"
        written += self._written(members, "", value, indent + self._unit)
        if not inside.strip():
            tail = self._newline + indent if lead else ""
            return self.text[: members.start + 1] + written + tail + self.text[members.end :]
        at = members.start + 1 + len(inside.rstrip())
        return self.text[:at] + (written if lead else " " + written) + self.text[at:]

    def _tail(self, offset: int) -> int:
        """Where what belongs to the line of a member ends: a comment behind it is about it."""
        found = _TAIL.match(self.text, offset)
        return found.end() if found else offset

    def _lead(self, members: Members, *, in_comment: bool) -> str:
        """What stands before the key of another member."""
        gaps = self._gaps(members)
        lines = [gap for gap in gaps if "\n" in gap]
        if lines:
            line = lines[-1].rpartition("\n")[2]
            return self._newline + line[: len(line) - len(line.lstrip(" \t"))]
        if in_comment:
            return self._newline + self._indent_at(members.start) + self._unit
        if len(gaps) > 1 and not gaps[-1].strip():
            return gaps[-1]
        return " " if self._colon(members).endswith(" ") else ""


def _on_one_line(value: Json, colon: str, comma: str) -> str:
    if isinstance(value, dict):
        return (
            "{"
            + comma.join(f"{quoted(key)}{colon}{_on_one_line(part, colon, comma)}" for key, part in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + comma.join(_on_one_line(part, colon, comma) for part in value) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _alike(text: str, value: Json) -> bool:
    """``text`` and ``value`` are both objects or both arrays, and hold something."""
    start = "{" if isinstance(value, dict) else "[" if isinstance(value, list) else ""
    return bool(start and value and text.startswith(start) and text[1:-1].strip())
