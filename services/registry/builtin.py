"""The built-in tools: small ones that help while one tries MCP servers out.

Owns nothing but them. They are offered where mcpdeck's settings say ``"builtinTools": true``, and by
``mcpdeck tools mcpdeck.services.registry.builtin:TOOLS``; none reaches the network or writes a file.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, ConfigDict, Field

from ..models import tokens_of
from .json_check import checked
from .saved_results import ReadSavedResult
from .typed import Annotations, Failure, Success, ToolContext, TypedTool

LONGEST_COUNTDOWN = 600

_READS = Annotations(read_only=True, open_world=False)


class Text(BaseModel):
    """A text of any length."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(description="The text.")]


class TextCost(BaseModel):
    """How large a text is; ``tokens`` is an estimate."""

    characters: int
    bytes: int
    words: int
    lines: int
    tokens: Annotated[int, Field(description="An estimate; models count in their own ways.")]


class MeasureText(TypedTool[Text, TextCost]):
    """Tells how large a text is, and about how many tokens a model would see."""

    name = "measure_text"
    title = "Measure a text"
    annotations = _READS

    async def run(self, request: Text, context: ToolContext) -> Success[TextCost]:
        text = request.text
        return Success(
            TextCost(
                characters=len(text),
                bytes=len(text.encode("utf-8", "replace")),
                words=len(text.split()),
                lines=len(text.splitlines()),
                tokens=tokens_of(len(text)),
            )
        )


class Checked(BaseModel):
    """A JSON text, and the schema that it should fit."""

    model_config = ConfigDict(extra="forbid")
    value: Annotated[str, Field(description="A JSON text.")]
    json_schema: Annotated[dict[str, Any], Field(description="A JSON Schema; 2020-12 where it does not say otherwise.")]


class Flaw(BaseModel):
    """One place at which the value does not fit."""

    path: str
    message: str


class Verdict(BaseModel):
    """Whether a value fits its schema, and where not."""

    fits: bool
    flaws: list[Flaw] = []


class CheckJson(TypedTool[Checked, Verdict]):
    """Checks a JSON text against a JSON Schema. Remote references are never fetched."""

    name = "check_json"
    title = "Check JSON"
    annotations = _READS

    async def run(self, request: Checked, context: ToolContext) -> Success[Verdict] | Failure:
        found = await checked(request.value, json.dumps(request.json_schema))
        if found.failure:
            return Failure(found.failure, found.hint)
        flaws = [Flaw(path=path, message=message) for path, message in found.flaws]
        return Success(Verdict(fits=not flaws, flaws=flaws))


class Count(BaseModel):
    """How long to count."""

    model_config = ConfigDict(extra="forbid")
    seconds: Annotated[int, Field(description="How many seconds.", ge=1, le=LONGEST_COUNTDOWN)] = 5


class Counted(BaseModel):
    """What was counted."""

    seconds: int


class CountDown(TypedTool[Count, Counted]):
    """Counts seconds down: to see progress, log records and what cancelling does."""

    name = "count_down"
    title = "Count down"
    annotations = _READS

    async def run(self, request: Count, context: ToolContext) -> Success[Counted]:
        for second in range(request.seconds):
            context.progress(second, request.seconds, f"{request.seconds - second} s to go")
            context.log("debug", f"{request.seconds - second} s to go")
            await anyio.sleep(1)
        context.progress(request.seconds, request.seconds)
        return Success(Counted(seconds=request.seconds), text=f"{request.seconds} s have passed.")


TOOLS = [MeasureText, CheckJson, ReadSavedResult, CountDown]
