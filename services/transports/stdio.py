"""stdio: one JSON message a line over a child's stdin and stdout (protocol section 9).

Owns line framing, the write lock, the stderr drain and the report of how a child ended. Never
decides whether a line is a message: stray output is delivered like any other frame and the codec
calls it malformed.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio
import anyio.abc

from ..errors import ConnectionLost, SpawnError
from ..models import Json, StdioTarget, TransportKind
from .base import KEPT_HEAD, KEPT_TAIL, MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport, beyond
from .gathered import Gathered
from .process import Ending, exit_words, spawn

READ_SIZE = 256 * 1024
STDERR_LINES = 40
STDERR_LINE = 4_000
"""Bytes of one stderr line that are kept; the rest of a longer one is dropped."""
IDENTITY = 128
"""Bytes in which an id stands when it stands before the result."""


@dataclass(slots=True, eq=False)
class CutLine:
    """A line beyond the limit: its first and last bytes, and how many came so far."""

    data: bytes
    size: int


class LineFramer:
    r"""Bytes in, lines out, at any split. Lines end in ``\n``; a ``\r`` before it is dropped.

    Blank lines are skipped. A line longer than ``limit`` bytes comes out as one ``CutLine``; what
    follows its end is read as ever. Never holds more than ``limit`` bytes and one chunk.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.cut = 0
        """How many lines were beyond the limit; counted as soon as one is."""
        self._held = Gathered()
        self._limit = limit
        self._head: bytes | None = None
        self._tail = b""
        self._size = 0
        self._said = False

    def feed(self, chunk: bytes) -> list[bytes | CutLine]:
        *lines, rest = chunk.split(b"\n")
        out: list[bytes | CutLine] = []
        for line in lines:
            whole = line
            if self._held or self._head is not None or len(line) > self._limit:
                self._hold(line, out)
                if self._head is not None:
                    out += self._end()
                    continue
                whole = self._held.taken()
            whole = whole.rstrip(b"\r")
            if whole and not whole.isspace():
                out.append(whole)
        if rest:
            self._hold(rest, out)
        return out

    def rest(self) -> bytes:
        """What stands after the last newline: at the end of the stream, an unfinished line."""
        cut = self._end()
        rest = self._held.taken()
        return (cut[0].data if cut else rest).strip()

    def _hold(self, part: bytes, out: list[bytes | CutLine]) -> None:
        if self._head is None:
            self._held.add(part)
            if len(self._held) <= self._limit:
                return
            held = self._held.taken()
            self._head, self._tail = held[: min(KEPT_HEAD, self._limit)], held[-KEPT_TAIL:]
            self._size, self._said = len(held), False
            self.cut += 1
            if b'"id"' in self._head[:IDENTITY]:
                # Whose answer it was can be told already; the newline may never come.
                self._said = True
                out.append(CutLine(self._head, self._size))
        else:
            self._size += len(part)
            self._tail = (self._tail + part)[-KEPT_TAIL:]

    def _end(self) -> list[CutLine]:
        """The line that was cut has ended: what is to be said of it, unless it was said before."""
        if self._head is None:
            return []
        cut = [] if self._said else [CutLine(self._head + self._tail.rstrip(b"\r"), self._size)]
        self._head, self._tail = None, b""
        return cut


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
            # Both pipes are read to their end, for the last words; a process that slipped away may hold them open.
            with anyio.move_on_after(0.5):
                await self._discard_stdout(self._process)
                await self._stderr_done.wait()
            # Not one that not even SIGKILL has ended: it would be waited for without end.
            if self._process.returncode is not None:
                with anyio.move_on_after(0.5):
                    await self._process.aclose()
        # Scopes nest: the group was entered before the shield above, so it is left after it.
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def run(self, deliver: Deliver) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        framer, pacer, noted = LineFramer(self._max_frame), Pacer(), 0
        receive = process.stdout.receive
        while True:
            try:
                chunk = await receive(READ_SIZE)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                break
            at = time.time()
            if not self._answered and self._target.sandbox is not None:
                self._tell_inner_process(process)
            for line in framer.feed(chunk):
                self._answered = True
                if isinstance(line, CutLine):
                    frame = Frame(line.data, at, line.size - len(line.data))
                else:
                    frame = Frame(line, at)
                await pacer.tick(deliver(frame))
            line = frame = None  # the message just had is not held while the next is waited for
            while noted < framer.cut:
                noted += 1
                self._hooks.note(beyond(self._max_frame))
        rest = framer.rest()
        if rest:
            self._answered = True
            await pacer.tick(deliver(Frame(rest, time.time())))
        raise await self._ended(process)

    async def send(self, message: Outgoing) -> None:
        process = self._process
        assert process is not None and process.stdin is not None
        async with self._write_lock:
            try:
                # Sending nothing waits until the pipe has drained. Callers that give up on a server that does
                # not read thus leave nothing behind: else the buffer would grow by one message for each.
                await process.stdin.send(b"")
                # The whole line is in the writer's buffer at once, so a cancelled caller never leaves half of it.
                await process.stdin.send(message.data + b"\n")
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
                # run() sees the end of stdout and says how the child ended.
                raise ConnectionLost("the server closed its input", hint="See its last stderr lines.") from error

    def _tell_inner_process(self, process: anyio.abc.Process) -> None:
        """Once it speaks the server is there: the process that a person looks for is its own, not the sandbox's."""
        from .sandbox import server_pid

        inner = server_pid(process.pid)
        if inner is not None:
            self._hooks.started(inner)

    async def _discard_stdout(self, process: anyio.abc.Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                await process.stdout.receive(READ_SIZE)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _drain_stderr(self, stream: anyio.abc.ByteReceiveStream) -> None:
        """Always read stderr: a full pipe would stop the child."""
        held, too_long = b"", False
        pacer = Pacer()
        try:
            while True:
                chunk = await stream.receive(65_536)
                *lines, rest = chunk.split(b"\n")
                for line in lines:
                    if not too_long:
                        self._stderr_line(held + line)
                    held, too_long = b"", False
                    await pacer.tick()
                if too_long and b"\r" in rest:
                    rest, too_long = rest.partition(b"\r")[2], False  # a progress bar goes on in the same line
                if not too_long:
                    held += rest
                    if len(held) > STDERR_LINE:
                        self._stderr_line(held)
                        held, too_long = b"", True
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
