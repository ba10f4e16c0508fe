"""Durations as a histogram with buckets that grow: percentiles within 5 % in bounded memory.

Owns the buckets. Never keeps a duration by itself and never knows whose they are.
"""

from __future__ import annotations

import math

GROWTH = 1.1
"""Each bucket ends a tenth above where it begins, so that its middle is at most 4.9 % away from what is in it."""
SMALLEST = 0.001
"""Milliseconds; what is shorter counts as this."""
BUCKETS = 300
"""The last one begins above 2 * 10^9 ms: no call takes 23 days."""

_STEP = math.log(GROWTH)
_OFFSET = math.log(SMALLEST)
_LARGEST = SMALLEST * GROWTH**BUCKETS


class Histogram:
    """How often each length of time came; ``longest`` is exact, in milliseconds."""

    __slots__ = ("_buckets", "count", "longest")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.longest: float | None = None

    def add(self, milliseconds: float) -> None:
        """Count one; what is no length of time (negative, NaN) counts as the smallest."""
        if not milliseconds > SMALLEST:
            milliseconds = SMALLEST
        bucket = min(BUCKETS - 1, int((math.log(min(milliseconds, _LARGEST)) - _OFFSET) / _STEP))
        buckets = self._buckets
        buckets[bucket] = buckets.get(bucket, 0) + 1
        self.count += 1
        if self.longest is None or milliseconds > self.longest:
            self.longest = milliseconds

    def percentiles(self, *shares: float) -> tuple[float | None, ...]:
        """The length of time that each share (0 to 1, rising) of all stays within; None while there is none.

        Of ``n`` lengths it is the ``ceil(share * n)``-th, the nearest rank.
        """
        if not self.count:
            return (None,) * len(shares)
        found: list[float | None] = []
        filled = sorted(self._buckets.items())
        position, seen = 0, filled[0][1]
        for share in shares:
            rank = max(1, math.ceil(share * self.count))
            while seen < rank:
                position += 1
                seen += filled[position][1]
            found.append(self._middle(filled[position][0]))
        return tuple(found)

    def _middle(self, bucket: int) -> float:
        middle = SMALLEST * GROWTH ** (bucket + 0.5)
        return middle if self.longest is None else min(middle, self.longest)
