"""A row of numbers as a row of small bars.

Owns the scale: what is usual stands at half the height, so that steady numbers make a calm line and one that is twice
the usual a full bar. Never knows what the numbers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

BARS = "▁▂▃▄▅▆▇"
"""No full block: bars of one row must not run into those of the row above."""


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` of ``values``, a bar each, at the right of exactly ``width`` cells."""
    shown = [max(0.0, value) for value in values[-width:]] if width > 0 else []
    if not shown:
        return " " * max(0, width)
    top = 2 * median(shown) or max(shown) or 1.0
    bars = (BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] for value in shown)
    return "".join(bars).rjust(width)
