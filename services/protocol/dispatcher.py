"""The dispatcher: pairs answers with requests, answers the peer's requests, hands on notifications.

Owns one connection's messages in both directions. Knows no MCP: methods are strings, and what a
request or a notification means is the handlers' business. Boundary: ``feed`` takes any bytes and
never raises.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Literal, TypeAlias

import anyio
import anyio.abc

from ..errors import (
    ConnectionLost,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    RequestTimeout,
    RPCError,
)
from ..models import Json, JsonObject
from ..transports.base import Frame, Outgoing, Pacer, RequestId, Transport
from . import jsonrpc
from .clock import Clock
from .jsonrpc import ErrorResponse, Malformed, Message, Notification, Request, Response
from .peer_requests import PeerRequests
from .pending import PendingTable

REQUEST_TIMEOUT = 60.0
"""Seconds a request may take unless its caller says otherwise."""
NOTIFY_TIMEOUT = 60.0
"""Seconds that sending a notification may take unless its caller says otherwise."""
ANSWER_TIMEOUT = 60.0
"""Seconds that sending an answer may take; then it is given up and flagged."""
ERROR_TEXT = 500
"""Characters of an error of ours that are sent: it may echo what the peer wrote."""
AT_ONCE = 64
"""Messages of a batch that are taken before the loop is yielded to."""
FAREWELL = 2.0
"""Seconds that saying "cancelled" may take when a caller is leaving."""

Limit: TypeAlias = float | Literal["own"] | None
"""Seconds that a request may take; None: no limit here, ``own``: what is set for all requests."""
RequestHandler: TypeAlias = Callable[[str, JsonObject, RequestId], Awaitable[Json]]
NotificationHandler: TypeAlias = Callable[[str, JsonObject], None]

_NO_HEADERS: Mapping[str, str] = {}


def _no_note(text: str) -> None:
    pass


def _nothing_sent(outgoing: Outgoing) -> None:
    pass


def _nothing_received(frame: Frame, message: Message) -> None:
    pass


def _no_stray(malformed: Malformed) -> None:
    pass


def _never(_method: str) -> bool:
    return False


class Dispatcher:
    """Requests out, answers in; requests in, answers out.

    ``on_request`` answers the peer's requests (raise ``RPCError`` to answer with an error); those whose
    method is ``at_once`` need nobody to be asked and never stand behind the others. ``on_notification`` is
    called synchronously and in order. ``on_flaw`` takes sentences about broken rules, ``on_stray`` bytes
    that are no message. ``on_sent`` and ``on_received`` see everything that passes, before it has any effect.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        on_request: RequestHandler,
        on_notification: NotificationHandler,
        at_once: Callable[[str], bool] = _never,
        on_flaw: Callable[[str], None] = _no_note,
        on_stray: Callable[[Malformed], None] = _no_stray,
        on_sent: Callable[[Outgoing], None] = _nothing_sent,
        on_received: Callable[[Frame, Message], None] = _nothing_received,
    ) -> None:
        self._transport = transport
        self._on_request = on_request
        self._on_notification = on_notification
        self._at_once = at_once
        self._on_flaw = on_flaw
        self._on_stray = on_stray
        self._on_sent = on_sent
        self._on_received = on_received
        self._clocks: set[Clock] = set()
        self._ids = itertools.count(1)
        self._pending = PendingTable()
        self._asked_of_us = PeerRequests(self._answer)
        self._tasks: anyio.abc.TaskGroup | None = None
        self.answer_headers: Mapping[str, str] = _NO_HEADERS
        """Headers that answers to the peer carry (set once negotiated)."""
        self.batches = True
        """The peer may send arrays of messages; elsewhere they are read and flagged."""
        self.answers = True
        """The peer may send requests; false in the stateless era, where one is a violation and gets no answer."""

    @property
    def in_flight(self) -> int:
        """Requests of ours without an answer yet."""
        return len(self._pending)

    async def run(self) -> None:
        """Read until the connection ends, then fail everything in flight and raise the reason."""
        reason: McpDeckError = ConnectionLost("the connection was closed")
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    await self._transport.run(self.feed)
                except McpDeckError as error:
                    reason = error
                finally:
                    # Wakes the waiters before anything else is torn down.
                    self._pending.close(reason)
                    tasks.cancel_scope.cancel()
        finally:
            self._tasks = None
            self._asked_of_us.clear()
            self._pending.close(reason)
        raise reason

    def new_id(self) -> int:
        """The next request id; never used twice on this connection (section 2)."""
        return next(self._ids)

    async def request(
        self,
        method: str,
        params: JsonObject | None,
        *,
        request_id: RequestId | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout: float | None = REQUEST_TIMEOUT,
        label: str = "",
        cancel: Callable[[RequestId], tuple[str, JsonObject, Mapping[str, str]] | None] | None = None,
    ) -> Json:
        """Send a request and wait for its result.

        ``cancel(id)`` gives the notification that tells the peer when we stop waiting (None: leaving
        the stream is enough). ``label`` names in the trace what the request is part of. Raises
        ``RPCError`` for the peer's error, ``RequestTimeout``, and
        whatever the transport raises.
        """
        if request_id is None:
            request_id = self.new_id()
        data = jsonrpc.encode_request(request_id, method, params)
        outgoing = Outgoing(data, "request", request_id, method, headers, label=label)
        waiter = self._pending.add(outgoing)
        clock: Clock | None = None
        try:
            with anyio.move_on_after(timeout) as scope:
                if timeout is not None:
                    clock = Clock(scope)
                    self._clocks.add(clock)
                self._on_sent(outgoing)
                try:
                    await self._transport.send(outgoing)
                except HttpStatusError as error:
                    self._feed_error_body(error, request_id)
                except ConnectionLost:
                    if outgoing.settled:
                        return await waiter.wait()
                    # On a stream, the end of reading tells the reason better, and at once.
                    with anyio.move_on_after(0 if self._transport.stream_per_request else 3):
                        return await waiter.wait()
                    raise
                return await waiter.wait()
            await self._say_cancelled(cancel, request_id)
            raise RequestTimeout(
                f"no answer to {method} within {timeout:g} s",
                hint="The server may be busy or stuck; raise the time-out or look at its log.",
                retryable=True,
            )
        except anyio.get_cancelled_exc_class():
            if not outgoing.settled:
                await self._say_cancelled(cancel, request_id)
            raise
        finally:
            self._pending.remove(request_id)
            if clock is not None:
                self._clocks.discard(clock)

    @contextmanager
    def waiting_for_a_human(self) -> Generator[None]:
        """Let the clocks of all requests in flight stand still (section 22)."""
        with ExitStack() as stack:
            for clock in self._clocks:
                stack.enter_context(clock.paused())
            yield

    def asked(self, request_id: RequestId) -> Outgoing | None:
        """The request in flight with this id."""
        waiter = self._pending.find(request_id)
        return waiter.outgoing if waiter is not None else None

    async def notify(
        self,
        method: str,
        params: JsonObject | None,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        timeout: float | None = NOTIFY_TIMEOUT,
    ) -> None:
        """Send a notification. Raises ``RequestTimeout`` and what the transport raises."""
        outgoing = Outgoing(jsonrpc.encode_notification(method, params), "notification", None, method, headers)
        self._on_sent(outgoing)
        with anyio.move_on_after(timeout):
            await self._transport.send(outgoing)
            return
        raise RequestTimeout(
            f"{method} could not be sent within {timeout:g} s",
            hint="The server does not take what it is sent; look at its log.",
            retryable=True,
        )

    def feed(self, frame: Frame) -> anyio.Event | None:
        """Take one frame as it came. Never raises.

        Returns what to wait for before more is read from the same stream (None: nothing): the end of a
        large batch, or room for more of the peer's requests.
        """
        message = jsonrpc.decode(frame.data, frame.dropped)
        if not isinstance(message, list):
            self._on_received(frame, message)
            self._take(message, len(frame.data))
            return self._asked_of_us.room
        if not self.batches:
            self._on_flaw("the server sent an array of messages, which its revision does not know (section 2)")
        size = len(frame.data) // len(message) + 1
        # The bytes of a batch are put down once, with its first message.
        nothing = Frame(b"", frame.at)
        at_once = len(message) if self._tasks is None else AT_ONCE
        for index, part in enumerate(message[:at_once]):
            self._on_received(frame if index == 0 else nothing, part)
            self._take(part, size)
        if len(message) <= at_once or self._tasks is None:
            return self._asked_of_us.room
        taken = anyio.Event()
        self._tasks.start_soon(self._take_rest, message[at_once:], nothing, size, taken)
        return taken

    async def _take_rest(self, batch: list[Message], frame: Frame, size: int, taken: anyio.Event) -> None:
        """The rest of a batch, at the pace at which single messages are read."""
        pacer = Pacer()
        try:
            for part in batch:
                await pacer.tick(self._asked_of_us.room)
                self._on_received(frame, part)
                self._take(part, size)
        finally:
            taken.set()

    def _take(self, message: Message, size: int) -> None:
        match message:
            case Response(answered, result, flaw):
                waiter = self._pending.find(answered)
                if waiter is not None:
                    waiter.succeed(result)
                else:
                    self._on_flaw(f"an answer to request {answered!r}, which is not waiting (late or unknown id)")
                if flaw:
                    self._on_flaw(flaw)
            case ErrorResponse():
                self._take_error(message)
            case Notification(method, params):
                try:
                    self._on_notification(method, params)
                except Exception as error:  # the boundary: one bad notification never ends the connection
                    self._on_flaw(f"{_cut(method, 100)} could not be understood: {error}")
            case Request():
                self._take_request(message, size)
            case Malformed():
                self._on_stray(message)
                waiter = self._pending.find(message.answered) if message.answered is not None else None
                if waiter is not None:
                    waiter.fail(unreadable(message))

    def _take_error(self, error: ErrorResponse) -> None:
        if error.flaw:
            self._on_flaw(error.flaw)
        waiter = self._pending.find(error.id) if error.id is not None else None
        if waiter is not None:
            waiter.fail(RPCError(error.code, error.message, error.data))
        else:
            whose = "without an id" if error.id is None else f"for request {error.id!r}, which is not waiting"
            self._on_flaw(f"an error {whose}: {error.code} {error.message}")

    def _feed_error_body(self, error: HttpStatusError, request_id: RequestId) -> None:
        """An unsuccessful HTTP answer may hold the JSON-RPC error of this request (section 10)."""
        message = jsonrpc.decode(error.body) if error.body else None
        if message is not None and error.status != 200:
            shown = Malformed(error.body, "an array instead of an error") if isinstance(message, list) else message
            self._on_received(Frame(error.body, time.time()), shown)
        if error.status == 200 and isinstance(message, Malformed):
            raise unreadable(message) from error
        if not isinstance(message, ErrorResponse) or message.id not in (None, request_id):
            raise error
        rpc = RPCError(message.code, message.message, message.data)
        rpc.details["status"] = error.status
        raise rpc from error

    def _take_request(self, request: Request, size: int) -> None:
        if self._tasks is None:
            return
        method = _cut(request.method, 100)
        if not self.answers:
            self._on_flaw(f"the server sent a request ({method}), which its revision forbids (section 2)")
        elif self._asked_of_us.is_open(request.id):
            self._on_flaw(f"the id of a request still open was used again (section 2); {method} gets no answer")
        else:
            self._asked_of_us.take(request, size, self._tasks, prompt=self._at_once(request.method))

    def give_up(self, reason: McpDeckError) -> None:
        """Fail everything in flight and all that comes: nothing sensible can be had from this peer."""
        self._pending.close(reason)

    def cancel_answer(self, request_id: RequestId) -> None:
        """The peer gave one of its requests up: stop answering it."""
        self._asked_of_us.cancel(request_id)

    async def _answer(self, request: Request) -> None:
        try:
            result = await self._on_request(request.method, request.params, request.id)
            data = jsonrpc.encode_result(request.id, result)
            kind = "response"
        except RPCError as error:
            data = jsonrpc.encode_error(request.id, error.code, _cut(error.message), error.data)
            kind = "error"
        except Exception as error:  # the boundary: our own fault is still an answer
            data = jsonrpc.encode_error(request.id, -32603, _cut(f"internal error: {error}"))
            kind = "error"
        outgoing = Outgoing(data, kind, request.id, request.method, self.answer_headers)
        self._on_sent(outgoing)
        failed = f"the answer to {_cut(request.method, 100)} could not be sent"
        with anyio.move_on_after(ANSWER_TIMEOUT):
            try:
                await self._transport.send(outgoing)
            except McpDeckError as error:
                self._on_flaw(f"{failed}: {error}")
            return
        self._on_flaw(f"{failed} within {ANSWER_TIMEOUT:g} s: the server does not take what it is sent")

    async def _say_cancelled(
        self,
        cancel: Callable[[RequestId], tuple[str, JsonObject, Mapping[str, str]] | None] | None,
        request_id: RequestId,
    ) -> None:
        said = cancel(request_id) if cancel is not None else None
        if said is None:
            return
        method, params, headers = said
        with anyio.CancelScope(shield=True), anyio.move_on_after(FAREWELL):
            try:
                await self.notify(method, params, headers)
            except McpDeckError:
                pass  # it is gone: nothing is left to cancel


def _cut(text: str, most: int = ERROR_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def unanswerable(method: str) -> RemoteProtocolError:
    """The error for a result that is no object where the specification wants one."""
    return RemoteProtocolError(f"the result of {method} is not a JSON object", hint="See the raw answer.")


def unreadable(answer: Malformed) -> RemoteProtocolError:
    """The error for an answer that came and cannot be read."""
    return RemoteProtocolError(f"the answer cannot be read: {answer.reason}", hint=answer.hint)
