"""demo-http: a server that speaks Streamable HTTP.

Owns its tools. The socket and the process belong to ``http_server``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Literal

import anyio.to_thread
from mcp.server.mcpserver import (
    AcceptedElicitation,
    Context,
    Elicit,
    ElicitationResult,
    Image,
    MCPServer,
    Resolve,
)
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from . import pictures

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
SECRET = re.compile(r"authorization|cookie|token|secret|key", re.IGNORECASE)

server = MCPServer(
    "demo-http",
    title="Over HTTP",
    version=version("mcpdeck"),
    description="A server on a free port of this machine's loopback interface.",
    instructions=(
        "request_headers shows what mcpdeck sends with each request; count_primes works for a while and streams "
        "its progress; order_coffee asks you back over the same stream."
    ),
)


@server.tool(title="Request headers", annotations=READ_ONLY)
def request_headers(ctx: Context) -> dict[str, str]:
    """Returns the HTTP headers of this very request; values that look secret are masked."""
    return {name: "•••" if SECRET.search(name) else value for name, value in (ctx.headers or {}).items()}


class Roll(BaseModel):
    """What the dice show."""

    dice: list[int]
    total: int


@server.tool(title="Roll dice", annotations=READ_ONLY)
def roll_dice(
    dice: Annotated[int, Field(description="How many dice.", ge=1, le=100)] = 2,
    sides: Annotated[int, Field(description="How many sides each has.", ge=2, le=1_000)] = 6,
) -> Roll:
    """Rolls some dice."""
    rolled = [random.randint(1, sides) for _ in range(dice)]
    return Roll(dice=rolled, total=sum(rolled))


@server.tool(title="Bar chart", annotations=READ_ONLY)
def bar_chart(
    values: Annotated[list[float], Field(description="The heights.", min_length=1, max_length=16)],
    labels: Annotated[list[str] | None, Field(description="A word for each; numbers when left out.")] = None,
    title: Annotated[str, Field(description="What is written above.", max_length=40)] = "Bar chart",
) -> Image:
    """Draws a bar chart. Try [3, 1, 4, 1, 5, 9, 2, 6]."""
    words = labels or [str(number) for number in range(1, len(values) + 1)]
    if len(words) != len(values):
        raise ToolError(f"{len(values)} values need as many labels, not {len(words)}.")
    return Image(data=pictures.bar_chart(title, words, values), format="png")


class Primes(BaseModel):
    """How many primes there are, and the last of them."""

    limit: int
    count: int
    largest: int


@server.tool(title="Count primes", annotations=READ_ONLY)
async def count_primes(
    ctx: Context,
    limit: Annotated[int, Field(description="Where to stop.", ge=2, le=50_000_000)] = 10_000_000,
) -> Primes:
    """Counts the prime numbers up to a limit, and reports its progress while it works."""
    small = await anyio.to_thread.run_sync(_sieve, 0, int(limit**0.5) + 1)
    count, largest, start, step = 0, 2, 0, max(1_000, limit // 40)
    while start <= limit:
        end = min(start + step, limit + 1)
        found = await anyio.to_thread.run_sync(_sieve, start, end, small)
        count, largest = count + len(found), found[-1] if found else largest
        await ctx.report_progress(end, limit + 1, f"{count:,} primes below {end:,}")
        start = end
    return Primes(limit=limit, count=count, largest=largest)


def _sieve(start: int, end: int, primes: Sequence[int] = ()) -> list[int]:
    """The primes in ``start <= n < end``. ``primes``: all up to the root of ``end``, or none to find them here."""
    flags = bytearray([1]) * (end - start)
    for number in range(start, min(2, end)):
        flags[number - start] = 0
    for prime in primes or range(2, int(end**0.5) + 1):
        first = max(prime * prime, -(-start // prime) * prime)
        if first < end:
            flags[first - start :: prime] = bytes(len(range(first, end, prime)))
    return [number for number, flag in enumerate(flags, start) if flag]


class Order(BaseModel):
    """The question at the counter."""

    size: Literal["small", "medium", "large"] = Field(title="Size", default="medium")
    milk: Literal["none", "dairy", "oat"] = Field(title="Milk", default="none")
    name: str = Field(title="Name", description="What should we call out?", min_length=1, max_length=40)
    to_go: bool = Field(title="To go", default=False)


async def ask_for_order(drink: str) -> Elicit[Order]:
    """The question of ``order_coffee``."""
    return Elicit(f"One {drink}, coming up. How would you like it?", Order)


@server.tool(title="Order a coffee", annotations=READ_ONLY, structured_output=False)
async def order_coffee(
    order: Annotated[ElicitationResult[Order], Resolve(ask_for_order)],
    drink: Annotated[Literal["espresso", "filter coffee", "tea"], Field(description="What to drink.")] = "espresso",
) -> str:
    """Takes an order; asks for the details while the call is running. There is no real coffee."""
    match order:
        case AcceptedElicitation(data=wish):
            milk = "without milk" if wish.milk == "none" else f"with {wish.milk} milk"
            return f"One {wish.size} {drink} {milk}{' to go' if wish.to_go else ''} for {wish.name}!"
        case _:
            return "No coffee, then. Maybe later."
