"""A server object, of the official SDK or of our own typed tools, served inside this process, in a thread of its own.

Owns the server's thread and the two ways to it. Every message is still encoded to JSON text and
decoded again on its way, so that frames, sizes and the transcript are what they would be elsewhere.

The server has an event loop of its own: a tool that blocks blocks that server and not us, and what
ends its loop (``sys.exit``) ends the connection and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

import anyio

from ..errors import ConnectError, ConnectionLost, LocalProtocolError
from ..models import InProcessTarget, TransportKind
from .base import KEPT_HEAD, KEPT_TAIL, MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport, beyond
from .message_codecs import MessageCodec, codec_for
from .server_object import ServerObject, described, load, traceback_of
from .server_output import ServerOutput, speaking
from .server_thread import Crossing, DaemonWorkers, in_loop

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

END_TIME = 2.0
"""Seconds a server gets to end by itself before it is cancelled."""
CANCEL_TIME = 1.0
"""Seconds it gets then, before its thread is left to itself."""


class InProcessTransport(Transport):
    """``target``'s server in a thread of its own, connected by two bounded queues."""

    kind: ClassVar[TransportKind] = TransportKind.IN_PROCESS

    def __init__(self, target: InProcessTarget, hooks: Hooks | None = None, *, max_frame: int = MAX_FRAME) -> None:
        self._target = target
        self._max_frame = max_frame
        self._hooks = hooks or Hooks()
        self._to_server: Crossing[object] = Crossing()
        self._from_server: Crossing[bytes] = Crossing()
        self._given_up = False
        self._failed: Exception | None = None
        self._server_loop: asyncio.AbstractEventLoop | None = None
        self._lost = ConnectionLost("the server ended the connection", retryable=True)

    async def __aenter__(self) -> Self:
        self._home = asyncio.get_running_loop()
        self._loaded, self._ended = anyio.Event(), anyio.Event()
        self._turn = anyio.Lock()  # who waits to send is served in order
        self._output = ServerOutput(self._hooks.stderr)
        self._output.attach()
        threading.Thread(target=self._live, name=f"in-process {self._target.spec}", daemon=True).start()
        try:
            await self._loaded.wait()
            if self._failed is None:
                return self
            await self._ended.wait()
        except BaseException:
            self._given_up = True  # it is still importing: once that is done it ends
            self._hang_up()
            self._cancel()
            self._output.close()
            raise
        self._output.rest()
        raise self._failed

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        # Shielded: when whoever uses the connection is cancelled, the server still gets to end by itself.
        with anyio.CancelScope(shield=True):
            self._output.refresh()
            self._hang_up()
            with anyio.move_on_after(END_TIME):
                await self._ended.wait()
            if not self._ended.is_set():
                self._cancel()
                with anyio.move_on_after(CANCEL_TIME):
                    await self._ended.wait()
            self._output.rest()
            if not self._ended.is_set():
                self._hooks.note(
                    "the server did not end: its thread is left to itself (code that blocks cannot be stopped)"
                )
            self._output.close()

    async def run(self, deliver: Deliver) -> None:
        pacer = Pacer()
        try:
            while True:
                await pacer.tick(deliver(self._bounded(await self._from_server.get())))
        except anyio.EndOfStream:
            raise self._lost from None

    async def send(self, message: Outgoing) -> None:
        try:
            decoded = self._codec.decode(message.data)
        except ValueError as error:
            raise LocalProtocolError(f"the message is not JSON-RPC: {described(error)}") from error
        try:
            async with self._turn:
                await self._to_server.put(decoded, len(message.data))
        except anyio.BrokenResourceError:
            raise self._lost from None

    def _bounded(self, data: bytes) -> Frame:
        if len(data) <= self._max_frame:
            return Frame(data, time.time())
        self._hooks.note(beyond(self._max_frame))
        kept = data[:KEPT_HEAD] + data[-KEPT_TAIL:]
        return Frame(kept, time.time(), len(data) - len(kept))

    def _hang_up(self) -> None:
        self._to_server.close()  # the end of its input: the server is to finish
        self._from_server.close()  # and whatever it still says has nobody to hear it

    def _cancel(self) -> None:
        if self._server_loop is not None:
            in_loop(self._server_loop, self._scope.cancel)

    # In the server's thread

    def _live(self) -> None:
        speaking.set(self._output)
        try:
            try:
                server, self._codec = _prepare(self._target)
            except BaseException as error:  # raised where the connection is being made
                self._failed = error if isinstance(error, Exception) else _not_loaded(self._target, error)
                return
            finally:
                in_loop(self._home, self._loaded.set)
            self._run_loop(server)
        finally:
            self._output.detach()
            in_loop(self._home, self._ended.set)

    def _run_loop(self, server: ServerObject) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.get_loop().set_default_executor(DaemonWorkers(lambda: speaking.set(self._output)))
                try:
                    runner.run(self._serve(server))
                except BaseException as error:  # SystemExit and KeyboardInterrupt end this thread only
                    self._crashed(error)
                finally:
                    # Now, and not when everything that still runs in this loop has been ended.
                    self._from_server.close()
                    self._to_server.close()
        except BaseException as error:  # while tidying up; the connection has ended already
            logging.getLogger(__name__).warning("while the server ended: %s", described(error))

    def _crashed(self, error: BaseException) -> None:
        self._lost = ConnectionLost(
            f"the server crashed: {described(error)}", hint="Its log has the traceback.", retryable=True
        )
        logging.getLogger(__name__).error("the server crashed\n%s", "".join(traceback_of(error)))

    async def _serve(self, server: ServerObject) -> None:
        to_server, from_client = _stream()
        to_client, from_server = _stream()
        with anyio.CancelScope() as self._scope:
            self._server_loop = asyncio.get_running_loop()
            if self._given_up:
                return
            async with anyio.create_task_group() as tasks, anyio.create_task_group() as listening:
                tasks.start_soon(self._speak, from_server)
                listening.start_soon(self._hear, to_server)
                try:
                    await server.run(from_client, to_client, server.create_initialization_options())
                finally:
                    from_client.close()
                    to_client.close()
                listening.cancel_scope.cancel()

    async def _hear(self, to_server: MemoryObjectSendStream[object]) -> None:
        with to_server:
            try:
                while True:
                    await to_server.send(await self._to_server.get())
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

    async def _speak(self, from_server: MemoryObjectReceiveStream[object]) -> None:
        with from_server:
            try:
                async for message in from_server:
                    data = self._codec.encode(message)
                    await self._from_server.put(data, len(data))
            except anyio.BrokenResourceError:
                return  # nobody hears it any more


def _not_loaded(target: InProcessTarget, error: BaseException) -> ConnectError:
    return ConnectError(f"loading {target.spec} failed: {described(error)}")


def _prepare(target: InProcessTarget) -> tuple[ServerObject, MessageCodec]:
    """Import the server, and what translates its messages. Raises ``ConnectError``, ``ConfigError``."""
    server = load(target)
    return server, codec_for(server)


def _stream() -> tuple[MemoryObjectSendStream[object], MemoryObjectReceiveStream[object]]:
    # No buffer: a side that does not read slows the other one down.
    return anyio.create_memory_object_stream[object](0)
