"""The plain mode for screen readers: no boxes, no pictures made of characters, the cursor of the terminal itself.

Owns which characters never reach the terminal then, and what stands for them. Every one becomes exactly one other, so
that nothing moves: what is drawn is decided as always, one place after everything else makes it plain.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color

VARIABLE = "MCPDECK_PLAIN"
_WORDLESS: dict[str, str] = {
    "▌": ">",  # the line under the cursor
    "▐": " ",
    "│": " ",
    "┃": " ",
    "·": ",",
    "↵": " ",
    "✔": "+",
    "✓": "+",
    "✖": "x",
    "✗": "x",
    "⚠": "!",
    "▲": "!",
    "■": "x",
    "▶": ">",
    "▸": ">",
    "▾": "v",
    "▼": "v",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↻": "~",
    "⟳": "~",
}


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment asks for it."""
    return environ.get(VARIABLE, "").casefold() not in ("", "0", "no", "false", "off")


class Plain(LineFilter):
    """Lines, blocks, dots and arrows become letters and blanks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(_plain(text), style, control) for text, style, control in segments]


@lru_cache(8_192)
def _plain(text: str) -> str:
    return text if text.isascii() else "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    known = _WORDLESS.get(character)
    if known is not None:
        return known
    code = ord(character)
    # box drawing, block elements, geometric shapes, braille patterns (spinners)
    if 0x2500 <= code <= 0x25FF or 0x2800 <= code <= 0x28FF:
        return " "
    return character
