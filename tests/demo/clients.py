"""The official SDK's client, connected to one of the demo servers."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import IO, Any, Literal

import anyio
import psutil
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import (
    CallToolResult,
    ElicitRequestFormParams,
    ElicitResult,
    ImageContent,
    LoggingMessageNotificationParams,
    TextContent,
)
from PIL import Image

from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.services.models import ServerEntry, StdioTarget

BOUND = 30
Mode = Literal["auto", "legacy"]
BOTH_ERAS = ("auto", "legacy")
VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}


class Human:
    """Answers elicitations with ``answer`` and keeps the questions; keeps the log messages too."""

    def __init__(self, answer: ElicitResult | None = None) -> None:
        self.answer = answer or ElicitResult(action="cancel")
        self.questions: list[ElicitRequestFormParams] = []
        self.log: list[LoggingMessageNotificationParams] = []

    async def ask(self, _context: object, params: Any) -> ElicitResult:
        self.questions.append(params)
        return self.answer

    async def note(self, params: LoggingMessageNotificationParams) -> None:
        self.log.append(params)


@asynccontextmanager
async def entries() -> AsyncGenerator[dict[str, ServerEntry]]:
    async with demo_servers() as found:
        yield {entry.name: entry for entry in found}


def stdio_parameters() -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=["-P", "-m", "mcpdeck.app.demo.stdio_server"])


@asynccontextmanager
async def talking(
    server: object,
    mode: str,
    human: Human | None = None,
    *,
    log_level: str | None = None,
    errlog: IO[str] | None = None,
) -> AsyncGenerator[Client]:
    """A connected client. ``server``: a URL, a server object, or None for demo-stdio as a process."""
    human = human or Human()
    target: Any = stdio_client(stdio_parameters(), errlog=errlog or sys.stderr) if server is None else server
    client = Client(
        target,
        mode=mode,
        elicitation_callback=human.ask,
        logging_callback=human.note,
        log_level=log_level,
    )
    with anyio.fail_after(BOUND):
        async with client:
            assert client.protocol_version == VERSIONS[mode]
            yield client


def text(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def picture(result: CallToolResult) -> Image.Image:
    """The one image in a result, decoded."""
    found = [block for block in result.content if isinstance(block, ImageContent)]
    assert len(found) == 1
    assert found[0].mime_type == "image/png"
    image = Image.open(io.BytesIO(base64.b64decode(found[0].data)))
    image.load()
    return image


def colours(image: Image.Image) -> int:
    """How many different colours there are, up to a thousand."""
    return len(set(image.convert("RGB").resize((60, 40)).get_flattened_data()))


async def first_progress_then(
    call: Callable[[Callable[..., Awaitable[None]]], Awaitable[object]], then: Callable[[], None]
) -> None:
    """Make a call and do ``then`` at its first progress; returns when the call does."""
    seen = False

    async def progress(*_: object) -> None:
        nonlocal seen
        if not seen:
            seen = True
            then()

    await call(progress)
    assert seen


def started_call(name: str, arguments: dict[str, object]) -> subprocess.Popen[bytes]:
    """demo-stdio as a bare process, in the middle of a call that has reported progress once."""
    target = StdioTarget(sys.executable, ("-P", "-m", "mcpdeck.app.demo.stdio_server"))
    process = subprocess.Popen(
        [target.command, *target.args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": 1,
    }
    params = {"_meta": meta, "name": name, "arguments": arguments}
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["method"] == "notifications/progress"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)
