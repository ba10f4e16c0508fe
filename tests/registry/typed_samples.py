"""Typed tools as somebody would write them, and some that nobody should."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, ConfigDict, Field

from mcpdeck.services.models import InProcessTarget
from mcpdeck.services.registry.typed import Annotations, Failure, Success, ToolContext, TypedTool
from mcpdeck.services.registry.typed_server import TypedServer
from tests.transports.in_process import MODERN, Line, of


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(description="What to take apart.")]
    times: Annotated[int, Field(ge=1, le=9)] = 1


class Words(BaseModel):
    words: list[str]


class Split(TypedTool[Text, Words]):
    """Takes a text apart."""

    name = "split"
    title = "Split a text"
    annotations = Annotations(read_only=True, open_world=False)

    async def run(self, request: Text, context: ToolContext) -> Success[Words] | Failure:
        if not request.text:
            return Failure("There is no text.", "Give one.", {"length": 0})
        return Success(Words(words=request.text.split() * request.times))


class Nothing(BaseModel):
    pass


class Told(BaseModel):
    told: Any = None


class Doing(TypedTool[Nothing, Told]):
    """Does what the test says, in the loop."""

    name = "doing"

    def __init__(self, do: Callable[[ToolContext], Any] = lambda context: None) -> None:
        self._do = do

    async def run(self, request: Nothing, context: ToolContext) -> Any:
        done = self._do(context)
        return await done if asyncio.iscoroutine(done) else done


class DoingInThread(Doing):
    """Does what the test says, in a thread."""

    name = "doing_in_thread"

    def run(self, request: Nothing, context: ToolContext) -> Any:
        return self._do(context)


class Waiting(TypedTool[Nothing, Told]):
    """Waits until it is released or cancelled."""

    name = "waiting"

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.cancelled = 0
        self.release = threading.Event()

    async def run(self, request: Nothing, context: ToolContext) -> Success[Told]:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            while not self.release.is_set():  # noqa: ASYNC110 - another thread sets it
                await anyio.sleep(0.005)
        except anyio.get_cancelled_exc_class():
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return Success(Told(told=context.request_id))


def server(*tools: Any, **options: Any) -> InProcessTarget:
    return of(lambda: TypedServer(tools or (Split,), **options))


async def call(line: Line, name: str, arguments: dict[str, Any], number: int = 7, **meta: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments, "_meta": {**MODERN, **meta}}
    return await line.ask(number, "tools/call", params)


def text_of(answer: dict[str, Any]) -> str:
    return answer["result"]["content"][0]["text"]
