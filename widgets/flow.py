"""Words in a row that goes on in the next one where there is no more room: nothing is cut.

Owns the places of its children, one row high each. Never decides what stands in them.
"""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from .app_of import app_of

FILLER = "-filler"
"""The class of a last child that takes what is left of the last row, and a row of its own where it would be cut."""


class FlowLayout(Layout):
    """Children from left to right, each as wide as what stands in it."""

    name = "flow"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        viewport = app_of(parent).size
        placed: list[WidgetPlacement] = []
        x = y = 0
        for child in children:
            if child.has_class(FILLER):
                width, wanted = size.width - x, _width(child, size, viewport)
                if x and width < min(wanted, size.width):
                    x, y, width = 0, y + 1, size.width
            else:
                width = min(_width(child, size, viewport), size.width)
                if x and x + width > size.width:
                    x, y = 0, y + 1
            region = Region(x, y, max(0, width), 1)
            placed.append(WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, child))
            x += width
        return placed


def _width(child: Widget, size: Size, viewport: Size) -> int:
    """Of an empty one nothing, not even what it keeps clear around its words."""
    words = child.get_content_width(size, viewport)
    return words + child.gutter.width if words else 0


_FLOW = FlowLayout()


class Flow(Widget):
    """As many rows as its children need in the width that it has."""

    DEFAULT_CSS: ClassVar[str] = "Flow { height: auto; width: 1fr; }"

    @property
    def layout(self) -> Layout:
        return _FLOW
