"""Percentiles of durations: close to the exact ones, in bounded memory."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.telemetry.histogram import BUCKETS, SMALLEST, Histogram

LENGTHS = st.lists(st.floats(SMALLEST * 2, 1e9), min_size=1, max_size=200)
SHARES = (0.0, 0.1, 0.5, 0.95, 0.99, 1.0)


def exact(lengths: list[float], share: float) -> float:
    return sorted(lengths)[max(1, math.ceil(share * len(lengths))) - 1]


@given(LENGTHS)
def test_every_percentile_is_within_five_percent_of_the_exact_one(lengths: list[float]) -> None:
    histogram = Histogram()
    for length in lengths:
        histogram.add(length)
    for share, found in zip(SHARES, histogram.percentiles(*SHARES), strict=True):
        assert found == pytest.approx(exact(lengths, share), rel=0.05)
    assert histogram.longest == max(lengths)


def test_the_memory_does_not_grow_with_the_number_of_calls() -> None:
    histogram, chance = Histogram(), random.Random(7)
    for _ in range(20_000):
        histogram.add(chance.lognormvariate(3, 4))
    assert histogram.count == 20_000
    assert len(histogram._buckets) <= BUCKETS


@pytest.mark.parametrize("odd", [0.0, -1.0, math.nan, math.inf, 1e300], ids=["zero", "negative", "nan", "inf", "huge"])
def test_what_is_no_length_of_time_is_counted_and_breaks_nothing(odd: float) -> None:
    histogram = Histogram()
    histogram.add(odd)
    (median,) = histogram.percentiles(0.5)
    assert histogram.count == 1
    assert median is not None
    assert 0 < median < math.inf


def test_without_calls_there_are_no_percentiles() -> None:
    assert Histogram().percentiles(0.5, 0.99) == (None, None)
    assert Histogram().longest is None
