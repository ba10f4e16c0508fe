"""What the definitions of tools cost: bytes as they came, tokens of a model's context.

Owns adding up, and how much of a text a model gets. The tokens are an estimate by characters: no tokenizer of any
model is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .calls import tokens_of
from .offers import Tool

DESCRIBED = 2_048
"""Characters of a description, or of a server's instructions, that a model gets."""
_MORE = "…"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a tool, of a server with its instructions, or of all. ``bytes`` as JSON in UTF-8, ``tokens`` estimated."""

    tools: int = 0
    bytes: int = 0
    tokens: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tools + other.tools, self.bytes + other.bytes, self.tokens + other.tokens)

    @property
    def words(self) -> str:
        """``~12,400 tokens of definitions (estimate)``."""
        return f"~{self.tokens:,} tokens of definitions (estimate)"


def cost_of(tools: Iterable[Tool], instructions: str = "") -> Cost:
    """What a model's context takes for ``tools`` and for a server's ``instructions``, of which it gets the first."""
    count = size = tokens = 0
    for tool in tools:
        count += 1
        size += tool.wire_bytes
        tokens += tool.tokens
    said = capped(instructions)
    return Cost(count, size + len(said.encode("utf-8", "replace")), tokens + tokens_of(len(said)))


def capped(text: str) -> str:
    """``text`` as a model would get it: at most ``DESCRIBED`` characters, none of them half of a surrogate pair."""
    if len(text) > DESCRIBED:
        text = text[: DESCRIBED - len(_MORE)] + _MORE
    if text.isascii():
        return text
    # What is left of surrogates is no text: pairs become their character, lone ones the sign for what is lost.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
