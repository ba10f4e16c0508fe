"""Lengths of time in words.

Owns the one way to say them, on screen and on the command line. Reads no clock.
"""

from __future__ import annotations


def span(seconds: float) -> str:
    """A length of time in its two largest units: ``0.5 s``, ``90 s``, ``30 min``, ``27 h 47 min``."""
    if seconds < 120:
        return f"{seconds:g} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    if days > 1:
        return f"{days} d {rest} h" if rest else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"
