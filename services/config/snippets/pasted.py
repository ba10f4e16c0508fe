"""What a pasted text turns out to be, and what is wrong with it.

Owns the values and the error with its place. Never reads a text.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import ConfigSyntaxError
from ...models import JsonObject


@dataclass(frozen=True, slots=True)
class Snippet:
    """One server of a pasted text: ``name`` None where it says none, ``value`` an entry in our shape.

    ``client``: id of the client in whose shape it stood; ``lints``: what was guessed, and what could not be
    carried over.
    """

    name: str | None
    value: JsonObject
    client: str
    lints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the pasted text: ``text`` begins at ``start`` of the ``whole``."""

    whole: str
    start: int
    text: str

    def part(self, start: int, end: int | None = None) -> Piece:
        """The part from ``start`` to ``end`` of this one's text."""
        return Piece(self.whole, self.start + start, self.text[start:end])

    def problem(self, what: str, hint: str, at: int | None = 0) -> ConfigSyntaxError:
        """The error for what stands at ``at`` of this text; None: the text as a whole."""
        if at is None:
            return ConfigSyntaxError(what, hint=hint, details={"line": None, "column": None})
        line, column = place_of(self.whole, self.start + at)
        return ConfigSyntaxError(
            f"line {line}, column {column}: {what}", hint=hint, details={"line": line, "column": column}
        )


def place_of(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character, both counted from 1."""
    index = max(0, min(index, len(text)))
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
