"""What the definitions of tools cost: bytes as they came, tokens of a model's context.

Owns adding up. The tokens are an estimate by characters: no tokenizer of any model is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..models import Tool, tokens_of


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
    """What a model's context takes for ``tools`` and for ``instructions`` as it gets them."""
    count = size = tokens = 0
    for tool in tools:
        count += 1
        size += tool.wire_bytes
        tokens += tool.tokens
    return Cost(count, size + len(instructions.encode("utf-8", "replace")), tokens + tokens_of(len(instructions)))
