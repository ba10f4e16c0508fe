"""demo-stdio: one tool for each kind of result that a client has to show.

Owns the tools, resources and prompt of the first demo server. Everything they say is true or
computed on the spot; nothing outside this process is read or changed. How it is served is
``stdio_server``'s business.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
import re
import sys
from collections import Counter
from importlib.metadata import version
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import (
    AcceptedElicitation,
    Context,
    DeclinedElicitation,
    Elicit,
    ElicitationResult,
    Image,
    MCPServer,
    Resolve,
)
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.shared.exceptions import MCPError
from mcp.types import EmptyResult, LoggingLevel, SetLevelRequestParams, ToolAnnotations
from pydantic import BaseModel, Field

from . import pictures
from .pictures import TimeOfDay
from .trip import PACES, Pace, Stop, Traveller, TripPlan, plan

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
LEVELS: tuple[LoggingLevel, ...] = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)

server = MCPServer(
    "demo-stdio",
    title="First steps",
    version=version("mcpdeck"),
    description="A small server to get to know mcpdeck with.",
    instructions=(
        "Start with greet, then look at paint_landscape. countdown takes ten seconds and can be cancelled; "
        "book_table asks you something back; fail goes wrong in three different ways. "
        "Then go to demo-login and press Enter: you see a login, a token that expires and is renewed, and a tool that "
        "wants more. "
        "Nothing here leaves this machine."
    ),
)


@server.tool(title="Greet", annotations=READ_ONLY, structured_output=False)
def greet(
    name: Annotated[str, Field(description="Who to greet.", min_length=1, max_length=80)] = "World",
    language: Annotated[
        Literal["English", "Deutsch", "Français", "Español", "Italiano", "日本語"],
        Field(description="The language to greet in."),
    ] = "English",
) -> str:
    """Says hello. The simplest call there is: two arguments in, one line of text out."""
    hello = {
        "English": "Hello, {}! Nice to have you here.",
        "Deutsch": "Hallo, {}! Schön, dass du da bist.",
        "Français": "Bonjour, {} ! Ravi de te voir.",
        "Español": "¡Hola, {}! Qué bueno que estés aquí.",
        "Italiano": "Ciao, {}! Che bello averti qui.",
        "日本語": "こんにちは、{}さん。ようこそ。",
    }
    return hello[language].format(name)


@server.tool(title="Paint a landscape", annotations=READ_ONLY)
async def paint_landscape(
    time_of_day: Annotated[TimeOfDay, Field(description="The light to paint in.")] = "dusk",
    seed: Annotated[int, Field(description="Another number, another landscape.", ge=0, le=999_999)] = 7,
) -> list[str | Image]:
    """Paints hills above a lake and returns the picture, drawn right in your terminal."""
    data = await anyio.to_thread.run_sync(pictures.landscape, time_of_day, seed)
    return [f"A lake at {time_of_day}, number {seed}.", Image(data=data, format="png")]


class WordCount(BaseModel):
    """What was counted."""

    words: int
    characters: int
    lines: int
    longest: str | None = Field(description="The longest word; the first one of that length.")
    frequent: dict[str, int] = Field(description="The five words used most, in lower case.")


@server.tool(title="Count words", annotations=READ_ONLY)
def word_count(
    text: Annotated[str, Field(description="The text to count in.", max_length=100_000)],
) -> WordCount:
    """Counts words, characters and lines. Returns a structured result with an output schema."""
    words = re.findall(r"[\w'’-]+", text)
    return WordCount(
        words=len(words),
        characters=len(text),
        lines=len(text.splitlines()),
        longest=max(words, key=len, default=None),
        frequent=dict(Counter(word.lower() for word in words).most_common(5)),
    )


class SystemInfo(BaseModel):
    """The machine and the process that answer."""

    system: str
    machine: str
    python: str
    process_id: int
    processors: int | None
    versions: dict[str, str]
    time: dt.datetime


@server.tool(title="System info", annotations=READ_ONLY)
def system_info() -> SystemInfo:
    """Tells what this server runs on. Takes no arguments."""
    return SystemInfo(
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        python=platform.python_version(),
        process_id=os.getpid(),
        processors=os.cpu_count(),
        versions={name: version(name) for name in ("mcp", "mcpdeck", "pydantic")},
        time=dt.datetime.now(dt.UTC),
    )


@server.tool(title="Long text", annotations=READ_ONLY, structured_output=False)
def long_text(
    lines: Annotated[int, Field(description="How many lines.", ge=1, le=100_000)] = 2_000,
) -> str:
    """Returns a long text: the integers with their prime factors, one on each line."""
    return "\n".join(f"{number:>6} = {' × '.join(map(str, _factors(number)))}" for number in range(2, lines + 2))


def _factors(number: int) -> list[int]:
    found: list[int] = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    return [*found, number] if number > 1 else found


@server.tool(title="Countdown", annotations=READ_ONLY, structured_output=False)
async def countdown(
    ctx: Context,
    seconds: Annotated[float, Field(description="How long it takes.", ge=0, le=600)] = 10,
) -> str:
    """Counts down and reports progress on the way. Cancel it whenever you like."""
    start = anyio.current_time()
    steps = max(1, round(seconds * 4))
    for step in range(steps):
        left = seconds - seconds * step / steps
        await ctx.report_progress(seconds * step / steps, seconds, f"{math.ceil(left)} s to go")
        await anyio.sleep(max(0.0, start + seconds * (step + 1) / steps - anyio.current_time()))
    await ctx.report_progress(seconds, seconds, "lift-off")
    return f"Lift-off after {anyio.current_time() - start:.1f} seconds."


class Booking(BaseModel):
    """The form that is shown to the guest."""

    name: str = Field(title="Name", description="Whose name the table is booked in.", min_length=1, max_length=60)
    guests: int = Field(title="Guests", description="How many people come.", ge=1, le=12, default=2)
    seating: Literal["inside", "terrace", "at the bar"] = Field(
        title="Seating", description="Where you would like to sit.", default="terrace"
    )
    birthday: bool = Field(title="Birthday", description="Is it somebody's birthday?", default=False)


async def ask_for_booking(evening: str) -> Elicit[Booking]:
    """The question of ``book_table``; it depends on nothing but the tool's argument."""
    return Elicit(f"A table for {evening}: a few details, please.", Booking)


