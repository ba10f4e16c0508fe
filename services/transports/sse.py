"""HTTP+SSE of 2024-11-05: one GET stream down, POSTs up (protocol section 13).

Owns the stream, the endpoint it names and the POSTs to it. Knows neither session ids nor resumption:
the end of the stream is the end of the connection. Never posts anywhere but to the stream's own origin.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit, urlunsplit

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
    McpDeckError,
    RemoteProtocolError,
    SessionExpired,
    TransportTimeout,
)
from ..models import SseTarget, TransportKind
from .base import BODY_KEPT, MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .http_body import media_type, pieces, start_of_body, whole_body
from .http_exchange import HttpExchanges
from .operation import operation_of
from .sse_parser import SseEvent, SseParser

ENDPOINT_TIMEOUT = 10.0
"""Seconds from the GET to the ``endpoint`` event."""
EARLY_MESSAGES = 16
"""Messages that may come before the endpoint and are kept."""
LINGER = 5.0
"""Seconds a POST may go on after the answer came on the stream."""
NO_STREAM = "Is this the URL of an event stream? Many servers serve /sse."


class _Post:
    """One POST on its way: it may outlast the request that it carries."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.done = False
        self.error: McpDeckError | None = None


class SseTransport(Transport):
    """One event stream and its endpoint. The protocol is the one of a shared channel, as on stdio."""

    kind = TransportKind.SSE
    handshake_only = True

    def __init__(
        self,
        target: SseTarget,
        hooks: Hooks,
        *,
        max_frame: int = MAX_FRAME,
        endpoint_timeout: float = ENDPOINT_TIMEOUT,
        auth: Authorizer | None = None,
    ) -> None:
        self._http = HttpExchanges(target, hooks, auth)
        self._posts = self._http
        self._hooks = hooks
        self._max_frame = max_frame
        self._endpoint_timeout = endpoint_timeout
        self._parser = SseParser(max_frame)
        self._events: list[SseEvent] = []  # read together with the endpoint, not delivered yet
        self._chunks: AsyncIterator[bytes] | None = None
        self._open = AsyncExitStack()
        self._reading = anyio.CancelScope()
        self._broken: McpDeckError | None = None
        self._accepted = False
        self._stirred = anyio.Event()
        self._tasks: anyio.abc.TaskGroup | None = None
        self._listener: Deliver | None = None

    async def __aenter__(self) -> Self:
        self._http.open()
        await self._http.prepare()
        try:
            await self._begin_in_time()
        except BaseException:
            await self._close()
            raise
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._tasks is not None
        self._tasks.cancel_scope.cancel()
        try:
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self._close()

    async def _close(self) -> None:
        """Let go of the stream and the sockets; both are bounded in time."""
        with anyio.CancelScope(shield=True):
            await self._open.aclose()
            await self._http.aclose()

    # The stream

    async def _begin_in_time(self) -> None:
        with anyio.move_on_after(self._endpoint_timeout):
            return await self._begin()
        raise TransportTimeout(
            f"{http.host_of(self._http.url)} named no endpoint within {self._endpoint_timeout:g} s",
            hint=f"An HTTP+SSE server begins its stream with an `endpoint` event. {NO_STREAM}",
        )

    async def _begin(self) -> None:
        """Open the stream and read up to its endpoint."""
        try:
            response = await self._open.enter_async_context(self._http.request("GET", {"Accept": "text/event-stream"}))
        except HttpStatusError as error:
            if error.status in (400, 404, 405, 406):
                error.hint = f"{NO_STREAM} A Streamable HTTP endpoint is another transport (http)."
            raise
        media = media_type(response)
        if media != "text/event-stream":
            body = await start_of_body(response)
            self._http.put_down(response, body)
            raise RemoteProtocolError(
                f"GET was answered with {media or 'no content type'} instead of an event stream",
                hint=NO_STREAM,
                details={"status": response.status_code, "body": body[:200].decode("utf-8", "replace")},
            )
        self._chunks = await self._open.enter_async_context(aclosing(pieces(response)))
        early: list[SseEvent] = []
        while True:
            events = await self._more()
            for number, event in enumerate(events):
                if event.event == "endpoint":
                    self._posts = self._http.at(self._endpoint(event.data, str(response.url)))
                    self._events = early + events[number + 1 :]
                    return
                if event.event == "message" and event.data:
                    early.append(event)
            if len(early) > EARLY_MESSAGES:
                raise RemoteProtocolError(
                    "the stream carries messages but names no endpoint",
                    hint=f"An HTTP+SSE server begins its stream with an `endpoint` event. {NO_STREAM}",
                )

    def _endpoint(self, data: bytes, base: str) -> str:
        """Where messages are posted to. Raises when that is nowhere, or another place than the stream's."""
        try:
            url = urljoin(base, data.decode().strip())
            same = http.same_origin(base, url)
        except (ValueError, httpx.InvalidURL):
            raise RemoteProtocolError(
                "the endpoint that the server names is no URL",
                hint="It must be a path, or a URL of the server itself.",
                details={"endpoint": data[:200].decode("utf-8", "replace")},
            ) from None
        if not same:
            parts = urlsplit(url)
            place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise ConnectError(
                f"the server wants messages sent to another place: {place}",
                hint="The endpoint must have the origin of the stream: credentials are never sent along.",
            )
        # A URL's user info goes with the origin, and it is the person's, never the server's.
        user = urlsplit(base).netloc.rpartition("@")
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=user[0] + user[1] + parts.netloc.rpartition("@")[2]))

    async def _more(self) -> list[SseEvent]:
        """The next events. Raises ``ConnectionLost`` at the end of the stream and ``FrameTooLarge``."""
        assert self._chunks is not None
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            raise _lost("the server ended the event stream") from None
        except (httpx.HTTPError, OSError) as error:
            raise _lost(f"the event stream broke: {http.mapped(error, self._http.url)}") from error
        return self._parser.feed(chunk)

    async def run(self, deliver: Deliver) -> None:
        self._listener = deliver
        pacer = Pacer()
        with self._reading:
            events, self._events = self._events, []
            while True:
                for event in events:
                    until: anyio.Event | None = None
                    if event.data and event.event == "message":
                        until = self._deliver(event.data)
                    elif event.event == "endpoint":
                        self._hooks.note("The server named an endpoint again; the first one stays in use.")
                    elif event.data:
                        self._hooks.note(f"An event of unknown type {event.event!r} was ignored.")
                        self._hooks.body(f"event of type {event.event!r}", event.data[:BODY_KEPT])
                    await self._until(until)
                    await pacer.tick()
                events, event = [], None  # the message just had is not held while the next is waited for
                events = await self._more()
        assert self._broken is not None
        raise self._broken

    def _deliver(self, data: bytes) -> anyio.Event | None:
        assert self._listener is not None
        until = self._listener(Frame(data, time.time()))
        self._stir()
        return until

    async def _until(self, until: anyio.Event | None) -> None:
        """Reading goes on; answers that the rest of a batch brought wake their senders too."""
        if until is not None:
            await until.wait()
            self._stir()

    # The posts

    async def send(self, message: Outgoing) -> None:
        """Post a message. Returns once it is accepted or, whatever becomes of the POST, answered."""
        assert self._tasks is not None
        if self._broken is not None:
            raise self._broken
        post = _Post()
        self._tasks.start_soon(self._carry, message, post)
        try:
            # Some servers end the POST only when they are done, long after the answer came on the stream.
            while not (post.done or message.settled):
                await self._stirred.wait()
        except BaseException:
            post.scope.cancel()
            raise
        post.scope.deadline = anyio.current_time() + LINGER
        if post.error is not None and not message.settled:
            raise post.error

    async def _carry(self, message: Outgoing, post: _Post) -> None:
        try:
            with post.scope:
                await self._post(message)
        except McpDeckError as error:
            post.error = error
        finally:
            post.done = True
            self._stir()

    def _stir(self) -> None:
        """Wake the senders: a message came, or a POST is over."""
        stirred, self._stirred = self._stirred, anyio.Event()
        stirred.set()

    async def _post(self, message: Outgoing) -> None:
        headers = {"Content-Type": "application/json", **message.headers}
        carried = message.kind == "request"
        try:
            doing = partial(operation_of, message)
            async with self._posts.request("POST", headers, message.data, carried=carried, operation=doing) as response:
                self._accepted = True
                if media_type(response) == "application/json":
                    body = await whole_body(response, self._max_frame)
                else:
                    body = await start_of_body(response)
                self._take_body(response, body)
        except HttpStatusError as error:
            if error.status == 404 and self._accepted:
                if carried and error.body:
                    self._hooks.body("body of 404 to POST", error.body)
                self._break(_expired())
                untaken = _expired()
                untaken.untaken = True
                raise untaken from error
            raise
        except AuthorizationRequired as error:
            # Nobody renews it: the others would only be told the same, one by one.
            if error.status == 401 and self._accepted and self._posts.auth is not None:
                self._break(error)
            raise

    def _take_body(self, response: httpx.Response, body: bytes) -> None:
        """Some servers answer in the POST's own body; others say "accepted" there, which is no message."""
        if media_type(response) != "application/json" or b'"jsonrpc"' not in body or b"{" not in body:
            self._http.put_down(response, body)
        else:
            self._hooks.note("A message came in the answer to a POST; on this transport it belongs on the stream.")
            self._deliver(body)

    def _break(self, error: McpDeckError) -> None:
        if self._broken is None:
            self._broken = error
            self._reading.cancel()


class IdeSseTransport(SseTransport):
    """The same, offered by an IDE's lock file."""

    kind = TransportKind.SSE_IDE


def _expired() -> SessionExpired:
    return SessionExpired(
        "the session is gone: the server does not know the endpoint it named any more (404)",
        hint="A new session is being started; what was in flight is lost.",
        retryable=True,
    )


def _lost(title: str) -> ConnectionLost:
    return ConnectionLost(title, hint="The server or something between closed it.", retryable=True)
