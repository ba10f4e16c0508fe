"""stdio: one JSON message a line over a child's stdin and stdout (protocol section 9).

Owns line framing, the write lock, the stderr drain and the report of how a child ended. Never
decides whether a line is a message: stray output is delivered like any other frame and the codec
calls it malformed.
"""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Self

import anyio
import anyio.abc

from ..errors import ConnectionLost, FrameTooLarge, SpawnError
from ..models import Json, StdioTarget, TransportKind
from .base import MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .process import Ending, exit_words, spawn

READ_SIZE = 256 * 1024
STDERR_LINES = 40
STDERR_LINE = 4_000
"""Characters of one stderr line that are kept; a longer one is cut."""


class LineFramer:
    r"""Bytes in, lines out, at any split. Lines end in ``\n``; a ``\r`` before it is dropped.

    Blank lines are skipped. A line longer than ``limit`` bytes raises ``FrameTooLarge``.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._limit = limit

    def feed(self, chunk: bytes) -> list[bytes]:
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        *lines, rest = chunk.split(b"\n")
        if self._parts:
            self._parts.append(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts.clear()
            self._held = 0
        for line in lines:
            if len(line) > self._limit:
                self._refuse(len(line))
        self._hold(rest)
        return [stripped for line in lines if (stripped := line.rstrip(b"\r")) and not stripped.isspace()]

    def rest(self) -> bytes:
        """What stands after the last newline: at the end of the stream, an unfinished line."""
        rest = b"".join(self._parts)
        self._parts.clear()
        self._held = 0
        return rest.strip()

    def _hold(self, part: bytes) -> None:
        if part:
            self._held += len(part)
            if self._held > self._limit:
                self._refuse(self._held)
            self._parts.append(part)

    def _refuse(self, size: int) -> None:
        raise FrameTooLarge(
            f"a message of more than {self._limit:,} bytes arrived ({size:,} so far)",
            hint="Ask the server for less at a time.",
        )


class StdioTransport(Transport):
    """A child process spoken to over its pipes."""

    kind = TransportKind.STDIO

    def __init__(self, target: StdioTarget, hooks: Hooks, *, max_frame: int = MAX_FRAME) -> None:
        self._target = target
        self._hooks = hooks
        self._max_frame = max_frame
        self._process: anyio.abc.Process | None = None
        self._write_lock = anyio.Lock(fast_acquire=True)
        self._tail: deque[str] = deque(maxlen=STDERR_LINES)
        self._stderr_done = anyio.Event()
        self._answered = False
        self._tasks: anyio.abc.TaskGroup | None = None

    async def __aenter__(self) -> Self:
        process = self._process = await spawn(self._target)
        self._hooks.started(process.pid)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        assert process.stderr is not None
        self._tasks.start_soon(self._drain_stderr, process.stderr)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._process is not None and self._tasks is not None
        with anyio.CancelScope(shield=True):
            await Ending(self._process).end()
            # Both pipes are read to their end, which closes them; a process that slipped away may hold them open.
            with anyio.move_on_after(0.5):
                await self._discard_stdout(self._process)
                await self._stderr_done.wait()
        # Scopes nest: the group was entered before the shield above, so it is left after it.
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def run(self, deliver: Deliver) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        framer, pacer = LineFramer(self._max_frame), Pacer()
        receive = process.stdout.receive
        while True:
            try:
                chunk = await receive(READ_SIZE)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                break
            at = time.time()
            for line in framer.feed(chunk):
                self._answered = True
                deliver(Frame(line, at))
                await pacer.tick()
        rest = framer.rest()
        if rest:
            deliver(Frame(rest, time.time()))
        raise await self._ended(process)

    async def send(self, message: Outgoing) -> None:
        process = self._process
        assert process is not None and process.stdin is not None
        # The whole line is in the writer's buffer at once, so a cancelled caller never leaves half of it;
        # waiting is only for the pipe to drain.
        async with self._write_lock:
            try:
                await process.stdin.send(message.data + b"\n")
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
                # run() sees the end of stdout and says how the child ended.
                raise ConnectionLost("the server closed its input", hint="See its last stderr lines.") from error

    async def _discard_stdout(self, process: anyio.abc.Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                await process.stdout.receive(READ_SIZE)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _drain_stderr(self, stream: anyio.abc.ByteReceiveStream) -> None:
        """Always read stderr: a full pipe would stop the child."""
        held = b""
        pacer = Pacer()
        try:
            while True:
                chunk = await stream.receive(65_536)
                *lines, held = (held + chunk).split(b"\n")
                for line in lines:
                    self._stderr_line(line)
                    await pacer.tick()
                if len(held) > STDERR_LINE:
                    self._stderr_line(held)
                    held = b""
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            if held:
                self._stderr_line(held)
        finally:
            self._stderr_done.set()

    def _stderr_line(self, line: bytes) -> None:
        line = line.rstrip(b"\r")[:STDERR_LINE]
        if line:
            self._tail.append(line.decode("utf-8", "replace"))
            self._hooks.stderr(line)

    async def _ended(self, process: anyio.abc.Process) -> ConnectionLost | SpawnError:
        """Why the child's stdout ended, with its exit code and last stderr lines."""
        with anyio.move_on_after(1.0):
            await process.wait()
        with anyio.move_on_after(0.5):
            await self._stderr_done.wait()
        code = process.returncode
        details: dict[str, Json] = {"exitCode": code, "stderr": [*self._tail]}
        if code is None:
            return ConnectionLost(
                "the server closed its output but still runs",
                hint="A stdio server must keep stdout open for as long as it serves.",
                details=details,
                retryable=True,
            )
        said = "Its last stderr lines say why." if self._tail else "It printed nothing on stderr."
        if not self._answered:
            hint = said
            if code == 127:
                hint = f"Exit code 127 usually means that a wrapper did not find its command. {said}"
            return SpawnError(f"the server ended before it answered ({exit_words(code)})", hint=hint, details=details)
        return ConnectionLost(f"the server ended ({exit_words(code)})", hint=said, details=details, retryable=True)