@server.tool(title="Book a table", annotations=READ_ONLY, structured_output=False)
async def book_table(
    booking: Annotated[ElicitationResult[Booking], Resolve(ask_for_booking)],
    evening: Annotated[str, Field(description="When you want to come.", min_length=1, max_length=40)] = "tonight",
) -> str:
    """Books a table in a restaurant that does not exist, and asks you for the details first."""
    match booking:
        case AcceptedElicitation(data=details):
            people = "one guest" if details.guests == 1 else f"{details.guests} guests"
            cake = " There will be a cake." if details.birthday else ""
            return f"Booked {evening} for {people}, {details.seating}, in the name of {details.name}.{cake}"
        case DeclinedElicitation():
            return "You declined, so nothing was booked."
        case _:
            return "You closed the question, so nothing was booked."


@server.tool(title="Plan a trip", annotations=READ_ONLY)
def plan_trip(
    start: Annotated[dt.date, Field(description="The first day, as YYYY-MM-DD.")],
    travellers: Annotated[list[Traveller], Field(description="Who comes along.", min_length=1, max_length=8)],
    stops: Annotated[list[Stop], Field(description="The places, in order.", min_length=1, max_length=12)],
    pace: Annotated[Pace, Field(description="Slow costs less a day.")] = "normal",
    daily_budget: Annotated[float, Field(description="For one adult and one day.", gt=0)] = 80.0,
    children_pay: Annotated[float, Field(description="The share a child below 12 pays.", ge=0, le=1)] = 0.5,
) -> TripPlan:
    """Works out days and costs of a trip. Takes nested objects, arrays, numbers, a date and an enum."""
    return plan(start, travellers, stops, daily_budget * PACES[pace], children_pay)


