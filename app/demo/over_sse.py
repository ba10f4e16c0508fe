"""demo-sse: a server that speaks HTTP+SSE, the transport of the first revision (2024-11-05).

Owns its tools. The socket and the process belong to ``http_server``.
"""

from __future__ import annotations

import datetime as dt
import math
from importlib.metadata import version
from typing import Annotated, Literal

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
NEW_MOON = dt.datetime(2000, 1, 6, 18, 14, tzinfo=dt.UTC)
MONTH = 29.530588853
"""Days from one new moon to the next, on average."""
PHASES = (
    "new moon",
    "waxing crescent",
    "first quarter",
    "waxing gibbous",
    "full moon",
    "waning gibbous",
    "last quarter",
    "waning crescent",
)

server = MCPServer(
    "demo-sse",
    title="The older transport",
    version=version("mcpdeck"),
    description="A server over HTTP+SSE: messages go out as POSTs, everything comes back on one event stream.",
    instructions=(
        "moon_phase answers at once; moon_calendar sends its progress over the event stream. Watch the wire: it "
        "begins with the endpoint that messages are posted to."
    ),
)


class Moon(BaseModel):
    """The moon on one day."""

    date: dt.date
    phase: str
    age_in_days: float = Field(description="Days since the last new moon.")
    illuminated: float = Field(description="The bright part of the disc, 0 to 1.")


@server.tool(title="Moon phase", annotations=READ_ONLY)
def moon_phase(
    date: Annotated[dt.date | None, Field(description="The day; today when left out.")] = None,
) -> Moon:
    """Works out the phase of the moon from its mean month; good to about half a day."""
    day = date or dt.datetime.now(dt.UTC).date()
    return _moon(day)


def _moon(day: dt.date) -> Moon:
    noon = dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)
    age = (noon - NEW_MOON).total_seconds() / 86_400 % MONTH
    return Moon(
        date=day,
        phase=PHASES[round(age / MONTH * len(PHASES)) % len(PHASES)],
        age_in_days=round(age, 1),
        illuminated=round((1 - math.cos(2 * math.pi * age / MONTH)) / 2, 3),
    )


@server.tool(title="Moon calendar", annotations=READ_ONLY)
async def moon_calendar(
    ctx: Context,
    days: Annotated[int, Field(description="How many days from today.", ge=1, le=120)] = 30,
) -> list[Moon]:
    """Works out one day after the other, slowly enough to see the progress on the stream."""
    first = dt.datetime.now(dt.UTC).date()
    moons: list[Moon] = []
    for number in range(days):
        moons.append(_moon(first + dt.timedelta(days=number)))
        await ctx.report_progress(number + 1, days, moons[-1].phase)
        await anyio.sleep(0.03)
    return moons


@server.tool(title="Convert a temperature", annotations=READ_ONLY, structured_output=False)
def convert_temperature(
    value: Annotated[float, Field(description="The temperature.")],
    given_in: Annotated[Literal["celsius", "fahrenheit", "kelvin"], Field(description="Its unit.")] = "celsius",
) -> str:
    """Tells a temperature in all three units."""
    celsius = {"celsius": value, "fahrenheit": (value - 32) / 1.8, "kelvin": value - 273.15}[given_in]
    return f"{celsius:.2f} °C = {celsius * 1.8 + 32:.2f} °F = {celsius + 273.15:.2f} K"
