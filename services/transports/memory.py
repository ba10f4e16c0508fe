"""A server object of the official SDK, served inside this process.

Owns the server's task and the two streams to it. Every message is still encoded to JSON text and
decoded again on its way, so that frames, sizes and the transcript are what they would be elsewhere.
The only module of the services that imports the SDK, and only once such a server is connected.
"""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, cast

import anyio
import anyio.from_thread
import anyio.to_thread

from ..errors import ConnectError, ConnectionLost, LocalProtocolError
from ..models import InProcessTarget, TransportKind
from .base import Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .server_object import ServerObject, described, load

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

END_TIME = 2.0
"""Seconds a server gets to end by itself before it is cancelled."""

_serving: ContextVar[object] = ContextVar("mcpdeck_serving")
"""Which transport's server the current task or worker thread works for."""


class InProcessTransport(Transport):
    """``target``'s server in a task of its own, connected by two streams without a buffer."""

    kind: ClassVar[TransportKind] = TransportKind.IN_PROCESS

    def __init__(self, target: InProcessTarget, hooks: Hooks | None = None) -> None:
        self._target = target
        self._log = _ServerLog(self, hooks or Hooks())
        self._ended = anyio.Event()
        # Shielded: when whoever uses the connection is cancelled, the server still gets to end by itself.
        self._scope = anyio.CancelScope(shield=True)
        self._lost = ConnectionLost("the server ended the connection", retryable=True)

    async def __aenter__(self) -> Self:
        mark = _serving.set(self)
        # Before anything is loaded: the SDK would install a handler that writes to the terminal.
        logging.getLogger().addHandler(self._log)
        try:
            server, self._codec = await anyio.to_thread.run_sync(_prepare, self._target, abandon_on_cancel=True)
            self._to_server, from_client = _stream()
            to_client, self._from_server = _stream()
            self._tasks: TaskGroup = anyio.create_task_group()
            await self._tasks.__aenter__()
            self._tasks.start_soon(self._serve, server, from_client, to_client)
        except BaseException:
            logging.getLogger().removeHandler(self._log)
            raise
        finally:
            _serving.reset(mark)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            self._tasks.cancel_scope.shield = True
            self._to_server.close()  # the end of its input: the server is to finish
            self._from_server.close()  # and whatever it still says has nobody to hear it
            with anyio.move_on_after(END_TIME):
                await self._ended.wait()
            if not self._ended.is_set():
                self._scope.cancel()
            await self._tasks.__aexit__(None, None, None)
        finally:
            logging.getLogger().removeHandler(self._log)

    async def run(self, deliver: Deliver) -> None:
        pacer = Pacer()
        try:
            async for message in self._from_server:
                deliver(Frame(self._codec.encode(message), time.time()))
                await pacer.tick()
        except anyio.ClosedResourceError:
            pass  # we are leaving
        raise self._lost

    async def send(self, message: Outgoing) -> None:
        try:
            decoded = self._codec.decode(message.data)
        except ValueError as error:
            raise LocalProtocolError(f"the message is not JSON-RPC: {described(error)}") from error
        try:
            await self._to_server.send(decoded)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._lost from None

    async def _serve(
        self,
        server: ServerObject,
        from_client: MemoryObjectReceiveStream[object],
        to_client: MemoryObjectSendStream[object],
    ) -> None:
        try:
            with self._scope:
                await server.run(from_client, to_client, server.create_initialization_options())
        except (Exception, SystemExit) as error:
            logging.getLogger(__name__).exception("the server crashed")
            self._lost = ConnectionLost(
                f"the server crashed: {described(error)}", hint="Its log has the traceback.", retryable=True
            )
        finally:
            self._ended.set()
            from_client.close()
            to_client.close()


class _Codec(Protocol):
    """Between JSON text and the message objects that the installed SDK passes around."""

    def encode(self, message: object) -> bytes: ...

    def decode(self, data: bytes) -> object:
        """Raises ``ValueError`` (of pydantic) for what is not a JSON-RPC message."""
        ...


class _Message(Protocol):
    def model_dump_json(self, *, by_alias: bool, exclude_unset: bool = False, exclude_none: bool = False) -> str: ...


class _Envelope(Protocol):
    message: _Message


class _Codec2:
    """SDK 2.x."""

    def __init__(self) -> None:
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        self._adapter = jsonrpc_message_adapter
        self._envelope = SessionMessage

    def encode(self, message: object) -> bytes:
        return cast("_Envelope", message).message.model_dump_json(by_alias=True, exclude_unset=True).encode()

    def decode(self, data: bytes) -> object:
        return self._envelope(self._adapter.validate_json(data, by_name=False))


class _Codec1:
    """SDK 1.x, where the message is a model of its own instead of a union."""

    def __init__(self, envelope: _MakesEnvelope, model: _ReadsJson) -> None:
        self._envelope = envelope
        self._model = model

    def encode(self, message: object) -> bytes:
        return cast("_Envelope", message).message.model_dump_json(by_alias=True, exclude_none=True).encode()

    def decode(self, data: bytes) -> object:
        return self._envelope(self._model.model_validate_json(data))


class _MakesEnvelope(Protocol):
    def __call__(self, message: object, /) -> object: ...


class _ReadsJson(Protocol):
    def model_validate_json(self, json_data: bytes, /) -> object: ...


def _prepare(target: InProcessTarget) -> tuple[ServerObject, _Codec]:
    """In a worker thread: import the SDK and the server. Raises ``ConnectError``."""
    server = load(target)
    try:
        import mcp.shared.message
        import mcp.types
    except ImportError as error:
        raise ConnectError(
            "in-process servers need the official MCP SDK, which is not installed",
            hint="install the extra: pip install 'mcpdeck[server]'",
        ) from error
    model: object = mcp.types.JSONRPCMessage
    if hasattr(model, "model_validate_json"):
        envelope: object = mcp.shared.message.SessionMessage
        return server, _Codec1(cast("_MakesEnvelope", envelope), cast("_ReadsJson", model))
    return server, _Codec2()


def _stream() -> tuple[MemoryObjectSendStream[object], MemoryObjectReceiveStream[object]]:
    # No buffer: a side that does not read slows the other one down.
    return anyio.create_memory_object_stream[object](0)


class _ServerLog(logging.Handler):
    """What the server logs goes where the stderr of a child process would go: to its own log.

    While it is installed nothing else of the process's logging changes: records of other tasks pass by.
    """

    def __init__(self, owner: object, hooks: Hooks) -> None:
        super().__init__(logging.WARNING)
        self._owner = owner
        self._hooks = hooks
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def handle(self, record: logging.LogRecord) -> bool:
        # Without the handler's lock: a worker thread waits for the loop in ``emit``, and the loop would
        # wait for the lock as soon as it logs something itself.
        if _serving.get(None) is self._owner and self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            lines = self.format(record).encode(errors="replace").splitlines()
            try:
                anyio.get_current_task()
            except RuntimeError:
                anyio.from_thread.run_sync(self._report, lines)
            else:
                self._report(lines)
        except Exception:  # what cannot be reported (a thread of the server's own) is not worth failing for
            return

    def _report(self, lines: list[bytes]) -> None:
        for line in lines:
            self._hooks.stderr(line)