@server.tool(title="Fail", annotations=READ_ONLY, structured_output=False)
def fail(
    how: Annotated[
        Literal["tool error", "crash", "protocol error"],
        Field(description="A failure the tool foresaw, a bug in it, or a JSON-RPC error."),
    ] = "tool error",
) -> str:
    """Goes wrong on purpose, in one of three ways, so that you see what each looks like."""
    match how:
        case "tool error":
            raise ToolError("The oven is still cold. Preheat it to 180 °C and call again.")
        case "crash":
            raise RuntimeError("a bug in the tool; its traceback is on the server's stderr")
        case "protocol error":
            raise MCPError(code=-32603, message="The kitchen is closed.", data={"opens": "18:00"})


_least: dict[str, LoggingLevel] = {"level": "debug"}
"""What a client of the handshake era asked for with ``logging/setLevel``; one process, one client."""


async def _set_level(_: ServerRequestContext[Any], params: SetLevelRequestParams) -> EmptyResult:
    _least["level"] = params.level
    return EmptyResult()


# Registered by hand because the SDK's server class has no public way to offer ``logging``.
server._lowlevel_server.add_request_handler(  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    "logging/setLevel", SetLevelRequestParams, _set_level
)


@server.tool(title="Chatter", annotations=READ_ONLY, structured_output=False)
async def chatter(
    ctx: Context,
    rounds: Annotated[int, Field(description="How often it goes through all eight levels.", ge=1, le=100)] = 1,
) -> str:
    """Sends a log message of every level and writes to stderr. Watch the server's log."""
    for number in range(1, rounds + 1):
        for level in LEVELS:
            if ctx.protocol_version == "2026-07-28" or LEVELS.index(level) >= LEVELS.index(_least["level"]):
                await ctx.log(level, _remark(level, number), logger_name="chatter")  # pyright: ignore[reportDeprecated]
            await anyio.sleep(0.05)
        sys.stderr.write(f"chatter: round {number} of {rounds} done\n")
        sys.stderr.flush()
    return f"Went through {len(LEVELS)} levels {rounds} time{'s' if rounds != 1 else ''}."


def _remark(level: LoggingLevel, number: int) -> str | dict[str, Any]:
    if level == "debug":
        return {"round": number, "process": os.getpid(), "levels": list(LEVELS)}
    return {
        "info": "the kettle is on",
        "notice": "somebody is at the door",
        "warning": "the milk is nearly finished",
        "error": "the toast is burnt",
        "critical": "there is smoke in the kitchen",
        "alert": "the smoke detector has noticed",
        "emergency": "the cat has left the building",
    }[level]


@server.resource("demo://welcome", title="Welcome", description="What this server is for.", mime_type="text/markdown")
def welcome() -> str:
    """The first page."""
    return (
        "# Welcome\n\n"
        "This server came with mcpdeck. It runs as a child process and speaks over stdin and stdout.\n\n"
        "* `paint_landscape` returns an image\n"
        "* `countdown` reports progress\n"
        "* `book_table` asks you a question\n"
    )


@server.resource(
    "demo://factors/{number}", title="Prime factors", description="The prime factors of a number below 10^12."
)
def factors(number: int) -> str:
    """The factors, as a product."""
    if not 2 <= number < 10**12:
        raise ResourceNotFoundError("the number has to be at least 2 and below 10^12")
    return " × ".join(map(str, _factors(number)))


@server.prompt(title="Explain a tool", description="Asks a model to explain one of this server's tools.")
def explain_tool(tool: Annotated[str, Field(description="The tool's name.")]) -> str:
    """A prompt with one argument."""
    return f"Explain in three sentences, with an example call, what the tool {tool!r} does and when to use it."
