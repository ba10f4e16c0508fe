r"""JSON as text: read it strictly, write it safely, lay it out a line at a time.

Owns the text form of JSON values as people type and read them. Never draws and imports no Textual.
What is written is always valid JSON: characters that ``state.text`` would make visible (controls,
bidi, zero-width, lone surrogates) are written as ``\uXXXX``, so that a terminal is safe and nothing is lost.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn, cast

from ..services.models import Json
from ..services.models.json_values import same
from ..services.state.text import visible

__all__ = ["JsonTextError", "dumps", "escape_unsafe", "is_unsafe", "loads", "pretty", "pretty_text", "same"]

INDENT = 2
INDENT_LEVELS = 40
INLINE = 60
"""Longest array or object of scalars that is laid out on one line, in characters."""
ALIGN = 24
"""Longest key that values are aligned after, in characters."""


class JsonTextError(ValueError):
    """Text that is not JSON; the message says what is wrong and where (1-based line and column)."""


def _refuse(word: str) -> NoReturn:
    raise JsonTextError(f"{word} is not a JSON number")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise JsonTextError(f"{text[:24]} is too large for a number")
    return number


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonTextError(f"member {dumps(twice)} stands twice")
    return members


def loads(text: str) -> Json:
    """The value of strict JSON text: no NaN, no infinite numbers, no member twice.

    Integers keep all their digits, ``1.0`` stays a float. Raises JsonTextError.
    """
    try:
        return cast("Json", json.loads(text, parse_constant=_refuse, parse_float=_float, object_pairs_hook=_members))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise JsonTextError(f"{error.msg[:1].lower()}{error.msg[1:]} ({where})") from None
    except JsonTextError:
        raise
    except ValueError:
        raise JsonTextError("a number has too many digits") from None
    except RecursionError:
        raise JsonTextError("nested too deeply") from None


def dumps(value: Json) -> str:
    """One line of JSON, safe for a terminal."""
    try:
        return _safe(json.dumps(value, ensure_ascii=False))
    except (RecursionError, ValueError):  # deeper than the encoder goes, or more digits than int() prints
        return " ".join(line.strip() for line in pretty(value))


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text) if visible(text) != text else text


# The set of state.text, without newline and tab: JSON text has those between tokens only.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _utf16(ord(match.group())))


def _utf16(code: int) -> tuple[int, ...]:
    if code <= 0xFFFF:
        return (code,)
    code -= 0x10000
    return (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))


def escape_unsafe(text: str) -> str:
    r"""JSON text in which characters that must not reach a terminal stand as ``\uXXXX``."""
    return _UNSAFE.sub(_escape, text)


def is_unsafe(text: str) -> bool:
    return _UNSAFE.search(text) is not None


class _Open:
    """A container whose members are being written."""

    __slots__ = ("close", "left", "members", "pad")

    def __init__(self, value: dict[str, Json] | list[Json], *, align: bool) -> None:
        self.left = len(value)
        self.pad = 0
        if isinstance(value, dict):
            self.close = "}"
            named = [(dumps(name), child) for name, child in value.items()]
            self.members = iter(named)
            if align and len(named) <= 200:
                lengths = [len(name) for name, child in named if not isinstance(child, dict | list)]
                self.pad = max((length for length in lengths if length <= ALIGN), default=0)
        else:
            self.close = "]"
            self.members = iter([("", child) for child in value])


def pretty(value: Json, *, align: bool = False, clip: int | None = None) -> Iterator[str]:
    """The lines of a value, indented by two blanks, lazily and without recursion.

    Short arrays of scalars stand on one line. ``align``: for reading; values start in one column and
    short objects stand on one line too. ``clip``: strings longer than this are cut with ``…`` (only for a preview).
    """
    if not isinstance(value, dict | list) or not value:
        yield _flat(value, clip)
        return
    yield "{" if isinstance(value, dict) else "["
    stack = [_Open(value, align=align)]
    while stack:
        top = stack[-1]
        if top.left == 0:
            stack.pop()
            comma = "," if stack and stack[-1].left else ""
            yield " " * (INDENT * min(len(stack), INDENT_LEVELS)) + top.close + comma
            continue
        top.left -= 1
        name, child = next(top.members)
        lead = " " * (INDENT * min(len(stack), INDENT_LEVELS))
        flat = _inline(child, clip, objects=align)
        if name:
            lead += f"{name}:{' ' * max(0, top.pad - len(name)) if flat is not None else ''} "
        if flat is not None:
            yield f"{lead}{flat}{',' if top.left else ''}"
        else:
            container = cast("dict[str, Json] | list[Json]", child)
            yield lead + ("{" if isinstance(container, dict) else "[")
            stack.append(_Open(container, align=align))


def pretty_text(value: Json) -> str:
    """A value for editing: every line of ``pretty``."""
    return "\n".join(pretty(value))


def _flat(value: Json, clip: int | None) -> str:
    if clip is not None and isinstance(value, str) and len(value) > clip:
        return dumps(value[:clip])[:-1] + "…"
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError:  # more digits than the interpreter prints
            return hex(value)
    return _safe(json.dumps(value, ensure_ascii=False))


def _inline(value: Json, clip: int | None, *, objects: bool) -> str | None:
    """The value on one line when it is a scalar or a short row of scalars."""
    if not isinstance(value, dict | list) or not value:
        return _flat(value, clip)
    if isinstance(value, dict) and not objects:
        return None
    children = list(value.values() if isinstance(value, dict) else value) if len(value) <= 16 else None
    if children is None or any(isinstance(child, dict | list) or _long(child) for child in children):
        return None
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{dumps(name)}: {_flat(child, clip)}" for name, child in value.items()) + "}"
    else:
        text = "[" + ", ".join(_flat(child, clip) for child in value) + "]"
    return text if len(text) <= INLINE else None


def _long(value: Json) -> bool:
    return isinstance(value, str) and len(value) > INLINE
