"""The trip of demo-stdio's ``plan_trip``: what goes in, what comes out, and the sums.

Owns nested models, so that a form has something to chew on. Knows nothing of any protocol.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

Pace: TypeAlias = Literal["slow", "normal", "fast"]
PACES: dict[Pace, float] = {"slow": 0.8, "normal": 1.0, "fast": 1.3}
"""What a day costs at each pace, compared with the daily budget."""
GROWN_UP = 12
"""The age in years from which a traveller pays in full."""


class Traveller(BaseModel):
    """Who travels."""

    name: str = Field(min_length=1)
    age: int = Field(ge=0, le=120)
    vegetarian: bool = False


class Stop(BaseModel):
    """One place on the way."""

    place: str = Field(min_length=1)
    nights: int = Field(ge=1, le=30)


class TripDay(BaseModel):
    """One day of the plan."""

    date: dt.date
    place: str
    budget: float


class TripPlan(BaseModel):
    """The trip, worked out."""

    travellers: list[str]
    nights: int
    total: float = Field(description="What everything costs, in the currency of the daily budget.")
    days: list[TripDay]


def plan(
    start: dt.date, travellers: Sequence[Traveller], stops: Sequence[Stop], adult: float, child_share: float
) -> TripPlan:
    """Days and costs. ``adult``: what a day costs one adult; ``child_share``: the part of it a child pays."""
    cost = round(adult * sum(child_share if traveller.age < GROWN_UP else 1.0 for traveller in travellers), 2)
    places = [stop.place for stop in stops for _ in range(stop.nights)]
    return TripPlan(
        travellers=[traveller.name for traveller in travellers],
        nights=len(places),
        total=round(cost * len(places), 2),
        days=[
            TripDay(date=start + dt.timedelta(days=number), place=place, budget=cost)
            for number, place in enumerate(places)
        ],
    )
