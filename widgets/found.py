"""Words that are looked for in what is shown: reading them, marking them, and what is found said in words.

Owns these. Never looks through anything by itself.
"""

from __future__ import annotations

import re

from .ink import Line, Span

FOUND_CSS = """
.ink--found { color: $text; background: $accent 35%; }
.ink--found-now { color: $background; background: $warning; text-style: bold; }
"""


def pattern_of(words: str) -> re.Pattern[str] | None:
    """What ``words`` match: as they are, in any case unless one of their letters is a capital. None: nothing."""
    if not words:
        return None
    return re.compile(re.escape(words), 0 if words != words.lower() else re.IGNORECASE)


def marked(line: Line, pattern: re.Pattern[str], ink: str) -> list[Span]:
    """``line`` with what matches in other ink; a match may reach over several spans."""
    whole = "".join(text for text, _ in line)
    ranges = [match.span() for match in pattern.finditer(whole) if match.end() > match.start()]
    if not ranges:
        return list(line)
    spans: list[Span] = []
    at = 0
    for text, own in line:
        end = at + len(text)
        position = at
        for first, last in ranges:
            left, right = max(first, position), min(last, end)
            if left >= right:
                continue
            if left > position:
                spans.append((whole[position:left], own))
            spans.append((whole[left:right], ink))
            position = right
        if position < end:
            spans.append((whole[position:end], own))
        at = end
    return spans


def count_words(now: int, total: int, *, running: bool = False) -> str:
    """``3 of 120``; ``now`` counts from 0."""
    if not total:
        return "looking …" if running else "nothing found"
    return f"{now + 1:,} of {total:,}{' …' if running else ''}"
