"""Streamable HTTP, both shapes: 2025-03-26 … 2025-11-25 with sessions, 2026-07-28 POST only.

Owns POST exchanges, response streams, resumption and the session id (protocol sections 10 and 12). Which headers a
revision asks for comes from the era; a body is decoded by the dispatcher, never here.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Self

import anyio
import anyio.abc
import httpx

from .. import http
from ..auth.seam import Authorizer
from ..errors import (
    AuthorizationRequired,
    ConnectError,
    ConnectionLost,
    HttpStatusError,
    LocalProtocolError,
    McpDeckError,
    RemoteProtocolError,
    SessionExpired,
    TransportError,
    TransportTimeout,
)
from ..models import EraName, HttpTarget, TransportKind
from .base import MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .event_stream import EventStream
from .http_body import media_type, pieces, start_of_body, whole_body
from .http_exchange import HttpExchanges, lost_request, no_answer
from .lost_session import LostSession, expired
from .operation import operation_of
from .standing_stream import EVENTS, StandingStream

JSON = "application/json"
ACCEPT_BOTH = f"{JSON}, {EVENTS}"
SESSION_ID = re.compile(r"[\x21-\x7e]+")
RESUME_ATTEMPTS = 5
"""How often in a row going on with a stream may bring nothing at all."""
GET_WAIT = 1.0
"""Seconds a tool call waits for the stand-alone stream: some servers ask their questions only there.

