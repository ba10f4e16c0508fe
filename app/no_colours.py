"""``NO_COLOR``: the dashboard without a single colour, where the cursor and what is chosen can still be seen.

Owns what becomes of a drawn line then. Textual's own filter leaves shades of grey, which are colours too
(https://no-color.org: "no ANSI color"), and a terminal's own background may make them unreadable.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_PLAIN = Style(color=RichColor.default(), bgcolor=RichColor.default())
_SEEN = 1.15
"""Contrast of a background with that of its screen from which it says something: a cursor, a badge, a selection."""
_STRONG = 1.45
"""From which it is the only thing that says it."""


class NoColours(LineFilter):
    """What stands out by its background is reversed, or bold where it stands out a little; the rest is plain."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, None if style is None else _without(style, background), control)
            for text, style, control in segments
        ]


@lru_cache(2_048)
def _without(style: Style, background: Color) -> Style:
    plain = style + _PLAIN
    if style.bgcolor is None or style.bgcolor.is_default:
        return plain
    contrast = _contrast(background, Color.from_rich_color(style.bgcolor))
    if contrast >= _STRONG:
        return plain + Style(reverse=not style.reverse)
    return plain + Style(bold=True) if contrast >= _SEEN else plain


def _contrast(one: Color, other: Color) -> float:
    """WCAG 2.2, "contrast ratio"."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
