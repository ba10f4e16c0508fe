"""demo-in-process: a server object that lives in mcpdeck's own process.

Owns the tools and the notes, which live as long as the server object: each connection gets a new
one. Importing this module imports the SDK (half a second), so ``entries`` imports it only when the
server is wanted.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated

import anyio.to_thread
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from . import pictures
from .pictures import Harmony, Rgb, View

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
REMOVES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)

ALL_NOTES = "notes://all"


class Calculation(BaseModel):
    """An expression and what it comes to."""

    expression: str
    value: float


class Colour(BaseModel):
    """One colour of a palette."""

    hex: str
    red: int
    green: int
    blue: int


class Note(BaseModel):
    """A note and its number."""

    number: int
    text: str


@dataclass(slots=True)
class _Notes:
    by_number: dict[int, Note] = field(default_factory=dict[int, Note])
    last: int = 0


def server() -> MCPServer:
    """A new server, with no notes."""
    mcp = MCPServer(
        "demo-in-process",
        title="In this process",
        version=version("mcpdeck"),
        description="A server object inside mcpdeck itself: no child process, no network.",
        instructions=(
            "calculate and colour_palette answer at once. Write a note with add_note and watch the list of tools: "
            "delete_note is there only while there are notes. The resource notes://all holds them all."
        ),
    )
    _add_computing(mcp)
    _add_notes(mcp, _Notes())
    return mcp


def _add_computing(mcp: MCPServer) -> None:
    @mcp.tool(title="Calculate", annotations=READ_ONLY)
    def calculate(
        expression: Annotated[
            str, Field(description="For example (2 + 3) * 4, sqrt(2) or 2 ** 10.", min_length=1, max_length=200)
        ],
    ) -> Calculation:
        """Works out an arithmetic expression."""
        return Calculation(expression=expression, value=evaluate(expression))

    @mcp.tool(title="Colour palette", annotations=READ_ONLY)
    def colour_palette(
        base: Annotated[str, Field(description="The first colour.", pattern="^#[0-9a-fA-F]{6}$")] = "#3a86ff",
        scheme: Annotated[Harmony, Field(description="How the others are chosen.")] = "analogous",
        count: Annotated[int, Field(description="How many colours.", ge=1, le=8)] = 5,
    ) -> list[str | Image]:
        """Finds colours that go together; returns their names and a picture of them."""
        first: Rgb = (int(base[1:3], 16), int(base[3:5], 16), int(base[5:7], 16))
        colours = pictures.harmony(first, scheme, count)
        names = " ".join(pictures.hexadecimal(colour) for colour in colours)
        return [f"{scheme}: {names}", Image(data=pictures.swatches(colours), format="png")]

    @mcp.tool(title="Mandelbrot set", annotations=READ_ONLY)
    async def mandelbrot(
        view: Annotated[View, Field(description="Where to look.")] = "whole",
    ) -> Image:
        """Draws a part of the Mandelbrot set."""
        return Image(data=await anyio.to_thread.run_sync(pictures.mandelbrot, view), format="png")


def _add_notes(mcp: MCPServer, notes: _Notes) -> None:
    async def delete_note(
        ctx: Context, number: Annotated[int, Field(description="The note's number, as list_notes tells it.", ge=1)]
    ) -> str:
        """Deletes a note. With the last note this tool goes as well."""
        if notes.by_number.pop(number, None) is None:
            raise ToolError(f"There is no note {number}. list_notes tells which there are.")
        if not notes.by_number:
            mcp.remove_tool("delete_note")
            await ctx.notify_tools_changed()
        await ctx.notify_resource_updated(ALL_NOTES)
        return f"Deleted note {number}."

    @mcp.tool(title="Add a note", annotations=WRITES)
    async def add_note(
        ctx: Context, text: Annotated[str, Field(description="What to remember.", min_length=1, max_length=2_000)]
    ) -> Note:
        """Writes a note. It is kept in memory until this connection ends."""
        notes.last += 1
        note = Note(number=notes.last, text=text)
        notes.by_number[note.number] = note
        if len(notes.by_number) == 1:
            mcp.add_tool(delete_note, title="Delete a note", annotations=REMOVES, structured_output=False)
            await ctx.notify_tools_changed()
        await ctx.notify_resource_updated(ALL_NOTES)
        return note

    @mcp.tool(title="List notes", annotations=READ_ONLY)
    def list_notes() -> list[Note]:
        """Lists the notes, oldest first."""
        return list(notes.by_number.values())

    @mcp.resource(ALL_NOTES, title="All notes", description="Every note, one on a line.", mime_type="text/plain")
    def all_notes() -> str:
        return "\n".join(f"{note.number}: {note.text}" for note in notes.by_number.values())


_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: lambda a: a, ast.USub: lambda a: -a}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "log": math.log,
    "exp": math.exp,
    "abs": abs,
}
_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}


def evaluate(expression: str) -> float:
    """The value of an arithmetic expression. Raises ``ToolError`` saying what is not understood."""
    try:
        return _value(ast.parse(expression.strip(), mode="eval").body)
    except SyntaxError:
        raise ToolError(f"I cannot read {expression!r}. Try something like (2 + 3) * 4.") from None
    except ZeroDivisionError:
        raise ToolError("That divides by zero.") from None
    except (ValueError, OverflowError):
        raise ToolError("That has no value among the real numbers, or one that is too large.") from None
    except RecursionError:
        raise ToolError("That expression is nested too deeply.") from None


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(argument))
        case _:
            pass
    known = ", ".join([*_FUNCTIONS, *_CONSTANTS])
    raise ToolError(f"I do not understand {ast.unparse(node)!r}. I know + - * / // % ** and {known}.")