A method's name in a transport: only calls make them ask, and other requests must not wait for this.
"""
DELETE_TIMEOUT = 2.0
EXPIRED_GRACE = 2.0
"""Seconds for which messages that were on their way when the session was found to be gone get their own answer."""
ACCEPTED_BODY = 1.0
"""Seconds for the body of an answer that should have none; read so that its socket can be used again."""


class StreamableHttpTransport(Transport):
    """One MCP endpoint. Each ``send`` is one POST, run in the caller's task: leaving that task ends it."""

    kind = TransportKind.HTTP
    stream_per_request = True

    def __init__(
        self, target: HttpTarget, hooks: Hooks, *, max_frame: int = MAX_FRAME, auth: Authorizer | None = None
    ) -> None:
        self._http = HttpExchanges(target, hooks, auth)
        self._hooks = hooks
        self._max_frame = max_frame
        self._tasks: anyio.abc.TaskGroup | None = None
        self._deliver: Deliver = _nobody
        self._session_id: str | None = None
        self._lost_session = LostSession()
        self._version_header: dict[str, str] = {}
        self._standing_headers: Mapping[str, str] = {}
        self._era: EraName | None = None
        self._waiting: dict[Outgoing, anyio.CancelScope] = {}
        self._unheard: set[Outgoing] = set()
        self._heard = anyio.Event()
        self._broken: McpDeckError | None = None
        self._broke = anyio.Event()
        self._standing = StandingStream(self._get, self._read_standing, self._http.put_down, hooks, max_frame)

    async def __aenter__(self) -> Self:
        self._http.open()
        await self._http.prepare()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._tasks is not None
        self._tasks.cancel_scope.cancel()
        try:
            # Scopes nest: the group was entered before the shield below, so it is left before it.
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self._close()

    async def _close(self) -> None:
        """Give the session back and let the sockets go, bounded and shielded."""
        with anyio.CancelScope(shield=True):
            if self._session_id is not None and not isinstance(self._broken, SessionExpired):
                await self._delete()
            self._break(ConnectionLost("the connection was closed"))
            await self._http.aclose()

    async def run(self, deliver: Deliver) -> None:
        self._deliver = deliver
        await self._broke.wait()
        assert self._broken is not None
        if isinstance(self._broken, SessionExpired):
            # What was sent just now is about to get a 404 of its own, and may then be sent again.
            with anyio.move_on_after(EXPIRED_GRACE):
                while self._unheard:
                    await self._heard.wait()
            self._leave(self._waiting)
        raise self._broken

    async def established(self, era: EraName, headers: Mapping[str, str]) -> None:
        self._era = era
        self._standing_headers = headers
        if era is EraName.LEGACY:
            assert self._tasks is not None
            self._tasks.start_soon(self._standing.keep, lambda: self._broken is not None, lambda: self._http.auth)
        else:
            self._session_id = None  # there are no sessions (section 10)
            self._standing.known.set()

    async def send(self, message: Outgoing) -> None:
        self._check(untaken=True)
        if message.method == "tools/call" and not self._standing.known.is_set():
            with anyio.move_on_after(GET_WAIT):
                await self._standing.known.wait()
            self._standing.known.set()  # one call waits, not every one: a server may hold the stream's headers back
            self._check(untaken=True)
        if message.kind != "request":
            await self._post(message)
            return
        # The answer may come on another stream than the request's own (section 12): then this one is left.
        with anyio.CancelScope() as self._waiting[message]:
            try:
                unfinished = await self._post(message)
                if unfinished is not None and not message.settled:
                    await self._resume(*unfinished, message)
            finally:
                del self._waiting[message]
        if not message.settled:
            self._check(untaken=False)

    async def _post(self, message: Outgoing) -> tuple[EventStream, str] | None:
        """One POST and its answer. Returns the response stream and how it ended when it ended too early."""
        headers = {"Accept": ACCEPT_BOTH, "Content-Type": JSON, **message.headers}
        async with self._exchange("POST", headers, message) as response:
            media = media_type(response)
            if message.method == "initialize":
                self._take_session_id(response)
            if message.kind != "request":
                await self._accepted(response, media)
                return None
            if response.status_code != 200 and media in (JSON, EVENTS):
                self._hooks.note(f"{message.method} was answered with status {response.status_code} instead of 200.")
            if media == EVENTS:
                stream = EventStream(self._hooks, self._max_frame)
                return stream, await self._read(response, stream, message)
            if media != JSON:
                # Read what it is: a person must see why this is no answer.
                body = await start_of_body(response)
                self._http.put_down(response, body)
                raise no_answer(response, media, body)
            body = await whole_body(response, self._max_frame)
            blank = not body or body.isspace()
            if not blank:
                await self._hand_over(Frame(body, time.time()), message)
            if message.settled:
                return None
            if response.status_code != 200 or blank:
                raise no_answer(response, media, body)
            # It may still be this request's error, sent without its id (section 2).
            raise HttpStatusError("the answer does not belong to the request", status=200, body=body)

    async def _accepted(self, response: httpx.Response, media: str) -> None:
        """The answer to a notification or an answer of ours: 202 without a body, but others happen."""
        if media == EVENTS:
            self._hooks.note("A message that expects no answer was answered with a stream, which was not read.")
            return
        body = await start_of_body(response, ACCEPTED_BODY)
        if response.status_code != 202 and media == JSON and b'"jsonrpc"' in body:
            # An error that nobody asked for is still worth seeing. What it brings beside is not waited for:
            # this may be an answer of ours, and who waits for room for more questions waits for that.
            self._deliver(Frame(body, time.time()))
            self._leave_answered()
        else:
            self._http.put_down(response, body)

    @asynccontextmanager
    async def _exchange(
        self, method: str, headers: dict[str, str], message: Outgoing | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """One request in this session; what ends the session or the connection is noted on the way."""
        session = None if message is not None and message.method == "initialize" else self._session_id
        if session is not None:
            headers["Mcp-Session-Id"] = session
            if version := headers.get("MCP-Protocol-Version"):
                self._version_header = {"MCP-Protocol-Version": version}
        data, carried = None, False
        if message is not None:
            data, carried = message.data, message.kind == "request"
            self._unheard.add(message)
        try:
            doing = partial(operation_of, message)
            async with self._http.request(method, headers, data, carried=carried, operation=doing) as response:
                self._has_answer(message)
                if message is not None and session is not None:
                    self._lost_session.accepted(message)
                yield response
        except HttpStatusError as error:
            # Only to POST: a server without a stand-alone stream may answer GET with 404 (section 46).
            if message is None or session is None:
                raise
            untaken = self._lost_session.judge(message, error.status, error.body)
            if untaken is None:
                raise
            if carried and error.body:
                self._hooks.body(f"body of {error.status} to POST", error.body)
            self._break(expired(error.status, untaken=False), message)
            raise expired(error.status, untaken=untaken) from error
        except AuthorizationRequired as error:
            # Nobody renews it: the others would only be told the same, one by one.
            if error.status == 401 and message is not None and self._era is not None and self._http.auth is not None:
                self._break(error, message)
            raise
        except ConnectError as error:
            error.untaken = isinstance(error.__cause__, httpx.ConnectError)
            if self._era is not None and error.untaken:
                # It was there and is gone: the connection as a whole is lost.
                self._break(ConnectionLost(error.title, hint=error.hint, retryable=True), message)
            raise
        finally:
            self._has_answer(message)

    def _has_answer(self, message: Outgoing | None) -> None:
        """The head of the answer to a POST is there, or none will come."""
        if message in self._unheard:
            self._unheard.discard(message)
            heard, self._heard = self._heard, anyio.Event()
            heard.set()

    def _take_session_id(self, response: httpx.Response) -> None:
        value = response.headers.get("mcp-session-id")
        if value is not None and SESSION_ID.fullmatch(value):
            self._session_id = value
        elif value is not None:
            self._hooks.note("The server sent a session id with characters outside visible ASCII; it is not used.")

    async def _read(self, response: httpx.Response, stream: EventStream, message: Outgoing | None) -> str:
        """Deliver a stream's messages until it ends or ``message`` is answered; returns how it ended."""
        pacer = Pacer()
        stream.begin()
        try:
            async with aclosing(pieces(response)) as chunks:
                async for chunk in chunks:
                    for frame in stream.feed(chunk):
                        await self._hand_over(frame, message)
                        if message is not None and message.settled:
                            return "answered"
                        await pacer.tick()
                    frame = None  # the message just had is not held while the next is waited for
                    stream.check()
        except (httpx.HTTPError, OSError) as error:
            return str(http.mapped(error, self._http.url))
        return "the stream ended before the answer"

    async def _resume(self, stream: EventStream, reason: str, message: Outgoing) -> None:
        """Get the rest of a broken response stream by GET with Last-Event-ID (section 12, Resumption)."""
        if self._era is not EraName.LEGACY:
            raise lost_request(reason, "Streams cannot be resumed here. Call again.")
        if stream.resume_id is None:
            raise lost_request(reason, "The stream carried no usable event id, so it cannot be resumed. Call again.")
        attempt = 0
        while attempt < RESUME_ATTEMPTS:
            await anyio.sleep(stream.delay(attempt))
            attempt += 1
            try:
                reason = await self._go_on(stream, message)
                if stream.alive:
                    attempt = 0
            except HttpStatusError as error:
                if error.status < 500:
                    raise lost_request(
                        reason, f"The server refused to resume the stream ({error.status}). Call again."
                    ) from error
                reason = error.title
            except (TransportTimeout, RemoteProtocolError, ConnectionLost) as error:
                reason = error.title
            if message.settled:
                return
        raise lost_request(reason, f"Resuming it failed {RESUME_ATTEMPTS} times.")

    async def _go_on(self, stream: EventStream, message: Outgoing) -> str:
        """One GET for the rest of a stream; returns how it ended."""
        async with self._get(stream) as response:
            if media_type(response) != EVENTS:
                self._http.put_down(response, await start_of_body(response))
                raise HttpStatusError("no event stream", status=response.status_code)
            self._hooks.note(f"A response stream goes on after event {(stream.resume_id or '')[:40]!r}.")
            return await self._read(response, stream, message)

    def _get(self, stream: EventStream) -> AbstractAsyncContextManager[httpx.Response]:
        """One GET, for the stand-alone stream or the rest of a broken one."""
        return self._exchange("GET", self._get_headers(stream))

    async def _read_standing(self, response: httpx.Response, stream: EventStream) -> str:
        return await self._read(response, stream, None)

    def _get_headers(self, stream: EventStream) -> dict[str, str]:
        headers = {"Accept": EVENTS, **self._standing_headers}
        if stream.resume_id is not None:
            headers["Last-Event-ID"] = stream.resume_id
        return headers

    async def _delete(self) -> None:
        """Say goodbye to the session; a server may refuse (405), and nothing waits for it."""
        with anyio.move_on_after(DELETE_TIMEOUT):
            try:
                async with self._exchange("DELETE", {**self._version_header, **self._standing_headers}):
                    pass
            except McpDeckError:
                pass

    async def _hand_over(self, frame: Frame, message: Outgoing | None) -> None:
        """Deliver what came on the stream of ``message``; whoever else it answers need not read on."""
        until = self._deliver(frame)
        self._leave_answered(message)
        if until is None:
            return
        if message is not None and message.settled:
            # Its stream is not read on; the rest of a batch may still answer others.
            assert self._tasks is not None
            self._tasks.start_soon(self._leave_answered_after, until)
            return
        await until.wait()
        self._leave_answered(message)

    async def _leave_answered_after(self, until: anyio.Event) -> None:
        await until.wait()
        self._leave_answered()

    def _leave_answered(self, message: Outgoing | None = None) -> None:
        """Stop reading the streams of those, beside ``message``, whose answer came elsewhere."""
        self._leave([other for other in self._waiting if other.settled and other is not message])

    def _check(self, *, untaken: bool) -> None:
        """Raises what ended the connection, if something has. ``untaken``: for a message not sent yet."""
        if self._broken is not None:
            if isinstance(self._broken, SessionExpired):
                raise expired(untaken=untaken)
            raise self._broken.for_unsent() if untaken and isinstance(self._broken, TransportError) else self._broken

    def _break(self, error: McpDeckError, message: Outgoing | None = None) -> None:
        """The connection is over, found out by ``message``: nobody else need wait.

        In a session that is gone, a message without an answer yet still gets one, see ``run``.
        """
        if self._broken is None:
            self._broken = error
            self._broke.set()
            unheard = self._unheard if isinstance(error, SessionExpired) else ()
            self._leave([other for other in self._waiting if other is not message and other not in unheard])

    def _leave(self, messages: Iterable[Outgoing]) -> None:
        for message in messages:
            self._waiting[message].cancel()


def _nobody(frame: Frame) -> None:
    raise LocalProtocolError(f"{len(frame.data)} bytes came before anyone listened")
